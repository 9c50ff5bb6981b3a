"""An operation of the Message API: its request, what runs it, and what describes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from commsapp.core.actors import Actor
from commsapp.core.audit import Refusal, Refused
from commsapp.core.message_types import RequestMessage


class ReplySpec(NamedTuple):
    """The reply to a request that succeeded: a sentence, and facts by name."""

    message: str
    meta: Mapping[str, str] = MappingProxyType({})


_DONE = ReplySpec("Done.")


class Run(Protocol):
    """Run some requests in their order; each succeeds or is refused by itself.

    A refusal's code is the wire's, its field the path in the request. With `until_refused` the
    requests after the first refusal are neither run nor answered.
    """

    def __call__(
        self, requests: Sequence[Any], by: Actor, /, *, until_refused: bool = False
    ) -> Sequence[ReplySpec | Refused]: ...


@dataclass(frozen=True)
class Operation:
    """One operation. Its name is that of its request.

    `check` returns all that is wrong with a request, as far as no database is needed to see it;
    `run` refuses the same.
    """

    about: str
    request: type[RequestMessage]
    run: Run
    check: Callable[[Any], Refused | None] = lambda request: None
    status_of: Callable[[Refusal], int] = lambda refusal: 400
    sample: Mapping[str, Any] = field(default_factory=dict)  # an example of a request
    reply: ReplySpec = _DONE  # and the reply to it

    @property
    def name(self) -> str:
        return self.request.__name__
