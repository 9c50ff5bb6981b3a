"""Request bodies as clients send them, to a real server: in chunks, compressed, too large."""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from urllib.parse import urlencode

import pytest
import requests

from tests.http.wire import LIMIT, is_in_shape
from tests.served import CONNECT

JSON = {"Content_Type": "application/json"}
FORM = {"Content_Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def path(shared_demo):
    return f"{CONNECT}/recipient-group/{shared_demo['recipient_group']}/recipients"


@pytest.fixture
def add(shared_demo):
    """The body that adds two recipients, who are still to be added: a dry run."""
    body = {
        "recipientsAction": "Add",
        "recipientsList": shared_demo["recipients"][:2],
        "additionalParameters": {"dryRun": "true"},
    }
    return json.dumps(body).encode()


@pytest.fixture
def form(shared_demo):
    """The body that asks for a token."""
    return urlencode({"grant_type": "client_credentials", **shared_demo["client"]}).encode()


ADDED = "2 recipients would be added."


def in_pieces(body, size=7):
    return (body[start : start + size] for start in range(0, len(body), size))


def bare_deflate(body):
    return zlib.compress(body)[2:-4]


ENCODINGS = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("x-gzip", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "bare deflate": ("deflate", bare_deflate),
    "identity": ("identity", bytes),
}
encodings = pytest.mark.parametrize(("encoding", "pack"), ENCODINGS.values(), ids=ENCODINGS)


# --- In chunks and compressed -------------------------------------------------------------


def test_a_chunked_body_is_read_and_the_connection_goes_on(wire, path, add):
    for _ in range(2):
        answer = wire.ask("PATCH", path, in_pieces(add), **JSON)
        assert (answer.status, answer.json()["statusMessage"]) == (200, ADDED)


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
@encodings
def test_a_compressed_body_is_read(wire, path, add, encoding, pack, chunked):
    packed = pack(add)
    body = in_pieces(packed) if chunked else packed
    answer = wire.ask("PATCH", path, body, Content_Encoding=encoding, **JSON)
    assert (answer.status, answer.json()["statusMessage"]) == (200, ADDED)


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
@pytest.mark.parametrize(
    ("method", "path", "good"),
    [
        ("POST", "/json/reply/SaveContactGroup", "ResponseStatus"),
        ("POST", "/api/SaveContactGroup", "responseStatus"),
        ("POST", "/api/v1/contacts", "kind"),
    ],
)
def test_the_other_faces_read_it_too(wire, method, path, good, chunked):
    """That it was read is seen by the complaint, which is about what it says."""
    packed = gzip.compress(b'{"kind":"no kind"}')
    body = in_pieces(packed) if chunked else packed
    answer = wire.ask(method, path, body, Content_Encoding="gzip", **JSON)
    assert answer.status == 400
    assert good.lower() in answer.content.decode().lower()
    assert wire.ask("GET", "/services/data").status == 200


def test_a_token_is_asked_for_in_chunks_as_jsforce_does(wire, form):
    wire.token = ""
    for body, headers in (
        (in_pieces(form), {}),
        (gzip.compress(form), {"Content_Encoding": "gzip"}),
        (in_pieces(gzip.compress(form)), {"Content_Encoding": "gzip"}),
    ):
        answer = wire.ask("POST", "/services/oauth2/token", body, **FORM, **headers)
        assert answer.status == 200, answer.content
        token = answer.json()["access_token"]
        body = in_pieces(f"token={token}".encode())
        ended = wire.ask("POST", "/services/oauth2/revoke", body, **FORM)
        assert (ended.status, ended.json()) == (200, {})
        gone = wire.ask("GET", "/services/data/v64.0", Authorization=f"Bearer {token}")
        assert gone.status == 401


def in_parts(**fields):
    """A form as multipart/form-data, and its type."""
    form = requests.Request("POST", "http://x", files=[*fields.items()]).prepare()
    return form.body, {"Content_Type": form.headers["Content-Type"]}


def test_a_form_in_parts_may_come_in_chunks(wire, shared_demo):
    wire.token = ""
    secret = {name: (None, value) for name, value in shared_demo["client"].items()}
    body, headers = in_parts(grant_type=(None, "client_credentials"), **secret)
    for sent in (body, in_pieces(body)):
        assert wire.ask("POST", "/services/oauth2/token", sent, **headers).status == 200


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
@pytest.mark.parametrize(
    ("path", "channel"),
    [
        ("/services/oauth2/token", "oauth"),
        ("/services/oauth2/revoke", "oauth"),
        ("/auth/credentials", "message"),
    ],
)
def test_a_form_in_parts_is_bounded_like_any_body(wire, path, channel, chunked):
    body, headers = in_parts(token=("large.bin", b" " * LIMIT))
    answer = wire.ask("POST", path, in_pieces(body, 65536) if chunked else body, **headers)
    assert answer.status == 413
    assert is_in_shape(channel, answer)


def test_no_body_needs_neither_length_nor_type(wire, shared_demo):
    line = f"{CONNECT}/quote-line-item/{shared_demo['quote_line_item']}"
    head = f"PATCH {line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
    told = wire.raw(f"{head}Authorization: Bearer {wire.token}\r\n\r\n".encode())
    assert told.startswith(b"HTTP/1.1 200 ")
    assert b'"isSuccessful":true' in told
    again = wire.ask("PATCH", line, iter(()))
    assert again.json()["statusMessage"].startswith("0 lines created")


def test_who_waits_for_100_continue_is_told_to_go_on(wire, path, add):
    head = (
        f"PATCH {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        f"Authorization: Bearer {wire.token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(add)}\r\nExpect: 100-continue\r\n\r\n"
    )
    with socket.create_connection(wire.address, timeout=30) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(add)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


# --- What cannot be read ------------------------------------------------------------------

FACES = {
    "connect": ("PATCH", f"{CONNECT}/recipient-group/{'1' * 32}/recipients", JSON),
    "oauth": ("POST", "/services/oauth2/token", FORM),
    "rest": ("POST", "/api/v1/contacts", JSON),
    "message": ("POST", "/json/reply/SaveContactGroup", JSON),
}
channels = pytest.mark.parametrize("channel", FACES)
TOO_LARGE = {
    "connect": "REQUEST_TOO_LARGE",
    "oauth": "invalid_request",
    "rest": "detail",
    "message": "RequestTooLarge",
}


def refused(channel, answer, status):
    assert answer.status == status, answer.content[:500]
    assert is_in_shape(channel, answer), answer.content[:500]
    assert channel != "connect" or answer["Sforce-Limit-Info"]
    return answer.content.decode()


@channels
def test_an_announced_length_over_the_limit_is_413_before_a_byte_is_sent(wire, channel):
    method, path, headers = FACES[channel]
    answer = wire.announce(method, path, Content_Length=str(LIMIT + 1), **headers)
    assert TOO_LARGE[channel] in refused(channel, answer, 413)
    wire.connection.close()
    assert wire.ask("GET", "/services/data").status == 200


@channels
def test_who_sends_it_all_before_reading_gets_the_same_413(wire, channel):
    method, path, headers = FACES[channel]
    for _ in range(2):
        answer = wire.ask(method, path, b" " * (2 * LIMIT), **headers)
        assert TOO_LARGE[channel] in refused(channel, answer, 413)
    assert wire.ask("GET", "/services/data").status == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "token"),
    [
        ("PATCH", FACES["connect"][1], 401, "x"),
        ("PATCH", "/services/data/v64.0/nothing", 404, ""),
        ("PUT", FACES["connect"][1], 405, ""),
        ("POST", "/api/v1/contacts", 401, "x"),
        ("POST", "/json/reply/SaveContactGroup", 401, "x"),
    ],
)
def test_a_large_body_does_not_keep_an_answer_from_its_sender(wire, method, path, status, token):
    wire.token = token or wire.token
    assert wire.ask(method, path, b" " * LIMIT, **JSON).status == status
    assert wire.ask("GET", "/services/data").status == 200


