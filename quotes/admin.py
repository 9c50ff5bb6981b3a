"""Products, quotes and their lines, for people in a browser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from commsapp.core.actors import Actor, require
from commsapp.core.records import Expected
from commsapp.models import Record
from commsapp.staff.audit.changes import OperationReport
from commsapp.staff.audit.history import HistoryRows
from commsapp.staff.dependents import DependentsFinder
from commsapp.staff.model_admin import linked
from commsapp.staff.object_pages import Page, Panel, url_of
from commsapp.staff.record_admin import DeletableAdmin, RecordAdmin
from commsapp.staff.request import actor_of
from commsapp.staff.tables.export_admin import ExportedAdmin
from commsapp.staff.tables.import_admin import ImportedAdmin
from commsapp.staff.tables.writer import FORMATS
from contacts.models import ContactGroup
from groups.models import Membership, Recipient, RecipientGroup
from quotes import bulk_edit, operations, splitting, table_columns, unsplitting
from quotes.forms import LineForm
from quotes.models import Product, Quote, QuoteLineItem
from quotes.pages import audit, edit_lines, line_relations, lines, printing, related, split, status
from quotes.pages.dependents import (
    lines_of_groups,
    lines_of_recipients,
    quotes_of_changed_groups,
    quotes_of_customers,
    quotes_of_lines,
    totals_of_undone,
)
from quotes.pages.navigation import QuotePageState
from quotes.pages.parts_filter import PartsFilter
from quotes.templatetags.money import amount, number, price


@admin.register(Product)
class ProductAdmin(ImportedAdmin, ExportedAdmin, RecordAdmin):
    """The catalogue."""

    imported, exported = table_columns.PRODUCTS_IN, table_columns.PRODUCTS_OUT

    menu_place = 12
    tells_licensee = True
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
    pages = (Page("prices", related.prices, verb="view"),)

    @admin.display(description=_("one-time"), ordering="one_time_price")
    def one_time(self, product: Product) -> str:
        return price(product.one_time_price, product.currency)

    @admin.display(description=_("recurring"), ordering="recurring_price")
    def recurring(self, product: Product) -> str:
        return price(product.recurring_price, product.currency)


@admin.register(Quote)
class QuoteAdmin(ExportedAdmin, RecordAdmin):
    """Offers to customers."""

    exported = table_columns.QUOTES_OUT

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
    facts = ("name", "number", "recurring_period", "licensee", "created_at", "updated_at")
    badge = "status"
    object_template = "quotes/quote.html"
    pages = (
        Page("move", status.move, verb="view"),
        Page("print", printing.paper, _("Print"), verb="view"),
        Page("edit-lines", edit_lines.edit_several, model=QuoteLineItem),
    )
    panels = (
        Panel(_("Lines"), "quotes/lines.html", lines.lines, model=QuoteLineItem),
        Panel(_("Quotes"), "quotes/quotes_of.html", related.quotes_of, on=ContactGroup),
    )
    dependents = (
        DependentsFinder(quotes_of_customers, on=ContactGroup),
        DependentsFinder(quotes_of_lines, on=QuoteLineItem),
    )
    operation_reports = (OperationReport((bulk_edit.LINES_EDITED,), undo_effects=totals_of_undone),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        quotes: Any = super().get_queryset(request)
        with_totals: QuerySet[Any] = quotes.with_totals()
        return with_totals

    def get_urls(self) -> list[URLPattern]:
        """With a quote's lines as a file: `…/{id}/lines.csv`, `.xlsx`, `.jsonl`."""
        view = self.admin_site.admin_view(self.lines_view)
        files = [
            path(
                f"<uuid:object_id>/lines.{ending}", view, {"ending": ending},
                name=f"quotes_quote_lines_{ending}",
            )
            for ending in FORMATS
        ]  # fmt: skip
        return [*files, *super().get_urls()]

    def lines_view(self, request: HttpRequest, object_id: UUID, ending: str) -> HttpResponseBase:
        require(actor_of(request), "view", QuoteLineItem)
        return table_columns.export_lines(request, self.find(request, object_id), ending)

    @admin.display(description=_("one-time"))
    def one_time(self, quote: Quote) -> str:
        return amount(quote.one_time_total, quote.currency)

    @admin.display(description=_("recurring"))
    def recurring(self, quote: Quote) -> str:
        return amount(quote.recurring_total, quote.currency)

    def is_frozen(self, record: Any) -> bool:
        return not record.is_open

    def get_changeform_initial_data(self, request: HttpRequest) -> Any:
        return {"currency": "EUR", **super().get_changeform_initial_data(request)}

    def object_buttons(self, request: HttpRequest, record: Any) -> list[dict[str, Any]]:
        moves = status.transitions_for(request, record)
        return [*moves, *super().object_buttons(request, record)]

    def extra_context_for(self, request: HttpRequest, record: Any) -> dict[str, Any]:
        """What the head of the quote's page tells."""
        return {
            "customer": linked(request, record.customer),
            "is_expired": status.is_expired(record),
        }

    def object_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """The page, with what its head tells besides."""
        answer: Any = super().object_view(request, object_id)
        answer.context_data |= self.extra_context_for(request, answer.context_data["record"])
        return cast("HttpResponse", answer)

    def create(self, record: Any, by: Actor) -> Record:
        return operations.create_quote(record, by=by)

    def edit(self, pk: UUID, values: Mapping[str, Any], by: Actor, expected: Expected) -> Record:
        return operations.edit_quote(pk, values, by=by, expected=expected)

    def history_rows(self, request: HttpRequest, record: Any) -> HistoryRows:
        return audit.done_to_lines(request, record)


