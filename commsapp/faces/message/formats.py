"""How requests are read and answers are written, and which format a request asks for (3.1)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from django.http import HttpRequest

# --- Which operation, which format ----------------------------------------------------------

# On `/json/reply/{Op}` and `/api/json/reply/{Op}` the path names a format; on `/api/{Op}` it does
# not, and answers are in camelCase, because the Python client reads nothing else. Outside a named
# group Django's reverse() cannot read `(?i:…)`, and fails for every address of the project.
ROUTES = (
    r"(?:api/)?(?P<format>(?i:json|jsonl|xml|csv|other))/(?P<_reply>[Rr][Ee][Pp][Ll][Yy])/(?P<op>[^/]+)/?",
    r"api/(?!(?:v1|schema|docs)(?:/|$))(?P<op>[^/]+)/?",
)
_ROUTES = [re.compile(rf"/{route}") for route in ROUTES]
_FORMAT_NAMES = ("json", "jsonl", "xml", "csv", "other")
_SUFFIX = re.compile(rf"\.({'|'.join(_FORMAT_NAMES)})$", re.IGNORECASE)


@dataclass(frozen=True)
class Route:
    """What a path says."""

    op: str = ""
    format: str = ""
    suffix: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether this is `/api/{Op}`."""
        return bool(self.op) and not self.format


def route_of(path: str) -> Route:
    """What a path says; nothing, if it is not an operation's."""
    for pattern in _ROUTES:
        if found := pattern.fullmatch(path):
            path_format = found.groupdict().get("format", "")
            suffix = _SUFFIX.search(found["op"])
            op = _SUFFIX.sub("", found["op"])
            return Route(op, _known(path_format), _known(suffix[1] if suffix else ""))
    return Route()


def _known(name: str) -> str:
    """A format by its own name: the original's page prints `other` for jsonl."""
    name = name.lower()
    return "jsonl" if name == "other" else name


@dataclass(frozen=True)
class Format:
    """A way to write an answer."""

    content_type: str
    write: Callable[[Mapping[str, Any]], bytes]


def _write_line(answer: Mapping[str, Any]) -> bytes:
    return orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE)


FORMATS = {
    "json": Format("application/json; charset=utf-8", orjson.dumps),
    "jsonl": Format("text/jsonl", _write_line),
}
_BY_TYPE = {each.content_type.partition(";")[0]: name for name, each in FORMATS.items()}


def format_of(request: HttpRequest) -> Format:
    """The format of the answer: `?format=`, else the suffix, else what Accept names if that is
    one, else the path's, else JSON. Unknown ones fall through."""
    route = route_of(request.path_info)
    accepted = request.headers.get("Accept", "").split(",")
    named = {_BY_TYPE.get(each.partition(";")[0].strip().lower(), "") for each in accepted} - {""}
    wishes = [
        _known(request.GET.get("format", "")),
        route.suffix,
        *(named if len(named) == 1 else ()),
        route.format,
        "json",
    ]
    return next(FORMATS[name] for name in wishes if name in FORMATS)


def is_camel(request: HttpRequest) -> bool:
    """Whether keys are camelCase: on `/api/{Op}`, and `?jsconfig=eccn` or `epcn` decides else."""
    wishes = re.split(r"[,:]", request.GET.get("jsconfig", "").lower())
    if "eccn" in wishes or "epcn" in wishes:
        return "eccn" in wishes
    return route_of(request.path_info).is_plain


def in_camel(value: Any) -> Any:
    """An answer with its keys in camelCase; those of Meta are data and stay."""
    if isinstance(value, list):
        return [in_camel(item) for item in value]
    if isinstance(value, dict):
        return {
            key[:1].lower() + key[1:]: item if key == "Meta" else in_camel(item)
            for key, item in value.items()
        }
    return value


# --- Reading ----------------------------------------------------------------------------------


class Unreadable(Exception):  # noqa: N818
    """The body is not what it has to be. The sentence says where."""


def read_one(body: bytes, path_format: str) -> dict[str, Any]:
    """The one request in a body: JSON, or on the path of JSON Lines one line of it.

    The path's format decides, whatever Content-Type says. No body is an empty request.
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    if path_format == "jsonl":
        lines = [line for line in body.split(b"\n") if line.strip()]
        if len(lines) > 1:
            raise Unreadable("There is more than one line. Send many to the operation's “[]”.")
        body = lines[0] if lines else b""
    request = read_json(body) if body.strip() else {}
    if not isinstance(request, dict):
        raise Unreadable("The request is not a JSON object.")
    return request


_KEY = re.compile(rb'"\s*:')


def read_json(text: bytes) -> Any:
    """Parsed JSON. Raises Unreadable for what is none, is too deep, names a key of one object
    twice, or has a NUL character.

    orjson is quick and strict, but for these two. If no key is lost, there are as many as there
    are colons after a quote; if not, or where that may be in a text, a slow look tells.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unreadable(f"This is not JSON: {error}.") from None
    if b"\\u0000" in text or len(_KEY.findall(text)) != _count_keys(value):
        _look_closely(text)
    return value


def _count_keys(value: Any) -> int:
    count, waiting = 0, [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            count += len(item)
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item
    return count


def _look_closely(text: bytes) -> None:
    try:
        parsed = json.loads(text, object_pairs_hook=_without_twins)
    except RecursionError:
        raise Unreadable("The JSON is nested too deeply.") from None
    waiting = [parsed]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str) and "\0" in item:
            raise Unreadable("A text has a NUL character.")
        if isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, list):
            waiting += item


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        names = [name for name, _value in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"The key “{twin[:64]}” is given twice.")
    return unique