@channels
def test_a_stream_over_the_limit_is_413(wire, channel):
    method, path, headers = FACES[channel]
    body = (b" " * 65536 for _ in range(LIMIT // 65536 + 1))
    assert TOO_LARGE[channel] in refused(channel, wire.ask(method, path, body, **headers), 413)
    assert wire.ask("GET", "/services/data").status == 200


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
@channels
def test_a_bomb_is_413(wire, channel, chunked):
    method, path, headers = FACES[channel]
    packed = gzip.compress(b" " * (LIMIT + 1))
    body = in_pieces(packed, 1000) if chunked else packed
    answer = wire.ask(method, path, body, Content_Encoding="gzip", **headers)
    assert TOO_LARGE[channel] in refused(channel, answer, 413)
    assert wire.ask("GET", "/services/data").status == 200


def test_a_body_of_exactly_the_limit_is_read(wire, path, add):
    for body in (add.ljust(LIMIT), gzip.compress(add.ljust(LIMIT))):
        encoding = "gzip" if len(body) < LIMIT else "identity"
        answer = wire.ask("PATCH", path, body, Content_Encoding=encoding, **JSON)
        assert answer.status == 200


@channels
def test_what_is_not_as_its_encoding_says_is_400(wire, channel):
    method, path, headers = FACES[channel]
    for packed in (b"nonsense", gzip.compress(b"{}")[:-4], gzip.compress(b"{}") + b"more"):
        for body in (packed, in_pieces(packed)):
            answer = wire.ask(method, path, body, Content_Encoding="gzip", **headers)
            refused(channel, answer, 400)
    assert wire.ask("GET", "/services/data").status == 200


@channels
def test_an_unknown_encoding_is_415(wire, channel):
    method, path, headers = FACES[channel]
    refused(channel, wire.ask(method, path, b"{}", Content_Encoding="br", **headers), 415)
    assert wire.ask("GET", "/services/data").status == 200


@channels
def test_body_that_breaks_off_is_400_and_the_end_of_the_connection(wire, channel):
    for broken in (b"5\r\n{", b"2\r\n{}"):
        answer = sent_in_chunks(wire, channel, broken)
        assert answer.startswith(b"HTTP/1.1 400 "), answer
        assert b"application/json" in answer, answer
        assert answer.count(b"HTTP/1.1") == 1, answer


@channels
def test_chunks_that_are_none_are_400_and_the_end_of_the_connection(wire, channel):
    for broken in (b"zz\r\n{}\r\n0\r\n\r\n", b"2\r\n{}xx0\r\n\r\n"):
        answer = sent_in_chunks(wire, channel, broken)  # by the server itself: it is no HTTP
        assert answer.startswith(b"HTTP/1.1 400 "), answer
        assert answer.count(b"HTTP/1.1") == 1, answer


def sent_in_chunks(wire, channel, chunks):
    """All that comes back for a request with these chunks."""
    method, path, headers = FACES[channel]
    kind = headers["Content_Type"]
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\n"
        f"Authorization: Bearer {wire.token}\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()
    return wire.raw(head + chunks)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PATCH", "/services/data/v64.0/nothing", 404),
        ("PUT", f"{CONNECT}/quote-line-item/{'1' * 32}", 405),
        ("POST", "/api/v1/nothing", 404),
        ("POST", "/api/Nothing", 405),
    ],
)
def test_a_body_that_nobody_reads_does_not_get_into_the_next_request(wire, method, path, status):
    body = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for sent in (body, in_pieces(body)):
        assert wire.ask(method, path, sent, **JSON).status == status
        assert wire.ask("GET", "/services/data").json()[0]["version"] == "64.0"
