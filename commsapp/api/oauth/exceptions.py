"""Errors as OAuth 2 words them (RFC 6749, section 5.2): `{"error", "error_description"}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response

from commsapp.api.requests import UnsupportedEncoding

RETRY_SECONDS = 5

# Status to error and its description; any other status is "invalid_request".
_ERRORS = {
    400: ("invalid_request", "The request could not be processed"),
    401: ("invalid_client", "The client's id or secret is wrong"),
    404: ("not_found", "The requested resource does not exist"),
    405: ("invalid_request", "Only POST is answered here"),
    408: ("invalid_request", "The request body did not arrive in time"),
    413: ("invalid_request", "The request body is too large"),
    415: ("invalid_request", "The request body must be a form in UTF-8"),
    500: ("server_error", "The request could not be processed"),
    503: ("temporarily_unavailable", "Try again shortly"),
}
_CHALLENGE = 'Basic realm="oauth2"'

# Descriptions of the errors that oauthlib leaves without one.
_DESCRIPTIONS = {
    "invalid_client": "The client's id or secret is wrong",
    "invalid_grant": "The code or token is wrong, used up or out of date",
    "unauthorized_client": "The client has another grant, or nobody to act as",
    "unsupported_grant_type": "Give a grant_type: client_credentials, authorization_code or"
    " refresh_token",
}


class OAuthError(APIException):
    """An error of the protocol, by its code of RFC 6749."""

    def __init__(
        self,
        code: str,
        description: str = "",
        *,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status_code = status
        self.headers = headers or {}
        super().__init__(description or _DESCRIPTIONS.get(code, _ERRORS[400][1]), code)


def handle(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Django REST framework's exception handler of OAuth. What is no APIException, as an error of
    the database or of reading the body, is left to the middleware."""
    if isinstance(error, OAuthError):
        response = _response(error.status_code, error.get_codes(), str(error.detail))
        for name, value in error.headers.items():
            response.setdefault(name, value)
        return response
    if isinstance(error, ValidationError):
        [[message, *_others], *_other_fields] = error.detail.values()  # type: ignore[union-attr]
        return _response(400, description=str(message))
    if isinstance(error, UnsupportedEncoding):
        return _response(415, description=str(error.detail))
    return _response(error.status_code) if isinstance(error, APIException) else None


def _response(status: int, code: Any = "", description: str = "") -> Response:
    usual_code, usual_description = _ERRORS.get(status, _ERRORS[400])
    error = {"error": code or usual_code, "error_description": description or usual_description}
    headers = {"WWW-Authenticate": _CHALLENGE} if status == 401 else None
    return Response(error, status, headers=headers)


# --- Errors outside of a view ---------------------------------------------------------------


def error_response(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    """Return an error that was raised outside of a view."""
    code, description = _ERRORS.get(status, _ERRORS[400])
    body = {"error": code, "error_description": message or description}
    response = JsonResponse(body, status=status)
    if status == 503:
        response["Retry-After"] = str(RETRY_SECONDS)
    return response


def outcome_unknown(request: HttpRequest, uncertainty: str) -> HttpResponse:
    """Return the 503 for a token that may have been issued or revoked: both may be repeated."""
    return error_response(request, 503, f"{uncertainty} It is safe to send the request again")
