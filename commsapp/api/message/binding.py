"""From what a client sent to what an operation takes (contract 3.1).

Keys in any case; unknown ones are ignored; null is absent. All that cannot be read is told at once,
each by its path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.utils.translation import gettext as _

from commsapp.api.message.operation import ListOf, Model, Operation, Reader, Scalar, normalize_key
from commsapp.api.message.parsers import UnreadableRequest, as_request, read_json
from commsapp.api.message.plain_lines import read_plainly
from commsapp.core.audit import Refusal
from commsapp.db.ids import NIL, read_guid_cached

_BOOLS = {
    **dict.fromkeys(("1", "t", "y", "on", "true"), True),
    **dict.fromkeys(("0", "f", "n", "off", "false"), False),
}
_INT = re.compile(r"-?[0-9]{1,10}", re.ASCII)
MAX_UNREAD = 1_000  # values that are listed as unreadable before the rest of a list is left
_INT32 = range(-(2**31), 2**31)


def bind(request: Model, body: Mapping[str, Any], query: Mapping[str, str], line: int = 0) -> Any:
    """The request as its operation takes it. A parameter of the query fills what the body left out.

    What could not be read is handed on as `unread`, its place among several (from 1) as `line`.
    """
    binder = _Binder()
    values = binder.values(request, body, "")
    for name, text in query.items():
        slot = _slots(request).get(normalize_key(name))
        if slot and slot.scalar and slot.python_name not in values:
            binder.read(slot, text, "", values)
    return request.make(**values, unread=tuple(binder.unread), line=line)


def bind_line(request: Model, text: bytes, query: Mapping[str, str], line: int) -> Any:
    """The request that a line of many holds; see bind(). One that is no JSON object is one that
    has nothing but that to tell."""
    try:
        plain = None if query else read_plainly(request, text, line)
        return plain or bind(request, as_request(read_json(text)), query, line)
    except UnreadableRequest as unreadable:
        told = Refusal("SerializationException", str(unreadable))
        return request.make(unread=(told,), line=line)


def parse_lazily(operation: Operation, text: bytes, query: Mapping[str, str], line: int) -> Any:
    """What an operation takes for a line of a stream; see Operation.recognize."""
    if query:
        return bind_line(operation.request, text, query, line)
    return operation.recognize(text, line, _reader(operation.request))


@cache
def _reader(request: Model) -> Reader:
    return lambda text, line: bind_line(request, text, {}, line)


class _NotOfType(Exception):  # noqa: N818
    """A value that cannot be read: a code and a sentence."""

    def __init__(self, code: str, told: str) -> None:
        super().__init__(told)
        self.code, self.told = code, told


@dataclass(frozen=True, slots=True)
class _Slot:
    """Where a property's value goes, and how it is read, if it is a plain one."""

    name: str
    python_name: str
    type: Scalar | ListOf | Model
    scalar: Callable[[Any], Any] | None


@cache
def _slots(model: Model) -> Mapping[str, _Slot]:
    """By the spellings of their names that clients have, so that few need to be folded: in a stream
    that is half the work."""
    slots: dict[str, _Slot] = {}
    for each in model.properties:
        if not each.is_ignored:
            scalar = _SCALARS[each.type] if isinstance(each.type, Scalar) else None
            slot = _Slot(each.name, each.python_name, each.type, scalar)
            camel = each.name[:1].lower() + each.name[1:]
            slots |= dict.fromkeys(
                (each.name, camel, each.python_name, normalize_key(each.name)), slot
            )
    return slots


class _Binder:
    def __init__(self) -> None:
        self.unread: list[Refusal] = []

    def values(self, model: Model, given: Mapping[str, Any], path: str) -> dict[str, Any]:
        """The values of a model's properties, by Python names; only those that are given."""
        slots = _slots(model)
        values: dict[str, Any] = {}
        seen: dict[str, str] = {}
        for key, value in given.items():
            slot = slots.get(key) or slots.get(normalize_key(key))
            if slot is None:
                continue
            if slot.name in seen:
                self._tell_twice(seen[slot.name], key, f"{path}{slot.name}")
            seen[slot.name] = key
            if value is not None:
                self.read(slot, value, path, values)
        return values

    def read(self, slot: _Slot, value: Any, path: str, values: dict[str, Any]) -> None:
        """Read one value, or tell that it cannot be read."""
        try:
            if slot.scalar:
                read = slot.scalar(value)
            elif isinstance(slot.type, ListOf):
                read = self._list(slot.type.item, value, f"{path}{slot.name}")
            else:
                read = self._object(slot.type, value, f"{path}{slot.name}")
        except _NotOfType as error:
            self._tell(error.code, error.told, f"{path}{slot.name}")
        else:
            if read is not None:
                values[slot.python_name] = read

    def _object(self, model: Any, value: Any, at: str) -> Any:
        if type(value) is dict:
            return model.make(**self.values(model, value, f"{at}."))
        if value is None:
            raise _NotOfType("NotNull", _("There is nothing here."))
        raise _NotOfType("SerializationException", _("This is no object."))

    def _list(self, model: Model, value: Any, at: str) -> tuple[Any, ...]:
        if type(value) is not list:
            raise _NotOfType("SerializationException", _("This is no list."))
        items: list[Any] = []
        for place, item in enumerate(value):
            if len(self.unread) >= MAX_UNREAD:
                break  # the request is refused: the rest need not be read
            items.append(self._item(model, item, f"{at}[{place}]"))
        return tuple(items)

    def _item(self, model: Model, value: Any, at: str) -> Any:
        try:
            return self._object(model, value, at)
        except _NotOfType as error:
            self._tell(error.code, error.told, at)
            return model.make()  # so that those that follow keep their places

    def _tell_twice(self, one: str, other: str, at: str) -> None:
        message = _("It is given twice: as %(one)s and as %(other)s.") % {
            "one": one,
            "other": other,
        }
        self._tell("SerializationException", message, at)

    def _tell(self, code: str, told: str, at: str) -> None:
        self.unread.append(Refusal(code, told, at))


def _text(value: Any) -> str:
    if type(value) is not str:
        raise _NotOfType("SerializationException", _("This is no text."))
    if "\0" in value:
        raise _NotOfType("SerializationException", _("This text has a NUL character."))
    return value


def _guid(value: Any) -> str | None:
    guid = read_guid_cached(value) if isinstance(value, str) else None
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
