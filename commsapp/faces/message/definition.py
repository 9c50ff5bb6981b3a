"""What an operation of the Message face takes, told once.

Binding reads requests by it; pages and types that describe the operation are made of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, Protocol

from commsapp.access import Actor
from commsapp.ledger import Refusal, Refused


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
    """One property of a model. Whether it may be missing is for the room to say: `is_required` is
    what the document prints."""

    name: str  # as documented: PascalCase
    type: Scalar | ListOf | Model
    about: str = ""
    is_required: bool = False
    in_query: bool = False  # documented as a parameter of the query; the body may have it, too
    is_ignored: bool = False  # taken from whoever sends it, and not even looked at

    @cached_property
    def python_name(self) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.name).lower()


@dataclass(frozen=True)
class Model:
    """Properties under a name, and what is made of their values (by Python names)."""

    name: str
    properties: Sequence[Property]
    make: Callable[..., Any] = dict

    @cached_property
    def by_name(self) -> Mapping[str, Property]:
        """Properties by their names as they may be spelled: see folded()."""
        return {folded(each.name): each for each in self.properties}


def folded(name: str) -> str:
    """A name in whatever case: PascalCase, camelCase and snake_case are one."""
    return name.replace("_", "").lower()


# --- Operations -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Reply:
    """What an operation did: a sentence, and facts by name."""

    message: str
    meta: Mapping[str, str] = field(default_factory=dict)


class Run(Protocol):
    """Does what some requests ask, in their order: each is answered or refused by itself.

    A refusal's code is the wire's, its field the path in the request.
    """

    def __call__(self, requests: Sequence[Any], by: Actor, /) -> Sequence[Reply | Refused]: ...


@dataclass(frozen=True)
class Operation:
    """One operation: its name is that of its request.

    The request's model is made with `unread`, too: what could not be read, for the operation to
    refuse together with all else that is wrong.
    """

    about: str
    request: Model
    run: Run
    status_of: Callable[[Refusal], int] = lambda refusal: 400
    sample: Mapping[str, Any] = field(default_factory=dict)  # a request, for example
    reply: Reply = Reply("Done.")  # and what it is answered

    @property
    def name(self) -> str:
        return self.request.name
