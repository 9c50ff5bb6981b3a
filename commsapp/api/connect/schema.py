"""How the Connect API describes itself; a resource adds its own (ResourceSpec)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commsapp.api.openapi.fragments import (
    ALLOW,
    RETRY_AFTER,
    SIGN_IN,
    TEXT,
    OpenApiFragment,
    Schema,
    exactly,
    header,
    parameter_ref,
    response,
    response_ref,
    sample_id,
    schema_ref,
)

TEXTS = {"type": ["array", "null"], "items": TEXT}


@dataclass(frozen=True)
class ResourceSpec:
    """What a PATCH resource takes and answers, for whoever reads the API's description."""

    name: str  # of the operation, as the document has it: "Update Recipients"
    told: str
    id_name: str  # of the id in the path: "recipientGroupId"
    id_of: str  # the kind of record that it names: "recipient-group"
    properties: Mapping[str, Schema]  # of the body, which has no others
    required: Sequence[str]
    example: Mapping[str, Any]
    output: str  # the name of what is answered: "UpdatingRecipientGroupOutput"
    place: str  # what each error of the answer has besides code and message: "recipientFields"
    message: str  # an example of the answer's


def additional_parameters(**known: str) -> Schema:
    """A map of text to text, in which some keys are known: their value is true or false."""
    flags = {
        name: {"type": "string", "enum": ["true", "false"], "description": told}
        for name, told in known.items()
    }
    return {"type": ["object", "null"], "properties": flags, "additionalProperties": TEXT}


# --- What all answers have in common --------------------------------------------------------

_USAGE = {"Sforce-Limit-Info": header("How much of the day is used.", "api-usage=18/1000000")}


def _answer(told: str, schema: Schema, example: object, **headers: Any) -> Schema:
    return response(told, schema, example, headers={**_USAGE, **headers})


def _error(told: str, code: str, message: str, **headers: Any) -> Schema:
    example = [{"errorCode": code, "message": message}]
    return _answer(told, schema_ref("ConnectErrors"), example, **headers)


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


def _components(versions: Sequence[str]) -> dict[str, dict[str, Schema]]:
    fields = {"type": "array", "items": TEXT}
    error = exactly({"errorCode": TEXT, "message": TEXT, "fields": fields}, "fields")
    known = [*(f"v{version}" for version in versions), *versions, "latest"]
    version = {
        "name": "version",
        "in": "path",
        "required": True,
        "description": "With or without `v`, or `latest`.",
        "schema": {"type": "string", "enum": known},
        "example": known[0],
    }
    pretty = {
        "name": "X-PrettyPrint",
        "in": "header",
        "description": "`1` indents the answer.",
        "schema": TEXT,
    }
    return {
        "schemas": {"ConnectErrors": {"type": "array", "minItems": 1, "items": error}},
        "responses": dict(_ERRORS.values()),
        "parameters": {"version": version, "prettyPrint": pretty},
    }


_BELOW = [parameter_ref("version"), parameter_ref("prettyPrint")]
_SECURITY: list[Schema] = [{"token": []}]
_TAGS = ["Connect"]


def _get(id: str, summary: str, answer: Schema, *statuses: str, **more: Any) -> dict[str, Schema]:
    context = {"operationId": id, "summary": summary, "tags": _TAGS}
    return {"get": {**context, **more, "responses": {"200": answer, **_errors(*statuses)}}}


# --- A resource --------------------------------------------------------------------------------


