"""Strict JSON, by RFC 8259 and I-JSON, without characters that a database cannot store."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from typing import Any, NoReturn

from commsapp.core.json_size import Limits, TooComplex
from commsapp.db.json_values import MAX_DEPTH as DEEPEST
from commsapp.db.json_values import MAX_NAMES, UNSTORABLE

LIMITS = Limits(containers=50_000, items=250_000, names=250_000)  # 100,000 ids are 100,000 items


class NotJSON(Exception):  # noqa: N818
    """A body that is not valid; the message is a sentence for the client."""


def read(raw: bytes) -> Any:
    """Return the value of a body in UTF-8. Raises NotJSON.

    A number with a fraction is a Decimal, exactly as written. One with an exponent is a float, by
    which fields of money refuse it.
    """
    try:
        LIMITS.check(raw)
        text = raw.decode()
        data = json.loads(
            text, parse_float=_number, parse_constant=_no_constant, object_pairs_hook=_object
        )
    except TooComplex as error:
        raise NotJSON(str(error)) from None
    except UnicodeDecodeError as error:
        raise NotJSON(f"The body is not UTF-8 (byte {error.start + 1}).") from None
    except json.JSONDecodeError as error:
        raise NotJSON(f"{error.msg} (line {error.lineno}, column {error.colno}).") from None
    except RecursionError:
        raise NotJSON("The body is nested too deep.") from None
    except ValueError:  # an integer of more digits than Python reads
        raise NotJSON("A number has too many digits.") from None
    if "\\u" in text or text.count("[") + text.count("{") > DEEPEST:
        _check(data)
    return data


def _number(text: str) -> Decimal | float:
    if "e" not in text.lower():
        return Decimal(text)
    number = float(text)
    is_zero = not text.lower().partition("e")[0].strip("-0.")
    return number if number or is_zero else _TOO_SMALL


_TOO_SMALL = Decimal("1e-400")  # no field takes it: for what as a float would pass for 0


def _no_constant(name: str) -> NoReturn:
    raise NotJSON(f"{name} is not JSON.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_NAMES:
        raise NotJSON(f"An object has more than {MAX_NAMES:,} names.")
    data = dict(pairs)
    if len(data) < len(pairs):
        raise NotJSON(f"The name “{repeated_name(pairs)[:64]}” stands twice in one object.")
    return data


def repeated_name(pairs: list[tuple[str, Any]]) -> str:
    """Return the first name that comes twice."""
    count = Counter(name for name, _value in pairs)
    return next(name for name, _value in pairs if count[name] > 1)


def _check(data: Any) -> None:
    """Refuse characters that only escapes can spell, and deep nesting; without recursion."""
    waiting = [(data, 1)]
    while waiting:
        item, level = waiting.pop()
        if isinstance(item, dict):
            waiting += ((inner, level + 1) for pair in item.items() for inner in pair)
        elif isinstance(item, list):
            waiting += ((inner, level + 1) for inner in item)
        elif isinstance(item, str) and UNSTORABLE.search(item):
            raise NotJSON("A text holds NUL or half a surrogate pair.")
        if level > DEEPEST and isinstance(item, dict | list):
            raise NotJSON("The body is nested too deep.")
