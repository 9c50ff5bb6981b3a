"""The addresses of operations (contract 3.1), spelled in any case, with and without a slash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.urls import URLPattern, re_path

from commsapp.api.message.paths import FORMATS, ROUTES, any_case
from commsapp.api.message.viewsets import (
    MessageViewSet,
    OperationViewSet,
    UnknownOperationViewSet,
)

_SUFFIX = rf"(?P<_suffix>\.{any_case('|'.join(FORMATS))})?"


def urlpatterns(viewsets: Iterable[type[OperationViewSet]]) -> list[URLPattern]:
    """Return the addresses of these operations, and of all names that are none's there."""
    actions = {"": "single", "[]": "batch"}
    patterns = [
        pattern
        for viewset in viewsets
        for pattern in operation_patterns(viewset.operation.name, viewset, actions)
    ]
    unknown = UnknownOperationViewSet.as_view({"post": "unknown"})
    return [*patterns, *(re_path(rf"^{route}$", unknown) for route in ROUTES)]


def operation_patterns(
    name: str, viewset: type[MessageViewSet], actions: Mapping[str, str]
) -> Iterator[URLPattern]:
    """Yield a pattern for each documented address of an operation: OpenAPI finds the address as
    `documented_path` of the view. `actions` are the methods of the viewset by what follows the
    name; a batch of JSON Lines is a stream."""
    for path, prefix, path_format in _addresses(name):
        for end, action in actions.items():
            is_stream = action == "batch" and path_format == "jsonl"
            view: Any = viewset.as_view({"post": "stream" if is_stream else action})
            view.documented_path = f"{path}{end}"
            operation = rf"(?P<_op>{any_case(name)}){re.escape(end)}"
            yield re_path(rf"^{prefix}{operation}{_SUFFIX}/?$", view)


def _addresses(name: str) -> Iterator[tuple[str, str, str]]:
    """Yield each path of an operation, the pattern of what is before its name, and its format."""
    reply = rf"(?P<_reply>{any_case('reply')})"
    for base in ("", "api/"):
        for path_format in FORMATS:
            if path_format != "other":  # another name of jsonl
                names = "jsonl|other" if path_format == "jsonl" else path_format
                prefix = rf"{base}(?P<_format>{any_case(names)})/{reply}/"
                yield f"/{base}{path_format}/reply/{name}", prefix, path_format
    yield f"/api/{name}", "api/", ""
