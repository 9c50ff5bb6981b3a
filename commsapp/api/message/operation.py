"""What an operation of the Message API takes, told once.

Binding reads requests by it; pages and types that describe the operation are made of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from commsapp.core.actors import Actor
from commsapp.core.audit import Refusal, Refused


class Scalar(Enum):
    """A plain type, by the name that the documents call it."""

    TEXT = "string"
    GUID = "Guid"
    BOOL = "bool"
    INT = "int"


@dataclass(frozen=True)
class ListOf:
    item: Model


@dataclass(frozen=True)
class Property:
    """One property of a model. Whether it may be missing is for the app to say: `is_required` is
    what the document prints."""

    name: str  # as documented: PascalCase
    type: Scalar | ListOf | Model
    about: str = ""
    is_required: bool = False
    in_query: bool = False  # documented as a parameter of the query; the body may have it, too
    is_ignored: bool = False  # taken from whoever sends it, and not even looked at

    @property
    def in_body(self) -> bool:
        """Whether it is sent with the rest; else it is of the query alone."""
        return not (self.in_query and self.is_ignored)

    @cached_property
    def python_name(self) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.name).lower()


@dataclass(frozen=True, eq=False)  # there is one of each, and its hash is to be cheap
class Model:
    """Properties under a name, and what is made of their values (by Python names): a msgspec Struct
    with just these fields, if the model stands within a request.

    Those of its `base` are its own, too; the documents print them in a table under its name.
    """

    name: str
    own: Sequence[Property]
    make: Callable[..., Any] = dict
    base: Model | None = None

    @cached_property
    def properties(self) -> Sequence[Property]:
        """All that it has."""
        return (*self.own, *(self.base.properties if self.base else ()))

    @cached_property
    def nested(self) -> Sequence[Model]:
        """The models that its properties are of, and theirs; each once, the innermost first."""
        found: dict[str, Model] = {}
        for each in self.properties:
            kind = each.type.item if isinstance(each.type, ListOf) else each.type
            if isinstance(kind, Model):
                found |= {model.name: model for model in (*kind.nested, kind)}
        return (*found.values(),)

    @cached_property
    def by_name(self) -> Mapping[str, Property]:
        """Properties by their names as they may be spelled: see folded()."""
        return {normalize_key(each.name): each for each in self.properties}


def normalize_key(name: str) -> str:
    """A name in whatever case: PascalCase, camelCase and snake_case are one."""
    return name.replace("_", "").lower()


# --- Operations -----------------------------------------------------------------------------


class ReplySpec(NamedTuple):
    """What an operation did: a sentence, and facts by name."""

    message: str
    meta: Mapping[str, str] = MappingProxyType({})


_DONE = ReplySpec("Done.")


class Run(Protocol):
    """Does what some requests ask, in their order: each is answered or refused by itself.

    A refusal's code is the wire's, its field the path in the request. With `until_refused` those
    after the first refusal are neither done nor answered.
    """

    def __call__(
        self, requests: Sequence[Any], by: Actor, /, *, until_refused: bool = False
    ) -> Sequence[ReplySpec | Refused]: ...


Reader = Callable[[bytes, int], Any]  # makes a request of a line's text and number


@dataclass(frozen=True)
class Operation:
    """One operation: its name is that of its request.

    The request's model is made with `unread`, too: what could not be read, for the operation to
    refuse together with all else that is wrong; and with `line`: its place in a batch or its line
    in a stream, from 1; 0 for one that came alone.
    `recognize` makes of a line's text and number what `run` takes in a request's stead, with what
    would read it: the line may turn out to be known, and need not be read.
    `check` tells all that is wrong with a request as far as that takes no look at the data; `run`
    refuses the same.
    """

    about: str
    request: Model
    run: Run
    recognize: Callable[[bytes, int, Reader], Any] = lambda text, line, read: read(text, line)
    check: Callable[[Any], Refused | None] = lambda request: None
    status_of: Callable[[Refusal], int] = lambda refusal: 400
    sample: Mapping[str, Any] = field(default_factory=dict)  # a request, for example
    reply: ReplySpec = _DONE  # and what it is answered

    @property
    def name(self) -> str:
        return self.request.name
