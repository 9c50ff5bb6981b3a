"""Errors of the REST API: `{"detail"}`, DRF's shape for fields, and refusals by their entries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ObjectDoesNotExist
from django.core.exceptions import ValidationError as FieldErrors
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from commsapp.core.audit import Refusal, Refused

MAX_ERRORS = 200  # listed in one answer; a last entry says how many more there are
_RETRY_AFTER = 5  # seconds

_DETAILS = {
    400: "The request could not be read.",
    401: "Authentication credentials were not provided.",
    403: "You do not have permission to perform this action.",
    404: "Not found.",
    405: "This method is not allowed here.",
    408: "The request body did not arrive in time.",
    413: "The request body is too large.",
    415: "The request body must be JSON in UTF-8.",
    503: "The server is busy. Nothing was changed. Try again shortly.",
}


def error_response(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    """An error that happened outside of a view, in this API's shape."""
    told = message or _DETAILS.get(status, "")
    if not told:
        id = getattr(request, "request_id", "")
        told = f"An unexpected error occurred. Request id: {id}"
    response = JsonResponse({"detail": told}, status=status)
    if status == 503:
        response["Retry-After"] = str(_RETRY_AFTER)
    return response


def outcome_unknown(request: HttpRequest, uncertainty: str) -> HttpResponse:
    """A change that may have been saved; it is safe to repeat only with an Idempotency-Key."""
    if request.method == "POST" and request.META.get("HTTP_IDEMPOTENCY_KEY"):
        advice = "Send the request again with the same Idempotency-Key."
    else:
        advice = "Check before you send the request again."
    message = f"{uncertainty} {advice}"
    errors = [{"code": "OUTCOME_UNKNOWN", "message": message}]
    response = JsonResponse({"detail": message, "errors": errors}, status=503)
    response["Retry-After"] = str(_RETRY_AFTER)
    return response


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: what apps raise, as this API says it. Errors of the database, and
    Busy, are answered by the middleware."""
    if isinstance(error, Refused):
        refused = {"detail": str(error), "errors": entries(error.refusals)}
        return Response(refused, status=409)
    if isinstance(error, ObjectDoesNotExist):
        error = NotFound()
    elif isinstance(error, FieldErrors):
        error = ValidationError(_by_field(error))
    return exception_handler(error, context)


def entries(refusals: Sequence[Refusal]) -> list[dict[str, str]]:
    """What each refusal says and where: `{"code", "message", "field"?, "record"?}`."""
    listed = [_entry(refusal) for refusal in refusals[:MAX_ERRORS]]
    hidden = len(refusals) - len(listed)
    if hidden:
        text = "1 more error." if hidden == 1 else f"{hidden} more errors."
        listed.append({"code": "TOO_MANY_ERRORS", "message": text})
    return listed


def _entry(refusal: Refusal) -> dict[str, str]:
    entry = {"code": refusal.code, "message": refusal.message}
    if refusal.field:
        place = "" if refusal.index is None else f"[{refusal.index}]"
        entry["field"] = f"{refusal.field}{place}"
    if refusal.record_id:
        entry["record"] = refusal.record_id
    return entry


def _by_field(error: FieldErrors) -> dict[str, list[str]]:
    if not hasattr(error, "error_dict"):
        return {"non_field_errors": error.messages}
    told = error.message_dict
    if NON_FIELD_ERRORS in told:
        told["non_field_errors"] = told.pop(NON_FIELD_ERRORS)
    return told
