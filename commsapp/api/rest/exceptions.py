"""Errors of the REST API: DRF's shape, and beside it `errors` with a code for each (contract 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ObjectDoesNotExist
from django.core.exceptions import ValidationError as FieldErrors
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.fields import get_error_detail
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import exception_handler

from commsapp.core.audit import Refusal, Refused

MAX_ERRORS = 200  # listed in one response; a last entry says how many more there are
_RETRY_AFTER = 5  # seconds

# Errors outside of a view: code and message by status.
_ERRORS = {
    400: ("PARSE_ERROR", "The request could not be read."),
    401: ("NOT_AUTHENTICATED", "Authentication credentials were not provided."),
    403: ("PERMISSION_DENIED", "You do not have permission to perform this action."),
    404: ("NOT_FOUND", "Not found."),
    405: ("METHOD_NOT_ALLOWED", "This method is not allowed here."),
    408: ("REQUEST_TIMEOUT", "The request body did not arrive in time."),
    413: ("REQUEST_TOO_LARGE", "The request body is too large."),
    415: ("UNSUPPORTED_MEDIA_TYPE", "The request body must be JSON in UTF-8."),
    503: ("SERVICE_UNAVAILABLE", "The server is busy. Nothing was changed. Try again shortly."),
}
Entry = dict[str, str]


# --- Outside of a view ----------------------------------------------------------------------


def error_response(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    """Return an error that was raised outside of a view, in this API's shape."""
    code, text = _ERRORS.get(status, ("ERROR", ""))
    if not text:
        id = getattr(request, "request_id", "")
        text = f"An unexpected error occurred. Request id: {id}"
    return _json_response(status, code, message or text)


def outcome_unknown(request: HttpRequest, uncertainty: str) -> HttpResponse:
    """Return the error for a change that may have been saved; only with an Idempotency-Key is it
    safe to repeat."""
    if request.method == "POST" and request.META.get("HTTP_IDEMPOTENCY_KEY"):
        advice = "Send the request again with the same Idempotency-Key."
    else:
        advice = "Check before you send the request again."
    return _json_response(503, "OUTCOME_UNKNOWN", f"{uncertainty} {advice}")


def _json_response(status: int, code: str, message: str) -> HttpResponse:
    errors = [{"code": code, "message": message}]
    response = JsonResponse({"detail": message, "errors": errors}, status=status)
    if status == 503:
        response["Retry-After"] = str(_RETRY_AFTER)
    return response


# --- In a view ------------------------------------------------------------------------------


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return what DRF's exception handler makes of an error, with `errors`.

    Errors of the database, and Busy, are left to the middleware.
    """
    if isinstance(error, Refused):
        refused = {"detail": str(error), "errors": refusal_entries(error.refusals)}
        return Response(refused, status=409)
    if isinstance(error, ObjectDoesNotExist | Http404):
        error = NotFound()
    elif isinstance(error, FieldErrors):
        error = ValidationError(_detail_by_field(error))
    response = exception_handler(error, context)
    if response is not None:
        data = response.data if isinstance(response.data, dict) else {_NO_FIELD: response.data}
        is_plain = isinstance(data.get("detail"), str)
        entries = [*_entries(data["detail"] if is_plain else data)]
        response.data = {**data, "errors": _bounded(entries, len(entries))}
    return response


_NO_FIELD = str(api_settings.NON_FIELD_ERRORS_KEY)


def _detail_by_field(error: FieldErrors) -> dict[str, Any]:
    detail: Any = get_error_detail(error)
    if not isinstance(detail, dict):
        return {_NO_FIELD: detail}
    if NON_FIELD_ERRORS in detail:
        detail[_NO_FIELD] = detail.pop(NON_FIELD_ERRORS)
    return detail


def _entries(detail: Any, field: str = "") -> Iterator[Entry]:
    """Yield `{"code", "message", "field"?}` for each message in an error detail of DRF, where the
    field is its path in the body: `connections[0].contact`."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _entries(inner, _child_path(field, name))
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            is_message = isinstance(inner, str)
            yield from _entries(inner, field if is_message else _child_path(field, index))
    else:
        code = getattr(detail, "code", None) or "error"
        entry = {"code": code.upper(), "message": str(detail)}
        yield {**entry, "field": field} if field else entry


def _child_path(field: str, child: str | int) -> str:
    if isinstance(child, int):
        return f"{field}[{child}]"
    if child == _NO_FIELD:
        return field
    return f"{field}.{child}" if field else child


# --- Refusals of operations -----------------------------------------------------------------


def refusal_entries(refusals: Sequence[Refusal]) -> list[Entry]:
    """Return the refusals as `{"code", "message", "field"?, "record"?}`."""
    listed = [_refusal_entry(refusal) for refusal in refusals[:MAX_ERRORS]]
    return _bounded(listed, len(refusals))


def _refusal_entry(refusal: Refusal) -> Entry:
    entry = {"code": refusal.code, "message": refusal.message}
    if refusal.field:
        index = "" if refusal.index is None else f"[{refusal.index}]"
        entry["field"] = f"{refusal.field}{index}"
    if refusal.record_id:
        entry["record"] = refusal.record_id
    return entry


def _bounded(entries: list[Entry], count: int) -> list[Entry]:
    """Return at most MAX_ERRORS entries, and a last one for the rest of so many."""
    listed, hidden = entries[:MAX_ERRORS], count - MAX_ERRORS
    if hidden <= 0:
        return listed
    text = "1 more error." if hidden == 1 else f"{hidden} more errors."
    return [*listed, {"code": "TOO_MANY_ERRORS", "message": text}]
