"""Editing a line in its place, and several at once: preview → confirm → result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, ngettext

from commsapp.core.audit import Busy, Refused
from commsapp.core.number_format import format_count
from commsapp.db.ids import read_guid
from commsapp.staff.forms import reasons_by_field
from commsapp.staff.object_pages import Command, run_command, show, tell, url_of
from commsapp.staff.request import actor_of
from quotes import operations, validation
from quotes.forms import QuickForm, SeveralForm
from quotes.models import Quote, QuoteLineItem
from quotes.pages.lines import chosen
from quotes.pages.navigation import QuotePageState

# --- One ------------------------------------------------------------------------------------


def quick(request: HttpRequest, line: QuoteLineItem) -> HttpResponse:
    """The few fields that one mostly changes. A script opens this form under the line."""
    validation.refuse(validation.refuse_read_only(line))
    form = QuickForm(request.POST or None, instance=line, by=actor_of(request))
    if form.is_valid():
        try:
            return _save(request, line, form)
        except (Refused, ValidationError, Busy) as error:
            fresh = QuoteLineItem.objects.select_related("quote", "product").get(pk=line.pk)
            form = QuickForm(request.POST, instance=fresh, by=actor_of(request), refused=error)
            form.is_valid()
    place = QuotePageState.left(request)
    return show(
        request, line, "quotes/quick.html", title=gettext("Edit"), subtitle=str(line),
        status=400 if form.is_bound else 200, form=form, line=line, quote=line.quote, place=place,
        menu_url=url_of(line.quote), back=place.url(line.quote, row=f"line-{line.pk}"),
    )  # fmt: skip


def _save(request: HttpRequest, line: QuoteLineItem, form: QuickForm) -> HttpResponse:
    values = {name: form.cleaned_data[name] for name in form.changed_data}
    change = operations.edit_lines(
        line.quote_id, [line.pk.hex], values, by=actor_of(request), expected=form.values_read
    )
    tell(request, change, about=line.name_on_quote)
    place = QuotePageState.left(request)
    return HttpResponseRedirect(place.url(line.quote, changed=line.pk, row=f"line-{line.pk}"))


# --- Several --------------------------------------------------------------------------------


def edit_several(request: HttpRequest, quote: Quote) -> HttpResponse:
    """POST: the lines that were ticked, or all that were found; then what they are to have."""
    place = QuotePageState.left(request)
    ids, is_all = _selected(request, quote, place)
    if not ids:
        if request.method == "POST":
            messages.warning(request, gettext("Tick at least one line that can be edited."))
        return HttpResponseRedirect(place.url(quote))
    form = SeveralForm(request.POST if "values" in request.POST else None)
    if not form.is_valid():
        return _ask(request, quote, form, ids, is_all)
    try:
        return run_command(request, quote, _command(request, quote, form, ids, is_all))
    except ValidationError as error:
        for name, reasons in reasons_by_field(error).items():
            for reason in reasons:
                form.add_error(name, reason)
        return _ask(request, quote, form, ids, is_all)


def _selected(request: HttpRequest, quote: Quote, place: QuotePageState) -> tuple[list[str], bool]:
    """The ids of the lines that are meant, as far as they are still there and can be edited."""
    is_all = request.POST.get("which") == "all"
    if is_all:
        lines = chosen(quote, place)
    else:
        ticked = filter(None, map(read_guid, request.POST.getlist("lines")))
        lines = quote.lines.in_ids(ticked).in_totals()
    return [pk.hex for pk in lines.order_by().values_list("pk", flat=True)], is_all


def _again(request: HttpRequest, is_all: bool) -> list[tuple[str, str]]:
    """The selection, as it was sent."""
    if is_all:
        return [("which", "all")]
    return [("lines", id) for id in request.POST.getlist("lines")]


def _ask(
    request: HttpRequest, quote: Quote, form: SeveralForm, ids: Sequence[str], is_all: bool
) -> HttpResponse:
    place = QuotePageState.left(request)
    return show(
        request, quote, "quotes/edit_several.html", title=_title(len(ids)),
        status=400 if form.is_bound else 200, form=form, count=len(ids), is_all=is_all,
        sent=_again(request, is_all), back=place.url(quote), place=place,
    )  # fmt: skip


def _title(count: int) -> str:
    return ngettext("Edit %s line", "Edit %s lines", count) % format_count(count)


def _command(
    request: HttpRequest, quote: Quote, form: SeveralForm, ids: Sequence[str], is_all: bool
) -> Command:
    place, given = (
        QuotePageState.left(request),
        [(name, request.POST.get(name, "")) for name in form.fields],
    )
    row = f"parts-{place.parts_of}" if place.parts_of else ""

    def run(dry_run: bool) -> Any:
        by = actor_of(request)
        return operations.edit_lines(quote.pk, ids, form.values, by=by, dry_run=dry_run)

    def success_url(change: operations.LinesChange) -> str:
        return place.url(quote, changed=change.operation.at, row=row)

    return Command(
        title=_title(len(ids)),
        button=gettext("Change"),
        about=quote.number,
        run=run,
        back=place.url(quote, row=row),
        success_url=success_url,
        fields=[("values", "1"), *_again(request, is_all), *((n, v) for n, v in given if v)],
        selected=len(ids),
        template="quotes/edited.html",
        context={
            "quote": quote,
            "values": [(form[name].label, form.cleaned_data[name]) for name in form.values],
        },
    )
