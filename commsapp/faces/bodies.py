"""Request bodies on the machine faces: chunked or not, gzip, deflate or plain, and always bounded.

Django reads as many bytes as Content-Length says, so a chunked body looks empty to it, and a
compressed one looks compressed. `prepare()` puts a stream in the request's place that gives what
the client meant; nothing is read before a view asks.
"""

from __future__ import annotations

import io
import time
import zlib
from contextlib import suppress
from typing import Any, Protocol

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError
from gunicorn.http.errors import ParseException


class BodyTooLarge(Exception):  # noqa: N818
    """The body, as sent or inflated, is over settings.MAX_BODY_BYTES."""


class BadEncoding(Exception):  # noqa: N818
    """The body is not what its Content-Encoding says."""


class UnknownEncoding(Exception):  # noqa: N818
    """A Content-Encoding that we do not read."""


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def prepare(request: HttpRequest) -> None:
    """Let the request's stream give the plain body, whatever way it comes in."""
    environ: dict[str, Any] = request.META
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if encoding not in _WINDOWS:
        raise UnknownEncoding(encoding)
    source: Readable = request._stream
    is_chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    if is_chunked and environ.get("wsgi.input_terminated"):
        source = environ["wsgi.input"]  # ends where the body ends, without a Content-Length
    elif not _WINDOWS[encoding]:
        return
    body = BodyStream(source, _WINDOWS[encoding])
    request._stream = io.BufferedReader(body, _PIECE)
    request._read_started = False  # type: ignore[attr-defined]


def read_body(request: HttpRequest) -> bytes:
    """The whole body. Raises BodyTooLarge, BadEncoding, or UnreadablePostError if it broke off."""
    if _announced(request) > settings.MAX_BODY_BYTES:
        raise BodyTooLarge
    return request.body


def discard_rest(request: HttpRequest) -> None:
    """Read on after an answer that did not need the body, so that its sender comes to see it.

    A client that is still sending when the connection closes gets a broken pipe for an answer. So
    we go on for a while, and for some times the limit; then it is closed all the same.
    """
    environ: dict[str, Any] = request.META
    if "gunicorn.socket" not in environ:
        return  # a test's request, which has all of its body in memory
    left, deadline = _MOST_DISCARDED * settings.MAX_BODY_BYTES, time.monotonic() + _DISCARD_SECONDS
    with suppress(OSError, ParseException):
        while left > 0 and (remaining := deadline - time.monotonic()) > 0:
            environ["gunicorn.socket"].settimeout(remaining)
            piece: bytes = environ["wsgi.input"].read(_PIECE)
            if not piece:
                break
            left -= len(piece)


def _announced(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


# What zlib wants to hear for each encoding; "deflate" is zlib's format by the RFC and a bare
# stream by habit, so it is told apart by its first byte.
_GZIP, _ZLIB = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS
_WINDOWS = {"": 0, "identity": 0, "gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}
_PIECE = 64 * 1024
_MOST_DISCARDED, _DISCARD_SECONDS = 4, 10  # times the limit


class BodyStream(io.RawIOBase):
    """A stream's plain bytes, inflated if need be, up to the limit and not one further."""

    def __init__(self, source: Readable, window: int) -> None:
        super().__init__()
        self._source, self._window = source, window
        self._inflater: Any = None
        self._given = 0
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        piece = self._piece(len(buffer))
        self._given += len(piece)
        if self._given > settings.MAX_BODY_BYTES:
            raise BodyTooLarge
        buffer[: len(piece)] = piece
        return len(piece)

    def _piece(self, size: int) -> bytes:
        if not self._window:
            return self._read(size)
        while not self._ended:
            waiting = self._inflater.unconsumed_tail if self._inflater else b""
            sent = waiting or self._read(_PIECE)
            if not sent:
                return self._end()
            if piece := self._inflate(sent, size):
                return piece
        return b""

    def _inflate(self, sent: bytes, size: int) -> bytes:
        if self._inflater is None:
            bare = self._window == _ZLIB and sent[0] & 0x0F != 8
            self._inflater = zlib.decompressobj(-self._window if bare else self._window)
        try:
            piece: bytes = self._inflater.decompress(sent, size)
        except zlib.error as error:
            raise BadEncoding from error
        if self._inflater.eof:
            self._ended = True
            if self._inflater.unused_data or self._read(1):
                raise BadEncoding  # something follows the end: not one body
        return piece

    def _end(self) -> bytes:
        self._ended = True
        if self._inflater is not None:
            raise BadEncoding  # broke off inside
        return b""

    def _read(self, size: int) -> bytes:
        try:
            return self._source.read(size)
        except (OSError, ParseException) as error:  # broken off, or chunks that are none
            raise UnreadablePostError(*error.args) from error
