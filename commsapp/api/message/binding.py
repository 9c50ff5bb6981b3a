"""From a client's JSON to the request of an operation (contract 3.1).

Keys spelled as documented or in camelCase, with values of the documented types, are converted by
msgspec alone. Everything else is normalized first, and only then are faults reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
from django.utils.translation import gettext as _

from commsapp.api.message.definition import describe, normalize_key
from commsapp.api.message.parsers import UnreadableRequest, as_request, read_json
from commsapp.core.audit import Refusal, RefusalCode
from commsapp.core.message_types import InvalidGuid, Message, RequestMessage, decode_guid

R = TypeVar("R", bound=RequestMessage)

_BOOLS = {
    **dict.fromkeys(("1", "t", "y", "on", "true"), True),
    **dict.fromkeys(("0", "f", "n", "off", "false"), False),
}


def bind_line(request: type[R], text: bytes, query: Mapping[str, str], line: int) -> R:
    """Return the request on a line of a stream; see bind(). A line that is no JSON object is an
    empty request with that fault."""
    try:
        return bind(request, as_request(read_json(text)), query, line)
    except UnreadableRequest as error:
        fault = Refusal(RefusalCode.SERIALIZATION_EXCEPTION, str(error))
        return request().received(line, [fault])


def bind(request: type[R], body: Mapping[str, Any], query: Mapping[str, str], line: int = 0) -> R:
    """Return the request. A parameter of the query fills what the body left out.

    Of each property of the request that cannot be read the first fault is in `shape_faults`.
    """
    bound: R
    if not query:
        for spelling in _spellings(request):
            try:
                bound = msgspec.convert(body, spelling, dec_hook=decode_guid)
            except msgspec.ValidationError:
                continue
            return bound.received(line)
    normalizer = _Normalizer()
    values = normalizer.normalize(request, body, "")
    normalizer.add_query(request, query, values)
    faults = normalizer.faults
    while True:
        try:
            bound = msgspec.convert(values, request, strict=False, dec_hook=decode_guid)
        except msgspec.ValidationError as error:
            fault = _refusal(error)
            faults.append(fault)
            del values[_first_name(fault.field)]
        else:
            return bound.received(line, faults)


# --- Spellings ------------------------------------------------------------------------------


@cache
def _spellings(request: type[R]) -> tuple[type[R], ...]:
    return request, camel_variant(request)


@cache
def camel_variant(message: type[Any]) -> Any:
    """Return a subclass of a message whose properties, and those of the messages in it, are
    camelCase on the wire."""
    fields = [
        (field.name, _in_camel(field.type), field.default)
        for field in msgspec.structs.fields(message)
    ]
    return msgspec.defstruct(
        f"{message.__name__}Camel", fields,
        bases=(message,), rename="camel", forbid_unknown_fields=True,
    )  # fmt: skip


def _in_camel(annotation: Any) -> Any:
    """Return a type with the camelCase variant of each message in it."""
    if isinstance(annotation, type) and issubclass(annotation, Message):
        return camel_variant(annotation)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return Annotated[_in_camel(arguments[0]), *arguments[1:]]
    if origin in (Union, UnionType):
        return Union[tuple(map(_in_camel, arguments))]  # noqa: UP007  (made at run time)
    if origin is not None:
        return origin[tuple(map(_in_camel, arguments))]
    return annotation


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str
    is_bool: bool
    is_scalar: bool
    is_ignored: bool
    message: type[Message] | None


@cache
def _slots(message: type[Message]) -> Mapping[str, _Slot]:
    """The properties of a message by their names without case and underscores."""
    return {
        normalize_key(member.name): _Slot(
            member.name,
            member.type_name == "bool",
            member.message is None,
            member.is_ignored,
            member.message,
        )
        for member in describe(message).properties
    }


class _Normalizer:
    """Spells keys as documented, leaves out nulls and unknown keys, and reads words for bools."""

    def __init__(self) -> None:
        self.faults: list[Refusal] = []

    def normalize(
        self, message: type[Message], values: Mapping[str, Any], path: str
    ) -> dict[str, Any]:
        normalized: dict[str, Any] = {}
        spelled: dict[str, str] = {}
        for key, value in values.items():
            slot = _slots(message).get(normalize_key(key))
            if slot is None or slot.is_ignored:
                continue
            field = f"{path}{slot.name}"
            if slot.name in spelled:
                self._add_repeated(spelled[slot.name], key, field)
            spelled[slot.name] = key
            if value is not None:
                normalized[slot.name] = self._value(slot, value, field)
        return normalized

    def add_query(
        self, request: type[Message], query: Mapping[str, str], values: dict[str, Any]
    ) -> None:
        """Fill the plain properties that the body left out."""
        for key, text in query.items():
            slot = _slots(request).get(normalize_key(key))
            if slot is None or not slot.is_scalar or slot.is_ignored or slot.name in values:
                continue
            if "\0" in text:
                message = _("This text has a NUL character.")
                self.faults.append(Refusal(RefusalCode.SERIALIZATION_EXCEPTION, message, slot.name))
            else:
                values[slot.name] = self._value(slot, text, slot.name)

    def _value(self, slot: _Slot, value: Any, field: str) -> Any:
        if slot.is_bool and isinstance(value, str):
            return _BOOLS.get(value.lower(), value)
        if slot.message is None:
            return value
        if isinstance(value, dict):
            return self.normalize(slot.message, value, f"{field}.")
        return [*self._items(slot.message, value, field)] if isinstance(value, list) else value

    def _items(self, message: type[Message], values: list[Any], field: str) -> Iterator[Any]:
        for place, value in enumerate(values):
            is_object = isinstance(value, dict)
            yield self.normalize(message, value, f"{field}[{place}].") if is_object else value

    def _add_repeated(self, first: str, second: str, field: str) -> None:
        message = _("It is given twice: as %(one)s and as %(other)s.") % {
            "one": first,
            "other": second,
        }
        self.faults.append(Refusal(RefusalCode.SERIALIZATION_EXCEPTION, message, field))


# --- Faults ---------------------------------------------------------------------------------

_FAULT = re.compile(r"(?P<message>.*?)(?: - at `\$\.?(?P<field>.*)`)?", re.DOTALL)


def _refusal(error: msgspec.ValidationError) -> Refusal:
    """Return what msgspec says of the first value that it could not convert."""
    found = _FAULT.fullmatch(str(error))
    message, field = (found["message"], found["field"] or "") if found else (str(error), "")
    if isinstance(error.__cause__, InvalidGuid):
        return Refusal(RefusalCode.INVALID_GUID, _("This is no Guid."), field)
    if message.endswith("got `null`"):
        return Refusal(RefusalCode.NOT_NULL, _("There is nothing here."), field)
    return Refusal(RefusalCode.SERIALIZATION_EXCEPTION, f"{message}.", field)


def _first_name(field: str) -> str:
    return re.split(r"[.[]", field, maxsplit=1)[0]
