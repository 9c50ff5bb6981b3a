"""Errors of the Message API: `{"ResponseStatus": …}` (contract 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.response import Response

from commsapp.api.message import responses
from commsapp.api.message.negotiation import MessageNegotiation
from commsapp.api.message.parsers import UnreadableRequest
from commsapp.api.message.renderers import RENDERERS
from commsapp.api.requests import UnsupportedEncoding
from commsapp.core.audit import Refused

Meta = Mapping[str, str]
_NO_META: Meta = {}

# Status to ErrorCode and the usual message.
_ERRORS = {
    400: ("SerializationException", "The request could not be read."),
    401: ("Unauthorized", "Sign in first: the credentials are missing, wrong or expired."),
    403: ("Forbidden", "You lack the permission for this."),
    404: ("NotFound", "There is nothing here."),
    405: ("MethodNotAllowed", "There is no such operation, or it does not take this verb."),
    408: ("SerializationException", "The request's body did not arrive in time."),
    409: ("Conflict", "This cannot be done now."),
    413: ("RequestTooLarge", "The request is too large."),
    415: ("UnsupportedMediaType", "The request's encoding is not read here."),
    429: ("TooManyRequests", "There were too many requests. Try again later."),
    503: ("ServiceUnavailable", "The server is busy; nothing was changed. Try again shortly."),
}
_INTERNAL = ("InternalError", "Something went wrong, and was noted.")
SAFE_TO_REPEAT = "It is safe to send the request again."
_HEADERS = {
    401: {"WWW-Authenticate": 'Bearer realm="message"'},
    429: {"Retry-After": "1"},
    503: {"Retry-After": "1"},
}


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the response to an error in a view of the Message API.

    None for errors of the database, for a body that broke off, and for what is no refusal: the
    middleware answers these by error_response().
    """
    view = context["view"]
    if isinstance(error, Refused):
        status = view.status_of(error.refusals[0])
        return Response(responses.wrapped(responses.refused_status(error)), status)
    if isinstance(error, ObjectDoesNotExist | Http404):
        return error_reply(view.request, 404)
    if isinstance(error, DjangoPermissionDenied):
        return error_reply(view.request, 403)
    if not isinstance(error, exceptions.APIException):
        return None
    message = str(error.detail) if _has_message(error) else ""
    response = error_reply(view.request, error.status_code, message)
    if wait := getattr(error, "wait", None):  # of Throttled, in seconds
        response["Retry-After"] = str(ceil(wait))
    return response


def _has_message(error: exceptions.APIException) -> bool:
    """Return whether the error says more than Django REST framework does of all of its kind."""
    if isinstance(error, exceptions.Throttled | UnreadableRequest | UnsupportedEncoding):
        return True
    if isinstance(error, exceptions.ParseError | exceptions.PermissionDenied | exceptions.NotFound):
        return str(error.detail) != str(error.default_detail)
    return False


def error_reply(request: Any, status: int, message: str = "", meta: Meta = _NO_META) -> Response:
    """Return an error of a view."""
    body = responses.wrapped(error_status(request, status, message, meta))
    return Response(body, status, headers=_HEADERS.get(status))


def error_status(
    request: Any, status: int, message: str = "", meta: Meta = _NO_META
) -> dict[str, Any]:
    """Return the ResponseStatus of an error; from 500 on with the id that the log knows it by."""
    code, usual_message = _ERRORS.get(status, _INTERNAL if status >= 500 else _ERRORS[400])
    id = getattr(request, "request_id", "")
    log_meta = {"RequestId": id} if status >= 500 and id else {}
    return responses.status_of(message or usual_message, code, meta={**meta, **log_meta})


# --- Errors outside of a view ---------------------------------------------------------------


def error_response(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    """Return an error that happened outside of a view, in the format that the request asks for."""
    renderers = [renderer() for renderer in RENDERERS]
    renderer: Any = MessageNegotiation().select_renderer(request, renderers)[0]
    body = responses.wrapped(error_status(request, status, message))
    response = HttpResponse(
        renderer.render(body, renderer_context={"request": request}),
        status=status,
        content_type=renderer.content_type(),
    )
    for name, value in _HEADERS.get(status, {}).items():
        response[name] = value
    return response


def outcome_unknown(request: HttpRequest, uncertainty: str) -> HttpResponse:
    """Return the 503 of a change that may have been saved: it may be sent again."""
    return error_response(request, 503, f"{uncertainty} {SAFE_TO_REPEAT}")
