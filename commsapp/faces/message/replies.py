"""Answers: a bare ResponseStatus for what was done, a wrapped one for what was not (3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from commsapp.faces.message.definition import Operation, Reply
from commsapp.faces.message.formats import format_of, in_camel, is_camel
from commsapp.ledger import Refusal, Refused


def done(request: HttpRequest, reply: Reply) -> HttpResponse:
    """200, and what was done."""
    return _respond(request, 200, status_of(reply.message, meta=reply.meta))


def refused(request: HttpRequest, operation: Operation, refusal: Refused) -> HttpResponse:
    """What was not done, and for all which reasons. The first decides code and status."""
    first = refusal.refusals[0]
    status = status_of(first.message, first.code, refusal.refusals)
    return _respond(request, operation.status_of(first), {"ResponseStatus": status})


def failed(
    request: HttpRequest, status: int, code: str, message: str, meta: Mapping[str, str]
) -> HttpResponse:
    """An error that is nobody's choice, or that no operation was asked about."""
    return _respond(request, status, {"ResponseStatus": status_of(message, code, meta=meta)})


def status_of(
    message: str,
    code: str = "",
    refusals: Iterable[Refusal] = (),
    meta: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A ResponseStatus: nulls are left out, empty lists are not."""
    return {
        **({"ErrorCode": code} if code else {}),
        "Message": message,
        "Errors": [_error(refusal) for refusal in refusals],
        **({"Meta": meta} if meta else {}),
    }


def _error(refusal: Refusal) -> dict[str, str]:
    at = {"FieldName": refusal.field} if refusal.field else {}
    return {"ErrorCode": refusal.code, **at, "Message": refusal.message}


def _respond(request: HttpRequest, status: int, answer: dict[str, Any]) -> HttpResponse:
    chosen = format_of(request)
    body = chosen.write(in_camel(answer) if is_camel(request) else answer)
    return HttpResponse(body, status=status, content_type=chosen.content_type)
