"""A request as a command to copy, made of what the API's description has for examples."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from commsapp.api.openapi.fragments import Schema


@dataclass(frozen=True)
class Command:
    """One operation's. `$BASE` and `$TOKEN` are for the reader's shell to know."""

    summary: str
    method: str
    path: str
    text: str


def groups_of(document: Mapping[str, Any]) -> dict[str, list[Command]]:
    """The commands of all operations, by tag."""
    groups: dict[str, list[Command]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            made = _command(method.upper(), path, operation)
            groups.setdefault(operation["tags"][0], []).append(made)
    return groups


def _command(method: str, path: str, operation: Schema) -> Command:
    lines = [f'curl -X {method} "$BASE{_filled(path, operation)}"']
    if any("token" in way for way in operation.get("security", ())):
        lines.append('-H "Authorization: Bearer $TOKEN"')
    lines += _body(operation)
    return Command(operation.get("summary", ""), method, path, " \\\n  ".join(lines))


def _filled(path: str, operation: Schema) -> str:
    """The path with its examples in it, and the parameters that must be there."""
    query = {}
    for each in operation.get("parameters", ()):
        if each.get("in") == "path":
            path = path.replace(f"{{{each['name']}}}", each["example"])
        elif each.get("required"):
            query[each["name"]] = each["example"]
    path = path.replace("{version}", "v64.0")
    return f"{path}?{urlencode(query)}" if query else path


def _body(operation: Schema) -> Iterator[str]:
    for content_type, media in operation.get("requestBody", {}).get("content", {}).items():
        example = media["example"]
        if content_type.endswith("urlencoded"):
            yield from (f'--data-urlencode "{name}={value}"' for name, value in example.items())
        else:
            yield f"-H 'Content-Type: {content_type}'"
            yield f"-d {shlex.quote(json.dumps(example, ensure_ascii=False, indent=2))}"
        return
