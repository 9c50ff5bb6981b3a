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


def read_json(text: bytes) -> Any:
    """Return parsed JSON. Raises UnreadableRequest for what is no JSON, is too deep, repeats a key
    of an object, or has a NUL character.

    orjson is quick and strict, but for the last two. Written again, the value has as many colons
    as the text, unless a key was lost; an escaped one could hide that.
    """
    try:
        LIMITS.check(text)
        value = orjson.loads(text)
        count = orjson.dumps(value).count(b":")
    except TooComplex as error:
        raise UnreadableRequest(str(error)) from None
    except orjson.JSONDecodeError as error:
        raise UnreadableRequest(f"This is not JSON: {error}.") from None
    except orjson.JSONEncodeError:
        raise UnreadableRequest("The JSON is nested too deeply.") from None
    if count != text.count(b":") or _ESCAPED.search(text):
        _check_strictly(text)
    return value


_ESCAPED = re.compile(rb"\\u00(?:00|3a)", re.IGNORECASE)  # NUL, colon


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
