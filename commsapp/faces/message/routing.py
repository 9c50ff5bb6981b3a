"""The addresses of operations, and what happens at them (contract 3.1, 3.2)."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, re_path
from django.views.decorators.csrf import csrf_exempt

from commsapp.faces.bodies import read_body
from commsapp.faces.described import describe
from commsapp.faces.message import replies, schema
from commsapp.faces.message.binding import bind
from commsapp.faces.message.definition import Operation
from commsapp.faces.message.errors import error_response
from commsapp.faces.message.formats import ROUTES, Unreadable, read_one, route_of
from commsapp.faces.signin import actor_of
from commsapp.ledger import Refused
from commsapp.models import Face


def urlpatterns(operations: Iterable[Operation]) -> list[URLPattern]:
    """The addresses of these operations, all of them by POST. What is none's there is a 405."""
    operations = list(operations)
    by_name = {each.name.lower(): each for each in operations}

    @csrf_exempt  # a machine's token is no cookie
    def view(request: HttpRequest, **named: str) -> HttpResponse:
        operation = by_name.get(route_of(request.path_info).op.lower())
        if operation is None:
            return error_response(request, 405)
        if request.method != "POST":
            response = error_response(request, 405)
            response["Allow"] = "POST"
            return response
        return _post(request, operation)

    describe(view, schema.described(operations))
    return [re_path(rf"^{route}$", view) for route in ROUTES]


def _post(request: HttpRequest, operation: Operation) -> HttpResponse:
    by = actor_of(request, Face.MESSAGE)
    if by is None:
        return error_response(request, 401)
    try:
        body = read_one(read_body(request), route_of(request.path_info).format)
    except Unreadable as unreadable:
        return error_response(request, 400, str(unreadable))
    [answer] = operation.run([bind(operation.request, body, request.GET.dict())], by)
    if isinstance(answer, Refused):
        return replies.refused(request, operation, answer)
    return replies.done(request, answer)
