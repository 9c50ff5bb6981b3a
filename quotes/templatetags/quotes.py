"""What the templates of a quote's page ask for."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.translation import pgettext_lazy

from quotes.models import Quote, QuoteLineItem
from quotes.pages.places import Place, mark_of
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
def opened_at(line: QuoteLineItem, place: Place) -> str:
    """The place with the line's parts open."""
    return place.open_at(line.pk).query


@register.filter
def formula(line: QuoteLineItem, name: str) -> str:
    """How a total comes about: `99.00 × 2 × 30 − 10 %`. Nothing for one piece at its price."""
    factors = [price(getattr(line, f"{name}_price"), line.quote.currency)]
    if line.quantity != 1:
        factors.append(number(line.quantity))
    if line.is_group_line:
        factors.append(number(Decimal(line.recipient_count)))
    told = " × ".join(factors)
    if line.discount_percent:
        return f"{told} − {number(line.discount_percent)} %"
    return told if len(factors) > 1 else ""


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
def counted(count: int) -> str:
    """A count, with thousands apart."""
    return number(Decimal(count))
