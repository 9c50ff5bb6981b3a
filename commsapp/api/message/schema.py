"""The Message API in OpenAPI: made of the operations' one definition."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

from commsapp.api.message import batch, responses
from commsapp.api.message.operation import Operation
from commsapp.api.message.paths import Path, read_path
from commsapp.api.message.renderers import FORMATS, in_camel
from commsapp.api.message.schema_components import ANSWERS, query_schemas, schemas_of
from commsapp.api.openapi.fragments import (
    ALLOW,
    RETRY_AFTER,
    SIGN_IN,
    TEXT,
    Schema,
    header,
    response_ref,
    schema_ref,
)
from commsapp.core.audit import Refusal, RefusalCode

PATH_FORMATS = ("json", "jsonl", "xml", "csv")
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
_REFUSAL_CODES = {"400": RefusalCode.NOT_EMPTY, "409": RefusalCode.CONFLICT}  # for example
_HEADERS = {"401": SIGN_IN, "405": ALLOW, "429": RETRY_AFTER, "503": RETRY_AFTER}
_SECURITY_SCHEMES = {
    "session": {"type": "apiKey", "in": "header", "name": "X-ss-id"},
    "sessionCookie": {"type": "apiKey", "in": "cookie", "name": "ss-id"},
    "sessionQuery": {"type": "apiKey", "in": "query", "name": "SessionId"},
}


def documented_endpoints(endpoints: list[Any], **_kwargs: Any) -> list[Any]:
    """Give this API's endpoints their documented paths, as a preprocessing hook of
    drf-spectacular: their URL patterns match any case."""
    return [
        (getattr(endpoint[-1], "documented_path", path), *endpoint)
        for path, *endpoint in endpoints
        if getattr(endpoint[-1], "documented_path", path)
    ]


class MessageSchema(AutoSchema):
    """The schema of a view; a subclass has the parts that are its own."""

    view: Any
    errors: Iterable[str] = tuple(_ERRORS)
    security: Iterable[str] = ("token", *_SECURITY_SCHEMES)

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: Any
    ) -> Any:
        self.path, self.method = path, method
        for kind, components in self.components().items():
            for name, schema in components.items():
                component = ResolvedComponent(name, kind, schema, name)  # type: ignore[no-untyped-call]
                registry.register_on_missing(component)
        errors = {status: response_ref(f"Message{_ERRORS[status][0]}") for status in self.errors}
        described = self.described()
        return {
            "operationId": self.get_operation_id(),
            "tags": ["Message"],
            "security": [{name: []} for name in self.security],
            **described,
            "responses": {**described["responses"], **errors},
        }

    def get_operation_id(self) -> str:
        """Return an id made of the path."""
        names = self.path.replace("[]", "").replace("/reply", "").strip("/").split("/")
        return "_".join(["message", *names])

    def components(self) -> Mapping[str, Mapping[str, Schema]]:
        """Return the components that the view's operations refer to, by kind and name."""
        return {
            ResolvedComponent.SCHEMA: ANSWERS,
            ResolvedComponent.RESPONSE: {
                f"Message{code}": _error_response(status, code, description)
                for status, (code, description) in _ERRORS.items()
            },
            ResolvedComponent.SECURITY_SCHEMA: _SECURITY_SCHEMES,
        }

    def described(self) -> dict[str, Any]:
        """Return what is the view's own: summary, request, responses."""
        raise NotImplementedError


