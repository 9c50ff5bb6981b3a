"""Connect API of quote line items (Developer Guide v64.0, "Split Quote Line Item")."""

from commsapp.api.connect import views
from commsapp.api.connect.schema import ResourceSpec, additional_parameters
from commsapp.api.connect.views import Call, Output
from commsapp.core.audit import Refusal, Refused
from commsapp.db.ids import dashed
from quotes import operations
from quotes.models import QuoteLineItem


def split(call: Call) -> Output:
    """Split a group line into one line for each recipient of its group."""

    def entry(refusal: Refusal) -> dict[str, str]:
        return {
            "statusCode": refusal.code,
            "errorMessage": refusal.message,
            "recordId": refusal.record_id or dashed(call.record_id),
        }

    more = {"recordId": dashed(call.record_id)}
    dry_run = call.flag("dryRun", default=False)
    try:
        change = operations.split_line(call.record_id, by=call.by, dry_run=dry_run)
    except Refused as refused:
        told = views.refused_message(refused, planned=dry_run)
        return views.output(told, refused.refusals, entry, more)
    return views.output(change.message, change.skipped, entry, more)


_ABOUT = ResourceSpec(
    name="Split Quote Line Item",
    told="Split a group line into one line for each recipient of its group.",
    id_name="quoteLineItemId",
    id_of="quote-line-item",
    properties={"additionalParameters": additional_parameters(dryRun="“true”: all but the write.")},
    required=[],
    example={"additionalParameters": {"dryRun": "false"}},
    output="SplittingGroupOutput",
    place="recordId",
    message="12 lines created.",
)

urlpatterns = [
    views.patch(
        "comms-sales/quote-line-item/{id}",
        split,
        verb="change",
        model=QuoteLineItem,
        about=_ABOUT,
    )
]
