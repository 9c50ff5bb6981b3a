"""From what a client sent to what an operation takes (contract 3.1).

Keys in any case; unknown ones are ignored; null is absent. All that cannot be read is told at once,
each by its path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

from commsapp.faces.message.definition import ListOf, Model, Property, Scalar, folded
from commsapp.ids import NIL, read_guid
from commsapp.ledger import Refusal

_BOOLS = {
    **dict.fromkeys(("1", "t", "y", "on", "true"), True),
    **dict.fromkeys(("0", "f", "n", "off", "false"), False),
}
_INT = re.compile(r"-?[0-9]{1,10}", re.ASCII)
_INT32 = range(-(2**31), 2**31)


def bind(request: Model, body: Mapping[str, Any], query: Mapping[str, str]) -> Any:
    """The request as its operation takes it. A parameter of the query fills what the body left out.

    What could not be read is handed on as `unread`.
    """
    binder = _Binder()
    values = binder.values(request, body, "")
    for name, text in query.items():
        each = request.by_name.get(folded(name))
        if each is None or each.is_ignored or each.python_name in values:
            continue
        if isinstance(each.type, Scalar):
            binder.read(each, text, each.name, values)
    return request.make(**values, unread=tuple(binder.unread))


class _NotOfType(Exception):  # noqa: N818
    """A value that cannot be read: a code and a sentence."""

    def __init__(self, code: str, told: str) -> None:
        super().__init__(told)
        self.code, self.told = code, told


class _Binder:
    def __init__(self) -> None:
        self.unread: list[Refusal] = []

    def values(self, model: Model, given: Mapping[str, Any], path: str) -> dict[str, Any]:
        """The values of a model's properties, by Python names; only those that are given."""
        values: dict[str, Any] = {}
        seen: dict[str, str] = {}
        for key, value in given.items():
            each = model.by_name.get(folded(key))
            if each is None or each.is_ignored:
                continue
            at = f"{path}{each.name}"
            if each.name in seen:
                told = _("It is given twice: as %(one)s and as %(other)s.")
                self._tell(
                    "SerializationException", told % {"one": seen[each.name], "other": key}, at
                )
            seen[each.name] = key
            if value is not None:
                self.read(each, value, at, values)
        return values

    def read(self, each: Property, value: Any, at: str, values: dict[str, Any]) -> None:
        """Read one value, or tell that it cannot be read."""
        try:
            read = self._read(each.type, value, at)
        except _NotOfType as error:
            self._tell(error.code, error.told, at)
        else:
            if read is not None:
                values[each.python_name] = read

    def _read(self, kind: Scalar | ListOf | Model, value: Any, at: str) -> Any:
        if isinstance(kind, Scalar):
            return _SCALARS[kind](value)
        if isinstance(kind, Model):
            if not isinstance(value, dict):
                raise _NotOfType("SerializationException", _("This is no object."))
            return kind.make(**self.values(kind, value, f"{at}."))
        if not isinstance(value, list):
            raise _NotOfType("SerializationException", _("This is no list."))
        return tuple(self._items(kind.item, value, at))

    def _items(self, model: Model, items: list[Any], at: str) -> Iterator[Any]:
        for place, item in enumerate(items):
            try:
                if item is None:
                    raise _NotOfType("NotNull", _("There is nothing here."))
                yield self._read(model, item, f"{at}[{place}]")
            except _NotOfType as error:
                self._tell(error.code, error.told, f"{at}[{place}]")
                yield model.make()  # so that those that follow keep their places

    def _tell(self, code: str, told: str, at: str) -> None:
        self.unread.append(Refusal(code, told, at))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _NotOfType("SerializationException", _("This is no text."))
    if "\0" in value:
        raise _NotOfType("SerializationException", _("This text has a NUL character."))
    return value


def _guid(value: Any) -> str | None:
    guid = read_guid(value)
    if guid is None:
        raise _NotOfType("InvalidGuid", _("This is no Guid."))
    return None if guid == NIL else guid


def _bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    read = _BOOLS.get(str(value).lower()) if isinstance(value, str | int) else None
    if read is None:
        raise _NotOfType("SerializationException", _("This is neither true nor false."))
    return read


def _int(value: Any) -> int:
    if isinstance(value, str) and _INT.fullmatch(value):
        value = int(value)
    if type(value) is not int or value not in _INT32:
        raise _NotOfType("SerializationException", _("This is no whole number of 32 bits."))
    return value


_SCALARS: dict[Scalar, Callable[[Any], Any]] = {
    Scalar.TEXT: _text,
    Scalar.GUID: _guid,
    Scalar.BOOL: _bool,
    Scalar.INT: _int,
}
