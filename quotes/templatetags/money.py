"""Money as people read it, with the decimals of its currency."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.formats import number_format

from commsapp.staff.number_fields import trimmed
from quotes.currencies import PLACES

register = template.Library()


@register.filter
def amount(value: Decimal | None, currency: str) -> str:
    """An amount or total: exactly the currency's decimals, thousands apart."""
    if value is None:
        return ""
    return number_format(value, PLACES[currency], use_l10n=True, force_grouping=True)


@register.filter
def price(value: Decimal | None, currency: str) -> str:
    """A unit price: the currency's decimals, and more only where needed."""
    if value is None:
        return ""
    return number_format(trimmed(value, PLACES[currency]), use_l10n=True, force_grouping=True)


@register.filter
def number(value: Decimal | None) -> str:
    """A quantity or a percentage, without zeros at its end."""
    if value is None:
        return ""
    return number_format(trimmed(value, 0), use_l10n=True, force_grouping=True)
