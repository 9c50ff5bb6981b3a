"""How OAuth 2 describes itself (contract 1, Credentials)."""

from __future__ import annotations

from typing import Any

from commsapp.api.openapi.fragments import (
    ALLOW,
    SIGN_IN,
    TEXT,
    OpenApiFragment,
    Schema,
    response,
    response_ref,
    sample_id,
    schema_ref,
)

_FORM = "application/x-www-form-urlencoded"


def _error(told: str, code: str, description: str, **more: Any) -> Schema:
    example = {"error": code, "error_description": description}
    return response(told, schema_ref("OAuthError"), example, **more)


_ERRORS = {
    "400": (
        "OAuthInvalid",
        _error(
            "The grant, the code or a parameter is not right.", "invalid_grant",
            "Invalid authorization code",
        ),
    ),
    "401": (
        "OAuthInvalidClient",
        _error(
            "The client's id or secret is wrong.", "invalid_client",
            "The client's id or secret is wrong",
            headers=SIGN_IN,
        ),
    ),
    "405": (
        "OAuthMethodNotAllowed",
        _error("Only POST.", "invalid_request", "Only POST is answered here", headers=ALLOW),
    ),
    "413": (
        "OAuthTooLarge",
        _error("The body is over the limit.", "invalid_request", "The request body is too large"),
    ),
    "415": (
        "OAuthUnsupportedType",
        _error(
            "The body is no form in UTF-8, or of a Content-Encoding that is not read.",
            "invalid_request", "The request body must be a form in UTF-8",
        ),
    ),
    "503": (
        "OAuthUnavailable",
        _error(
            "The database is away.", "temporarily_unavailable", "Try again shortly",
        ),
    ),
}  # fmt: skip


def _errors(*statuses: str) -> dict[str, Schema]:
    return {status: response_ref(_ERRORS[status][0]) for status in statuses}


def _form(properties: dict[str, Schema], required: str, example: dict[str, str]) -> Schema:
    schema = {"type": "object", "properties": properties, "required": [required]}
    return {"required": True, "content": {_FORM: {"schema": schema, "example": example}}}


_COMPONENTS: dict[str, dict[str, Schema]] = {
    "schemas": {
        "OAuthError": {
            "type": "object",
            "required": ["error", "error_description"],
            "properties": {"error": TEXT, "error_description": TEXT},
        },
        "Token": {
            "type": "object",
            "required": [
                "access_token", "token_type", "instance_url", "id", "issued_at", "expires_in",
                "scope",
            ],
            "properties": {
                "access_token": TEXT,
                "token_type": {"const": "Bearer"},
                "instance_url": {**TEXT, "description": "Scheme and host to ask."},
                "id": {**TEXT, "description": "Ends in /id/<licensee>/<user>."},
                "issued_at": {**TEXT, "description": "Milliseconds since 1970."},
                "expires_in": {"type": "integer", "description": "Seconds."},
                "scope": TEXT,
                "refresh_token": {**TEXT, "description": "With authorization_code only."},
            },
        },
    },
    "responses": dict(_ERRORS.values()),
    "securitySchemes": {
        "client": {
            "type": "http",
            "scheme": "basic",
            "description": "The client's id and secret; the form may have them instead.",
        },
    },
}  # fmt: skip

_TOKEN = {
    "access_token": "4aGk…",
    "token_type": "Bearer",
    "instance_url": "https://commsapp.example",
    "id": f"https://commsapp.example/id/{sample_id('licensee')}/{sample_id('user')}",
    "issued_at": "1772443800000",
    "expires_in": 7200,
    "scope": "api",
}

TOKEN = OpenApiFragment(
    {
        "/services/oauth2/token": {
            "post": {
                "operationId": "oauth_token",
                "summary": "Get an access token",
                "description": "By client_credentials, an authorization code (with PKCE; a person "
                "gives it at `/services/oauth2/authorize`), or a refresh token.",
                "tags": ["OAuth 2"],
                "security": [{"client": []}, {}],
                "requestBody": _form(
                    {
                        "grant_type": {
                            "type": "string",
                            "enum": ["client_credentials", "authorization_code", "refresh_token"],
                        },
                        "client_id": TEXT,
                        "client_secret": TEXT,
                        "code": TEXT,
                        "code_verifier": TEXT,
                        "redirect_uri": TEXT,
                        "refresh_token": TEXT,
                        "scope": {**TEXT, "description": "Limits nothing: permissions decide."},
                    },
                    "grant_type",
                    {
                        "grant_type": "client_credentials",
                        "client_id": "$CLIENT_ID",
                        "client_secret": "$CLIENT_SECRET",
                    },
                ),
                "responses": {
                    "200": response("A token.", schema_ref("Token"), _TOKEN),
                    **_errors("400", "401", "405", "413", "415", "503"),
                },
            }
        }
    },
    _COMPONENTS,
)

REVOKE = OpenApiFragment(
    {
        "/services/oauth2/revoke": {
            "post": {
                "operationId": "oauth_revoke",
                "summary": "End a token",
                "description": "An access token, or a refresh token with all that hangs on it. "
                "One that is not there is ended already.",
                "tags": ["OAuth 2"],
                "security": [],
                "requestBody": _form({"token": TEXT}, "token", {"token": "4aGk…"}),
                "responses": {
                    "200": response("It is ended.", {"type": "object", "maxProperties": 0}, {}),
                    **_errors("400", "405", "413", "415", "503"),
                },
            }
        }
    },
    _COMPONENTS,
)
