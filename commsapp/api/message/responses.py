"""Answers: a bare ResponseStatus for what was done, a wrapped one for what was not (3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse

from commsapp.api.message.operation import Operation, ReplySpec
from commsapp.api.message.renderers import camel, format_of, in_camel, is_camel
from commsapp.core.audit import Refusal, Refused

Meta = Mapping[str, str]
_NO_META: Meta = {}


def done(request: HttpRequest, reply: ReplySpec) -> HttpResponse:
    """200, and what was done."""
    return respond(request, done_status(reply))


def all_done(request: HttpRequest, replies: Sequence[ReplySpec]) -> HttpResponse:
    """200, and what was done for each request of a batch."""
    return respond(request, [done_status(reply) for reply in replies])


def refused(
    request: HttpRequest, operation: Operation, refusal: Refused, meta: Meta = _NO_META
) -> HttpResponse:
    """What was not done, and for all which reasons. The first decides code and status."""
    answer = {"ResponseStatus": refused_status(refusal, meta)}
    code = operation.status_of(refusal.refusals[0])
    return respond(request, answer, "ErrorResponse", status=code)


def respond(
    request: HttpRequest,
    answer: dict[str, Any] | list[dict[str, Any]],
    name: str = "ResponseStatus",
    *,
    status: int = 200,
) -> HttpResponse:
    """An answer, of the type called `name`, in the format and the case that the request asks for.

    Its keys are given in PascalCase.
    """
    chosen = format_of(request)
    if is_camel(request):
        answer, name = in_camel(answer), camel(name)
    return HttpResponse(chosen.write(answer, name), status=status, content_type=chosen.content_type)


# --- ResponseStatus ---------------------------------------------------------------------------


def done_status(reply: ReplySpec, meta: Meta = _NO_META) -> dict[str, Any]:
    """The ResponseStatus of what was done."""
    context: dict[str, Any] = {"Message": reply.message, "Errors": []}
    if all_meta := {**reply.meta, **meta}:
        context["Meta"] = all_meta
    return context


def refused_status(refusal: Refused, meta: Meta = _NO_META) -> dict[str, Any]:
    """The ResponseStatus of what was refused, for the first reason and all others. What is wrong
    with the request as a whole names no field, and is told once."""
    first = refusal.refusals[0]
    of_fields = [one for one in refusal.refusals if one.field]
    return status_of(first.message, first.code, of_fields, meta)


def status_of(
    message: str, code: str = "", refusals: Iterable[Refusal] = (), meta: Meta | None = None
) -> dict[str, Any]:
    """A ResponseStatus: nulls are left out, empty lists are not."""
    return {
        **({"ErrorCode": code} if code else {}),
        "Message": message,
        "Errors": [_error(refusal) for refusal in refusals],
        **({"Meta": meta} if meta else {}),
    }


def _error(refusal: Refusal) -> dict[str, str]:
    return {"ErrorCode": refusal.code, "FieldName": refusal.field, "Message": refusal.message}
