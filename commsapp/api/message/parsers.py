"""How the bodies of requests are read: JSON, strictly (contract 3.1)."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from commsapp.core.json_size import Limits, TooComplex
from commsapp.core.strict_json import repeated_name

BOM = b"\xef\xbb\xbf"
LIMITS = Limits(containers=200_000, items=500_000, names=500_000)  # 1,000 saves of 100 connections


class UnreadableRequest(Exception):  # noqa: N818
    """The body is not what it has to be. The sentence says where."""


def read_one(body: bytes, path_format: str) -> dict[str, Any]:
    """The one request in a body: JSON, or on the path of JSON Lines one line of it.

    The path's format decides, whatever Content-Type says. No body is an empty request.
    """
    body = body.removeprefix(BOM)
    if path_format == "jsonl":
        body = body.strip()
        if b"\n" in body:
            raise UnreadableRequest(
                "There is more than one line. Send many to the operation's “[]”."
            )
    return as_request(read_json(body)) if body.strip() else {}


def read_many(body: bytes) -> list[Any]:
    """The requests in a body: a JSON array, of whatever."""
    requests = read_json(body.removeprefix(BOM))
    if not isinstance(requests, list):
        raise UnreadableRequest("The requests are not a JSON array.")
    return requests


def as_request(value: Any) -> dict[str, Any]:
    """One request, if that is what this is."""
    if not isinstance(value, dict):
        raise UnreadableRequest("The request is not a JSON object.")
    return value


_KEY = re.compile(rb'"\s*:')


def read_json(text: bytes) -> Any:
    """Parsed JSON. Raises Unreadable for what is none, is too deep, names a key of one object
    twice, or has a NUL character.

    orjson is quick and strict, but for these two. Where there are more colons than keys, one may
    be lost, or they stand in texts: a slow look tells.
    """
    try:
        LIMITS.check(text)
        value = orjson.loads(text)
    except TooComplex as error:
        raise UnreadableRequest(str(error)) from None
    except orjson.JSONDecodeError as error:
        raise UnreadableRequest(f"This is not JSON: {error}.") from None
    if b"\\u0000" in text or not has_keys(_count_keys(value), text):
        _check_strictly(text)
    return value


def has_keys(count: int, text: bytes) -> bool:
    """Whether JSON with so many different keys has no more: none came twice. It may say no where
    texts look like keys."""
    # Each key has a colon, and each of those stands behind a quote: there are at least as many.
    return count == text.count(b":") or count == len(_KEY.findall(text))


def _count_keys(value: Any) -> int:
    count, waiting = 0, [value]
    while waiting:
        item = waiting.pop()
        if type(item) is dict:
            count += len(item)
            item = item.values()
        elif type(item) is not list:
            continue
        waiting += [inner for inner in item if type(inner) in (dict, list)]
    return count


def _check_strictly(text: bytes) -> None:
    try:
        parsed = json.loads(text, object_pairs_hook=_reject_duplicate_keys)
    except RecursionError:
        raise UnreadableRequest("The JSON is nested too deeply.") from None
    waiting = [parsed]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str) and "\0" in item:
            raise UnreadableRequest("A text has a NUL character.")
        if isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif isinstance(item, list):
            waiting += item


def _reject_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        raise UnreadableRequest(f"The key “{repeated_name(pairs)[:64]}” is given twice.")
    return unique
