"""The addresses of operations, and what happens at them (contract 3.1, 3.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, re_path
from django.views.decorators.csrf import csrf_exempt

from commsapp.api.authentication import actor_of
from commsapp.api.message import authenticate, responses, schema
from commsapp.api.message.batch import answer_batch
from commsapp.api.message.binding import bind
from commsapp.api.message.exceptions import error_response
from commsapp.api.message.operation import Operation
from commsapp.api.message.parsers import UnreadableRequest, read_one
from commsapp.api.message.paths import ROUTES, Path, read_path
from commsapp.api.message.stream import answer_stream
from commsapp.api.openapi.fragments import attach_schema
from commsapp.api.request_body import take_body
from commsapp.core.actors import Actor
from commsapp.core.audit import Refused
from commsapp.models import Channel


def urlpatterns(operations: Iterable[Operation]) -> list[URLPattern]:
    """The addresses of these operations, all of them by POST. What is none's there is a 405."""
    operations = list(operations)
    by_name = {each.name.lower(): each for each in operations}

    @csrf_exempt  # a machine's token is no cookie
    def view(request: HttpRequest, **named: str) -> HttpResponseBase:
        path = read_path(request.path_info)
        if path.op == "authenticate" and not path.is_many:
            return authenticate.authenticate(request)
        operation = by_name.get(path.op)
        if operation is None:
            return error_response(request, 405)
        if request.method != "POST":
            response = error_response(request, 405)
            response["Allow"] = "POST"
            return response
        by = actor_of(request, Channel.MESSAGE)
        if by is None:
            return error_response(request, 401)
        return _answer_for(path)(request, operation, by)

    attach_schema(view, schema.openapi_paths(operations))
    return [re_path(rf"^{route}$", view) for route in ROUTES]


def _answer_for(path: Path) -> Callable[[HttpRequest, Operation, Actor], HttpResponseBase]:
    if not path.is_many:
        return _answer_one
    return answer_stream if path.format == "jsonl" else answer_batch


def _answer_one(request: HttpRequest, operation: Operation, by: Actor) -> HttpResponse:
    try:
        body = read_one(take_body(request), read_path(request.path_info).format)
    except UnreadableRequest as unreadable:
        return error_response(request, 400, str(unreadable))
    [answer] = operation.run([bind(operation.request, body, request.GET.dict())], by)
    if isinstance(answer, Refused):
        return responses.refused(request, operation, answer)
    return responses.done(request, answer)
