"""JSON of whatever shape takes little to refuse, and what is of use is read."""

from __future__ import annotations

import io
import json
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from django.test import RequestFactory

from commsapp.api.message import parsers
from commsapp.core import strict_json

SIZE = 16 * 1024 * 1024
MIB = 1024 * 1024


def repeated(unit: bytes) -> bytes:
    """A list of as many as fit into the largest body."""
    count = SIZE // (len(unit) + 1) - 1
    return b"[" + unit + (b"," + unit) * (count - 1) + b"]"


HEAVY = {
    "lists": lambda: repeated(b"[]"),
    "objects": lambda: repeated(b"{}"),
    "objects with a name": lambda: repeated(b'{"a":1}'),
    "texts": lambda: repeated(b'""'),
    "texts of colons": lambda: repeated(b'":"'),
    "a text of colons": lambda: b'["' + b":" * (SIZE - 4) + b'"]',
    "escapes": lambda: repeated(rb'"\u0041"'),
    "decimals": lambda: repeated(b"1.5"),
    "numbers": lambda: repeated(b"1"),
    "depth": lambda: b"[" * SIZE,
    "depths": lambda: repeated(b"[" * 30 + b"]" * 30),
    "names": lambda: b"{" + b",".join(b'"%x":1' % n for n in range(1_300_000)) + b"}",
}
heavy = pytest.mark.parametrize("text", HEAVY.values(), ids=HEAVY)
readers = pytest.mark.parametrize(
    ("read", "error"),
    [(strict_json.read, strict_json.NotJSON), (parsers.read_json, parsers.UnreadableRequest)],
    ids=["strict", "message"],
)


def peak_of(read: Callable[[bytes], Any], text: bytes) -> int:
    """Bytes that are in use at most while a text is read, beside itself."""
    tracemalloc.start()
    try:
        read(text)
    except (strict_json.NotJSON, parsers.UnreadableRequest):
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak


@heavy
@readers
def test_text_of_too_many_parts_is_refused_before_any_is_made(read, error, text):
    text = text()
    with pytest.raises(error, match=r"^The body has more than [\d,]+ (objects and lists|items|names)\.$"):  # fmt: skip  # noqa: E501
        read(text)
    assert peak_of(read, text) < MIB


@pytest.mark.parametrize(
    ("read", "limits"),
    [(strict_json.read, strict_json.LIMITS), (parsers.read_json, parsers.LIMITS)],
    ids=["strict", "message"],
)
def test_text_of_just_as_many_parts_takes_less_than_200_mib(read, limits):
    containers, items = limits.containers - 1, limits.items
    values = b",".join([b"1.5"] * (items // containers))
    text = b"[" + b",".join([b'{"a":[%b]}' % values] * (containers // 2)) + b"]"
    assert limits.containers * 0.9 < text.count(b"{") + text.count(b"[") <= limits.containers
    assert peak_of(lambda text: len(read(text)), text) < 200 * MIB


@readers
@pytest.mark.parametrize(
    "text",
    [
        b'["' + b"x" * (SIZE - 4) + b'"]',
        b'["' + "😀".encode() + b"x" * (SIZE - 8) + b'"]',
        b'["' + rb"\u0041" * (SIZE // 6 - 4) + b'"]',
        b'["' + rb"\"" * (SIZE // 2 - 4) + b'"]',
        b"[" + b" " * (SIZE - 2) + b"]",
        b"[1." + b"1" * (SIZE - 5) + b"]",
        b"[0." + b"1" * (SIZE - 8) + b"e5]",
    ],
    ids=["text", "text beyond 16 bits", "escapes", "quotes", "blanks", "digits", "exponent"],
)
def test_large_text_of_one_value_takes_little_more_than_itself(read, error, text):
    reserved = 12 * SIZE if read is parsers.read_json else 0  # by orjson, and not touched
    assert peak_of(read, text) < reserved + 9 * SIZE


@pytest.mark.parametrize(
    "blank", [b"\n" * SIZE, b" " * SIZE, b"\n" * (SIZE // 2) + b"{}" + b"\n" * (SIZE // 2 - 2)]
)
def test_blank_lines_before_a_request_make_no_lines(blank):
    request = RequestFactory().post("/jsonl/reply/SaveContactGroup")

    def parse(text):
        context = {"request": request}
        return parsers.MessageJSONParser().parse(io.BytesIO(text), parser_context=context)

    assert parse(blank) == {}
    assert peak_of(parse, blank) < 2 * SIZE


@readers
def test_name_that_comes_twice_is_found_in_one_pass(read, error):
    """Counting each name by itself would compare 60,000 names with each other."""
    names = [f"{n:x}" for n in range(60_000)]
    text = "{" + ",".join(f'"{name}":1' for name in [*names, names[-1]]) + "}"
    with pytest.raises(error):
        read(text.encode())


@readers
def test_100000_ids_are_read(read, error):
    body = {"recipientsAction": "Add", "recipientsList": [f"{n:032x}" for n in range(100_000)]}
    assert read(json.dumps(body).encode()) == body


def test_batch_of_1000_saves_of_100_connections_is_read():
    connection = {"Index": 1, "ContactId": "1" * 32, "RoleId": "2" * 32}
    save = {"AlternateKey": "C", "ContactGroup": {"ContactConnections": [connection] * 100}}
    assert parsers.read_json(json.dumps([save] * 1000).encode()) == [save] * 1000


def test_configuration_of_1000_settings_is_read():
    body = {"configuration": {f"setting {n}": [n, {"unit": "GB"}] for n in range(1000)}}
    assert strict_json.read(json.dumps(body).encode()) == body
