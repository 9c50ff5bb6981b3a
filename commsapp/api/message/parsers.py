"""Strict JSON in bodies and lines (contract 3.1)."""

from __future__ import annotations

import json
import re
from typing import Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from commsapp.api.message.paths import read_path
from commsapp.core.json_size import Limits, TooComplex
from commsapp.core.strict_json import repeated_name

BOM = b"\xef\xbb\xbf"
LIMITS = Limits(containers=200_000, items=500_000, names=500_000)  # 1,000 saves of 100 connections


class UnreadableRequest(ParseError):  # noqa: N818
    """The body or a line is not JSON, or not of the required shape. The detail says where."""


class MessageJSONParser(BaseParser):
    """JSON, whatever Content-Type says. On the path of JSON Lines, one line of it."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the value that the body spells; an empty request if it is blank. Raises
        UnreadableRequest."""
        path = read_path(parser_context["request"].path_info)
        body = stream.read().removeprefix(BOM)
        if path.format == "jsonl":
            body = body.strip()
            if b"\n" in body:
                raise UnreadableRequest(
                    "There is more than one line. Send many to the operation's “[]”."
                )
        return read_json(body) if body.strip() else {}


def as_request(value: Any) -> dict[str, Any]:
    """Return the value, which has to be an object. Raises UnreadableRequest."""
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
