"""OpenAPI of OAuth 2: errors and examples (contract 1, Credentials)."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from commsapp.api.oauth.serializers import OAuthErrorSerializer
from commsapp.api.openapi.fragments import sample_id

TAG = "OAuth 2"
FORM = "application/x-www-form-urlencoded"
TOKEN = {
    "access_token": "4aGk…",
    "token_type": "Bearer",
    "instance_url": "https://commsapp.example",
    "id": f"https://commsapp.example/id/{sample_id('licensee')}/{sample_id('user')}",
    "issued_at": "1772443800000",
    "expires_in": 7200,
    "scope": "api",
}
GRANT = {
    "grant_type": "client_credentials",
    "client_id": "$CLIENT_ID",
    "client_secret": "$CLIENT_SECRET",
}

_ERRORS = {
    400: (
        "The grant, the code or a parameter is not right.",
        "invalid_grant",
        "Invalid authorization code",
    ),
    401: (
        "The client's id or secret is wrong.",
        "invalid_client",
        "The client's id or secret is wrong",
    ),
    405: ("Only POST.", "invalid_request", "Only POST is answered here"),
    413: ("The body is over the limit.", "invalid_request", "The request body is too large"),
    415: (
        "The body is no form in UTF-8, or has a Content-Encoding that is not read.",
        "invalid_request",
        "The request body must be a form in UTF-8",
    ),
    503: ("The database is away.", "temporarily_unavailable", "Try again shortly"),
}


def request_example(form: dict[str, str]) -> OpenApiExample:
    return OpenApiExample("form", form, media_type=FORM, request_only=True)


def responses(successful: OpenApiResponse, *statuses: int) -> dict[Any, OpenApiResponse]:
    """Return the responses of an operation: the successful one, and its errors."""
    return {200: successful} | {status: _error(status) for status in statuses}


def _error(status: int) -> OpenApiResponse:
    description, error, error_description = _ERRORS[status]
    value = {"error": error, "error_description": error_description}
    return OpenApiResponse(
        OAuthErrorSerializer,
        description=description,
        examples=[OpenApiExample(error, value, status_codes=[status])],
    )


def headers(*statuses: int) -> list[OpenApiParameter]:
    """Return the headers of the errors of these statuses."""
    described = {
        401: ("WWW-Authenticate", "The scheme of the client's credentials."),
        405: ("Allow", "The allowed methods."),
        503: ("Retry-After", "Seconds to wait."),
    }
    return [
        OpenApiParameter(name, str, "header", description=text, response=[status])
        for status, (name, text) in described.items()
        if status in statuses
    ]
