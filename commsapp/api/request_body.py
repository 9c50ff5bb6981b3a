"""Request bodies on the machine channels: chunked or not, gzip, deflate or plain, and always
bounded.

Django reads as many bytes as Content-Length says, so a chunked body looks empty to it, and a
compressed one looks compressed. `prepare()` puts a stream in the request's place that gives what
the client meant; nothing is read before a view asks.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from typing import Any, NoReturn, Protocol

from django.http import HttpRequest, QueryDict, UnreadablePostError


class BodyTooLarge(Exception):  # noqa: N818
    """The body, as sent or inflated, is over the request's limit: see limit_body()."""


class BadEncoding(Exception):  # noqa: N818
    """The body is not what its Content-Encoding says."""


class UnknownEncoding(Exception):  # noqa: N818
    """A Content-Encoding that we do not read."""


class Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


def close_body(request: HttpRequest) -> None:
    """Let nothing be read before prepare(). Django's own error pages look for a CSRF token in a
    form, also where the address or the host is wrong, and nobody has set a limit."""
    request.__dict__["_body_stream"] = request._stream
    refuse_reading(request, UnreadablePostError("The body is not read here."))


def prepare(request: HttpRequest, limit: int) -> None:
    """Let the request's stream give the plain body, whatever way it comes in, up to so many bytes.
    Raises UnknownEncoding."""
    request._stream = request.__dict__.pop("_body_stream", request._stream)
    encoding = encoding_of(request)
    if encoding not in _WINDOWS:
        raise UnknownEncoding(encoding)
    limit_body(request, limit)
    if _is_chunked(request):
        source: Readable = request.META["wsgi.input"]  # ends where the body ends
    elif _WINDOWS[encoding]:
        source = request._stream
    else:
        return
    body = BodyStream(request, plain(_pieces(source), encoding))
    request._stream = io.BufferedReader(body, _PIECE)
    request._read_started = False  # type: ignore[attr-defined]


def limit_body(request: HttpRequest, limit: int) -> None:
    """Let reading the body raise BodyTooLarge beyond so many bytes; a length that is announced
    and over the limit does so before the first is read."""
    request.__dict__["_body_limit"] = limit
    if announced_length(request) > limit:
        refuse_reading(request, BodyTooLarge())


def refuse_reading(request: HttpRequest, error: Exception) -> None:
    """Let the error be raised when the body is asked for, and not before: the address, the
    credentials and the method are looked at first."""
    request._stream = io.BufferedReader(_Unreadable(error))


def announced_length(request: HttpRequest) -> int:
    """Return the Content-Length in bytes; 0 without one."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _is_chunked(request: HttpRequest) -> bool:
    """Whether the body comes in chunks, without a Content-Length."""
    environ: dict[str, Any] = request.META
    is_chunked = "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower()
    return is_chunked and bool(environ.get("wsgi.input_terminated"))


def encoding_of(request: HttpRequest) -> str:
    """What the request says in Content-Encoding."""
    return request.headers.get("Content-Encoding", "").strip().lower()


def read_body(request: HttpRequest) -> bytes:
    """The whole body. Raises BodyTooLarge, BadEncoding, or UnreadablePostError if it broke off.

    A form is asked for only after this: in parts, it would be taken in however large, and one that
    came in chunks, without a Content-Length, would be taken for empty.
    """
    body = request.body
    request.META["CONTENT_LENGTH"] = str(len(body))
    return body


def release_body(request: HttpRequest) -> None:
    """Let go of a large body whose request is answered.

    Requests and forms are parts of reference cycles: to the garbage collector dozens of them, each
    with its body, are few objects, and it comes late.
    """
    if len(request.__dict__.get("_body", b"")) < _LARGE:
        return
    request._body, request._stream = b"", io.BytesIO()
    if isinstance(form := request.__dict__.get("_post"), QueryDict):  # the forms' data, too
        form._mutable = True
        form.clear()


_LARGE = 1024 * 1024

# What zlib wants to hear for each encoding; "deflate" is zlib's format by the RFC and a bare
# stream by habit, so it is told apart by its first byte.
_GZIP, _ZLIB = 16 + zlib.MAX_WBITS, zlib.MAX_WBITS
_WINDOWS = {"": 0, "identity": 0, "gzip": _GZIP, "x-gzip": _GZIP, "deflate": _ZLIB}
_PIECE = 64 * 1024


class BodyStream(io.RawIOBase):
    """A body's pieces as a file, up to the request's limit and not one byte further."""

    def __init__(self, request: HttpRequest, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._request, self._pieces, self._rest = request, pieces, b""
        self._length = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        whole = self._rest or next(self._pieces, b"")
        piece, self._rest = whole[: len(buffer)], whole[len(buffer) :]
        self._length += len(piece)
        if self._length > self._request.__dict__["_body_limit"]:
            raise BodyTooLarge
        buffer[: len(piece)] = piece
        return len(piece)


class _Unreadable(io.RawIOBase):
    """A body that cannot be read, for a reason that is raised when it is."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> NoReturn:
        raise self._error


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
