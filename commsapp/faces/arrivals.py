"""A request's body piece by piece, as it arrives: for streams, which cannot wait for its end.

gunicorn reads a body until it has as much as was asked for. So here we read what it has, and ask
the connection for what comes next, with gunicorn's own parser for the sizes of chunks.
"""

from __future__ import annotations

import select
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, UnreadablePostError
from gunicorn.http.body import ChunkedReader, LengthReader
from gunicorn.http.errors import ChunkMissingTerminator, NoMoreData, ParseException

from commsapp.faces.bodies import encoding_of, plain

MOMENT = 0.25  # seconds without anything new, after which those before are to be answered
SILENCE = 300.0  # seconds without anything, or without taking an answer, after which we hang up
_PIECE = 64 * 1024


def arrivals(request: HttpRequest) -> Iterator[bytes]:
    """The plain body as it arrives, and an empty piece wherever nothing came for a moment.

    Of any length: nothing is kept. Raises UnreadablePostError if it breaks off, BadEncoding if it
    is not what its Content-Encoding says.
    """
    environ: dict[str, Any] = request.META
    reader = getattr(environ["wsgi.input"], "reader", None)
    if "gunicorn.socket" in environ and isinstance(reader, ChunkedReader | LengthReader):
        environ["gunicorn.socket"].settimeout(SILENCE)
        return plain(
            _at_gunicorn(environ["wsgi.input"], environ["gunicorn.socket"]), encoding_of(request)
        )
    return iter(lambda: request.read(_PIECE), b"")  # a test's; all of it is there


def _at_gunicorn(body: Any, socket: Any) -> Iterator[bytes]:
    reader = body.reader
    body.failed = True  # whoever stops on the way does not know where the next request starts
    try:
        if isinstance(reader, ChunkedReader):
            yield from _chunks(reader, _Line(reader.req.unreader, socket))
        else:
            yield from _length(reader, _Line(reader.unreader, socket))
    except (OSError, ParseException) as error:  # broken off, silent, or chunks that are none
        raise UnreadablePostError(*error.args) from error
    body.failed = False


def _length(reader: Any, line: _Line) -> Iterator[bytes]:
    while reader.length:
        for piece in line.pieces(reader.length):
            reader.length -= len(piece)
            yield piece


def _chunks(reader: Any, line: _Line) -> Iterator[bytes]:
    while True:
        yield from line.pause()
        size, rest = reader.parse_chunk_size(line.unreader)
        if not size:
            break
        line.unreader.unread(rest)
        while size:
            for piece in line.pieces(size):
                size -= len(piece)
                yield piece
        if (end := line.unreader.read(2)) != b"\r\n":
            raise ChunkMissingTerminator(end)
    reader.parser = None  # the body is over


class _Line:
    """The connection, and what gunicorn has read of it already."""

    def __init__(self, unreader: Any, socket: Any) -> None:
        self.unreader, self._socket = unreader, socket
        self._poll = select.poll()
        self._poll.register(socket, select.POLLIN)

    def pieces(self, most: int) -> Iterator[bytes]:
        """A pause, if there is one, and what comes next: some bytes."""
        yield from self.pause()
        came = self.unreader.read(None, read_ahead=min(most, _PIECE))
        if not came:
            raise NoMoreData
        if len(came) > most:
            self.unreader.unread(came[most:])
        yield came[:most]

    def pause(self) -> Iterator[bytes]:
        """An empty piece, if nothing comes for a moment."""
        if not self._has_some() and not self._poll.poll(MOMENT * 1000):
            yield b""

    def _has_some(self) -> bool:
        return bool(self.unreader.buf.tell() or self._is_pending())

    def _is_pending(self) -> int:
        """Bytes that TLS has read from the socket and not handed out."""
        pending = getattr(self._socket, "pending", None)
        return pending() if pending else 0
