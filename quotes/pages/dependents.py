"""What of quotes stands on records that are archived, deleted, or taken into a group and out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commsapp.core.actors import Actor
from commsapp.core.audit import Undone
from commsapp.core.number_format import format_count
from commsapp.models import Operation
from commsapp.staff.audit.changes import Listing
from commsapp.staff.dependents import (
    PlannedChange,
    each,
    listed,
)
from commsapp.staff.object_pages import url_of
from commsapp.staff.request import can_view
from contacts.pages.dependents import named
from quotes import currencies, splitting
from quotes.models import Quote, QuoteLineItem, Totals
from quotes.templatetags.money import amount
from quotes.templatetags.quotes import period

_OPEN = {"status__in": Quote.OPEN}
_ON_OPEN = {"quote__status__in": Quote.OPEN}

# --- What is archived or deleted --------------------------------------------------------------


def quotes_of_customers(touch: PlannedChange) -> Iterator[Listing]:
    rows = Quote.objects.filter(customer__in_ids=touch.ids).order_by("-id")
    hint = _("They stay open, and can be worked on.")
    yield listed(_("Open quotes"), rows.filter(**_OPEN), named, notes=each(_status), hint=hint)
    yield listed(_("Closed quotes"), rows.exclude(**_OPEN), named, notes=each(_status))


def lines_of_recipients(touch: PlannedChange) -> Iterator[Listing]:
    lines = QuoteLineItem.objects.filter(recipient__in_ids=touch.ids)
    hint = _("They stay on their quotes, at their price.")
    yield from _lines(lines, _of_line, hint)


def lines_of_groups(touch: PlannedChange) -> Iterator[Listing]:
    lines = QuoteLineItem.objects.filter(recipient_group__in_ids=touch.ids).of_groups()
    hint = _("They stay on their quotes, at their price, and cannot be split while it is archived.")
    yield from _lines(lines, _of_group_line, hint)


def quotes_of_lines(touch: PlannedChange) -> Iterator[Listing]:
    """What the quote of a line that is deleted costs with and without it."""
    for line in QuoteLineItem.objects.in_ids(touch.ids).with_members():
        [quote] = Quote.objects.with_totals().filter(pk=line.quote_id)
        before = quote.totals
        one_time, recurring = line.one_time_total, line.recurring_total
        after = Totals(before.one_time - one_time, before.recurring - recurring)
        hint = _("A line that is deleted cannot be brought back by Undo.")
        if line.is_part:
            hint += " " + _("The next split makes the part anew while its recipient is a member.")
        told = describe_change(quote, before, after)
        yield _total(quote, told, hint)


def _lines(lines: Any, note: Callable[[QuoteLineItem], str], hint: str) -> Iterator[Listing]:
    rows = lines.select_related("quote", "product", "recipient_group").order_by("-id")
    on_open, others = rows.filter(**_ON_OPEN), rows.exclude(**_ON_OPEN)
    yield listed(_("Lines of open quotes"), on_open, _named_line, notes=each(note), hint=hint)
    yield listed(_("Lines of closed quotes"), others, _named_line, notes=each(note))


def _named_line(line: QuoteLineItem) -> tuple[str, str]:
    return line.name_on_quote, url_of(line)


def _status(quote: Quote) -> str:
    return quote.get_status_display()


def _of_line(line: QuoteLineItem) -> str:
    return _status(line.quote)


def _of_group_line(line: QuoteLineItem) -> str:
    """The quote's status, and for how many the line counts, or that its parts do."""
    if line.is_split:
        return f"{_status(line.quote)} · {_('in parts')}"
    count = line.recipient_count
    message = ngettext("%s member", "%s members", count) % format_count(count)
    return f"{_status(line.quote)} · {message}"


# --- Who comes into a group and leaves it -----------------------------------------------------


