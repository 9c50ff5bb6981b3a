"""Authenticate and sign-out in OpenAPI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drf_spectacular.plumbing import ResolvedComponent

from commsapp.api.message.paths import read_path
from commsapp.api.message.renderers import in_camel
from commsapp.api.message.schema import MessageSchema, content_in_all_formats
from commsapp.api.message.schema_components import ANSWERS, schemas_of
from commsapp.api.openapi.fragments import Schema, header, sample_id, schema_ref

SAMPLE = {"provider": "credentials", "userName": "integration", "password": "a-long-secret"}
_ABOUT = (
    "Sign in by a user's name and password. The session is taken on the Message API as header "
    "X-ss-id, query parameter SessionId or cookie ss-id, its BearerToken on every API. "
    "A form is read, too; names may be spelled in any case. Repeated wrong passwords close the "
    "way in for a while (429)."
)
_REPLY = {
    "UserId": sample_id("user"),
    "SessionId": "8f14e45f-ceea-467f-a34f-2d1f0a6b9c55",
    "UserName": "integration",
    "DisplayName": "integration",
    "BearerToken": "cnJhbmRvbS1ieXRlcy1pbi1iYXNlNjQtdXJsc2FmZS0",
}
_SIGNED_OUT = {"Message": "You are signed out.", "Errors": []}


class AuthenticateSchema(MessageSchema):
    """Authenticate at one address. Its keys are camelCase where the path names no format."""

    errors = ("400", "401", "405", "413", "415", "429", "500", "503")
    security = ()

    def components(self) -> Mapping[str, Mapping[str, Schema]]:
        messages = self.view.request_message, self.view.response_message
        schemas = {**ANSWERS, **schemas_of(*messages)}
        return {**super().components(), ResolvedComponent.SCHEMA: schemas}

    def described(self) -> dict[str, Any]:
        address = read_path(self.path)
        reply = in_camel(_REPLY) if address.is_plain else _REPLY
        refs = [schema_ref("AuthenticateResponse"), schema_ref("AuthenticateResponseCamel")]
        request = {"schema": schema_ref("AuthenticateCamel"), "example": SAMPLE}
        content = content_in_all_formats(
            {"anyOf": refs}, reply, address.format or "json", "AuthenticateResponse"
        )
        cookie = header("The session, as the cookie ss-id.", "ss-id=…; HttpOnly; Path=/")
        return {
            "summary": "Authenticate",
            "description": _ABOUT,
            "requestBody": {"required": True, "content": {"application/json": request}},
            "responses": {
                "200": {
                    "description": "Signed in.",
                    "headers": {"Set-Cookie": cookie},
                    "content": content,
                }
            },
        }


class LogoutSchema(MessageSchema):
    """Sign-out."""

    errors = ("401", "403", "405", "415", "500", "503")

    def described(self) -> dict[str, Any]:
        schema = {"anyOf": [schema_ref("ResponseStatus"), schema_ref("ResponseStatusCamel")]}
        content = content_in_all_formats(schema, _SIGNED_OUT)
        return {
            "summary": "Sign out",
            "description": "End the session, its cookie and its BearerToken. Takes no body.",
            "responses": {"200": {"description": "Signed out.", "content": content}},
        }
