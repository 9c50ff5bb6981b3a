"""REST door of products, quotes and their lines."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from commsapp.access import require
from commsapp.faces.described import sample_id
from commsapp.faces.rest.fields import FixedPoint
from commsapp.faces.rest.filters import RecordFilters, record_lookups
from commsapp.faces.rest.serializers import (
    DryRun,
    Nothing,
    RecordSerializer,
    name_of,
    record_fields,
    record_sample,
)
from commsapp.faces.rest.viewsets import Rows, Writable, answer, verb, written
from quotes import operations
from quotes.currencies import PLACES
from quotes.models import Product, Quote, QuoteLineItem

# --- Money ----------------------------------------------------------------------------------


class Money(NamedTuple):
    value: Decimal
    currency: str


class Price(FixedPoint):
    """A unit price: out with the currency's decimals, and more only where needed ("0.0035")."""

    def __init__(self, currency: str, **kwargs: Any) -> None:
        """`currency` is where the record has it: `quote.currency`."""
        self.currency = currency
        super().__init__(**{"max_digits": 18, "decimal_places": 6, "required": False, **kwargs})

    def get_attribute(self, instance: Any) -> Any:
        value: Any = super().get_attribute(instance)
        return Money(value, attrgetter(self.currency)(instance))

    def to_representation(self, value: Any) -> str:
        needed = -int(value.value.normalize().as_tuple().exponent)
        return f"{value.value:.{max(needed, PLACES[value.currency])}f}"


class Amount(Price):
    """An amount or a total, with exactly the currency's decimals."""

    def __init__(self, currency: str, **kwargs: Any) -> None:
        super().__init__(currency, read_only=True, required=None, decimal_places=4, **kwargs)

    def to_representation(self, value: Any) -> str:
        return f"{value.value:.{PLACES[value.currency]}f}"


def _price_of(model: type[Any], name: str, currency: str) -> Price:
    """A model's price, with the model's own validators."""
    return Price(currency, validators=model._meta.get_field(name).validators)


# --- Products -------------------------------------------------------------------------------


class ProductSerializer(RecordSerializer):
    sample = record_sample(
        "product", code="FIBRE-100", name="Fibre 100", description="A line of 100 Mbit/s.",
        one_time_price="49.90", recurring_price="19.99", currency="EUR", is_active=True,
    )  # fmt: skip
    edited = ("recurring_price",)

    one_time_price = _price_of(Product, "one_time_price", "currency")
    recurring_price = _price_of(Product, "recurring_price", "currency")

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
            text="name", exact="code currency is_active", range="one_time_price recurring_price"
        )


class Products(Writable):
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

    def moved(self: Quotes, request: Request, pk: str) -> Response:
        require(self.by, operations.permission_for(move), Quote)
        self.taken(Nothing)
        change = operations.move_quote(self.key(), move, by=self.by)
        return answer(change.message, written(change), change.skipped)

    moved.__name__ = move
    moved.__doc__ = f"Move the quote: {move}."
    return verb(move, needs=(), told={"message": told})(moved)


class Quotes(Writable):
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


# --- Lines ----------------------------------------------------------------------------------


class QuoteLineItemSerializer(RecordSerializer):
    sample = record_sample(
        "quote-line-item", quote=sample_id("quote"), line_number=1,
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
    one_time_price = _price_of(QuoteLineItem, "one_time_price", "quote.currency")
    recurring_price = _price_of(QuoteLineItem, "recurring_price", "quote.currency")
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

    def licensee_for(self, given: dict[str, Any]) -> UUID:
        """That of the quote."""
        quote: Quote = given["quote"]
        return quote.licensee_id


class LineFilters(RecordFilters):
    class Meta:
        model = QuoteLineItem
        fields = record_lookups(
            exact="quote product recipient_group recipient split_from",
            range="line_number quantity one_time_price recurring_price discount_percent"
            " requested_date",
            moment="split_at",
            empty="recipient_group recipient split_from split_at requested_date",
        )


_LINES = QuoteLineItem.objects.with_members().select_related("product", "recipient")
_SEARCHED = ("description", "product__name", "product__code", "recipient__name")
_ORDERINGS = (
    "line_number", "quantity", "one_time_price", "recurring_price", "requested_date",
    "created_at", "updated_at",
)  # fmt: skip


class QuoteLineItems(Writable):
    """The lines of quotes: plain, of a recipient group, split into parts, or such a part."""

    queryset = _LINES
    serializer_class = QuoteLineItemSerializer
    filterset_class = LineFilters
    search_fields = _SEARCHED
    orderings = _ORDERINGS

    def make(self, values: dict[str, Any]) -> QuoteLineItem:
        return operations.create_line(QuoteLineItem(**values), by=self.by)

    def change(self, pk: str, values: dict[str, Any]) -> None:
        operations.edit_line(pk, values, by=self.by)

    @extend_schema(responses={200: QuoteLineItemSerializer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete an unsplit line of an open quote, and answer what it was."""
        gone = operations.delete_line(self.key(), by=self.by)
        return Response(self.get_serializer(gone).data)

    @verb("split", takes=DryRun, told={"message": "12 lines created.", "created": 12})
    def split(self, request: Request, pk: str) -> Response:
        """Make one line for every recipient of the line's group that has none yet."""
        return self._split(operations.split_line, "created")

    @verb("unsplit", takes=DryRun, told={"message": "12 lines removed.", "removed": 12})
    def unsplit(self, request: Request, pk: str) -> Response:
        """Take the parts back into the one line, while none of them was edited."""
        return self._split(operations.unsplit_line, "removed")

    def _split(self, act: Callable[..., operations.SplitChange], count: str) -> Response:
        dry_run = self.taken(DryRun)["dry_run"]
        change = act(self.key(), by=self.by, dry_run=dry_run)
        told = {count: getattr(change, count)}
        return answer(change.message, written(change), change.skipped, **told)


class LinesOfQuote(Rows):
    """The lines of one quote, in their order."""

    queryset = _LINES
    serializer_class = QuoteLineItemSerializer
    filterset_class = LineFilters
    search_fields = _SEARCHED
    orderings = _ORDERINGS
    ordering = "line_number"
    needs = (("view", Quote), ("view", QuoteLineItem))

    def get_queryset(self) -> QuerySet[QuoteLineItem]:
        quote = Quote.objects.visible_to(self.by).only("pk").get(pk=self.key("id"))
        return _LINES.filter(quote=quote)


RESOURCES = {
    "products": Products,
    "quotes": Quotes,
    "quotes/{id}/lines": LinesOfQuote,
    "quote-line-items": QuoteLineItems,
}
