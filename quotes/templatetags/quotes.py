"""What the templates of a quote's page ask for."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.translation import pgettext_lazy

from quotes.models import Quote, QuoteLineItem
from quotes.pages.navigation import QuotePageState, mark_of
from quotes.pages.printing import Printed
from quotes.templatetags.money import amount, number, price

register = template.Library()

_PERIODS = {
    Quote.Period.MONTH: pgettext_lazy("per", "month"),
    Quote.Period.QUARTER: pgettext_lazy("per", "quarter"),
    Quote.Period.YEAR: pgettext_lazy("per", "year"),
}


@register.filter
def period(quote: Quote) -> str:
    """What is paid again and again for, as after “per”."""
    return str(_PERIODS[Quote.Period(quote.recurring_period)])


@register.filter
def is_changed(line: QuoteLineItem, mark: str) -> bool:
    """Whether the line is one of those that the address of the page says were changed."""
    return mark in (mark_of(line.updated_at), line.pk.hex)


@register.filter
def opened_at(line: QuoteLineItem, place: QuotePageState) -> str:
    """The place with the line's parts open."""
    return place.open_at(line.pk).query


@register.filter
def formula(line: QuoteLineItem, name: str) -> str:
    """How a total comes about: `99.00 × 2 − 10 %`, for a group what each recipient pays × 30.

    That is rounded before it is multiplied, see pricing. Nothing for one piece at its price.
    """
    if line.is_group_line:
        return of_recipients(line, name, line.recipient_count)
    return _of_price(line, name)


@register.filter
def formula_of_each(line: QuoteLineItem, name: str) -> str:
    """How what each recipient of a group pays comes about; nothing for one piece at its price."""
    return _of_price(line, name) if line.is_group_line else ""


def of_recipients(line: QuoteLineItem, name: str, count: int) -> str:
    """What each pays × how many they are: `86.62 × 30`."""
    each = amount(getattr(line, f"{name}_amount"), line.quote.currency)
    return f"{each} × {format_count(count)}"


def _of_price(line: QuoteLineItem, name: str) -> str:
    unit = getattr(line, f"{name}_price")
    told = price(unit, line.quote.currency)
    if line.quantity != 1:
        told += f" × {number(line.quantity)}"
    if line.discount_percent:
        told += f" − {number(line.discount_percent)} %"
    elif line.quantity == 1 and unit == getattr(line, f"{name}_amount"):
        return ""
    return told


@register.filter
def printed_formula(row: Printed, name: str) -> str:
    """On paper, where the unit price stands beside it: only what cannot be seen there."""
    if row.recipient_count < 2 or not getattr(row.line, f"{name}_price"):
        return ""
    each = getattr(row.line, f"{name}_amount")
    if each == getattr(row.line, f"{name}_price"):
        return ""
    return of_recipients(row.line, name, row.recipient_count)


@register.filter
def less(count: int, shown: int) -> str:
    """How many more there are than are shown."""
    return number(Decimal(count - shown))


@register.filter
def difference(value: Decimal, other: Decimal) -> Decimal:
    return value - other


@register.filter
def signed(value: Decimal, currency: str) -> str:
    """An amount with its sign, as a difference is told."""
    told = amount(abs(value), currency)
    return f"−{told}" if value < 0 else f"+{told}"


@register.filter
def format_count(count: int) -> str:
    """A count, with thousands apart."""
    return number(Decimal(count))
