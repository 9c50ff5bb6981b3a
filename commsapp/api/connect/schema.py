"""How the Connect API describes itself in OpenAPI, beyond what its views and serializers say."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema

from commsapp.api.connect.exceptions import ERRORS
from commsapp.api.connect.serializers import ProtocolErrorSerializer
from commsapp.api.connect.versioning import LATEST, VERSIONS
from commsapp.api.openapi.fragments import (
    ALLOW,
    RETRY_AFTER,
    SIGN_IN,
    TEXT,
    Schema,
    header,
    parameter_ref,
    response,
    response_ref,
    sample_id,
    schema_ref,
)

_USAGE = {"Sforce-Limit-Info": header("How much of the day is used.", "api-usage=18/1000000")}

# The component of each status, and when it is answered; the example is the usual error.
_RESPONSES = {
    "400": (
        "ConnectBadRequest",
        "The id or the body cannot be read: JSON_PARSER_ERROR, REQUIRED_FIELD_MISSING, "
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST or INVALID_ID_FIELD.",
    ),
    "401": ("ConnectSessionInvalid", "No token, or a wrong or expired one."),
    "403": (
        "ConnectNoAccess",
        "The permission is missing: INSUFFICIENT_ACCESS; or the day's allocation is spent: "
        "REQUEST_LIMIT_EXCEEDED.",
    ),
    "404": ("ConnectNotFound", "There is no such version, resource or record."),
    "405": ("ConnectMethodNotAllowed", "The resource has no such method."),
    "413": ("ConnectTooLarge", "The body is over the limit."),
    "415": ("ConnectUnsupportedMediaType", "The body is not JSON in UTF-8."),
    "429": ("ConnectRateExceeded", "The burst limit."),
    "500": ("ConnectUnknown", "The cause is in our log, under the request's id."),
    "503": (
        "ConnectUnavailable",
        "The database is away: SERVER_UNAVAILABLE; or a lock was not had in time: "
        "UNABLE_TO_LOCK_ROW. Nothing was changed, unless the message says that it is not known "
        "whether the change was saved, or that it was.",
    ),
}
_HEADERS = {"401": SIGN_IN, "405": ALLOW, "429": RETRY_AFTER, "503": RETRY_AFTER}
_EXAMPLES = {
    "400": ("JSON_PARSER_ERROR", 'Unrecognized field "recipientList"'),
    "405": ("METHOD_NOT_ALLOWED", "HTTP Method 'GET' not allowed. Allowed are PATCH"),
    "500": (
        "UNKNOWN_EXCEPTION",
        "An unexpected error occurred. Request id: 0199f0a0b1c27d3e8f4a5b6c7d8e9f00",
    ),
}


def _error_response(status: str, description: str) -> Schema:
    code, message = _EXAMPLES.get(status) or ERRORS[int(status)]
    return response(
        description,
        {"type": "array", "minItems": 1, "items": schema_ref("ProtocolError")},
        [{"errorCode": code, "message": message}],
        headers={**_USAGE, **_HEADERS.get(status, {})},
    )


_VERSION_NAMES = [*(f"v{version}" for version in VERSIONS), *VERSIONS, LATEST]
_COMPONENTS: dict[str, dict[str, Schema]] = {
    "responses": {
        name: _error_response(status, description)
        for status, (name, description) in _RESPONSES.items()
    },
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
        self.resolve_serializer(ProtocolErrorSerializer, "response")
        if parameters := self._parameters():
            operation["parameters"] = parameters
        if "requestBody" in operation:
            self._complete_body(operation["requestBody"])
        for done in operation["responses"].values():
            self._complete_response(done)
        operation["responses"] |= {
            status: response_ref(_RESPONSES[status][0]) for status in self._statuses()
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

    def _complete_response(self, done: Any) -> None:
        done |= {"description": done["description"] or "Done.", "headers": _USAGE}
        sample = getattr(self.get_response_serializers(), "sample", None)
        if sample is not None:
            for media in done.get("content", {}).values():
                media["example"] = [sample] if self.view.action == "list" else sample

    def _statuses(self) -> list[str]:
        statuses = ["405", "500", "503"]
        if self.view.throttle_classes:
            statuses += ["401", "403", "404", "429"]
        if self.method == "PATCH":
            statuses += ["400", "413", "415"]
        return sorted(statuses)

    def resolve_serializer(self, serializer: Any, direction: Any, *args: Any) -> Any:
        """Return the component of an input with its required fields: a PATCH of this API is no
        partial update."""
        if getattr(serializer, "partial", False):  # drf-spectacular's copy
            serializer.partial = False
        return super().resolve_serializer(serializer, direction, *args)

    def _get_serializer_name(self, *args: Any, **kwargs: Any) -> str:
        """Return the guide's name of an input or output."""
        name: str = super()._get_serializer_name(*args, **kwargs)
        return name.removesuffix("Request")

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        schema["additionalProperties"] = False
        return schema


def complete_document(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """Add this API's shared components, and a POST with `_HttpMethod` to each PATCH, as a
    postprocessing hook of drf-spectacular."""
    for kind, components in _COMPONENTS.items():
        result["components"].setdefault(kind, {}).update(components)
    for path, methods in result["paths"].items():
        if path.startswith("/services/data/") and "patch" in methods:
            patch = methods["patch"]
            methods["post"] = {
                **patch,
                "operationId": f"{patch['operationId']}_by_post",
                "parameters": [*patch["parameters"], _HTTP_METHOD],
            }
    return result


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
