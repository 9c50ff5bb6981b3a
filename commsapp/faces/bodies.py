"""Request bodies on the machine faces: chunked or not, gzip, deflate or plain, and always bounded.

Django reads as many bytes as Content-Length says, so a chunked body looks empty to it, and a
compressed one looks compressed. `prepare()` puts a stream in the request's place that gives what
the client meant; nothing is read before a view asks.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import Any, Protocol

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError


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
    encoding = encoding_of(request)
    if encoding not in _WINDOWS:
        raise UnknownEncoding(encoding)
    source: Readable = request._stream
    is_chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    if is_chunked and environ.get("wsgi.input_terminated"):
        source = environ["wsgi.input"]  # ends where the body ends, without a Content-Length
    elif not _WINDOWS[encoding]:
        return
    body = BodyStream(plain(_pieces(source), encoding))
    request._stream = io.BufferedReader(body, _PIECE)
    request._read_started = False  # type: ignore[attr-defined]


def encoding_of(request: HttpRequest) -> str:
    """What the request says in Content-Encoding."""
    return request.headers.get("Content-Encoding", "").strip().lower()


def is_utf8(request: HttpRequest) -> bool:
    """Whether the body is text in UTF-8, as it is unless its Content-Type says otherwise."""
    charset = (request.content_params or {}).get("charset", "utf-8").strip("'\"").lower()
    return charset in ("utf-8", "utf8")


def read_body(request: HttpRequest) -> bytes:
    """The whole body. Raises BodyTooLarge, BadEncoding, or UnreadablePostError if it broke off.

    A form is asked for only after this: in parts, it would be taken in however large, and one that
    came in chunks, without a Content-Length, would be taken for empty.
    """
    if _announced(request) > settings.MAX_BODY_BYTES:
        raise BodyTooLarge
    body = request.body
    request.META["CONTENT_LENGTH"] = str(len(body))
    return body


def take_body(request: HttpRequest) -> bytes:
    """The whole body, as read_body() has it, for one who reads it once: the request keeps none."""
    body = read_body(request)
    request._body, request._stream = b"", io.BytesIO()
    return body


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


class BodyStream(io.RawIOBase):
    """A body's pieces as a file, up to the limit and not one byte further."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces, self._rest = pieces, b""
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        whole = self._rest or next(self._pieces, b"")
        piece, self._rest = whole[: len(buffer)], whole[len(buffer) :]
        self._given += len(piece)
        if self._given > settings.MAX_BODY_BYTES:
            raise BodyTooLarge
        buffer[: len(piece)] = piece
        return len(piece)


def _pieces(source: Readable) -> Iterator[bytes]:
    try:
        while piece := source.read(_PIECE):
            yield piece
    except OSError as error:  # broken off, or too slow
        raise UnreadablePostError(*error.args) from error


def plain(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """The pieces of a body, inflated if they are of such an encoding; none is empty, but for those
    that were. Raises BadEncoding."""
    window = _WINDOWS[encoding]
    return _inflated(pieces, window) if window else pieces


def _inflated(pieces: Iterator[bytes], window: int) -> Iterator[bytes]:
    inflater: Any = None
    for piece in pieces:
        if not piece:
            yield piece
            continue
        if inflater is None:
            bare = window == _ZLIB and piece[0] & 0x0F != 8
            inflater = zlib.decompressobj(-window if bare else window)
        yield from _from(inflater, piece)
        if inflater.eof:
            yield from _nothing_more(inflater.unused_data, pieces)
    if inflater and not inflater.eof:
        raise BadEncoding  # broke off inside


def _nothing_more(unused: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the empty pieces that follow the end. Raises BadEncoding for others: not one body."""
    if unused:
        raise BadEncoding
    for piece in pieces:
        if piece:
            raise BadEncoding
        yield piece


def _from(inflater: Any, packed: bytes) -> Iterator[bytes]:
    """All that can be had from these bytes, but never much at once."""
    while True:
        try:
            piece: bytes = inflater.decompress(packed, _PIECE)
        except zlib.error as error:
            raise BadEncoding from error
        if piece:
            yield piece
        packed = inflater.unconsumed_tail
        if not packed and len(piece) < _PIECE:
            return
