"""The description of an operation of the Message API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from commsapp.core.message_types import RequestMessage


class ReplySpec(NamedTuple):
    """The reply to a request that succeeded: a sentence, and facts by name."""

    message: str
    meta: Mapping[str, str] = MappingProxyType({})


_DONE = ReplySpec("Done.")


@dataclass(frozen=True)
class Operation:
    """An operation as the metadata pages, the clients' types and OpenAPI describe it. Its name is
    that of its request; its viewset does the work."""

    request: type[RequestMessage]
    about: str
    sample: Mapping[str, Any] = field(default_factory=dict)  # an example of a request
    reply: ReplySpec = _DONE  # and the reply to it

    @property
    def name(self) -> str:
        return self.request.__name__
