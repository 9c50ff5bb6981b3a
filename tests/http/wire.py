"""One HTTP connection, kept open, for what a comfortable client hides: chunks, codings, bytes."""

from __future__ import annotations

import csv
import gzip
import http.client
import io
import json
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

LIMIT = 16 * 1024 * 1024  # bytes of a body, by default


@dataclass(frozen=True)
class Answer:
    """What came back, with the body as it was sent."""

    status: int
    headers: http.client.HTTPMessage
    content: bytes

    @property
    def plain(self) -> bytes:
        return gzip.decompress(self.content) if self["Content-Encoding"] else self.content

    def json(self) -> Any:
        return json.loads(self.plain)

    def __getitem__(self, header: str) -> str | None:
        return self.headers[header]


class Wire:
    """A connection to the installation; with a token, it signs in at every request."""

    def __init__(self, base_url: str, token: str = "") -> None:
        parts = urlsplit(base_url)
        assert parts.hostname
        self.address = (parts.hostname, parts.port)
        self.connection = http.client.HTTPConnection(*self.address, timeout=30)
        self.token = token

    def ask(
        self, method: str, path: str, body: bytes | Iterable[bytes] | None = None, **headers: str
    ) -> Answer:
        """One request; a body that is not one piece is sent in chunks.

        `_` in the name of a header stands for `-`.
        """
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        chunked = body is not None and not isinstance(body, bytes)
        self.connection.request(method, path, body, sent, encode_chunked=chunked)
        return self._answer()

    def announce(self, method: str, path: str, **headers: str) -> Answer:
        """The head of a request alone, as of one that waits to be told to go on."""
        self.connection.putrequest(method, path)
        self.connection.putheader("Authorization", f"Bearer {self.token}")
        for name, value in headers.items():
            self.connection.putheader(name.replace("_", "-"), value)
        self.connection.endheaders()
        return self._answer()

    def raw(self, request: bytes) -> bytes:
        """All that comes back for these bytes, on a connection of their own."""
        with socket.create_connection(self.address, timeout=30) as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    def close(self) -> None:
        self.connection.close()

    def _answer(self) -> Answer:
        with self.connection.getresponse() as response:
            return Answer(response.status, response.headers, response.read())


def is_in_shape(channel: str, answer: Answer) -> bool:
    """Whether an error is worded as the API words them (contract, before section 1)."""
    kind = (answer["Content-Type"] or "").partition(";")[0]
    if channel == "message":
        return kind in _MESSAGES and _is_message(_MESSAGES[kind](answer.plain))
    told = answer.json()
    if kind != "application/json":
        return False
    if channel == "connect":
        return isinstance(told, list) and all(
            {"errorCode", "message"} <= set(entry) <= {"errorCode", "message", "fields"}
            for entry in told
        )
    if channel == "oauth":
        return set(told) == {"error", "error_description"}
    return {"detail", "errors"} <= set(told) and all(
        {"code", "message"} <= set(entry) for entry in told["errors"]
    )


def _is_message(told: Any) -> bool:
    [(name, status)] = told.items()  # in camel case on /api/{Op}
    names = {key.lower() for key in status}
    return name.lower() == "responsestatus" and {"errorcode", "message", "errors"} <= names


def _from_xml(content: bytes) -> Any:
    root = ElementTree.fromstring(content)
    return {status.tag: {each.tag: each.text for each in status} for status in root}


def _from_csv(content: bytes) -> Any:
    [row] = csv.DictReader(io.StringIO(content.decode(), newline=""))
    return {name: json.loads(cell) for name, cell in row.items()}


_MESSAGES: dict[str, Callable[[bytes], Any]] = {
    "application/json": json.loads,
    "text/jsonl": json.loads,
    "application/xml": _from_xml,
    "text/csv": _from_csv,
}
