"""Model fields of prices and amounts. Money is fixed point: see commsapp.db.fields."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator

from commsapp.db.fields import FixedPointField

MAX_PRICE = Decimal("999999999999.999999")


def price_field(verbose_name: Any, **options: Any) -> FixedPointField:
    validators = [MinValueValidator(Decimal(0)), MaxValueValidator(MAX_PRICE)]
    return FixedPointField(verbose_name, places=6, validators=validators, **options)


def amount_field(verbose_name: Any) -> FixedPointField:
    return FixedPointField(verbose_name, places=4, default=Decimal(0), editable=False)
