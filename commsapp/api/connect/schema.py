"""How the Connect API describes itself in OpenAPI, beyond what its views and serializers say."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema

from commsapp.api.connect.versioning import LATEST, VERSIONS
from commsapp.api.openapi.fragments import (
    ALLOW,
    RETRY_AFTER,
    SIGN_IN,
    TEXT,
    Schema,
    exactly,
    header,
    parameter_ref,
    response,
    response_ref,
    sample_id,
    schema_ref,
)

# --- What all responses have in common ------------------------------------------------------

_USAGE = {"Sforce-Limit-Info": header("How much of the day is used.", "api-usage=18/1000000")}


def _answer(description: str, schema: Schema, example: object, **headers: Any) -> Schema:
    return response(description, schema, example, headers={**_USAGE, **headers})


def _error(description: str, code: str, message: str, **headers: Any) -> Schema:
    example = [{"errorCode": code, "message": message}]
    return _answer(description, schema_ref("ConnectErrors"), example, **headers)


_ERRORS = {
    "400": (
        "ConnectBadRequest",
        _error(
            "The id or the body cannot be read: JSON_PARSER_ERROR, REQUIRED_FIELD_MISSING, "
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST or INVALID_ID_FIELD.",
            "JSON_PARSER_ERROR", 'Unrecognized field "recipientList"',
        ),
    ),
    "401": (
        "ConnectSessionInvalid",
        _error(
            "No token, or a wrong or expired one.", "INVALID_SESSION_ID",
            "Session expired or invalid", **SIGN_IN,
        ),
    ),
    "403": (
        "ConnectNoAccess",
        _error(
            "The permission is missing: INSUFFICIENT_ACCESS; or the day's allocation is spent: "
            "REQUEST_LIMIT_EXCEEDED.",
            "INSUFFICIENT_ACCESS", "insufficient access rights on the object",
        ),
    ),
    "404": (
        "ConnectNotFound",
        _error(
            "There is no such version, resource or record.", "NOT_FOUND",
            "The requested resource does not exist",
        ),
    ),
    "405": (
        "ConnectMethodNotAllowed",
        _error(
            "The resource has no such method.", "METHOD_NOT_ALLOWED",
            "HTTP Method 'GET' not allowed. Allowed are PATCH", **ALLOW,
        ),
    ),
    "413": (
        "ConnectTooLarge",
        _error("The body is over the limit.", "REQUEST_TOO_LARGE", "The request body is too large"),
    ),
    "415": (
        "ConnectUnsupportedMediaType",
        _error(
            "The body is not JSON in UTF-8.", "UNSUPPORTED_MEDIA_TYPE",
            "The request body must be JSON in UTF-8",
        ),
    ),
    "429": (
        "ConnectRateExceeded",
        _error(
            "The burst limit.", "REQUEST_RATE_EXCEEDED",
            "Too many requests in this second. Nothing was changed.", **RETRY_AFTER,
        ),
    ),
    "500": (
        "ConnectUnknown",
        _error(
            "What went wrong is in our log, under the request's id.", "UNKNOWN_EXCEPTION",
            "An unexpected error occurred. Request id: 0199f0a0b1c27d3e8f4a5b6c7d8e9f00",
        ),
    ),
    "503": (
        "ConnectUnavailable",
        _error(
            "The database is away: SERVER_UNAVAILABLE; or a lock was not had in time: "
            "UNABLE_TO_LOCK_ROW. Nothing was changed, unless the message says that it is not "
            "known whether the change was saved, or that it was.",
            "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record",
            **RETRY_AFTER,
        ),
    ),
}  # fmt: skip


def _errors(*statuses: str) -> dict[str, Schema]:
    return {status: response_ref(_ERRORS[status][0]) for status in (*statuses, "405", "500", "503")}


_VERSION_NAMES = [*(f"v{version}" for version in VERSIONS), *VERSIONS, LATEST]

COMPONENTS: dict[str, dict[str, Schema]] = {
    "schemas": {
        "ConnectErrors": {
            "type": "array",
            "minItems": 1,
            "items": exactly(
                {
                    "errorCode": TEXT,
                    "message": TEXT,
                    "fields": {"type": "array", "items": TEXT},
                },
                "fields",
            ),
        }
    },
    "responses": dict(_ERRORS.values()),
    "parameters": {
        "version": {
            "name": "version",
            "in": "path",
            "required": True,
            "description": "With or without `v`, or `latest`.",
            "schema": {"type": "string", "enum": _VERSION_NAMES},
            "example": _VERSION_NAMES[0],
        },
        "prettyPrint": {
            "name": "X-PrettyPrint",
            "in": "header",
            "description": "`1` indents the answer.",
            "schema": TEXT,
        },
    },
}
_HTTP_METHOD = {
    "name": "_HttpMethod",
    "in": "query",
    "required": True,
    "description": "Makes this POST a PATCH, for clients that cannot send one.",
    "schema": {"type": "string", "enum": ["PATCH"]},
    "example": "PATCH",
}


class ConnectSchema(AutoSchema):
    """Adds the errors, the header of the allocation, and examples."""

    view: Any

    def get_operation(self, *args: Any) -> Any:
        operation: Any = super().get_operation(*args)
        if operation is None:
            return None
        if parameters := self._parameters():
            operation["parameters"] = parameters
        if "requestBody" in operation:
            self._complete_body(operation["requestBody"])
        serializer: Any = self.get_response_serializers()
        sample = serializer.sample
        for done in operation["responses"].values():
            done |= {"description": "Done.", "headers": _USAGE}
            for media in done["content"].values():
                media["example"] = [sample] if self.view.action == "list" else sample
        operation["responses"] |= {
            status: response_ref(_ERRORS[status][0]) for status in self._statuses()
        }
        return operation

    def get_tags(self) -> list[str]:
        return ["Connect"]

    def get_operation_id(self) -> str:
        return "connect_" + str(self.get_summary()).lower().replace(" ", "_")

    def map_renderers(self, attribute: str) -> list[str]:
        return ["application/json"]  # its charset is no part of a media type in OpenAPI

    def _parameters(self) -> list[Schema]:
        if "{version}" not in self.path:
            return []
        parameters = [parameter_ref("version"), parameter_ref("prettyPrint")]
        name = self.view.lookup_url_kwarg
        if f"{{{name}}}" in self.path:
            id = {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "format": "uuid"},
                "example": sample_id(self.path.partition("/{" + name)[0].rpartition("/")[2]),
            }
            parameters.append(id)
        return parameters

    def _complete_body(self, body: Any) -> None:
        serializer: Any = self.get_request_serializer()
        body["required"] = serializer.is_body_required
        for media in body["content"].values():
            media["example"] = serializer.sample

    def _statuses(self) -> list[str]:
        statuses = ["405", "500", "503"]
        if self.view.throttle_classes:
            statuses += ["401", "403", "404", "429"]
        if self.method == "PATCH":
            statuses += ["400", "413", "415"]
        return sorted(statuses)

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        schema["additionalProperties"] = False
        return schema


def with_post(paths: dict[str, Any]) -> dict[str, Any]:
    """Return the paths with a POST beside each PATCH of this API, which `_HttpMethod` asks for."""
    completed = {}
    for path, methods in paths.items():
        completed[path] = methods
        if path.startswith("/services/data/") and "patch" in methods:
            patch = methods["patch"]
            post = {
                **patch,
                "operationId": f"{patch['operationId']}_by_post",
                "parameters": [*patch["parameters"], _HTTP_METHOD],
            }
            completed[path] = {**methods, "post": post}
    return completed


class AdditionalParametersSchema(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A map of text to text, in which some keys are known flags."""

    target_class = "commsapp.api.connect.fields.AdditionalParametersField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        flags = {
            name: {
                "type": "string",
                "enum": ["true", "false"],
                "description": flag.description,
            }
            for name, flag in self.target.flags.items()
        }
        return {"type": ["object", "null"], "properties": flags, "additionalProperties": TEXT}
