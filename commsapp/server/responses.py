"""Responses that are longer than what is held in memory."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable, Iterable
from typing import Any, cast

from django.http import StreamingHttpResponse

_IN_MEMORY = 1024 * 1024  # bytes of a response that its client has not taken yet; more is on disk
_PIECE = 64 * 1024


class WaitForBody(bytes):
    """An empty piece of a BodyDrivenResponse: nothing to do until more of the body has arrived,
    or until so many seconds have passed."""

    seconds: float

    def __new__(cls, seconds: float) -> WaitForBody:
        wait = super().__new__(cls)
        wait.seconds = seconds
        return wait


class BodyDrivenResponse(StreamingHttpResponse):
    """A response that is made while the request's body arrives.

    Its iterator does not wait for the body but yields WaitForBody, so that between two pieces it
    holds no thread. Each piece may be made by another thread: it keeps no database connection from
    one to the next. `on_close` is called once, also if no piece was ever made.
    """

    def __init__(
        self, pieces: Iterable[bytes], *, content_type: str, on_close: Callable[[], None]
    ) -> None:
        super().__init__(pieces, content_type=content_type)
        self._resource_closers.append(on_close)  # type: ignore[attr-defined]

    def make_bytes(self, value: Any) -> bytes:
        """Return a piece as it is: Django would make plain bytes of a WaitForBody."""
        return cast(bytes, value)


class Spool:
    """Pieces that one thread makes at its own pace and the event loop sends at the client's.

    So that a slow client holds no thread, and no transaction.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._file: Any = None  # while there is something to send
        self._lock = threading.Lock()
        self._written = self._sent = 0
        self._is_whole = self._is_given_up = False
        self._news = asyncio.Event()

    def write_all(self, pieces: Iterable[bytes]) -> None:
        """Take the pieces, in a thread, until the last or until nobody wants them."""
        try:
            for piece in pieces:
                with self._lock:
                    if self._is_given_up:
                        break
                    self._write(piece)
                self._notify()
        finally:
            self._is_whole = True
            self._notify()

    async def next_piece(self) -> bytes:
        """Return the next bytes; none at the end."""
        while self._sent == self._written and not self._is_whole:
            await self.wait()
        if self._sent == self._written:
            return b""
        with self._lock:
            self._file.seek(self._sent)
            piece: bytes = self._file.read(_PIECE)
        self._sent += len(piece)
        return piece

    async def wait(self) -> None:
        """Wait until a piece, or the end, has come."""
        await self._news.wait()
        self._news.clear()

    def close(self) -> None:
        """Drop what is left, and whatever else is written."""
        with self._lock:
            self._is_given_up = True
            if self._file is not None:
                self._file.close()

    def _write(self, piece: bytes) -> None:
        if self._file is None:
            self._file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
        self._file.seek(self._written)
        self._file.write(piece)
        self._written += len(piece)

    def _notify(self) -> None:
        self._loop.call_soon_threadsafe(self._news.set)