def quotes_of_changed_groups(touch: PlannedChange) -> Iterator[Listing]:
    """Of a group whose members change: what its open quotes cost before and after, and which of
    its lines are split already. Quotes that are not open have their members frozen."""
    added, removed = touch.change.added, touch.change.removed
    if not (added or removed):
        return
    lines = QuoteLineItem.objects.filter(recipient_group__in_ids=touch.ids, **_ON_OPEN)
    if added != removed:
        yield _repriced(lines.live().order_by(), added - removed)
    split = lines.of_groups().filter(split_at__isnull=False)
    rows = split.select_related("quote", "product").order_by("-id")
    told = [
        *([_("Who comes has no part of them until they are split again.")] if added else []),
        *([_("Who goes keeps a part of them, and its price stays.")] if removed else []),
    ]
    yield listed(
        _("Lines that are split already"),
        rows,
        _named_line,
        notes=each(_of_line),
        hint=" ".join(told),
    )


def _repriced(lines: Any, more: int) -> Listing:
    """Open quotes with live lines of a group that gets so many more members, or fewer."""

    def told(quotes: Sequence[Quote]) -> list[str]:
        shown = {"quote__in": [quote.pk for quote in quotes]}
        sums = {"one_time": Sum("one_time_amount"), "recurring": Sum("recurring_amount")}
        of_each = {
            row.pop("quote"): row for row in lines.filter(**shown).values("quote").annotate(**sums)
        }
        return [_repriced_row(quote, of_each[quote.pk], more) for quote in with_totals(quotes)]

    quotes = Quote.objects.filter(pk__in=lines.values("quote")).order_by("-id")
    return listed(_("Open quotes whose totals change"), quotes, named, notes=told)


def with_totals(quotes: Sequence[Quote]) -> list[Quote]:
    """A few quotes anew, in their order, with their totals."""
    found = Quote.objects.with_totals().in_bulk([quote.pk for quote in quotes])
    return [found[quote.pk] for quote in quotes]


def _repriced_row(quote: Quote, each: dict[str, Decimal], more: int) -> str:
    before = quote.totals
    after = Totals(
        before.one_time + each["one_time"] * more, before.recurring + each["recurring"] * more
    )
    return f"{_status(quote)} · {describe_change(quote, before, after)}"


def _total(quote: Quote, told: str, hint: str) -> Listing:
    label = _("Total of the quote")
    return Listing(label, [named(quote)], 1, notes=[told], hint=hint, is_counted=False)


def describe_change(quote: Quote, before: Totals, after: Totals) -> str:
    """What a quote costs before and after: `one-time 120.00 → 90.00 EUR, per month …`."""
    told = []
    for label, was, becomes in (
        (_("one-time"), before.one_time, after.one_time),
        (_("per %s") % period(quote), before.recurring, after.recurring),
    ):
        if was != becomes:
            told.append(
                f"{label} {_amount(quote, was)} → {_amount(quote, becomes)} {quote.currency}"
            )
    return ", ".join(told) or _("its totals stay the same")


def _amount(quote: Quote, value: Decimal) -> str:
    return amount(value.quantize(currencies.minor_unit(quote.currency)), quote.currency)


# --- What is undone ---------------------------------------------------------------------------


def totals_of_undone(operation: Operation, undone: Undone, by: Actor) -> Iterator[Listing]:
    """What the quote costs before and after the undo; once it is done, only if that differs."""
    totals = undone.operation.effects.get("totals")
    quote = Quote.objects.visible_to(by).filter(pk=totals["quote"]).first() if totals else None
    if quote is None or not can_view(by, Quote):
        return
    before, after = (Totals(*map(Decimal, totals[side])) for side in ("before", "after"))
    if before == after and not undone.planned:
        return
    hint = ""
    if operation.kind == splitting.LINE_SPLIT.name and undone.kept:
        hint = _("The line stays split. Whose part is taken away has none until it is split again.")
    yield _total(quote, describe_change(quote, before, after), hint)
