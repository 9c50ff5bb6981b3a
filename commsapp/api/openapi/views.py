"""All APIs in one document: OpenAPI at `/api/schema/`, to read and try at `/api/docs/`.

Django REST framework's views are described by drf-spectacular; those outside of it describe
themselves (commsapp.api.openapi.fragments), and are found here where they answer: in the URLs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from threading import Lock
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, get_resolver, re_path
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.generators import SchemaGenerator

from commsapp.api.openapi.fragments import OpenApiFragment, attach_schema, description_of, response
from commsapp.api.rest import schema as rest_schema
from commsapp.api.rest.exceptions import error_response

Document = dict[str, Any]


# --- The document ---------------------------------------------------------------------------


class Generator(SchemaGenerator):
    """Drf-spectacular's, with the version of the Connect API as a parameter of the path."""

    def create_view(self, *args: Any) -> Any:
        view = super().create_view(*args)  # type: ignore[no-untyped-call]
        view.versioning_class = None  # else the path would name one version
        return view


_one_at_a_time = Lock()


def document() -> Document:
    """The API's description. It is the code's alone, so it is made once, which takes seconds."""
    with _one_at_a_time:
        return _document()


@lru_cache(maxsize=1)
def _document() -> Document:
    with translation.override("en"):
        made: Document = Generator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


def without_slash(endpoints: list[Any], **_more: Any) -> list[Any]:
    """For drf-spectacular: addresses as we write them; each answers with a slash, too."""
    return [(path.rstrip("/"), *rest) for path, *rest in endpoints]


def with_all_apis(result: Document, **_more: Any) -> Document:
    """For drf-spectacular: what it cannot find, because it is no view of REST framework's."""
    _merge(result["components"], rest_schema.COMPONENTS)
    paths = result["paths"]
    for described in _described(get_resolver().url_patterns):
        paths |= described.paths
        _merge(result["components"], described.components)
    return {**result, "paths": paths}


def with_single_examples(result: Document, **_more: Any) -> Document:
    """For drf-spectacular: an only example as the media type's `example`."""
    bodies = [
        body
        for methods in result["paths"].values()
        for operation in methods.values()
        for body in (operation.get("requestBody", {}), *operation["responses"].values())
    ]
    for body in bodies:
        for media in body.get("content", {}).values():
            if len(media.get("examples", ())) == 1:
                [example] = media.pop("examples").values()
                media["example"] = example["value"]
    return result


def _described(patterns: list[Any]) -> Iterator[OpenApiFragment]:
    for pattern in patterns:
        if not isinstance(pattern, URLPattern):
            yield from _described(pattern.url_patterns)
        elif found := description_of(pattern.callback):
            yield found


def _merge(components: Document, more: Mapping[str, Mapping[str, Any]]) -> None:
    for kind, named in more.items():
        components.setdefault(kind, {}).update(named)


# --- Its addresses --------------------------------------------------------------------------


def _read_only(view: Callable[[HttpRequest], HttpResponse]) -> Callable[..., HttpResponse]:
    @csrf_exempt  # a refusal of the method, not of a missing CSRF token
    def guarded(request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            refused = error_response(request, 405)
            refused["Allow"] = "GET, HEAD"
            return refused
        return view(request)

    return guarded


@_read_only
def schema(request: HttpRequest) -> HttpResponse:
    """The document itself, in JSON."""
    return HttpResponse(orjson.dumps(document()), content_type="application/json")


@_read_only
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI: the document to read, and to try."""
    return render(request, "docs.html")


attach_schema(
    schema,
    OpenApiFragment(
        {
            "/api/schema": {
                "get": {
                    "operationId": "schema",
                    "summary": "Read this description",
                    "tags": ["schema"],
                    "security": [],
                    "responses": {
                        "200": response(
                            "In OpenAPI 3.1.", {"type": "object"}, {"openapi": "3.1.0"}
                        ),
                        **rest_schema.ERRORS_OF_READING,
                    },
                }
            }
        }
    ),
)


def urlpatterns() -> list[Any]:
    """They need no sign-in: they tell nothing of anybody's data."""
    return [
        re_path(r"^api/schema/?$", schema, name="api-schema"),
        re_path(r"^api/docs/?$", docs, name="api-docs"),
    ]
