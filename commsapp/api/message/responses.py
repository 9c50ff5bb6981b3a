"""Bodies of answers: a bare ResponseStatus for success, a wrapped one for errors (contract 3.2).

Keys are PascalCase here; the renderers change their case where the client asks for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from commsapp.api.message.operation import ReplySpec
from commsapp.core.audit import Refusal, Refused

Meta = Mapping[str, str]
NO_META: Meta = {}


def done_status(reply: ReplySpec, meta: Meta = NO_META) -> dict[str, Any]:
    """Return the ResponseStatus of a request that succeeded."""
    status: dict[str, Any] = {"Message": reply.message, "Errors": []}
    if all_meta := {**reply.meta, **meta}:
        status["Meta"] = all_meta
    return status


def refused_status(refused: Refused, meta: Meta = NO_META) -> dict[str, Any]:
    """Return the ResponseStatus of a refused request. The first refusal gives code and message;
    `Errors` lists those that name a field."""
    first = refused.refusals[0]
    of_fields = [refusal for refusal in refused.refusals if refusal.field]
    return status_of(first.message, first.code, of_fields, meta)


def wrapped(status: Mapping[str, Any]) -> dict[str, Any]:
    """Return an error's body."""
    return {"ResponseStatus": status}


def status_of(
    message: str, code: str = "", refusals: Iterable[Refusal] = (), meta: Meta | None = None
) -> dict[str, Any]:
    """Return a ResponseStatus: nulls are left out, empty lists are not."""
    return {
        **({"ErrorCode": code} if code else {}),
        "Message": message,
        "Errors": [_error(refusal) for refusal in refusals],
        **({"Meta": meta} if meta else {}),
    }


def _error(refusal: Refusal) -> dict[str, str]:
    return {"ErrorCode": refusal.code, "FieldName": refusal.field, "Message": refusal.message}