def patched(path: str, about: ResourceSpec, versions: Sequence[str]) -> OpenApiFragment:
    """A PATCH resource: by itself, and as POST with `_HttpMethod`."""
    address = path.replace("{id}", f"{{{about.id_name}}}")
    context = {
        "summary": about.name,
        "description": about.told,
        "tags": _TAGS,
        "security": _SECURITY,
    }
    id = {
        "name": about.id_name,
        "in": "path",
        "required": True,
        "schema": {"type": "string", "format": "uuid"},
        "example": sample_id(about.id_of),
    }
    method = {
        "name": "_HttpMethod",
        "in": "query",
        "required": True,
        "description": "Makes this POST a PATCH, for clients that have none.",
        "schema": {"type": "string", "enum": ["PATCH"]},
        "example": "PATCH",
    }
    rest = {"requestBody": _body(about), "responses": _responses(about)}
    name = about.name.lower().replace(" ", "_")
    patch = {**context, "operationId": f"connect_{name}", "parameters": [*_BELOW, id], **rest}
    post = {
        **context,
        "operationId": f"connect_{name}_by_post",
        "parameters": [*_BELOW, id, method],
        **rest,
    }
    components = _components(versions)
    schemas = {**components["schemas"], about.output: _output(about)}
    return OpenApiFragment(
        {f"/services/data/{{version}}/connect/{address}": {"patch": patch, "post": post}},
        {**components, "schemas": schemas},
    )


def _body(about: ResourceSpec) -> Schema:
    schema = {
        "type": "object",
        "properties": about.properties,
        "additionalProperties": False,
        **({"required": about.required} if about.required else {}),
    }
    content = {"application/json": {"schema": schema, "example": about.example}}
    return {"required": bool(about.required), "content": content}


def _responses(about: ResourceSpec) -> dict[str, Schema]:
    done = {"isSuccessful": True, "statusMessage": about.message, "errorsList": []}
    answer = _answer("What was done, or why it was not.", schema_ref(about.output), done)
    return {"200": answer, **_errors("400", "401", "403", "404", "413", "415", "429")}


def _output(about: ResourceSpec) -> Schema:
    error = exactly(dict.fromkeys(("statusCode", "errorMessage", about.place), TEXT))
    return exactly(
        {
            "isSuccessful": {"type": "boolean"},
            "statusMessage": TEXT,
            "errorsList": {"type": "array", "items": error},
        }
    )


# --- What there is to discover --------------------------------------------------------------


def versions_described(versions: Mapping[str, str]) -> OpenApiFragment:
    """GET /services/data"""
    names = ("label", "url", "version")
    item = {"type": "object", "required": names, "properties": dict.fromkeys(names, TEXT)}
    listed = [
        {"label": label, "url": f"/services/data/v{version}", "version": version}
        for version, label in versions.items()
    ]
    answer = _answer("The versions.", {"type": "array", "items": item}, listed)
    get = _get("connect_versions", "List the versions", answer, security=[])
    return OpenApiFragment({"/services/data": get}, _components([*versions]))


def resources_described(versions: Sequence[str]) -> OpenApiFragment:
    """GET /services/data/v64.0"""
    base = f"/services/data/v{versions[0]}"
    listed = {name: f"{base}/{name}" for name in ("connect", "limits")}
    schema = {"type": "object", "required": [*listed], "additionalProperties": TEXT}
    answer = _answer("Addresses by name.", schema, listed)
    get = _get(
        "connect_resources", "List a version's resources", answer, "401", "403", "404", "429",
        parameters=_BELOW, security=_SECURITY,
    )  # fmt: skip
    return OpenApiFragment({"/services/data/{version}": get}, _components(versions))


def limits_described(versions: Sequence[str]) -> OpenApiFragment:
    """GET /services/data/v64.0/limits"""
    whole = {"type": "integer", "minimum": 0}
    names = ("Max", "Remaining")
    day = {"type": "object", "required": names, "properties": dict.fromkeys(names, whole)}
    schema = {
        "type": "object",
        "required": ["DailyApiRequests"],
        "properties": {"DailyApiRequests": day},
    }
    example = {"DailyApiRequests": {"Max": 1_000_000, "Remaining": 999_982}}
    answer = _answer("Of the licensee, today.", schema, example)
    get = _get(
        "connect_limits", "Read the limits", answer, "401", "404",
        parameters=_BELOW, security=_SECURITY,
    )  # fmt: skip
    return OpenApiFragment({"/services/data/{version}/limits": get}, _components(versions))
