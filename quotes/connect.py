"""Connect API of quote line items (Developer Guide v64.0, "Split Quote Line Item")."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from commsapp.api.connect.fields import AdditionalParametersField, Flag
from commsapp.api.connect.serializers import (
    ConnectErrorOutputSerializer,
    ConnectInputSerializer,
    ConnectOutputSerializer,
    error_entry,
    output,
    refused_message,
)
from commsapp.api.connect.viewsets import ConnectViewSet
from commsapp.core.audit import Refusal, Refused
from commsapp.db.ids import dashed
from quotes import operations
from quotes.models import QuoteLineItem


class SplitRecipientGroupInputSerializer(ConnectInputSerializer):
    """Split Recipient Group Input."""

    additionalParameters = AdditionalParametersField(  # noqa: N815
        dryRun=Flag(False, "“true”: all but the write.")
    )

    sample = {"additionalParameters": {"dryRun": "false"}}
    is_body_required = False


class SplittingGroupErrorOutputSerializer(ConnectErrorOutputSerializer):
    """Splitting Group Error Output."""

    recordId = serializers.CharField()  # noqa: N815


class SplittingGroupOutputSerializer(ConnectOutputSerializer):
    """Splitting Group Output."""

    errorsList = SplittingGroupErrorOutputSerializer(many=True)  # noqa: N815

    sample = output("12 lines created.", [], {})


class QuoteLineItemViewSet(ConnectViewSet):
    """A quote line item."""

    lookup_url_kwarg = "quoteLineItemId"
    required_permissions = (("change", QuoteLineItem),)

    @extend_schema(
        summary="Split Quote Line Item",
        request=SplitRecipientGroupInputSerializer,
        responses=SplittingGroupOutputSerializer,
    )
    def partial_update(self, request: Request, **kwargs: Any) -> Response:
        """Split a group line into one line for each recipient of its group."""
        line_id, values = self.validated_request(SplitRecipientGroupInputSerializer)
        dry_run = values["additionalParameters"]["dryRun"]
        try:
            change = operations.split_line(line_id, by=self.by, dry_run=dry_run)
        except Refused as refused:
            message = refused_message(refused, planned=dry_run)
            return Response(_output(message, refused.refusals, dashed(line_id)))
        return Response(_output(change.message, change.skipped, dashed(line_id)))


def _output(message: str, refusals: Iterable[Refusal], line_id: str) -> dict[str, Any]:
    entries = [error_entry(refusal, recordId=refusal.record_id or line_id) for refusal in refusals]
    return output(message, entries, {"recordId": line_id})


RESOURCES = {"comms-sales/quote-line-item": QuoteLineItemViewSet}
