"""REST API of products, quotes and their lines."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from commsapp.api.openapi.fragments import sample_id
from commsapp.api.rest.filters import RecordFilterSet, record_lookups
from commsapp.api.rest.serializers import (
    RecordSerializer,
    name_of,
    record_fields,
    record_sample,
)
from commsapp.api.rest.viewsets import TenantWriteViewSet, change_response, detail_action
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


class ProductFilterSet(RecordFilterSet):
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
    filterset_class = ProductFilterSet
    search_fields = ("code", "name", "description")
    ordering_fields = (
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


class QuoteFilterSet(RecordFilterSet):
    class Meta:
        model = Quote
        fields = record_lookups(
            text="name",
            exact="number customer currency recurring_period status",
            range="expires_on line_count",
            empty="customer expires_on",
        )


def _transition(name: str, message: str) -> Any:
    """Return the action of a quote's transition: submit, approve, …; with an example of its
    message."""

    def change_status(self: QuoteViewSet, request: Request, pk: str) -> Response:
        self.validated_body()
        return change_response(operations.change_quote_status(self.path_id(), name, by=self.by))

    change_status.__name__ = name
    change_status.__doc__ = f"Move the quote: {name}."
    permissions = [(operations.permission_for(name), Quote)]
    action = detail_action(name, required_permissions=permissions, example={"message": message})
    return action(change_status)


class QuoteViewSet(TenantWriteViewSet):
    """Offers to customers. Open while draft or in review; frozen otherwise."""

    queryset = Quote.objects.with_totals().select_related("customer")
    serializer_class = QuoteSerializer
    filterset_class = QuoteFilterSet
    search_fields = ("number", "name", "customer__name")
    ordering_fields = (
        "number", "name", "status", "expires_on", "line_count", "created_at", "updated_at",
    )  # fmt: skip

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        quote = Quote(**serializer.validated_data)
        self.read_again(serializer, operations.create_quote(quote, by=self.by).pk)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        operations.edit_quote(self.path_id(), serializer.validated_data, by=self.by)
        self.read_again(serializer, self.path_id())

    submit = _transition("submit", "From “Draft” to “In review”.")
    approve = _transition("approve", "From “In review” to “Approved”.")
    accept = _transition("accept", "From “Approved” to “Accepted”.")
    reject = _transition("reject", "From “Approved” to “Rejected”.")
    cancel = _transition("cancel", "From “Draft” to “Cancelled”.")
    reopen = _transition("reopen", "From “Rejected” to “Draft”.")


RESOURCES = {
    "products": ProductViewSet,
    "quotes": QuoteViewSet,
    "quotes/{id}/lines": LinesOfQuoteViewSet,
    "quote-line-items": QuoteLineItemViewSet,
}
