"""The WSGI application, as an ASGI application whose requests wait for the network in no thread.

The event loop takes in heads and bodies and sends answers, however slow a client is; a pool of
threads makes the answers. A request gets a thread when its body is there (or the first 64 KiB of
it), and gives it back when the answer is made, not when it is sent.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from commsapp.server.asgi_types import Receive, Scope, Send
from commsapp.server.environ import SERVER, environ_of
from commsapp.server.large_bodies import LargeBodies
from commsapp.server.request_body import RequestBody
from commsapp.server.responses import BodyDrivenResponse, Spool, WaitForBody

WSGIApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

SEND_SECONDS = 30.0  # that a client may take for any piece of its answer
MIN_SEND_RATE = 16 * 1024  # bytes a second, of a large piece
STREAM_THREADS = 2  # that streams share, so that however many there are, others are answered
_TIMES_DISCARDED = 4  # the largest body, of a request that is answered unread
_STOP_CHECK_SECONDS = 1.0


class ThreadedApplication:
    """`application(scope, receive, send)` as ASGI 3 has it. Serves HTTP alone.

    A body that announces more than `max_body_bytes` is not waited for, since the application
    refuses it unread; `is_stream(path)` is whether a path's answers begin before the body has
    arrived.
    """

    def __init__(
        self,
        wsgi: WSGIApplication,
        *,
        threads: int,
        max_body_bytes: int,
        is_stream: Callable[[str], bool],
    ) -> None:
        self.is_stopping = False
        self._wsgi = wsgi
        self._max_body_bytes, self._is_stream = max_body_bytes, is_stream
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._stream_threads = ThreadPoolExecutor(STREAM_THREADS, thread_name_prefix="stream")
        self._large_bodies = LargeBodies(max(threads // 2, 1))

    def stop(self) -> None:
        """Say that the process is about to end, so that streams come to theirs."""
        self.is_stopping = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or one of the server's own calls."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = RequestBody(receive, asyncio.get_running_loop())
        environ = environ_of(scope, body)
        environ[SERVER] = self
        try:
            if self._is_stream(environ["PATH_INFO"]) or self._is_refused_unread(environ):
                await self._make_and_send(environ, body, send)
            else:
                await body.receive_ahead()
                async with self._large_bodies.place_for(body, environ):
                    await self._make_and_send(environ, body, send)
            await body.discard_rest(_TIMES_DISCARDED * self._max_body_bytes)
        finally:
            body.stop_waiting()

    def _is_refused_unread(self, environ: dict[str, Any]) -> bool:
        length = environ.get("CONTENT_LENGTH", "")
        return length.isdecimal() and int(length[:20]) > self._max_body_bytes

    async def _make_and_send(self, environ: dict[str, Any], body: RequestBody, send: Send) -> None:
        # Of this request alone, in all threads that make pieces of its answer. But the language
        # that Django activates stays with a thread: in others it is the default, LANGUAGE_CODE.
        context = contextvars.copy_context()
        exchange = _Exchange(self._wsgi, environ)
        making = self._threads.submit(context.run, exchange.make)
        try:
            made = await exchange.wait_for(making)
        except BaseException:
            exchange.spool.close()
            making.cancel()  # where no thread has begun with it
            making.add_done_callback(_close_unsent)
            raise
        if isinstance(made, bytes):
            await send(exchange.start)
            await _send_piece(send, made, is_last=True)
        elif made is None:
            await exchange.send_spooled(making, send)
        else:
            stream = _BodyDriven(self, made, self._stream_threads, context)
            await stream.send(exchange.start, body, send)


class _Exchange:
    """One request, and the WSGI application's answer to it."""

    def __init__(self, wsgi: WSGIApplication, environ: dict[str, Any]) -> None:
        self.start: dict[str, Any] = {}
        self.spool = Spool(asyncio.get_running_loop())
        self._wsgi, self._environ = wsgi, environ

    def make(self) -> bytes | BodyDrivenResponse | None:
        """Return, in a thread, the whole body of the answer, the response whose pieces are made
        as the body arrives, or None where they went into the spool."""
        response: Any = self._wsgi(self._environ, self._start_response)
        if isinstance(response, BodyDrivenResponse):
            return response
        try:
            if not getattr(response, "streaming", False):
                return b"".join(response)
            self.spool.write_all(response)
            return None
        finally:
            response.close()

    async def wait_for(self, making: Future[Any]) -> Any:
        """Wait for what make() returns, or for the first piece in the spool (None)."""
        made = asyncio.wrap_future(making)
        first_piece = asyncio.ensure_future(self.spool.wait())
        try:
            await asyncio.wait({made, first_piece}, return_when=asyncio.FIRST_COMPLETED)
            return await made if made.done() else None
        finally:
            first_piece.cancel()

    async def send_spooled(self, making: Future[Any], send: Send) -> None:
        """Send the pieces in the spool as the client takes them."""
        try:
            await send(self.start)
            while piece := await self.spool.next_piece():
                await _send_piece(send, piece)
        finally:
            self.spool.close()
        await asyncio.wrap_future(making)  # raises what ended it early: the answer is not whole
        await _send_piece(send, b"", is_last=True)

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None
    ) -> None:
        encoded = [(name.encode("latin-1"), text.encode("latin-1")) for name, text in headers]
        encoded.append((b"Server", b"commsapp"))
        self.start = {
            "type": "http.response.start",
            "status": int(status[:3]),
            "headers": encoded,
        }


class _BodyDriven:
    """An answer whose pieces are made as the request's body arrives, each by some thread."""

    def __init__(
        self,
        server: ThreadedApplication,
        response: BodyDrivenResponse,
        threads: ThreadPoolExecutor,
        context: contextvars.Context,
    ) -> None:
        self._server, self._response, self._threads = server, response, threads
        self._next = partial(context.run, next, iter(response), None)
        self._making: Future[bytes | None] | None = None

    async def send(self, start: dict[str, Any], body: RequestBody, send: Send) -> None:
        """Send the pieces as they are made, and close the response."""
        try:
            await send(start)
            while (piece := await self._piece()) is not None:
                if isinstance(piece, WaitForBody):
                    await self._wait_for(body, piece.seconds)
                else:
                    await _send_piece(send, piece)
        finally:
            if self._making is None:
                self._response.close()
            else:  # a thread may still be at it, and the iterator cannot be closed meanwhile
                self._making.add_done_callback(lambda made: self._response.close())
        await _send_piece(send, b"", is_last=True)

    async def _piece(self) -> bytes | None:
        self._making = self._threads.submit(self._next)
        return await asyncio.wrap_future(self._making)

    async def _wait_for(self, body: RequestBody, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not self._server.is_stopping and (left := deadline - loop.time()) > 0:
            if await body.wait(min(left, _STOP_CHECK_SECONDS)):
                break


def _close_unsent(making: Future[Any]) -> None:
    """Close a response that was made for a client who is gone."""
    if not making.cancelled() and making.exception() is None:
        made = making.result()
        if isinstance(made, BodyDrivenResponse):
            made.close()


async def _send_piece(send: Send, piece: bytes, *, is_last: bool = False) -> None:
    """Send a piece of an answer. Raises TimeoutError where the client does not take it."""
    async with asyncio.timeout(SEND_SECONDS + len(piece) / MIN_SEND_RATE):
        await send({"type": "http.response.body", "body": piece, "more_body": not is_last})