class OperationSchema(MessageSchema):
    """An operation at one address. Without a format in it, its keys are camelCase."""

    @property
    def operation(self) -> Operation:
        operation: Operation = self.view.operation
        return operation

    @property
    def address(self) -> Path:
        return read_path(self.path)

    def get_operation_id(self) -> str:
        id = super().get_operation_id()
        return id if self.view.action == "single" else f"{id}_{self.view.action}"

    def components(self) -> Mapping[str, Mapping[str, Schema]]:
        components = dict(super().components())
        schemas = {**ANSWERS, **schemas_of(self.operation.request)}
        return {**components, ResolvedComponent.SCHEMA: schemas}

    def described(self) -> dict[str, Any]:
        action = {"single": self._single, "batch": self._batch, "stream": self._stream}
        description, request, done, parameters = action[self.view.action]()
        return {
            "summary": self.operation.name,
            "description": f"{self.operation.about} {description}".strip(),
            "parameters": [*_parameters(self.operation), *parameters, _CASE],
            "requestBody": {"required": True, "content": request},
            "responses": {"200": done},
        }

    def _single(self) -> tuple[str, Schema, Schema, list[Schema]]:
        schema, sample = self._request()
        content = content_in_all_formats(_ANSWER, self._reply(), self.address.format or "json")
        return (
            "",
            {"application/json": {"schema": schema, "example": sample}},
            {"description": "What was done.", "content": content},
            [_FORMAT],
        )

    def _batch(self) -> tuple[str, Schema, Schema, list[Schema]]:
        schema, sample = self._request()
        requests = {"type": "array", "items": schema, "maxItems": batch.MAX_BATCH}
        answers = {"type": "array", "items": _ANSWER}
        return (
            _BATCH,
            {"application/json": {"schema": requests, "example": [sample]}},
            {
                "description": "What was done for each.",
                "headers": _COMPLETED,
                "content": _media(self.address.format or "json", answers, [self._reply()]),
            },
            [],
        )

    def _stream(self) -> tuple[str, Schema, Schema, list[Schema]]:
        sent = FORMATS["jsonl"].write(self.operation.sample).decode()
        reply = responses.done_status(self.operation.reply, {"Line": "1"})
        return (
            _STREAM,
            {"text/jsonl": {"schema": TEXT, "example": sent}},
            {
                "description": "A ResponseStatus for each line.",
                "content": _media("jsonl", TEXT, reply),
            },
            [],
        )

    def _request(self) -> tuple[Schema, Any]:
        if self.address.is_plain:
            return schema_ref(f"{self.operation.name}Camel"), in_camel(self.operation.sample)
        return schema_ref(self.operation.name), self.operation.sample

    def _reply(self) -> Any:
        reply = responses.done_status(self.operation.reply)
        return in_camel(reply) if self.address.is_plain else reply


class TypesSchema(MessageSchema):
    """The types of all operations in one language."""

    errors = ("404", "405")
    security = ()

    def get_operation_id(self) -> str:
        return "message_types"

    def described(self) -> dict[str, Any]:
        languages = self.view.languages
        example = languages["python"](self.view.operations, "https://commsapp.example")
        return {
            "summary": "Read the types of all operations",
            "parameters": [
                {
                    "name": "language", "in": "path", "required": True, "example": "python",
                    "schema": {"type": "string", "enum": [*languages]},
                }
            ],
            "responses": {
                "200": {
                    "description": "Source code, for the official client of the language.",
                    "content": {"text/plain": {"schema": TEXT, "example": example}},
                }
            },
        }  # fmt: skip


# --- Parts ----------------------------------------------------------------------------------


def _parameters(operation: Operation) -> Iterator[Schema]:
    for name, schema in query_schemas(operation.request).items():
        yield _query(name, schema["description"], schema)


def _query(name: str, description: str, schema: Schema) -> Schema:
    return {"name": name, "in": "query", "description": description, "schema": schema}


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


def content_in_all_formats(
    schema: Schema, example: Any, first: str = "json", name: str = "ResponseStatus"
) -> Schema:
    """Return an answer's media types: the request decides which it is."""
    names = [first, *(other for other in FORMATS if other != first)]
    media = [_media(member, schema, example, name) for member in names]
    return {kind: described for member in media for kind, described in member.items()}


def _media(format_name: str, schema: Schema, example: Any, name: str = "ResponseStatus") -> Schema:
    """Return one media type; all but JSON are text to OpenAPI."""
    if format_name == "json":
        return {"application/json": {"schema": schema, "example": example}}
    renderer = FORMATS[format_name]
    text = renderer.write(example, name).decode()
    return {str(renderer.media_type): {"schema": TEXT, "example": text}}


def _error_response(status: str, code: str, description: str) -> Schema:
    schema = {"anyOf": [schema_ref("ErrorResponse"), schema_ref("ErrorResponseCamel")]}
    refusal_code = _REFUSAL_CODES.get(status)
    refusals = [Refusal(refusal_code, description, "AlternateKey")] if refusal_code else []
    example = responses.wrapped(responses.status_of(description, refusal_code or code, refusals))
    headers = {"headers": _HEADERS[status]} if status in _HEADERS else {}
    content = content_in_all_formats(schema, example, name="ErrorResponse")
    return {"description": description, **headers, "content": content}
