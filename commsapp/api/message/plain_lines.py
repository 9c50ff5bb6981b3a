"""Lines in plain shape, as nearly all of a stream: read in half the time that binding takes, for
nothing is noted that only a fault would need.

What is read here, binding.py reads to the same; all else is left to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

import msgspec

from commsapp.api.message.operation import ListOf, Model, Scalar
from commsapp.api.message.parsers import read_json
from commsapp.api.message.renderers import camel
from commsapp.db.ids import NIL, read_guid_cached

_INT32 = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
_TYPES: dict[Scalar, tuple[Any, Any]] = {  # with what stands for one that is not given
    Scalar.TEXT: (str | None, None),
    Scalar.GUID: (str | None, None),
    Scalar.BOOL: (bool, False),
    Scalar.INT: (_INT32, 0),
}
_encode = msgspec.json.Encoder().encode


def read_plainly(request: Model, text: bytes, line: int) -> Any:
    """The request of a line whose keys are spelled as documented or in camelCase, and whose values
    have just the types that they should have. None asks for a closer look.

    Raises Unreadable, where a key is given twice or there is a NUL character.
    """
    for shape in _shapes(request):
        try:
            made = shape.decode(text)
            shape.read_guids(made)
        except ValueError:  # msgspec's, and that of bytes that are no UTF-8
            continue
        # What comes out again with as many colons as went in had no key twice.
        if b"\\" in text or _encode(made).count(b":") != text.count(b":"):
            read_json(text)
        return request.make(**msgspec.structs.asdict(made), line=line)
    return None


@dataclass(frozen=True)
class _Shape:
    """How a model's objects are read: what msgspec makes of them, and where in that are Guids."""

    decode: Callable[[bytes], Any]
    type: Any
    guids: Sequence[str]
    objects: Sequence[tuple[str, _Shape]]
    lists: Sequence[tuple[str, _Shape]]

    def read_guids(self, *made: Any) -> None:
        """Guids of objects as 32 hex digits. Raises ValueError for what is none."""
        for name in self.guids:
            for each in made:
                text = getattr(each, name)
                if text is not None:
                    guid = read_guid_cached(text)
                    if guid is None:
                        raise ValueError
                    setattr(each, name, None if guid == NIL else guid)
        for name, shape in self.objects:
            shape.read_guids(*(one for each in made if (one := getattr(each, name)) is not None))
        for name, shape in self.lists:
            for each in made:
                shape.read_guids(*getattr(each, name))


@cache
def _shapes(request: Model) -> Sequence[_Shape]:
    """The request's, for each spelling of keys that clients have."""
    return tuple(_shape(request, spelled) for spelled in (str, camel))


def _shape(model: Model, spelled: Callable[[str], str], base: Any = None) -> _Shape:
    fields: list[tuple[str, Any, Any]] = []
    objects: list[tuple[str, _Shape]] = []
    lists: list[tuple[str, _Shape]] = []
    taken = [each for each in model.properties if not each.is_ignored]
    for each in taken:
        name = each.python_name
        if isinstance(each.type, Scalar):
            fields.append((name, *_TYPES[each.type]))
        elif isinstance(each.type, ListOf):
            inner = _nested(each.type.item, spelled)
            lists.append((name, inner))
            fields.append((name, tuple[inner.type, ...], ()))  # type: ignore[name-defined]
        else:
            inner = _nested(each.type, spelled)
            objects.append((name, inner))
            fields.append((name, inner.type | None, None))
    made = msgspec.defstruct(
        model.name, fields,
        bases=(base,) if base else (),
        rename={each.python_name: spelled(each.name) for each in taken},
        forbid_unknown_fields=True, omit_defaults=True,
    )  # fmt: skip
    guids = [each.python_name for each in taken if each.type is Scalar.GUID]
    return _Shape(msgspec.json.Decoder(made).decode, made, guids, objects, lists)


def _nested(model: Model, spelled: Callable[[str], str]) -> _Shape:
    """What is in a request is made right away as what the app has of it, with no more fields than
    those: whoever sends could name them."""
    shape = _shape(model, spelled, model.make)
    if {*shape.type.__struct_fields__} != {*shape.type.__annotations__}:
        raise TypeError(f"{model.name} has other fields than the document.")
    return shape
