"""Pages that tell people what an operation takes, and its types for their clients (contract 3.3).

Source: Platform Subscription API, "SaveContactGroup", which is a copy of such a page. All is made
of the operations' one definition, and none of it needs a sign-in: it tells of nobody's data.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, re_path
from django.views.decorators.csrf import csrf_exempt

from commsapp.api.message import responses, schema
from commsapp.api.message.client_types import LANGUAGES
from commsapp.api.message.definition import GUID, Description, Property, describe
from commsapp.api.message.exceptions import error_response
from commsapp.api.message.operation import Operation
from commsapp.api.message.renderers import FORMATS
from commsapp.api.openapi.fragments import OpenApiFragment, attach_schema, response, response_ref
from commsapp.http.origins import base_url

View = Callable[..., HttpResponse]


def urlpatterns(operations: Iterable[Operation]) -> list[URLPattern]:
    """The addresses of the pages and of the types: to be read, with and without a slash."""
    operations = list(operations)
    by_name = {each.name.lower(): each for each in operations}

    def index(request: HttpRequest, **named: str) -> HttpResponse:
        """All operations, and the languages that there are types for."""
        told = {"operations": operations, "formats": schema.PATH_FORMATS, "languages": LANGUAGES}
        return render(request, "message/operations.html", told)

    def page(request: HttpRequest, path_format: str, **named: str) -> HttpResponse:
        """One operation in one format."""
        asked = {key.lower(): value for key, value in request.GET.dict().items()}
        if "op" not in asked:
            return index(request)
        operation = by_name.get(asked["op"].lower())
        if operation is None:
            return error_response(request, 404, "There is no such operation: see /metadata.")
        told = _page_context(request.get_host(), operation, path_format.lower())
        return render(request, "message/operation.html", told)

    def types(request: HttpRequest, language: str, **named: str) -> HttpResponse:
        """What clients call the operations with, in their language."""
        written = LANGUAGES.get(language.lower())
        if written is None:
            known = " and ".join(LANGUAGES)
            return error_response(request, 404, f"There are types for {known} only.")
        text = written(operations, base_url(request))
        return HttpResponse(text, content_type="text/plain; charset=utf-8")

    read_types = _read_only(types)
    attach_schema(read_types, _types_described(operations))
    return [
        re_path(r"^(?P<_page>(?i:metadata))/?$", _read_only(index)),
        re_path(
            r"^(?P<path_format>(?i:json|jsonl|xml|csv|other))/(?P<_page>(?i:metadata))/?$",
            _read_only(page),
        ),
        re_path(r"^(?P<_page>(?i:types))/(?P<language>[^/]+)/?$", read_types),
    ]


def _read_only(view: View) -> View:
    @csrf_exempt  # a refusal of the method, not of a missing CSRF token
    @wraps(view)
    def guarded(request: HttpRequest, **named: str) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return view(request, **named)
        refused = error_response(request, 405, "This is only to be read.")
        refused["Allow"] = "GET, HEAD"
        return refused

    return guarded


def _types_described(operations: Sequence[Operation]) -> OpenApiFragment:
    """How the types' address describes itself."""
    language = {
        "name": "language", "in": "path", "required": True, "example": "python",
        "schema": {"type": "string", "enum": [*LANGUAGES]},
    }  # fmt: skip
    example = LANGUAGES["python"](operations, "https://commsapp.example")
    text = "Source code, for the official client of the language."
    read = {
        "operationId": "message_types",
        "summary": "Read the types of all operations",
        "tags": ["Message"],
        "security": [],
        "parameters": [language],
        "responses": {
            "200": response(text, {"type": "string"}, example, content_type="text/plain"),
            "404": response_ref("MessageNotFound"),
            "405": response_ref("MessageMethodNotAllowed"),
        },
    }
    return OpenApiFragment({"/types/{language}": {"get": read}})


# --- An operation's page ----------------------------------------------------------------------


@dataclass(frozen=True)
class Exchange:
    """A request and its answer, as they go over the wire."""

    request: str
    answer: str


def _page_context(host: str, operation: Operation, path_format: str) -> Mapping[str, Any]:
    # The document prints JSON Lines as `other`; both names are one.
    name = "jsonl" if path_format == "other" else path_format
    reply = responses.status_of(operation.reply.message, meta=operation.reply.meta)
    request = describe(operation.request)
    return {
        "operation": operation,
        "format": name,
        "printed": "other" if name == "jsonl" else name,
        "formats": schema.PATH_FORMATS,
        "tables": [*dict.fromkeys(_tables(request))],
        "placeholders": _exchange(host, operation, name, _placeholders(request), _STATUS),
        "example": _exchange(host, operation, name, operation.sample, reply),
    }


def _tables(message: Description) -> Iterator[Description]:
    """Yield a message, its base, and the messages of its properties, in the document's order."""
    yield message
    if message.base:
        yield from _tables(message.base)
    for each in message.own:
        if each.message:
            yield from _tables(describe(each.message))


# --- Samples ----------------------------------------------------------------------------------

_PLACEHOLDERS: Mapping[str, Any] = {"string": "String", "bool": False, "int": 0}
_ERROR = {
    "ErrorCode": "String",
    "FieldName": "String",
    "Message": "String",
    "Meta": {"String": "String"},
}
_STATUS = {
    "ErrorCode": "String",
    "Message": "String",
    "StackTrace": "String",
    "Errors": [_ERROR],
    "Meta": {"String": "String"},
}


def _placeholders(message: Description) -> dict[str, Any]:
    """Return a request with a value for every property; Guids, being empty, are left out."""
    return {
        each.name: _placeholder(each)
        for each in message.properties
        if each.in_body and each.type_name != GUID
    }


def _placeholder(each: Property) -> Any:
    if each.message is None:
        return _PLACEHOLDERS[each.type_name]
    value = _placeholders(describe(each.message))
    return [value] if each.is_list else value


def _exchange(
    host: str, operation: Operation, name: str, sent: Mapping[str, Any], told: Mapping[str, Any]
) -> Exchange:
    """In a format by its name; on the addresses of XML and CSV the answer alone is in that."""
    written = FORMATS[name]
    request = [
        f"POST /{name}/reply/{operation.name} HTTP/1.1",
        f"Host: {host}",
        f"Accept: {written.media_type}",
        f"Content-Type: {'text/jsonl' if name == 'jsonl' else 'application/json'}",
        "Content-Length: length",
        "",
        _json(sent, on_a_line=name == "jsonl"),
    ]
    answer = ["HTTP/1.1 200 OK", f"Content-Type: {written.media_type}", "Content-Length: length"]
    body = _json(told) if name == "json" else written.write(told).decode().strip()
    return Exchange("\n".join(request), "\n".join([*answer, "", body]))


def _json(value: Mapping[str, Any], *, on_a_line: bool = False) -> str:
    if on_a_line:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(value, ensure_ascii=False, indent=2)
