"""Connect API of recipient groups (Developer Guide v64.0, "Recipient Group"; contract 2.3)."""

from commsapp.api.connect import views
from commsapp.api.connect.schema import TEXTS, ResourceSpec, additional_parameters
from commsapp.api.connect.views import Call, Output, ProtocolError
from commsapp.api.openapi.fragments import sample_id
from commsapp.core.audit import Refusal, Refused
from groups import operations
from groups.models import RecipientGroup

_ACTIONS = {"add": operations.add_recipients, "remove": operations.remove_recipients}
_PLACES = {"group": "recipientGroupId", "recipients": "recipientsList"}


def update_recipients(call: Call) -> Output:
    """Add or remove recipients: all or none, unless additionalParameters say otherwise."""
    act = _ACTIONS[_action(call)]
    dry_run = call.flag("dryRun", default=False)
    try:
        change = act(
            call.record_id,
            call.take_guids("recipientsList"),
            by=call.by,
            all_or_none=call.flag("allOrNone", default=True),
            dry_run=dry_run,
        )
    except Refused as refused:
        told = views.refused_message(refused, planned=dry_run)
        return views.output(told, refused.refusals, _entry, _MORE)
    return views.output(change.message, change.skipped, _entry, _MORE)


def _action(call: Call) -> str:
    if "recipientsAction" not in call.body:
        text = "Required fields are missing: [recipientsAction]"
        raise ProtocolError(400, "REQUIRED_FIELD_MISSING", text, "recipientsAction")
    given = call.body["recipientsAction"]
    if given is not None and not isinstance(given, str):
        text = "recipientsAction must be a string"
        raise ProtocolError(400, "JSON_PARSER_ERROR", text, "recipientsAction")
    if given is None or given.lower() not in _ACTIONS:
        text = f"recipientsAction: bad value for restricted picklist field: {given}"
        raise ProtocolError(
            400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", text, "recipientsAction"
        )
    action: str = given.lower()
    return action


def _entry(refusal: Refusal) -> dict[str, str]:
    place = _PLACES.get(refusal.field, "")
    if refusal.index is not None:
        place = f"{place}[{refusal.index}]"
    return {
        "statusCode": refusal.code,
        "errorMessage": refusal.message,
        "recipientFields": place,
    }


_MORE = {"recipientFields": "recipientsList"}

_ABOUT = ResourceSpec(
    name="Update Recipients",
    told="Add recipients to a recipient group, or remove them from it.",
    id_name="recipientGroupId",
    id_of="recipient-group",
    properties={
        "recipientsAction": {
            "type": "string",
            "enum": ["Add", "Remove"],
            "description": "In any case.",
        },
        "recipientsList": {**TEXTS, "description": "Ids of recipients."},
        "additionalParameters": additional_parameters(
            allOrNone="“false”: those without an error are taken, whatever the others are.",
            dryRun="“true”: all but the write.",
        ),
    },
    required=["recipientsAction"],
    example={"recipientsAction": "Add", "recipientsList": [sample_id("recipient")]},
    output="UpdatingRecipientGroupOutput",
    place="recipientFields",
    message="1 recipient added.",
)

urlpatterns = [
    views.patch(
        "comms-sales/recipient-group/{id}/recipients",
        update_recipients,
        verb="change",
        model=RecipientGroup,
        about=_ABOUT,
    )
]
