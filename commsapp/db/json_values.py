"""JSON values: what may be kept, and how what is kept is always read and written again.

Ways in ask `plain_object()`, whichever of them it is; ways out use `to_text()`,
`without_unstorable()` and the model field of commsapp.db.fields: they never fail, whatever an older
version or another program has put into the database.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

MAX_NAMES = 1_000  # in one object: no sensible configuration has so many
MAX_DEPTH = 32  # levels of objects and lists: what everybody after us can walk by recursion
MAX_TEXT_LENGTH = 65_536  # of an object as text: a split copies it into 100,000 parts
MIN_INTEGER, MAX_INTEGER = -(2**63), 2**63 - 1  # what every reader of JSON holds exactly
MAX_DEPTH_WRITTEN = 200  # of what is stored already: deeper values are left out
REPLACEMENT = "\ufffd"

UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # characters that no database and no answer can hold


def plain_object(value: Any) -> dict[str, Any]:
    """Return an object of JSON with JSON's own numbers. Raises ValidationError with the reason."""
    if not isinstance(value, dict):
        raise _refusal(_("Give an object: names and values."), "not_an_object")
    _check(value)
    plain: dict[str, Any] = _plain(value)
    if len(to_text(plain)) > MAX_TEXT_LENGTH:
        message = _("It is longer than %d characters as JSON.")
        raise _refusal(message % MAX_TEXT_LENGTH, "too_long")
    return plain


def _check(value: Any) -> None:
    """Depth is the sender's choice: no recursion."""
    waiting = [(value, 1)]
    while waiting:
        item, level = waiting.pop()
        if isinstance(item, dict | list) and level > MAX_DEPTH:
            raise _refusal(_("It is nested deeper than %d levels.") % MAX_DEPTH, "too_deep")
        if isinstance(item, dict):
            if len(item) > MAX_NAMES:
                raise _refusal(_("An object has more than %d names.") % MAX_NAMES, "too_many_names")
            waiting += ((inner, level + 1) for pair in item.items() for inner in pair)
        elif isinstance(item, list):
            waiting += ((inner, level + 1) for inner in item)
        elif isinstance(item, str):
            if UNSTORABLE.search(item):
                raise _refusal(_("A text holds NUL or half a surrogate pair."), "unfit_text")
        elif not _is_in_range(item):
            raise _refusal(_("A number is too large."), "too_large")
        elif isinstance(item, Decimal) and item and not float(item):
            raise _refusal(_("A number is too small."), "too_small")


def _is_in_range(item: Any) -> bool:
    if isinstance(item, int):
        return MIN_INTEGER <= item <= MAX_INTEGER
    return not isinstance(item, float | Decimal) or math.isfinite(float(item))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return float(value) if isinstance(value, Decimal) else value


def _refusal(message: str, code: str) -> ValidationError:
    return ValidationError(message, code=code)


# --- Out of the database ----------------------------------------------------------------------


def to_text(value: Any, default: Callable[[Any], Any] = str) -> str:
    """Return a value as JSON, whatever is in it: what no JSON can hold is replaced. `default` makes
    a text of what is no value of JSON."""
    try:
        return orjson.dumps(value, default=default).decode()
    except TypeError:  # more than 64 bits, half a surrogate pair, or too deep
        plain = without_unstorable(value)
        return json.dumps(plain, default=default, ensure_ascii=False, separators=(",", ":"))


def without_unstorable(value: Any, level: int = 0) -> Any:
    """Return a value that every writer of JSON and every page can take: halves of surrogate pairs
    and NUL become U+FFFD, numbers that are none and what is nested too deep become null."""
    if isinstance(value, str):
        return UNSTORABLE.sub(REPLACEMENT, value)
    if isinstance(value, dict | list | tuple):
        if level >= MAX_DEPTH_WRITTEN:
            return None
        if isinstance(value, dict):
            return {
                without_unstorable(name): without_unstorable(inner, level + 1)
                for name, inner in value.items()
            }
        return [without_unstorable(inner, level + 1) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
