"""What the Structs of messages say of themselves, for pages, types and OpenAPI (contract 3.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from msgspec import inspect

from commsapp.core.message_types import Guid, Message

_SCALARS = {inspect.StrType: "string", inspect.BoolType: "bool", inspect.IntType: "int"}
GUID = "Guid"


@dataclass(frozen=True)
class Property:
    """A property as the documents print it."""

    name: str  # PascalCase
    python_name: str
    type_name: str  # string, Guid, bool, int, or the name of a message
    message: type[Message] | None  # that of the name
    is_list: bool
    description: str
    is_required: bool
    in_query: bool
    is_ignored: bool

    @property
    def in_body(self) -> bool:
        """Whether it is sent with the others; else it is one of the query alone."""
        return not (self.in_query and self.is_ignored)

    @property
    def data_type(self) -> str:
        """The type as the documents print it."""
        return f"List<{self.type_name}>" if self.is_list else self.type_name

    @property
    def place(self) -> str:
        """Where the parameter is sent, as the documents print it."""
        return "query" if self.in_query else "body"


@dataclass(frozen=True)
class Description:
    """A message. The properties of its `base` are its own, too; the documents print them in a
    table of their own."""

    name: str
    own: Sequence[Property]
    base: Description | None = None

    @property
    def properties(self) -> Sequence[Property]:
        """All properties, its own first."""
        return (*self.own, *(self.base.properties if self.base else ()))

    @property
    def nested(self) -> Sequence[Description]:
        """The messages in it, each once, the innermost first."""
        return tuple(dict.fromkeys(self._nested()))

    def _nested(self) -> Iterator[Description]:
        for member in self.properties:
            if member.message:
                inner = describe(member.message)
                yield from (*inner.nested, inner)


@cache
def describe(message: type[Message]) -> Description:
    """Return the description of a message's Struct."""
    [base] = [base for base in message.__bases__ if issubclass(base, Message)]
    inherited = base.__struct_fields__
    info = inspect.type_info(message)
    own = [_property(field) for field in info.fields if field.name not in inherited]  # type: ignore[attr-defined]
    return Description(message.__name__, tuple(own), describe(base) if inherited else None)


def _property(field: inspect.Field) -> Property:
    extra: dict[str, Any] = {}
    description, kind, is_list = "", field.type, False
    while True:
        if isinstance(kind, inspect.Metadata):
            extra |= kind.extra or {}
            description = (kind.extra_json_schema or {}).get("description", description)
            kind = kind.type
        elif isinstance(kind, inspect.UnionType):
            [kind] = [member for member in kind.types if not isinstance(member, inspect.NoneType)]
        elif isinstance(kind, inspect.VarTupleType):
            is_list, kind = True, kind.item_type
        else:
            break
    message: Any = kind.cls if isinstance(kind, inspect.StructType) else None
    return Property(
        field.encode_name,
        field.name,
        _name_of(kind),
        message,
        is_list,
        description,
        extra.get("is_required", False),
        extra.get("in_query", False),
        extra.get("is_ignored", False),
    )


def _name_of(kind: inspect.Type) -> str:
    if isinstance(kind, inspect.StructType):
        return kind.cls.__name__
    if isinstance(kind, inspect.CustomType) and kind.cls is Guid:
        return GUID
    return _SCALARS[type(kind)]


def normalize_key(name: str) -> str:
    """Return a name without case and underscores: PascalCase, camelCase and snake_case are one."""
    return name.replace("_", "").lower()
