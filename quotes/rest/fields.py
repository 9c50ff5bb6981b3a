"""Prices and amounts, with the decimals of their currency."""

from __future__ import annotations

from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple

from commsapp.api.rest.fields import FixedPoint
from quotes import currencies


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
        return f"{currencies.price(*value):f}"


class Amount(Price):
    """An amount or a total, with exactly the currency's decimals."""

    def __init__(self, currency: str, **kwargs: Any) -> None:
        super().__init__(currency, read_only=True, required=None, decimal_places=4, **kwargs)

    def to_representation(self, value: Any) -> str:
        return f"{currencies.amount(*value):f}"


def price_of(model: type[Any], name: str, currency: str) -> Price:
    """A model's price, with the model's own validators."""
    return Price(currency, validators=model._meta.get_field(name).validators)
