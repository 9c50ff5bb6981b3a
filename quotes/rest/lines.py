"""The lines of quotes, and their split."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from commsapp.api.openapi.fragments import sample_id
from commsapp.api.rest.fields import FixedPoint
from commsapp.api.rest.filters import RecordFilterSet, record_lookups
from commsapp.api.rest.serializers import (
    DryRunSerializer,
    RecordSerializer,
    name_of,
    record_fields,
    record_sample,
)
from commsapp.api.rest.viewsets import (
    DeletableViewSet,
    TenantListViewSet,
    change_response,
    detail_action,
)
from quotes import operations
from quotes.models import Quote, QuoteLineItem
from quotes.rest.fields import Amount, price_of


class QuoteLineItemSerializer(RecordSerializer):
    sample = record_sample(
        "quote-line-item", quote=sample_id("quote"), line_number=2,
        product=sample_id("product"), product_name="Fibre 100", description="",
        quantity="1.00", one_time_price="49.90", recurring_price="19.99",
        discount_percent="0.00", configuration={"speed": "100"}, requested_date="2031-04-15",
        recipient_group=sample_id("recipient-group"), recipient=None, recipient_name=None,
        split_from=None, split_at=None, recipient_scaled_quantity="12.00",
        one_time_amount="49.90", recurring_amount="19.99", one_time_total="598.80",
        recurring_total="239.88",
    )  # fmt: skip
    edited = ("quantity",)

    product_name = name_of("product")
    recipient_name = name_of("recipient")
    one_time_price = price_of(QuoteLineItem, "one_time_price", "quote.currency")
    recurring_price = price_of(QuoteLineItem, "recurring_price", "quote.currency")
    recipient_scaled_quantity = FixedPoint(max_digits=24, decimal_places=2, read_only=True)
    one_time_amount = Amount("quote.currency")
    recurring_amount = Amount("quote.currency")
    one_time_total = Amount("quote.currency")
    recurring_total = Amount("quote.currency")

    class Meta(RecordSerializer.Meta):
        model = QuoteLineItem
        fields = record_fields(
            "quote", "line_number", "product", "product_name", "description", "quantity",
            "one_time_price", "recurring_price", "discount_percent", "configuration",
            "requested_date", "recipient_group", "recipient", "recipient_name", "split_from",
            "split_at", "recipient_scaled_quantity", "one_time_amount", "recurring_amount",
            "one_time_total", "recurring_total",
        )  # fmt: skip

    def licensee_for(self, attrs: dict[str, Any]) -> UUID:
        """That of the quote."""
        quote: Quote = attrs["quote"]
        return quote.licensee_id


class LineFilterSet(RecordFilterSet):
    class Meta:
        model = QuoteLineItem
        fields = record_lookups(
            text="description",
            exact="quote product recipient_group recipient split_from",
            range="line_number quantity one_time_price recurring_price discount_percent"
            " requested_date one_time_amount recurring_amount",
            moment="split_at",
            empty="recipient_group recipient split_from split_at requested_date",
        )


_LINES = QuoteLineItem.objects.with_members().select_related("product", "recipient")
_SEARCHED = ("description", "product__name", "product__code", "recipient__name")
_ORDERINGS = (
    "line_number", "quantity", "one_time_price", "recurring_price", "requested_date",
    "created_at", "updated_at",
)  # fmt: skip


class QuoteLineItemViewSet(DeletableViewSet):
    """The lines of quotes: plain, of a recipient group, split into parts, or such a part."""

    queryset = _LINES
    serializer_class = QuoteLineItemSerializer
    filterset_class = LineFilterSet
    search_fields = _SEARCHED
    ordering_fields = _ORDERINGS

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        line = QuoteLineItem(**serializer.validated_data)
        self.read_again(serializer, operations.create_line(line, by=self.by).pk)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        operations.edit_line(self.path_id(), serializer.validated_data, by=self.by)
        self.read_again(serializer, self.path_id())

    def perform_destroy(self, instance: QuoteLineItem) -> None:
        operations.delete_line(self.path_id(), by=self.by)

    @detail_action(
        "split",
        serializer_class=DryRunSerializer,
        example={"message": "12 lines created.", "created": 12},
    )
    def split(self, request: Request, pk: str) -> Response:
        """Make one line for every recipient of the line's group that has none yet."""
        return self._split(operations.split_line, "created")

    @detail_action(
        "unsplit",
        serializer_class=DryRunSerializer,
        example={"message": "12 lines removed.", "removed": 12},
    )
    def unsplit(self, request: Request, pk: str) -> Response:
        """Take the parts back into the one line, while none of them was edited."""
        return self._split(operations.unsplit_line, "removed")

    def _split(self, act: Callable[..., operations.SplitChange], count: str) -> Response:
        dry_run = self.validated_body()["dry_run"]
        return change_response(act(self.path_id(), by=self.by, dry_run=dry_run), count)


class LinesOfQuoteViewSet(TenantListViewSet):
    """The lines of one quote, in their order."""

    queryset = _LINES
    serializer_class = QuoteLineItemSerializer
    filterset_class = LineFilterSet
    search_fields = _SEARCHED
    ordering_fields = _ORDERINGS
    ordering = "line_number"
    required_permissions = (("view", Quote), ("view", QuoteLineItem))

    def get_queryset(self) -> QuerySet[QuoteLineItem]:
        return self.queryset.filter(quote=self.get_parent(Quote))
