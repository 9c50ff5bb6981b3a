"""Fields of models: fixed-point numbers, exact on every database, JSON that is always read, and
times of creation that are never overwritten."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import DecimalValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from commsapp.db import json_values

_PLAIN = re.compile(r"[+-]?[0-9]*\.?[0-9]+")  # Decimal() also reads 1_000, ١ and 1e3


class FixedPointField(models.Field):  # type: ignore[type-arg]
    """A number with a fixed count of decimal places, kept as number × 10^places in a BIGINT.

    Not a DecimalField (REAL on SQLite) and no kind of it: then price × quantity in SQL would pass
    for a Decimal, with the places of both. Here Django refuses it until output_field is named.
    """

    empty_strings_allowed = False  # without a default, unset is None
    max_digits = 18  # What a BIGINT holds, whatever the digits.
    default_error_messages = {
        "float": _("Give the number as text."),  # 0.1 is not a tenth
        "invalid": _("“%(value)s” is no number."),
    }

    def __init__(self, *args: Any, places: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = self.decimal_places = places  # decimal_places, max_digits: what DRF looks for
        self._fits = DecimalValidator(self.max_digits, places)
        self.validators = [*self.validators, self._fits]

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "places": self.places}

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def to_python(self, value: Any) -> Decimal | None:
        if isinstance(value, bool | float):
            raise ValidationError(self.error_messages["float"], code="invalid")
        if value is None:
            return None
        try:
            plain = not isinstance(value, str) or _PLAIN.fullmatch(value)
            number = Decimal(value if plain else "NaN")
        except (InvalidOperation, TypeError, ValueError):
            number = Decimal("NaN")
        if number.is_finite():
            return number
        raise ValidationError(
            self.error_messages["invalid"], code="invalid", params={"value": value}
        )

    def get_prep_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        number = self.to_python(value)
        if number is not None:
            self._fits(number)  # Refuse what would not fit; never round behind one's back.
        return number

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        number = super().get_db_prep_value(value, connection, prepared)
        return int(number.scaleb(self.places)) if isinstance(number, Decimal) else number

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.places)

    def formfield(self, **kwargs: Any) -> Any:
        digits = {"max_digits": self.max_digits, "decimal_places": self.places}
        return super().formfield(**{"form_class": forms.DecimalField, **digits, **kwargs})


class JSONField(models.JSONField):
    """JSON out of which nothing comes that a page, an answer or a file cannot hold.

    What ways in refuse may have been stored before they did. To migrations it is Django's own.
    """

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.JSONField", args, kwargs

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        try:
            read = super().from_db_value(value, expression, connection)
        except (RecursionError, ValueError):  # too deep, or a number of too many digits
            return None if self.null else self.get_default()
        is_escaped = isinstance(value, str) and "\\u" in value  # what else cannot hold is not text
        return json_values.without_unstorable(read) if is_escaped else read


class CreationTimeField(models.DateTimeField):  # type: ignore[type-arg]
    """The time when a row was made, which a save leaves as it is where it cannot be read.

    SQLite holds what another program wrote into the column. It reads as missing (see
    commsapp/db/sqlite3/base.py), and Model.save() would write NULL into a column that has none.
    """

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.DateTimeField", args, kwargs

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = super().pre_save(model_instance, add)
        return models.F(self.attname) if value is None and not add else value
