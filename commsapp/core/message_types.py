"""Types of the properties of messages, and the base class of requests (contract 3.1, 3.3).

A message is a msgspec Struct. What its document prints of a property stands beside the property's
type; binding, OpenAPI, the metadata pages and the clients' types are all made from that.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from msgspec import Meta, Struct

from commsapp.core.audit import Refusal
from commsapp.db.ids import NIL, read_guid_cached

Int32 = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]

if TYPE_CHECKING:
    Guid = str
else:

    class Guid(ABC):  # noqa: B024  (a virtual base class)
        """An id: a str of 32 hex digits; None if it was the all-zero Guid, "not given"."""

    Guid.register(str)
    Guid.register(type(None))  # msgspec checks that the result of decode_guid() is a Guid


class InvalidGuid(ValueError):  # noqa: N818
    """A value is not a Guid in any of its spellings."""


def decode_guid(kind: type, value: Any) -> str | None:
    """Return the digits of a Guid, as msgspec's `dec_hook`. Raises InvalidGuid."""
    guid = read_guid_cached(value) if type(value) is str else None
    if guid is None:
        raise InvalidGuid("This is no Guid.")
    return None if guid == NIL else guid


def documented(
    description: str = "",
    *,
    is_required: bool = False,
    in_query: bool = False,
    is_ignored: bool = False,
) -> Meta:
    """What a document prints of a property.

    Whether a required one may be missing is for the operation to say. One of the query is also
    read from the body; an ignored one is accepted, with any value.
    """
    extra = {"is_required": is_required, "in_query": in_query, "is_ignored": is_ignored}
    return Meta(description=description, extra=extra)


class Message(Struct, rename="pascal", forbid_unknown_fields=True):
    """A documented object. Unknown properties are removed before it is converted: contract 3.1."""


class RequestMessage(Message, dict=True):
    """A request. `line` is its place in a batch or its line in a stream, from 1; 0 for a single
    request. `shape_faults` are the values that could not be read; their properties are absent here.

    Neither is a property, so that no client can set them.
    """

    line: ClassVar[int] = 0
    shape_faults: ClassVar[tuple[Refusal, ...]] = ()

    def received(self, line: int, shape_faults: Iterable[Refusal] = ()) -> Self:
        """Note how the request arrived, and return it."""
        self.__dict__.update(line=line, shape_faults=tuple(shape_faults))
        return self
