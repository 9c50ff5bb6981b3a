"""What requests and answers of the Message API consist of, as OpenAPI's schemas."""

from __future__ import annotations

from typing import Any

from commsapp.api.message.operation import ListOf, Model, Property, Scalar
from commsapp.api.message.renderers import camel
from commsapp.api.openapi.fragments import TEXT, Schema, exactly, schema_ref

# --- Requests -------------------------------------------------------------------------------


def schemas_of(request: Model) -> dict[str, Schema]:
    """The schemas of a request and of all that is in it, by name; each in camelCase, too."""
    schemas: dict[str, Schema] = {}
    for model in (*request.nested, request):
        schemas[model.name] = _object(model)
        schemas[f"{model.name}Camel"] = _in_camel(_object(model))
    return schemas


def _object(model: Model) -> dict[str, Any]:
    required = [each.name for each in model.properties if each.is_required]
    return {
        "type": "object",
        "description": "Names may be spelled in any case; others are ignored.",
        "properties": {
            each.name: {**type_of(each), "description": each.about} for each in model.properties
        },
        **({"required": required} if required else {}),
    }


def type_of(each: Property) -> Schema:
    """The schema of a property's values."""
    if isinstance(each.type, Scalar):
        return _SCALARS[each.type]
    if isinstance(each.type, ListOf):
        return {"type": "array", "items": schema_ref(each.type.item.name)}
    return schema_ref(each.type.name)


_SCALARS: dict[Scalar, Schema] = {
    Scalar.TEXT: TEXT,
    Scalar.GUID: {"type": "string", "format": "uuid"},
    Scalar.BOOL: {"type": "boolean"},
    Scalar.INT: {
        "type": "integer",
        "format": "int32",
        "minimum": -(2**31),
        "maximum": 2**31 - 1,
    },
}


# --- Answers --------------------------------------------------------------------------------

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
    """A schema of ours with its properties' names, and what it refers to, in camelCase."""
    if isinstance(schema, list):
        return [_in_camel(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    spelled = {key: _in_camel(value) for key, value in schema.items()}
    if "properties" in spelled:
        spelled["properties"] = {camel(name): of for name, of in spelled["properties"].items()}
    if "required" in spelled:
        spelled["required"] = [camel(name) for name in spelled["required"]]
    if "$ref" in spelled:
        spelled["$ref"] += "Camel"
    return spelled


ANSWERS: dict[str, Schema] = {
    "ResponseStatus": _STATUS,
    "ResponseStatusCamel": _in_camel(_STATUS),
    "ErrorResponse": _FAILED,
    "ErrorResponseCamel": _in_camel(_FAILED),
}
