"""Connect API of recipient groups (Developer Guide v64.0, "Recipient Group"; contract 2.3)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from commsapp.api.connect.fields import (
    AdditionalParametersField,
    Flag,
    GuidListField,
    PicklistField,
)
from commsapp.api.connect.serializers import (
    ConnectErrorOutputSerializer,
    ConnectInputSerializer,
    ConnectOutputSerializer,
    error_entry,
    output,
    refused_message,
)
from commsapp.api.connect.viewsets import ConnectViewSet
from commsapp.api.openapi.fragments import sample_id
from commsapp.core.audit import Refusal, Refused
from groups import operations
from groups.models import RecipientGroup

_ACTIONS = {"Add": operations.add_recipients, "Remove": operations.remove_recipients}
_FIELDS = {"group": "recipientGroupId", "recipients": "recipientsList"}


class RecipientGroupInputSerializer(ConnectInputSerializer):
    """Recipient Group Input."""

    recipientsAction = PicklistField(choices=[*_ACTIONS], help_text="In any case.")  # noqa: N815
    recipientsList = GuidListField(required=False, help_text="Ids of recipients.")  # noqa: N815
    additionalParameters = AdditionalParametersField(  # noqa: N815
        allOrNone=Flag(True, "“false”: those without an error are taken, whatever the others are."),
        dryRun=Flag(False, "“true”: all but the write."),
    )

    sample = {"recipientsAction": "Add", "recipientsList": [sample_id("recipient")]}


class UpdatingRecipientGroupErrorOutputSerializer(ConnectErrorOutputSerializer):
    """Updating Recipient Group Error Output."""

    recipientFields = serializers.CharField()  # noqa: N815


class UpdatingRecipientGroupOutputSerializer(ConnectOutputSerializer):
    """Updating Recipient Group Output."""

    errorsList = UpdatingRecipientGroupErrorOutputSerializer(many=True)  # noqa: N815

    sample = output("1 recipient added.", [], {})


class RecipientGroupViewSet(ConnectViewSet):
    """A recipient group."""

    lookup_url_kwarg = "recipientGroupId"
    required_permissions = (("change", RecipientGroup),)

    @extend_schema(
        summary="Update Recipients",
        request=RecipientGroupInputSerializer,
        responses=UpdatingRecipientGroupOutputSerializer,
    )
    @action(detail=True, methods=["patch"])
    def recipients(self, request: Request, **kwargs: Any) -> Response:
        """Add recipients to a recipient group, or remove them from it: all or none, unless
        additionalParameters say otherwise."""
        group_id, values = self.validated_request(RecipientGroupInputSerializer)
        flags = values["additionalParameters"]
        try:
            change = _ACTIONS[values["recipientsAction"]](
                group_id,
                values.pop("recipientsList"),
                by=self.by,
                all_or_none=flags["allOrNone"],
                dry_run=flags["dryRun"],
            )
        except Refused as refused:
            message = refused_message(refused, planned=flags["dryRun"])
            return Response(_output(message, refused.refusals))
        return Response(_output(change.message, change.skipped))


def _output(message: str, refusals: Any) -> dict[str, Any]:
    entries = [_entry(refusal) for refusal in refusals]
    return output(message, entries, {"recipientFields": "recipientsList"})


def _entry(refusal: Refusal) -> dict[str, str]:
    field = _FIELDS.get(refusal.field, "")
    if refusal.index is not None:
        field = f"{field}[{refusal.index}]"
    return error_entry(refusal, recipientFields=field)


RESOURCES = {"comms-sales/recipient-group": RecipientGroupViewSet}
