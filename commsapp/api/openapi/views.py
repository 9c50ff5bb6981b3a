"""All APIs in one document: OpenAPI at `/api/schema/`, to read and try at `/api/docs/`.

It is made by drf-spectacular of the views in the URLs. Each API adds to it in an AutoSchema of its
own, and its shared components by a postprocessing hook (see SPECTACULAR_SETTINGS).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from threading import Lock
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import re_path
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

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
def docs(request: HttpRequest) -> HttpResponse:
    """Swagger UI: the document to read, and to try."""
    return render(request, "docs.html")


class _DocumentSchema(AutoSchema):
    """Adds the errors that can be answered without credentials."""

    def get_operation(self, *args: Any) -> Any:
        operation: Any = super().get_operation(*args)
        return {
            **operation,
            "responses": {**operation["responses"], **rest_schema.ERRORS_OF_READING},
        }


class SchemaView(APIView):
    """The document itself, in JSON."""

    authentication_classes = []
    permission_classes = []
    http_method_names = ["get", "head"]
    schema = _DocumentSchema()

    @extend_schema(
        operation_id="schema",
        summary="Read this description",
        tags=["schema"],
        responses={
            200: OpenApiResponse(
                OpenApiTypes.OBJECT,
                "In OpenAPI 3.1.",
                [OpenApiExample("Document", {"openapi": "3.1.0"})],
            )
        },
    )
    def get(self, request: Request) -> HttpResponse:
        """Return the description of all APIs."""
        return HttpResponse(orjson.dumps(document()), content_type="application/json")


def urlpatterns() -> list[Any]:
    """They need no sign-in: they tell nothing of anybody's data."""
    return [
        re_path(r"^api/schema/?$", SchemaView.as_view(), name="api-schema"),
        re_path(r"^api/docs/?$", docs, name="api-docs"),
    ]
