"""Products, quotes and their lines, for people in a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from commsapp.access import Actor
from commsapp.faces.staff.pages import url_of
from commsapp.faces.staff.records import DeletableAdmin, RecordAdmin
from commsapp.models import Record
from quotes import operations, pages
from quotes.forms import LineForm
from quotes.models import Product, Quote, QuoteLineItem
from quotes.templatetags.money import amount, number, price


@admin.register(Product)
class ProductAdmin(RecordAdmin):
    """The catalogue."""

    menu_place = 12
    list_display = ("name", "code", "one_time", "recurring", "currency", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("licensee",)
    search_fields = ("name", "code")
    search_help_text = _("Name, code or id")
    ordering = ("licensee_id", "code")
    fields = (
        "code", "name", "description", "one_time_price", "recurring_price", "currency",
        "is_active",
    )  # fmt: skip
    facts = (
        "code", "description", "one_time", "recurring", "currency", "is_active", "licensee",
        "created_at", "updated_at",
    )  # fmt: skip

    @admin.display(description=_("one-time"), ordering="one_time_price")
    def one_time(self, product: Product) -> str:
        return price(product.one_time_price, product.currency)

    @admin.display(description=_("recurring"), ordering="recurring_price")
    def recurring(self, product: Product) -> str:
        return price(product.recurring_price, product.currency)


@admin.register(Quote)
class QuoteAdmin(RecordAdmin):
    """Offers to customers."""

    menu_place = 10
    list_display = (
        "number", "name", "customer", "standing", "one_time", "recurring", "currency", "line_count",
        "expires_on",
    )  # fmt: skip
    list_display_links = ("number", "name")
    list_filter = ("status",)
    list_select_related = ("customer", "licensee")
    search_fields = ("number", "name", "customer__name")
    search_help_text = _("Number, name, customer or id")
    ordering = ("-id",)
    autocomplete_fields = ("customer",)
    fields = ("name", "number", "customer", "currency", "recurring_period", "expires_on")
    facts = (
        "customer", "one_time_told", "recurring_told", "expires_on", "licensee", "created_at",
        "updated_at",
    )  # fmt: skip
    badge = "status"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        quotes: Any = super().get_queryset(request)
        with_totals: QuerySet[Any] = quotes.with_totals()
        return with_totals

    @admin.display(description=_("one-time"))
    def one_time(self, quote: Quote) -> str:
        return amount(quote.one_time_total, quote.currency)

    @admin.display(description=_("recurring"))
    def recurring(self, quote: Quote) -> str:
        return amount(quote.recurring_total, quote.currency)

    @admin.display(description=_("one-time total"))
    def one_time_told(self, quote: Quote) -> str:
        return f"{self.one_time(quote)} {quote.currency}"

    @admin.display(description=_("recurring total"))
    def recurring_told(self, quote: Quote) -> str:
        period = quote.get_recurring_period_display().lower()
        return f"{self.recurring(quote)} {quote.currency} / {period}"

    def is_frozen(self, record: Any) -> bool:
        return not record.is_open

    def get_changeform_initial_data(self, request: HttpRequest) -> Any:
        return {"currency": "EUR", **super().get_changeform_initial_data(request)}

    def tools_of(self, request: HttpRequest, record: Any) -> list[dict[str, Any]]:
        return [*pages.moves_for(request, record), *super().tools_of(request, record)]

    def create(self, record: Any, by: Actor) -> Record:
        return operations.create_quote(record, by=by)

    def edit(self, pk: UUID, values: Mapping[str, Any], by: Actor) -> Record:
        return operations.edit_quote(pk, values, by=by)


class PartsFilter(admin.SimpleListFilter):
    """The parts of split lines are many."""

    title = _("parts")
    parameter_name = "parts"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [("without", _("Without parts")), ("only", _("Only parts"))]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(split_from__isnull=self.value() == "without")


@admin.register(QuoteLineItem)
class QuoteLineItemAdmin(DeletableAdmin):
    """Lines of all quotes. A quote's own page shows them with what can be done to them."""

    menu_place = 11
    form = LineForm
    list_display = (
        "named", "quote", "product", "kind", "quantity_told", "recipient_group", "recipient",
        "one_time", "recurring",
    )  # fmt: skip
    list_filter = (PartsFilter,)
    list_select_related = ("quote", "product", "recipient_group", "recipient", "licensee")
    search_fields = ("quote__number", "quote__name", "description", "product__name")
    search_help_text = _("Quote, product, description or id")
    ordering = ("quote_id", "line_number")
    autocomplete_fields = ("quote", "product", "recipient_group")
    facts = (
        "quote", "kind", "product", "description", "quantity_told", "one_time_unit",
        "recurring_unit", "discount", "recipient_group", "recipient", "split_from",
        "requested_date", "configuration", "one_time", "recurring", "created_at", "updated_at",
    )  # fmt: skip
    _VALUES = (
        "product", "recipient_group", "description", "quantity", "one_time_price",
        "recurring_price", "discount_percent", "requested_date", "configuration",
    )  # fmt: skip

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        """The licensee is the quote's. A line stays on its quote, and a part with its group."""
        if obj is None:
            return [(None, {"fields": ("quote", *self._VALUES)})]
        kept = {"recipient_group"} if obj.is_part else set()
        return [(None, {"fields": tuple(name for name in self._VALUES if name not in kept)})]

    @admin.display(description=_("line"), ordering="line_number")
    def named(self, line: QuoteLineItem) -> str:
        return str(line)

    @admin.display(description=_("kind"))
    def kind(self, line: QuoteLineItem) -> str:
        return kind_of(line)

    @admin.display(description=_("quantity"), ordering="quantity")
    def quantity_told(self, line: QuoteLineItem) -> str:
        return number(line.quantity)

    @admin.display(description=_("one-time unit price"))
    def one_time_unit(self, line: QuoteLineItem) -> str:
        return f"{price(line.one_time_price, line.quote.currency)} {line.quote.currency}"

    @admin.display(description=_("recurring unit price"))
    def recurring_unit(self, line: QuoteLineItem) -> str:
        return f"{price(line.recurring_price, line.quote.currency)} {line.quote.currency}"

    @admin.display(description=_("discount"))
    def discount(self, line: QuoteLineItem) -> str:
        return f"{number(line.discount_percent)} %" if line.discount_percent else ""

    @admin.display(description=_("one-time total"))
    def one_time(self, line: QuoteLineItem) -> str:
        return f"{amount(line.one_time_total, line.quote.currency)} {line.quote.currency}"

    @admin.display(description=_("recurring total"))
    def recurring(self, line: QuoteLineItem) -> str:
        return f"{amount(line.recurring_total, line.quote.currency)} {line.quote.currency}"

    def is_frozen(self, record: Any) -> bool:
        return record.is_split or not record.quote.is_open

    def tools_of(self, request: HttpRequest, record: Any) -> list[dict[str, Any]]:
        tools = super().tools_of(request, record)
        if not self.has_change_permission(request, record) or not record.quote.is_open:
            return tools
        if record.is_split:
            tools = [{"url": url_of(record, "unsplit"), "label": _("Unsplit")}, *tools]
        if record.is_group_line:
            split = {"url": url_of(record, "split"), "label": _("Split…"), "is_primary": True}
            tools = [split, *tools]
        return tools

    def create(self, record: Any, by: Actor) -> Record:
        return operations.create_line(record, by=by)

    def edit(self, pk: UUID, values: Mapping[str, Any], by: Actor) -> Record:
        return operations.edit_line(pk, values, by=by)

    def delete(self, pk: UUID, by: Actor) -> None:
        operations.delete_line(pk, by=by)

    def after_saving(self, obj: Any) -> str:
        return url_of(obj.quote)

    def after_deleting(self, obj: Any) -> str:
        return url_of(obj.quote)


def kind_of(line: QuoteLineItem) -> str:
    """Plain, of a group, split, or a part of a split line."""
    if line.is_part:
        return str(_("Part"))
    if line.is_split:
        return str(_("Split"))
    return str(_("Group")) if line.is_group_line else str(_("Plain"))
