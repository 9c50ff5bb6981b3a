"""The body of a request: received by the event loop, read by the thread that answers.

A sender may be slow or fall silent. So a thread that waits for it always waits with a time limit,
and a stream does not wait in a thread at all: it takes what has arrived, and is called again when
there is more (`WaitForBody` in responses.py).
"""

from __future__ import annotations

import asyncio
import io
import time
from concurrent.futures import CancelledError
from typing import Any

from commsapp.server.asgi_types import Receive

READ_AHEAD = 64 * 1024  # bytes that are received before a thread is asked to answer
GRACE_SECONDS = 10.0  # that any body may take, or be silent for
MIN_RATE = 16 * 1024  # bytes a second, on the whole, that a body takes at least


class BodyTimeoutError(TimeoutError):
    """The body did not arrive in time. As an OSError it reads like a connection that broke off."""


class TooManyBodiesError(OSError):
    """The server reads as many large bodies as it can at once."""


class RequestBody(io.RawIOBase):
    """The body of a request while it arrives, as a raw stream in the sense of `io`."""

    def __init__(self, receive: Receive, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._receive, self._loop = receive, loop
        self._arrived = bytearray()
        self._received = 0  # bytes in all
        self._started = time.monotonic()
        self._is_whole = False
        self._error: OSError | None = None
        self._message: asyncio.Task[Any] | None = None  # the call of `receive` under way

    # --- In the event loop ------------------------------------------------------------------

    async def receive_ahead(self) -> None:
        """Receive the body, or as much of it as READ_AHEAD; or note that it came too slowly."""
        while not self._is_ended and len(self._arrived) < READ_AHEAD:
            if not await self.wait(self._seconds_left()):
                self.give_up(BodyTimeoutError())

    async def wait(self, seconds: float) -> bool:
        """Receive the next piece. Return whether there is news: one, or the body's end."""
        if self._is_ended:
            return True
        if self._message is None:
            self._message = asyncio.ensure_future(self._receive())
        await asyncio.wait([self._message], timeout=max(seconds, 0))
        if not self._message.done():
            return False
        message, self._message = self._message.result(), None
        if message["type"] == "http.disconnect":
            self._error = ConnectionResetError("The client has gone")
            return True
        piece = message.get("body", b"")
        self._arrived += piece
        self._received += len(piece)
        self._is_whole = not message.get("more_body", False)
        return True

    async def discard_rest(self, max_bytes: int) -> None:
        """Receive what is still being sent and drop it: up to `max_bytes`, for GRACE_SECONDS.

        A client that is still sending when the connection closes sees a broken pipe instead of
        the answer.
        """
        deadline, limit = time.monotonic() + GRACE_SECONDS, self._received + max_bytes
        while not self._is_ended and self._received < limit:
            self._arrived.clear()
            if not await self.wait(deadline - time.monotonic()):
                break

    def give_up(self, error: OSError) -> None:
        """Let whoever reads on get this error."""
        self._error = error

    def stop_waiting(self) -> None:
        """Give up a wait for more that nobody will look at."""
        if self._message is not None:
            self._message.cancel()

    @property
    def is_whole(self) -> bool:
        """Whether all of it has arrived."""
        return self._is_whole

    @property
    def is_lost(self) -> bool:
        """Whether the client has gone, or was too slow."""
        return self._error is not None

    @property
    def _is_ended(self) -> bool:
        return self._is_whole or self._error is not None

    def _seconds_left(self) -> float:
        """How long the next piece may take: of silence, and at the least rate."""
        allowed = GRACE_SECONDS + self._received / MIN_RATE
        return min(GRACE_SECONDS, self._started + allowed - time.monotonic())

    # --- In the thread that answers ---------------------------------------------------------

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        """Wait for some bytes. Raises BodyTimeoutError, or ConnectionResetError if it broke off."""
        while not self._arrived and not self._is_whole:
            if self._error is not None:
                raise self._error
            waiting = asyncio.run_coroutine_threadsafe(self.wait(self._seconds_left()), self._loop)
            try:
                if not waiting.result():
                    self._error = BodyTimeoutError()
            except CancelledError:  # by stop_waiting(): nobody waits for the answer
                self._error = ConnectionResetError("The client has gone")
        piece = self.take(len(buffer)) or b""
        buffer[: len(piece)] = piece
        return len(piece)

    def take(self, max_bytes: int) -> bytes | None:
        """Return what has arrived, without waiting: empty if nothing has, None at the end.

        Raises BodyTimeoutError, or ConnectionResetError if it broke off.
        """
        if self._arrived:
            piece = bytes(self._arrived[:max_bytes])
            del self._arrived[:max_bytes]
            return piece
        if self._error is not None:
            raise self._error
        return None if self._is_whole else b""
