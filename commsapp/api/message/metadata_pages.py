"""Pages that describe each operation for people, and its types for their clients (contract 3.3).

Source: Platform Subscription API, "SaveContactGroup", which is a copy of such a page. Everything
is made of the operations' one definition.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, re_path
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from commsapp.api.message import responses, schema
from commsapp.api.message.client_types import LANGUAGES
from commsapp.api.message.definition import GUID, Description, Property, describe
from commsapp.api.message.operation import Operation
from commsapp.api.message.paths import FORMATS as FORMAT_NAMES
from commsapp.api.message.paths import any_case
from commsapp.api.message.renderers import FORMATS
from commsapp.api.message.viewsets import MessageViewSet, OperationViewSet
from commsapp.http.origins import base_url


class _PublicViewSet(MessageViewSet):
    """Pages for people and files for their clients. Without sign-in: they have nobody's data."""

    authentication_classes = []
    permission_classes = []
    http_method_names = ["get", "head"]
    operations: Sequence[Operation] = ()


class MetadataViewSet(_PublicViewSet):
    """The operations, and each in each format."""

    def list(self, request: Request, **kwargs: Any) -> HttpResponse:
        """Return the page of all operations, and of the languages that there are types for."""
        context = {
            "operations": self.operations,
            "formats": schema.PATH_FORMATS,
            "languages": LANGUAGES,
        }
        return render(request._request, "message/operations.html", context)

    def retrieve(self, request: Request, path_format: str, **kwargs: Any) -> HttpResponse:
        """Return the page of one operation in one format."""
        query = {key.lower(): value for key, value in request.query_params.dict().items()}
        if "op" not in query:
            return self.list(request)
        by_name = {operation.name.lower(): operation for operation in self.operations}
        operation = by_name.get(query["op"].lower())
        if operation is None:
            raise NotFound("There is no such operation: see /metadata.")
        context = _page_context(request.get_host(), operation, path_format.lower())
        return render(request._request, "message/operation.html", context)


class TypesViewSet(_PublicViewSet):
    """The types that clients call the operations with."""

    schema = schema.TypesSchema()
    languages = LANGUAGES

    def retrieve(self, request: Request, language: str, **kwargs: Any) -> HttpResponse:
        """Return the types in one language."""
        types = LANGUAGES.get(language.lower())
        if types is None:
            raise NotFound(f"There are types for these only: {', '.join(LANGUAGES)}.")
        text = types(self.operations, base_url(request._request))
        return HttpResponse(text, content_type="text/plain; charset=utf-8")


def urlpatterns(viewsets: Iterable[type[OperationViewSet]]) -> list[URLPattern]:
    """Return the addresses of the pages and of the types, with and without a slash."""
    operations = [viewset.operation for viewset in viewsets]
    formats = rf"(?P<path_format>{any_case('|'.join(FORMAT_NAMES))})"
    metadata = rf"(?P<_page>{any_case('metadata')})"
    index = MetadataViewSet.as_view({"get": "list"}, operations=operations)
    page = MetadataViewSet.as_view({"get": "retrieve"}, operations=operations)
    types: Any = TypesViewSet.as_view({"get": "retrieve"}, operations=operations)
    types.documented_path = "/types/{language}"
    return [
        re_path(rf"^{metadata}/?$", index),
        re_path(rf"^{formats}/{metadata}/?$", page),
        re_path(rf"^(?P<_page>{any_case('types')})/(?P<language>[^/]+)/?$", types),
    ]


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
    for member in message.own:
        if member.message:
            yield from _tables(describe(member.message))


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
        member.name: _placeholder(member)
        for member in message.properties
        if member.in_body and member.type_name != GUID
    }


def _placeholder(member: Property) -> Any:
    if member.message is None:
        return _PLACEHOLDERS[member.type_name]
    value = _placeholders(describe(member.message))
    return [value] if member.is_list else value


def _exchange(
    host: str,
    operation: Operation,
    name: str,
    request_body: Mapping[str, Any],
    reply: Mapping[str, Any],
) -> Exchange:
    """Return the request and its answer in a format; on the paths of XML and CSV the request is
    JSON."""
    written = FORMATS[name]
    request = [
        f"POST /{name}/reply/{operation.name} HTTP/1.1",
        f"Host: {host}",
        f"Accept: {written.media_type}",
        f"Content-Type: {'text/jsonl' if name == 'jsonl' else 'application/json'}",
        "Content-Length: length",
        "",
        _json(request_body, on_a_line=name == "jsonl"),
    ]
    answer = ["HTTP/1.1 200 OK", f"Content-Type: {written.media_type}", "Content-Length: length"]
    body = _json(reply) if name == "json" else written.write(reply).decode().strip()
    return Exchange("\n".join(request), "\n".join([*answer, "", body]))


def _json(value: Mapping[str, Any], *, on_a_line: bool = False) -> str:
    if on_a_line:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(value, ensure_ascii=False, indent=2)