@admin.register(QuoteLineItem)
class QuoteLineItemAdmin(ExportedAdmin, DeletableAdmin):
    """Lines of all quotes. A quote's own page shows them with what can be done to them."""

    exported = table_columns.LINES_OUT
    menu_place = 11
    form = LineForm
    list_display = (
        "named", "quote", "product", "kind", "quantity_display", "recipient_group", "recipient",
        "one_time", "recurring",
    )  # fmt: skip
    list_filter = (PartsFilter,)
    list_select_related = ("quote", "product", "recipient_group", "recipient", "licensee")
    search_fields = ("quote__number", "quote__name", "description", "product__name")
    search_help_text = _("Quote, product, description or id")
    add_form_template = "quotes/add_line.html"
    ordering = ("quote_id", "line_number")
    autocomplete_fields = ("quote", "product", "recipient_group")
    facts = (
        "quote", "kind", "product", "description", "quantity_display", "one_time_unit",
        "recurring_unit", "discount", "recipient_group", "recipient", "split_from",
        "requested_date", "configuration", "one_time", "recurring", "created_at", "updated_at",
    )  # fmt: skip
    pages = (
        Page("quick", edit_lines.quick),
        Page("split", split.split),
        Page("unsplit", split.unsplit),
    )
    panels = (
        Panel(_("Group and parts"), "quotes/kin.html", line_relations.group_and_parts),
        Panel(_("Used on quotes"), "quotes/used_on.html", related.used_on, on=RecipientGroup),
        Panel(
            _("Lines of this recipient"), "quotes/used_on.html", related.lines_of_recipient,
            on=Recipient,
        ),
    )  # fmt: skip
    dependents = (
        DependentsFinder(lines_of_recipients, on=Recipient),
        DependentsFinder(lines_of_groups, on=RecipientGroup),
        DependentsFinder(quotes_of_changed_groups, on=Membership),
    )
    operation_reports = (
        OperationReport(
            (splitting.LINE_SPLIT, unsplitting.LINE_UNSPLIT, bulk_edit.LINES_EDITED),
            undo_effects=totals_of_undone,
        ),
    )

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        """The licensee is the quote's. A line stays on its quote, and a part with its group."""
        about: tuple[str, ...] = ("product", "recipient_group")
        if obj is None:
            about = ("quote", *about)
        elif obj.is_part:
            about = ("product",)
        return [
            (None, {"fields": (*about, "quantity", "requested_date", "description")}),
            (_("Prices"), {"fields": ("one_time_price", "recurring_price", "discount_percent")}),
            (_("More"), {"fields": ("configuration",)}),
        ]

    @admin.display(description=_("line"), ordering="line_number")
    def named(self, line: QuoteLineItem) -> str:
        return str(line)

    @admin.display(description=_("kind"))
    def kind(self, line: QuoteLineItem) -> str:
        """Plain, of a group, split, or a part of a split line."""
        if line.is_part:
            return str(_("Part"))
        if line.is_split:
            return str(pgettext("kind of line", "Split"))
        return str(_("Group")) if line.is_group_line else str(_("Plain"))

    @admin.display(description=_("quantity"), ordering="quantity")
    def quantity_display(self, line: QuoteLineItem) -> str:
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
        if line.is_split:
            return str(_("in parts"))
        return f"{amount(line.one_time_total, line.quote.currency)} {line.quote.currency}"

    @admin.display(description=_("recurring total"))
    def recurring(self, line: QuoteLineItem) -> str:
        if line.is_split:
            return str(_("in parts"))
        return f"{amount(line.recurring_total, line.quote.currency)} {line.quote.currency}"

    def is_frozen(self, record: Any) -> bool:
        return record.is_split or not record.quote.is_open

    def object_buttons(self, request: HttpRequest, record: Any) -> list[dict[str, Any]]:
        tools = super().object_buttons(request, record)
        if not self.has_change_permission(request, record) or not record.quote.is_open:
            return tools
        if record.is_split:
            tools = [{"url": url_of(record, "unsplit"), "label": _("Unsplit")}, *tools]
        if record.is_group_line:
            label = _("Split again…") if record.is_split else _("Split…")
            split = {"url": url_of(record, "split"), "label": label}
            tools = [{**split, "is_primary": not record.is_split}, *tools]
        return tools

    def create(self, record: Any, by: Actor) -> Record:
        return operations.create_line(record, by=by)

    def edit(self, pk: UUID, values: Mapping[str, Any], by: Actor, expected: Expected) -> Record:
        return operations.edit_line(pk, values, by=by, expected=expected)

    def delete(self, pk: UUID, by: Actor) -> None:
        operations.delete_line(pk, by=by)

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        request.about = obj.quote.number

    def delete_model(self, request: Any, obj: Any) -> None:
        super().delete_model(request, obj)
        request.about = obj.quote.number

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """With the quote's number: a line's name alone says of which quote to nobody."""
        if about := getattr(request, "about", ""):
            message = format_html("{}: {}", about, message)
        super().message_user(request, message, *args, **kwargs)

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: Any) -> HttpResponse:
        about = getattr(request, "about", "")
        return super().response_delete(request, f"{about} · {obj_display}", obj_id)

    def response_post_save_add(self, request: Any, obj: Any) -> HttpResponseRedirect:
        return self._back(request, obj)

    def response_post_save_change(self, request: Any, obj: Any) -> HttpResponseRedirect:
        return self._back(request, obj)

    def _back(self, request: HttpRequest, line: Any) -> HttpResponseRedirect:
        """To where one was on the quote, with the line standing out."""
        place = QuotePageState.left(request)
        if line.is_part and place.parts_of is None:
            place = place.open_at(line.split_from_id)
        row = f"line-{line.pk}"
        return HttpResponseRedirect(place.url(line.quote, changed=line.pk, row=row))

    def after_deleting(self, obj: Any) -> str:
        return url_of(obj.quote)
