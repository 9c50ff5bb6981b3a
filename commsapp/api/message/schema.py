"""How operations of the Message API describe themselves: all of it from their one definition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from commsapp.api.message import batch
from commsapp.api.message import responses as replies
from commsapp.api.message.authenticate_schema import SIGNED_IN
from commsapp.api.message.operation import Operation
from commsapp.api.message.renderers import FORMATS, in_camel
from commsapp.api.message.schema_components import ANSWERS, query_schemas, schemas_of
from commsapp.api.openapi.fragments import (
    ALLOW,
    RETRY_AFTER,
    SIGN_IN,
    TEXT,
    OpenApiFragment,
    Schema,
    header,
    response_ref,
    schema_ref,
)
from commsapp.core.audit import Refusal

PATH_FORMATS = ("json", "jsonl", "xml", "csv")
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


def openapi_paths(operations: Iterable[Operation]) -> OpenApiFragment:
    """The operations at all of their addresses."""
    paths: dict[str, Mapping[str, Schema]] = {}
    schemas = dict(ANSWERS)
    for operation in operations:
        paths |= dict(_addresses(operation))
        schemas |= schemas_of(operation.request)
    responses = {
        f"Message{code}": _response(status, code, told)
        for status, (code, told) in _ERRORS.items()
    }  # fmt: skip
    return OpenApiFragment(paths, {"schemas": schemas, "responses": responses})


def _addresses(operation: Operation) -> Iterator[tuple[str, Mapping[str, Schema]]]:
    for path, path_format, id in _places(operation.name):
        yield path, _post(id, operation, path_format)
        if path_format == "jsonl":
            yield f"{path}[]", _post_stream(f"{id}_stream", operation)
        else:
            yield f"{path}[]", _post_batch(f"{id}_batch", operation, path_format)


def _places(name: str) -> Iterator[tuple[str, str, str]]:
    """Each path of an operation, the format that it names, and an id."""
    for base in ("", "/api"):
        for path_format in PATH_FORMATS:
            id = f"message{base.replace('/', '_')}_{path_format}_{name}"
            yield f"{base}/{path_format}/reply/{name}", path_format, id
    yield f"/api/{name}", "", f"message_api_{name}"


def _post(id: str, operation: Operation, path_format: str) -> Mapping[str, Schema]:
    """The operation at one address: without a format in it, its keys are camelCase."""
    schema, sample = _request(operation, path_format)
    told = replies.done_status(operation.reply)
    answer = told if path_format else in_camel(told)
    first = path_format or "json"
    return _described(
        id, operation, operation.about,
        {"application/json": {"schema": schema, "example": sample}},
        {"description": "What was done.", "content": _content(_ANSWER, answer, first)},
        [_FORMAT],
    )  # fmt: skip


def _post_batch(id: str, operation: Operation, path_format: str) -> Mapping[str, Schema]:
    """Many requests in an array."""
    schema, sample = _request(operation, path_format)
    told = [replies.done_status(operation.reply)]
    answer = told if path_format else in_camel(told)
    answers = {"type": "array", "items": _ANSWER}
    requests = {"type": "array", "items": schema, "maxItems": batch.MAX_BATCH}
    return _described(
        id, operation, f"{operation.about} {_BATCH}",
        {"application/json": {"schema": requests, "example": [sample]}},
        {
            "description": "What was done for each.",
            "headers": _COMPLETED,
            "content": _media(path_format or "json", answers, answer),
        },
    )  # fmt: skip


def _post_stream(id: str, operation: Operation) -> Mapping[str, Schema]:
    """Requests of any number, a line each."""
    sent = FORMATS["jsonl"].write(operation.sample).decode()
    told = replies.done_status(operation.reply, {"Line": "1"})
    return _described(
        id, operation, f"{operation.about} {_STREAM}",
        {"text/jsonl": {"schema": TEXT, "example": sent}},
        {"description": "A ResponseStatus for each line.", "content": _media("jsonl", TEXT, told)},
    )  # fmt: skip


def _described(
    id: str,
    operation: Operation,
    told: str,
    sent: Schema,
    done: Schema,
    more: Iterable[Schema] = (),
) -> Mapping[str, Schema]:
    errors = {status: response_ref(f"Message{code}") for status, (code, _) in _ERRORS.items()}
    return {
        "post": {
            "operationId": id,
            "summary": operation.name,
            "description": told,
            "tags": _TAGS,
            "security": SIGNED_IN,
            "parameters": [*_parameters(operation), *more, _CASE],
            "requestBody": {"required": True, "content": sent},
            "responses": {"200": done, **errors},
        }
    }


def _request(operation: Operation, path_format: str) -> tuple[Schema, Schema]:
    """The schema of a request and a sample: without a format in the path, they are camelCase."""
    if path_format:
        return schema_ref(operation.name), operation.sample
    return schema_ref(f"{operation.name}Camel"), in_camel(operation.sample)


def _parameters(operation: Operation) -> Iterator[Schema]:
    for name, schema in query_schemas(operation.request).items():
        yield _query(name, schema["description"], schema)


def _query(name: str, told: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "description": told, "schema": schema}


_FORMAT = _query(
    "format", "The answer's, whatever the path or Accept says.",
    {"type": "string", "enum": [*FORMATS, "other"]},
)  # fmt: skip
_CASE = _query(
    "jsconfig", "The case of the answer's keys: `eccn` camelCase, `epcn` PascalCase.",
    {"type": "string", "enum": ["eccn", "epcn"]},
)  # fmt: skip
_BATCH = (
    f"For each request of an array of at most {batch.MAX_BATCH:,}: all have to be in shape, then "
    "they are done in order up to the first that fails. Its error is the answer, "
    "`Meta.AutoBatchIndex` tells which one it was, and those before it stay."
)
_STREAM = (
    "For each line, of which there may be any number: they are read and answered at once, in "
    "order, so read while you write. A line that fails is answered by its error, with "
    "`Meta.Line`, and the rest goes on."
)
_COMPLETED = {
    "X-AutoBatch-Completed": header("How many of the requests were done.", "1", "integer")
}
_ANSWER = {"anyOf": [schema_ref("ResponseStatus"), schema_ref("ResponseStatusCamel")]}


def _content(
    schema: Schema, example: Any, first: str = "json", name: str = "ResponseStatus"
) -> Schema:
    """In every format that there is: which one it is, the request decides."""
    names = [first, *(each for each in FORMATS if each != first)]
    return {
        kind: media for each in names for kind, media in _media(each, schema, example, name).items()
    }


def _media(format_name: str, schema: Schema, example: Any, name: str = "ResponseStatus") -> Schema:
    """In one format; all but JSON are text to OpenAPI."""
    if format_name == "json":
        return {"application/json": {"schema": schema, "example": example}}
    chosen = FORMATS[format_name]
    return {chosen.media_type: {"schema": TEXT, "example": chosen.write(example, name).decode()}}


# --- Errors ---------------------------------------------------------------------------------


def _response(status: str, code: str, told: str) -> Schema:
    schema = {"anyOf": [schema_ref("ErrorResponse"), schema_ref("ErrorResponseCamel")]}
    refusals = [Refusal(code, told, "AlternateKey")] if status in ("400", "409") else []
    example = {"ResponseStatus": replies.status_of(told, code, refusals)}
    headers = {"headers": _HEADERS[status]} if status in _HEADERS else {}
    content = _content(schema, example, name="ErrorResponse")
    return {"description": told, **headers, "content": content}
