"""Numbers as people write and read them in their language: `1.234,50` in German.

A form shows a number without grouping, and reads back what it shows. It also reads grouped numbers,
as they are copied from a page, and the other language's decimals where nothing else can be meant.
What could be either, as “1.500” in German or “1,500” in English, is asked about, never guessed.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.formats import get_format, number_format
from django.utils.translation import gettext as _

# Below, the language's decimal sign is `.` and its grouping `,`, whatever they are.
_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_EITHER = re.compile(r"([+-]?[1-9][0-9]*),([0-9]{3})")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_SPACED = re.compile(r"[+-]?[1-9][0-9]{0,2}(?: [0-9]{3})+(?:\.[0-9]*)?")
_OTHER_POINT = re.compile(r"[+-]?(?:0|[1-9][0-9]*)?,[0-9]+")


def read_number(text: str) -> str:
    """The number that a text in the reader's language means, as `Decimal` reads it.

    Raises ValidationError for what is no number, and for what could be two.
    """
    point, told = get_format("DECIMAL_SEPARATOR"), _neutral(text)
    if _PLAIN.fullmatch(told):
        return told
    if found := _EITHER.fullmatch(told):
        whole, decimals = found.groups()
        asked = _("“%(text)s” can be read in two ways. Write %(whole)s or %(decimal)s.") % {
            "text": text, "whole": whole + decimals, "decimal": f"{whole}{point}{decimals}",
        }  # fmt: skip
        raise ValidationError(asked, code="ambiguous")
    if _GROUPED.fullmatch(told) or _SPACED.fullmatch(told):
        return told.replace(",", "").replace(" ", "")
    if _OTHER_POINT.fullmatch(told):
        return told.replace(",", ".")
    raise ValidationError(forms.DecimalField.default_error_messages["invalid"], code="invalid")


def read_whole_number(text: str) -> str:
    """The whole number that a text means. Its groups are the language's own: `1.500` in German."""
    told = _neutral(text)
    if "." not in told and any(one.fullmatch(told) for one in (_PLAIN, _GROUPED, _SPACED)):
        return told.replace(",", "").replace(" ", "")
    raise ValidationError(forms.IntegerField.default_error_messages["invalid"], code="invalid")


def _neutral(text: str) -> str:
    """With the signs of the patterns above."""
    point, group = get_format("DECIMAL_SEPARATOR"), get_format("THOUSAND_SEPARATOR")
    signs: dict[int | str, str | int | None] = {point: ".", group: ","}
    signs |= {"\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ", "\N{MINUS SIGN}": "-"}
    return text.translate(str.maketrans(signs))


def trimmed(number: Decimal, places: int = 2) -> Decimal:
    """The number without zeros at its end, down to so many decimals."""
    digits = -int(number.normalize().as_tuple().exponent)
    return number.quantize(Decimal(1).scaleb(-max(digits, places)))


# --- In forms -------------------------------------------------------------------------------


class DecimalInput(forms.TextInput):
    """A text: what an input of type number takes depends on the browser's language."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})


class WholeInput(DecimalInput):
    """Of digits."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "numeric", **(attrs or {})})


class FixedPointFormField(forms.DecimalField):
    """Shows no more decimals than there are, and at least two if there is any."""

    widget = DecimalInput

    def prepare_value(self, value: Any) -> Any:
        return number_format(trimmed(value)) if isinstance(value, Decimal) else value

    def to_python(self, value: Any) -> Any:
        text = value.strip() if isinstance(value, str) else value
        return super().to_python(read_number(text) if isinstance(text, str) and text else text)


class WholeFormField(forms.IntegerField):
    """A count, or a place."""

    widget = WholeInput

    def to_python(self, value: Any) -> Any:
        text = value.strip() if isinstance(value, str) else value
        if isinstance(text, str) and text:
            text = read_whole_number(text)
        return super().to_python(text)


class DayInput(forms.DateInput):
    """A browser's own calendar: it shows days in its language, and sends YYYY-MM-DD."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")
