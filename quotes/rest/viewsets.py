"""REST API of products, quotes and their lines."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from commsapp.api.openapi.fragments import sample_id
from commsapp.api.rest.filters import RecordFilters, record_lookups
from commsapp.api.rest.serializers import (
    EmptySerializer,
    RecordSerializer,
    name_of,
    record_fields,
    record_sample,
)
from commsapp.api.rest.viewsets import TenantWriteViewSet, changed, detail_action
from commsapp.core.actors import require
from quotes import operations
from quotes.models import Product, Quote
from quotes.rest.fields import Amount, price_of
from quotes.rest.lines import LinesOfQuoteViewSet, QuoteLineItemViewSet

# --- Products -------------------------------------------------------------------------------


class ProductSerializer(RecordSerializer):
    sample = record_sample(
        "product", code="FIBRE-100", name="Fibre 100", description="A line of 100 Mbit/s.",
        one_time_price="49.90", recurring_price="19.99", currency="EUR", is_active=True,
    )  # fmt: skip
    edited = ("recurring_price",)

    one_time_price = price_of(Product, "one_time_price", "currency")
    recurring_price = price_of(Product, "recurring_price", "currency")

    class Meta(RecordSerializer.Meta):
        model = Product
        fields = record_fields(
            "code", "name", "description", "one_time_price", "recurring_price", "currency",
            "is_active",
        )  # fmt: skip


class ProductFilters(RecordFilters):
    class Meta:
        model = Product
        fields = record_lookups(
            text="name description",
            exact="code currency is_active",
            range="one_time_price recurring_price",
        )


class ProductViewSet(TenantWriteViewSet):
    """What is sold: once at a one-time price, then at a recurring one."""

    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    filterset_class = ProductFilters
    search_fields = ("code", "name", "description")
    orderings = (
        "code", "name", "one_time_price", "recurring_price", "created_at", "updated_at",
    )  # fmt: skip


# --- Quotes ---------------------------------------------------------------------------------


class QuoteSerializer(RecordSerializer):
    sample = record_sample(
        "quote", number="Q-2026-0001", name="Fibre for all shops",
        customer=sample_id("contact-group"), customer_name="Example Bakeries", currency="EUR",
        recurring_period="month", status="draft", expires_on="2031-03-31",
        one_time_total="598.80", recurring_total="239.88", line_count=1,
    )  # fmt: skip

    customer_name = name_of("customer")
    one_time_total = Amount("currency")
    recurring_total = Amount("currency")

    class Meta(RecordSerializer.Meta):
        model = Quote
        fields = record_fields(
            "number", "name", "customer", "customer_name", "currency", "recurring_period",
            "status", "expires_on", "one_time_total", "recurring_total", "line_count",
        )  # fmt: skip


class QuoteFilters(RecordFilters):
    class Meta:
        model = Quote
        fields = record_lookups(
            text="name",
            exact="number customer currency recurring_period status",
            range="expires_on line_count",
            empty="customer expires_on",
        )


def _move(move: str, told: str) -> Any:
    """The verb of a quote's move: submit, approve, …; and what it tells, for example."""

    def moved(self: QuoteViewSet, request: Request, pk: str) -> Response:
        require(self.by, operations.permission_for(move), Quote)
        self.validated_body(EmptySerializer)
        return changed(operations.change_quote_status(self.key(), move, by=self.by))

    moved.__name__ = move
    moved.__doc__ = f"Move the quote: {move}."
    return detail_action(move, required_permissions=(), told={"message": told})(moved)


class QuoteViewSet(TenantWriteViewSet):
    """Offers to customers. Open while draft or in review; frozen otherwise."""

    queryset = Quote.objects.with_totals().select_related("customer")
    serializer_class = QuoteSerializer
    filterset_class = QuoteFilters
    search_fields = ("number", "name", "customer__name")
    orderings = (
        "number", "name", "status", "expires_on", "line_count", "created_at", "updated_at",
    )  # fmt: skip

    def make(self, values: dict[str, Any]) -> Quote:
        return operations.create_quote(Quote(**values), by=self.by)

    def change(self, pk: str, values: dict[str, Any]) -> None:
        operations.edit_quote(pk, values, by=self.by)

    submit = _move("submit", "From “Draft” to “In review”.")
    approve = _move("approve", "From “In review” to “Approved”.")
    accept = _move("accept", "From “Approved” to “Accepted”.")
    reject = _move("reject", "From “Approved” to “Rejected”.")
    cancel = _move("cancel", "From “Draft” to “Cancelled”.")
    reopen = _move("reopen", "From “Rejected” to “Draft”.")


RESOURCES = {
    "products": ProductViewSet,
    "quotes": QuoteViewSet,
    "quotes/{id}/lines": LinesOfQuoteViewSet,
    "quote-line-items": QuoteLineItemViewSet,
}
