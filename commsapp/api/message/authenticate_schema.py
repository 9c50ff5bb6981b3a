"""How Authenticate and the way out describe themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from commsapp.api.message.renderers import FORMATS, in_camel
from commsapp.api.openapi.fragments import (
    TEXT,
    OpenApiFragment,
    Schema,
    exactly,
    header,
    response_ref,
    sample_id,
    schema_ref,
)

SAMPLE = {"provider": "credentials", "userName": "integration", "password": "a-long-secret"}
SIGNED_IN: list[Schema] = [
    {"token": []},
    {"session": []},
    {"sessionCookie": []},
    {"sessionQuery": []},
]
_TAGS = ["Message"]
_GUID = {"type": "string", "format": "uuid"}
_ERRORS = {
    "400": "Invalid",
    "401": "Unauthorized",
    "403": "Forbidden",
    "405": "MethodNotAllowed",
    "413": "RequestTooLarge",
    "415": "UnsupportedMediaType",
    "429": "TooManyRequests",
    "500": "InternalError",
    "503": "ServiceUnavailable",
}
_ABOUT = (
    "Sign in by a user's name and password. The session is taken on the Message API as header "
    "X-ss-id, query parameter SessionId or cookie ss-id, its BearerToken on every API. "
    "A form is read, too; names may be spelled in any case. Repeated wrong passwords close the "
    "way in for a while (429)."
)
_ANSWER = {
    "UserId": sample_id("user"),
    "SessionId": "8f14e45f-ceea-467f-a34f-2d1f0a6b9c55",
    "UserName": "integration",
    "DisplayName": "integration",
    "BearerToken": "cnJhbmRvbS1ieXRlcy1pbi1iYXNlNjQtdXJsc2FmZS0",
}
_SIGNED_OUT = {"Message": "You are signed out.", "Errors": []}


def openapi_paths() -> OpenApiFragment:
    """The addresses of signing in, and the one of signing out."""
    schemas = {
        "Authenticate": _REQUEST,
        "AuthenticateResponse": _response(_ANSWER),
        "AuthenticateResponseCamel": _response(in_camel(_ANSWER)),
    }
    schemes = {
        "session": {"type": "apiKey", "in": "header", "name": "X-ss-id"},
        "sessionCookie": {"type": "apiKey", "in": "cookie", "name": "ss-id"},
        "sessionQuery": {"type": "apiKey", "in": "query", "name": "SessionId"},
    }
    return OpenApiFragment(dict(_paths()), {"schemas": schemas, "securitySchemes": schemes})


def _paths() -> Iterator[tuple[str, Mapping[str, Schema]]]:
    for base in ("", "/api"):
        for name in FORMATS:
            id = f"message{base.replace('/', '_')}_{name}_Authenticate"
            yield f"{base}/{name}/reply/Authenticate", _sign_in(id, name)
    yield "/api/Authenticate", _sign_in("message_api_Authenticate", is_camel=True)
    yield "/auth/credentials", _sign_in("message_auth_credentials")
    yield "/auth/logout", {"post": _sign_out()}


def _sign_in(id: str, first: str = "json", *, is_camel: bool = False) -> Mapping[str, Schema]:
    answer = in_camel(_ANSWER) if is_camel else _ANSWER
    refs = [schema_ref("AuthenticateResponse"), schema_ref("AuthenticateResponseCamel")]
    content = {"schema": schema_ref("Authenticate"), "example": SAMPLE}
    cookie = header("The session, as the cookie ss-id.", "ss-id=…; HttpOnly; Path=/")
    return {
        "post": {
            "operationId": id,
            "summary": "Authenticate",
            "description": _ABOUT,
            "tags": _TAGS,
            "security": [],
            "requestBody": {"required": True, "content": {"application/json": content}},
            "responses": {
                "200": {
                    "description": "Signed in.",
                    "headers": {"Set-Cookie": cookie},
                    "content": _content({"anyOf": refs}, answer, "AuthenticateResponse", first),
                },
                **_errors(*(status for status in _ERRORS if status != "403")),
            },
        }
    }


def _sign_out() -> Schema:
    schema = {"anyOf": [schema_ref("ResponseStatus"), schema_ref("ResponseStatusCamel")]}
    return {
        "operationId": "message_auth_logout",
        "summary": "Sign out",
        "description": "End the session, its cookie and its BearerToken. Takes no body.",
        "tags": _TAGS,
        "security": SIGNED_IN,
        "responses": {
            "200": {
                "description": "Signed out.",
                "content": _content(schema, _SIGNED_OUT, "ResponseStatus"),
            },
            **_errors("401", "403", "405", "415", "500", "503"),
        },
    }


def _errors(*statuses: str) -> dict[str, Schema]:
    return {status: response_ref(f"Message{_ERRORS[status]}") for status in statuses}


def _content(schema: Schema, example: Any, name: str, first: str = "json") -> Schema:
    """In every format that there is: which one it is, the request decides."""
    names = [first, *(each for each in FORMATS if each != first)]
    return {
        FORMATS[each].media_type: {"schema": schema, "example": example}
        if each == "json"
        else {"schema": TEXT, "example": FORMATS[each].write(example, name).decode()}
        for each in names
    }


def _response(answer: Mapping[str, str]) -> Schema:
    properties = {name: _GUID if name.lower() in _GUIDS else TEXT for name in answer}
    return exactly(properties)


_GUIDS = ("userid", "sessionid")
_REQUEST = {
    "type": "object",
    "description": "Names may be spelled in any case; others are ignored.",
    "required": ["userName", "password"],
    "properties": {
        "provider": {**TEXT, "description": "`credentials` (the default), or `logout`."},
        "userName": {**TEXT, "description": "The user's name."},
        "password": {**TEXT, "description": "In the body only, never in the query."},
    },
}
