"""The requests and replies of the Message API as OpenAPI's schemas: those of the Structs."""

from __future__ import annotations

from typing import Any

import msgspec

from commsapp.api.message.binding import camel_variant
from commsapp.api.message.definition import describe
from commsapp.api.message.renderers import camel
from commsapp.api.openapi.fragments import TEXT, Schema, exactly
from commsapp.core.message_types import Guid, Message

_REF = "#/components/schemas/{name}"


def schemas_of(*messages: type[Message]) -> dict[str, Schema]:
    """Return the schemas of messages and all messages in them, by name; each in camelCase, too."""
    both = [*messages, *map(camel_variant, messages)]
    _refs, schemas = msgspec.json.schema_components(
        both, schema_hook=_schema_of_type, ref_template=_REF
    )
    for message in messages:
        for member in (*describe(message).nested, describe(message)):
            required = [item.name for item in member.properties if item.is_required]
            _describe(schemas[member.name], required)
            _describe(schemas[f"{member.name}Camel"], [*map(camel, required)])
    return schemas


def _describe(schema: dict[str, Any], required: list[str]) -> None:
    """State what binding adds to the Struct: unknown names are ignored, and what the document
    requires."""
    schema["description"] = "Names may be spelled in any case; others are ignored."
    schema["additionalProperties"] = True
    schema["required"] = required


def query_schemas(message: type[Message]) -> dict[str, Schema]:
    """Return the schemas of a request's query parameters, by name."""
    properties = schemas_of(message)[message.__name__]["properties"]
    return {
        member.name: {"description": member.description, **properties[member.name]["anyOf"][0]}
        for member in describe(message).properties
        if member.in_query
    }


def _schema_of_type(kind: type) -> dict[str, Any]:
    if kind is Guid:
        return {"type": "string", "format": "uuid"}
    raise NotImplementedError


# --- Replies --------------------------------------------------------------------------------

_META = {"type": "object", "additionalProperties": TEXT}
_ERROR = exactly(
    {"ErrorCode": TEXT, "FieldName": TEXT, "Message": TEXT, "Meta": _META}, "FieldName", "Meta"
)
_ERRORS = {"type": "array", "items": _ERROR}
_STATUS = exactly(
    {"ErrorCode": TEXT, "Message": TEXT, "Errors": _ERRORS, "Meta": _META}, "ErrorCode", "Meta"
)
_FAILED = exactly({"ResponseStatus": _STATUS})


def _in_camel(schema: Any) -> Any:
    """Return a schema with its properties' names in camelCase."""
    if isinstance(schema, list):
        return [_in_camel(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    spelled = {key: _in_camel(value) for key, value in schema.items()}
    if "properties" in spelled:
        spelled["properties"] = {camel(name): of for name, of in spelled["properties"].items()}
    if "required" in spelled:
        spelled["required"] = [camel(name) for name in spelled["required"]]
    return spelled


ANSWERS: dict[str, Schema] = {
    "ResponseStatus": _STATUS,
    "ResponseStatusCamel": _in_camel(_STATUS),
    "ErrorResponse": _FAILED,
    "ErrorResponseCamel": _in_camel(_FAILED),
}
