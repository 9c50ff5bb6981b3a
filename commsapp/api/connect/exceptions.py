"""Errors of the Connect API: an array of `{"errorCode", "message", "fields"?}` (contract 2.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from typing import Any

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.response import Response

from commsapp.api.connect.renderers import ConnectJSONRenderer, is_pretty, render
from commsapp.api.requests import UnsupportedEncoding
from commsapp.api.throttling import CALLS, AllocationExceeded
from commsapp.core.audit import Busy, TimedOut
from commsapp.db.commits import has_committed

JSON_PARSER_ERROR = "JSON_PARSER_ERROR"
RETRY_SECONDS = 5

# Status to errorCode and the usual message.
ERRORS = {
    400: (JSON_PARSER_ERROR, "The request could not be read"),
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("INSUFFICIENT_ACCESS", "insufficient access rights on the object"),
    404: ("NOT_FOUND", "The requested resource does not exist"),
    405: ("METHOD_NOT_ALLOWED", "This method is not allowed here"),
    408: (JSON_PARSER_ERROR, "The request body did not arrive in time"),
    413: ("REQUEST_TOO_LARGE", "The request body is too large"),
    415: ("UNSUPPORTED_MEDIA_TYPE", "The request body must be JSON in UTF-8"),
    429: ("REQUEST_RATE_EXCEEDED", "Too many requests in this second. Nothing was changed."),
    503: ("SERVER_UNAVAILABLE", "The server is busy. Nothing was changed. Try again shortly."),
}
_LOCKED = ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")

# Django REST framework's codes of a field's errors to errorCodes; any other is a parser error.
_FIELD_CODES = {
    "required": "REQUIRED_FIELD_MISSING",
    "invalid_choice": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
}

Entry = dict[str, Any]


class InvalidId(exceptions.APIException):
    """The id in the path is no id."""

    status_code = 400
    default_code = "invalid_id_field"

    def __init__(self, text: str) -> None:
        super().__init__(f"Invalid identifier: {text}")


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the response to an error in a view of the Connect API.

    None for errors of the database, for a body that broke off, and for what is no refusal: the
    middleware answers these by error_response().
    """
    if isinstance(error, exceptions.ValidationError):
        return Response([*_field_entries(error.detail)], 400)
    if isinstance(error, Busy) and not isinstance(error, TimedOut) and not has_committed():
        return _response(503, *_LOCKED)
    if isinstance(error, ObjectDoesNotExist | Http404):
        return _response(404)
    if isinstance(error, DjangoPermissionDenied):
        return _response(403)
    if not isinstance(error, exceptions.APIException):
        return None
    return _api_exception(error, context["view"])


def _api_exception(error: exceptions.APIException, view: Any) -> Response:
    status, message = error.status_code, str(error.detail)
    if isinstance(error, InvalidId | AllocationExceeded) or status not in ERRORS:
        response = _response(status, error.default_code.upper(), message)
    elif isinstance(error, exceptions.MethodNotAllowed):
        allowed = ", ".join(view.allowed_methods)
        message = f"HTTP Method '{view.request.method}' not allowed. Allowed are {allowed}"
        response = _response(status, message=message)
    else:
        response = _response(status, message=message if _has_message(error) else "")
    if wait := getattr(error, "wait", None):  # of Throttled, in seconds
        response["Retry-After"] = str(ceil(wait))
    if auth_header := getattr(error, "auth_header", ""):
        response["WWW-Authenticate"] = auth_header
    return response


def _has_message(error: exceptions.APIException) -> bool:
    """Return whether the error says more than Django REST framework does of all of its kind."""
    if isinstance(error, exceptions.ParseError | exceptions.PermissionDenied | exceptions.NotFound):
        return str(error.detail) != str(error.default_detail)
    return isinstance(error, UnsupportedEncoding)


def _response(status: int, code: str = "", message: str = "") -> Response:
    usual_code, usual_message = ERRORS.get(status, ("UNKNOWN_EXCEPTION", ""))
    entry = {"errorCode": code or usual_code, "message": message or usual_message}
    response = Response([entry], status)
    if status == 503:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _field_entries(detail: Any, path: str = "") -> Iterator[Entry]:
    """Yield an entry for each error of a serializer, with the path of its field:
    `additionalParameters.dryRun`, `recipientsList[3]`."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            place = f"{path}[{name}]" if isinstance(name, int) else f"{path}.{name}".lstrip(".")
            yield from _field_entries(inner, "" if name == "non_field_errors" else place)
        return
    for error in detail:
        entry = {"errorCode": _FIELD_CODES.get(error.code, JSON_PARSER_ERROR), "message": error}
        yield {**entry, "fields": [path]} if path else entry


# --- Errors outside of a view ---------------------------------------------------------------


def error_response(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    """Return an error that happened outside of a view, in this API's shape."""
    code, usual_message = ERRORS.get(status, ("UNKNOWN_EXCEPTION", ""))
    if not usual_message:
        id = request.request_id  # type: ignore[attr-defined]
        usual_message = f"An unexpected error occurred. Request id: {id}"
    content = render(
        [{"errorCode": code, "message": message or usual_message}], pretty=is_pretty(request)
    )
    response = HttpResponse(content, ConnectJSONRenderer.media_type, status)
    if status == 503:
        response["Retry-After"] = str(RETRY_SECONDS)
    set_limit_info(request, response)
    return response


def outcome_unknown(request: HttpRequest, uncertainty: str) -> HttpResponse:
    """Return the 503 of a change that may have been saved: these may all be sent again."""
    return error_response(request, 503, f"{uncertainty} It is safe to send the request again.")


def set_limit_info(request: Any, response: HttpResponse) -> None:
    """Say in Sforce-Limit-Info how much of the day's allocation is used; 0 if nobody is known."""
    limit = settings.DAILY_API_REQUESTS
    calls = min(request.META.get(CALLS, 0), limit)
    response["Sforce-Limit-Info"] = f"api-usage={calls}/{limit}"
