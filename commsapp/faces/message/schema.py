"""How operations of the Message face describe themselves: all of it from their one definition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from commsapp.faces.described import (
    ALLOW,
    RETRY_AFTER,
    SIGN_IN,
    Described,
    Schema,
    response_ref,
    schema_ref,
)
from commsapp.faces.message import replies
from commsapp.faces.message.definition import ListOf, Model, Operation, Property, Scalar
from commsapp.faces.message.formats import FORMATS, in_camel
from commsapp.ledger import Refusal

PATH_FORMATS = ("json", "jsonl", "xml", "csv")
_TEXT = {"type": "string"}
_TAGS = ["Message"]
_ERRORS = {
    "400": ("Invalid", "What was sent cannot be read, or a value is not right: all that is wrong."),
    "401": ("Unauthorized", "No credentials, or wrong or expired ones."),
    "403": ("Forbidden", "The permission is missing, or the licensee is not the caller's."),
    "404": ("NotFound", "The object that the request is about is not there."),
    "405": ("MethodNotAllowed", "There is no such operation, or it does not take this verb."),
    "409": ("Conflict", "Another object has the key, or the object is deleted."),
    "413": ("RequestTooLarge", "The body is over the limit."),
    "415": ("UnsupportedMediaType", "The body's Content-Encoding is not read."),
    "429": ("TooManyRequests", "Too many requests."),
    "500": ("InternalError", "What went wrong is in our log, under the request's id."),
    "503": ("ServiceUnavailable", "The database is away, or a lock was not had in time."),
}
_HEADERS = {"401": SIGN_IN, "405": ALLOW, "429": RETRY_AFTER, "503": RETRY_AFTER}


def described(operations: Iterable[Operation]) -> Described:
    """The operations at all of their addresses."""
    paths: dict[str, Mapping[str, Schema]] = {}
    schemas = dict(_SCHEMAS)
    for operation in operations:
        paths |= dict(_addresses(operation))
        for model in _models(operation.request):
            schemas[model.name] = _object(model)
            schemas[f"{model.name}Camel"] = _in_camel(_object(model))
    responses = {
        f"Message{code}": _response(status, code, told)
        for status, (code, told) in _ERRORS.items()
    }  # fmt: skip
    return Described(paths, {"schemas": schemas, "responses": responses})


def _addresses(operation: Operation) -> Iterator[tuple[str, Mapping[str, Schema]]]:
    for base in ("", "/api"):
        for name in PATH_FORMATS:
            id = f"message{base.replace('/', '_')}_{name}_{operation.name}"
            yield f"{base}/{name}/reply/{operation.name}", _post(id, operation, name)
    yield f"/api/{operation.name}", _post(f"message_api_{operation.name}", operation, "")


def _post(id: str, operation: Operation, path_format: str) -> Mapping[str, Schema]:
    """The operation at one address: without a format in it, its keys are camelCase."""
    is_camel = not path_format
    name = f"{operation.name}Camel" if is_camel else operation.name
    sample = in_camel(operation.sample) if is_camel else operation.sample
    told = replies.status_of(operation.reply.message, meta=operation.reply.meta)
    answer = in_camel(told) if is_camel else told
    schema = {"anyOf": [schema_ref("ResponseStatus"), schema_ref("ResponseStatusCamel")]}
    first = path_format if path_format in FORMATS else "json"
    return {
        "post": {
            "operationId": id,
            "summary": operation.name,
            "description": operation.about,
            "tags": _TAGS,
            "security": [{"token": []}],
            "parameters": [*_parameters(operation)],
            "requestBody": {
                "required": True,
                "content": {"application/json": {"schema": schema_ref(name), "example": sample}},
            },
            "responses": {
                "200": {
                    "description": "What was done.",
                    "content": _content(schema, answer, first),
                },
                **{status: response_ref(f"Message{code}") for status, (code, _) in _ERRORS.items()},
            },
        }
    }


def _parameters(operation: Operation) -> Iterator[Schema]:
    for each in operation.request.properties:
        if each.in_query:
            yield _query(each.name, each.about, _type(each))
    yield _query(
        "format", "The answer's, whatever the path or Accept says.",
        {"type": "string", "enum": [*FORMATS, "other"]},
    )  # fmt: skip
    yield _query(
        "jsconfig", "The case of the answer's keys: `eccn` camelCase, `epcn` PascalCase.",
        {"type": "string", "enum": ["eccn", "epcn"]},
    )  # fmt: skip


def _query(name: str, told: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "description": told, "schema": schema}


def _content(schema: Schema, example: Any, first: str = "json") -> Schema:
    """In every format that there is: which one it is, the request decides."""
    names = [first, *(name for name in FORMATS if name != first)]
    return {
        FORMATS[name].content_type.partition(";")[0]: (
            {"schema": schema, "example": example}
            if name == "json"
            else {"schema": _TEXT, "example": FORMATS[name].write(example).decode()}
        )
        for name in names
    }


# --- Requests -------------------------------------------------------------------------------


def _models(model: Model) -> Iterator[Model]:
    yield model
    for each in model.properties:
        kind = each.type.item if isinstance(each.type, ListOf) else each.type
        if isinstance(kind, Model):
            yield from _models(kind)


def _object(model: Model) -> dict[str, Any]:
    required = [each.name for each in model.properties if each.is_required]
    return {
        "type": "object",
        "description": "Names may be spelled in any case; others are ignored.",
        "properties": {
            each.name: {**_type(each), "description": each.about} for each in model.properties
        },
        **({"required": required} if required else {}),
    }


def _type(each: Property) -> Schema:
    if isinstance(each.type, Scalar):
        return _SCALARS[each.type]
    if isinstance(each.type, ListOf):
        return {"type": "array", "items": schema_ref(each.type.item.name)}
    return schema_ref(each.type.name)


_SCALARS: dict[Scalar, Schema] = {
    Scalar.TEXT: _TEXT,
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


def _response(status: str, code: str, told: str) -> Schema:
    schema = {"anyOf": [schema_ref("ErrorResponse"), schema_ref("ErrorResponseCamel")]}
    refusals = [Refusal(code, told, "AlternateKey")] if status in ("400", "409") else []
    example = {"ResponseStatus": replies.status_of(told, code, refusals)}
    headers = {"headers": _HEADERS[status]} if status in _HEADERS else {}
    return {"description": told, **headers, "content": _content(schema, example)}


_META = {"type": "object", "additionalProperties": _TEXT}
_ERROR = {
    "type": "object",
    "required": ["ErrorCode", "Message"],
    "properties": {"ErrorCode": _TEXT, "FieldName": _TEXT, "Message": _TEXT, "Meta": _META},
    "additionalProperties": False,
}
_STATUS = {
    "type": "object",
    "required": ["Message", "Errors"],
    "properties": {
        "ErrorCode": _TEXT,
        "Message": _TEXT,
        "Errors": {"type": "array", "items": _ERROR},
        "Meta": _META,
    },
    "additionalProperties": False,
}
_FAILED = {
    "type": "object",
    "required": ["ResponseStatus"],
    "properties": {"ResponseStatus": _STATUS},
    "additionalProperties": False,
}


def _in_camel(schema: Any) -> Any:
    """A schema of ours with its properties' names, and what it refers to, in camelCase."""
    if isinstance(schema, list):
        return [_in_camel(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    camel = {key: _in_camel(value) for key, value in schema.items()}
    if "properties" in camel:
        camel["properties"] = {_camel(name): of for name, of in camel["properties"].items()}
    if "required" in camel:
        camel["required"] = [_camel(name) for name in camel["required"]]
    if "$ref" in camel:
        camel["$ref"] += "Camel"
    return camel


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


_SCHEMAS: dict[str, Schema] = {
    "ResponseStatus": _STATUS,
    "ResponseStatusCamel": _in_camel(_STATUS),
    "ErrorResponse": _FAILED,
    "ErrorResponseCamel": _in_camel(_FAILED),
}
