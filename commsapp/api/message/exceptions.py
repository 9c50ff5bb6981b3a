"""Errors that are no operation's answer, as this API words them; also those of outside a view."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from commsapp.api.message import responses

Meta = Mapping[str, str]
_NO_META: Meta = {}

# Code, and the sentence where there is none better.
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
_HEADERS = {
    401: {"WWW-Authenticate": 'Bearer realm="message"'},
    429: {"Retry-After": "1"},
    503: {"Retry-After": "1"},
}


def error_response(
    request: HttpRequest, status: int, message: str = "", meta: Meta = _NO_META
) -> HttpResponse:
    """An error as `{"ResponseStatus": …}`; from 500 on with the id that the log knows it by."""
    answer = {"ResponseStatus": error_status(request, status, message, meta)}
    response = responses.respond(request, answer, "ErrorResponse", status=status)
    for name, value in _HEADERS.get(status, {}).items():
        response[name] = value
    return response


SAFE_TO_REPEAT = "It is safe to send the request again."


def outcome_unknown(request: HttpRequest, uncertainty: str) -> HttpResponse:
    """A change that may have been saved: what may be asked here may be asked again."""
    return error_response(request, 503, f"{uncertainty} {SAFE_TO_REPEAT}")


def error_status(
    request: HttpRequest, status: int, message: str = "", meta: Meta = _NO_META
) -> dict[str, Any]:
    """The ResponseStatus of such an error."""
    code, told = _ERRORS.get(status, _INTERNAL if status >= 500 else _ERRORS[400])
    id = getattr(request, "request_id", "")
    known_as = {"RequestId": id} if status >= 500 and id else {}
    return responses.status_of(message or told, code, meta={**meta, **known_as})
