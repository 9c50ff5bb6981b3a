"""gunicorn's ASGI worker, which also limits heads in time, sends the head of an answer in pieces at
once, and when it ends says so and closes what is idle.

The one module that knows gunicorn's own names: ASGIWorker._shutdown, and those of ASGIProtocol
below. tests/http/test_slow_clients.py, test_stopping.py and message/test_streams_wire.py fail
where another version has others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any
from weakref import WeakSet

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

Headers = Iterable[tuple[bytes, bytes]]

HEAD_SECONDS = 10.0  # that the first head of a connection may take
MAX_CONNECTIONS = 4_000  # of a worker; who comes then is sent away


class Protocol(ASGIProtocol):
    """A connection that is closed if its first head does not arrive; `keepalive` limits others."""

    _answered: Any = None  # the request whose answer has begun
    _response_buffer: Any
    _is_half_closed = False  # whether the client sends nothing more

    def connection_made(self, transport: Any) -> None:
        """Accept a connection."""
        super().connection_made(transport)
        self.worker.connections.add(self)
        if self.worker.nr_conns > MAX_CONNECTIONS:
            transport.abort()
            return
        asyncio.get_running_loop().call_later(HEAD_SECONDS, self._close_without_head)

    def eof_received(self) -> bool | None:
        """Answer a client that says that it sends nothing more. Where its request is not whole it
        may have gone, which the first bytes of the answer will show."""
        body = self._body_receiver
        if body is None:
            return None  # nothing is asked: the connection is closed
        if not body._complete:
            body.signal_disconnect()
        self._is_half_closed = True
        return True

    def _arm_keepalive_timer(self) -> None:
        """Wait for the next request, unless there is none to come."""
        if self._is_half_closed:
            self._keepalive_timeout()
        else:
            super()._arm_keepalive_timer()

    def _send_response_start(
        self, status: int, headers: Headers, request: Any, close: bool = False
    ) -> None:
        """Send the head of an answer of unknown length now: its client may wait for that before it
        goes on. gunicorn would keep it until there is something to send with it."""
        super()._send_response_start(status, headers, request, close=close)
        self._answered = request
        if any(name.lower() == b"transfer-encoding" for name, _value in headers):
            self._safe_write(self._response_buffer)
            self._response_buffer = None

    def _send_error_response(self, *args: Any) -> None:
        """Send an error for what is no HTTP, but not into the middle of an answer."""
        if self._answered is None or self._answered is not self._current_request:
            super()._send_error_response(*args)

    def _close_transport(self) -> None:
        """Close the connection, also where its client has gone already: gunicorn then fails to say
        that nothing more follows, and would keep the file open for ever."""
        super()._close_transport()
        if self.transport is not None:
            self.transport.close()

    def close_if_idle(self) -> None:
        """Close the connection if it waits for its next request."""
        if self._awaiting_request and self.transport is not None:
            self.transport.close()

    def _close_without_head(self) -> None:
        if self.req_count <= 1 and self._current_request is None and self.transport is not None:
            self.transport.abort()


gasgi.ASGIProtocol = Protocol


class Worker(gasgi.ASGIWorker):
    """A worker that tells the application when it is about to end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connections: WeakSet[Protocol] = WeakSet()

    async def _shutdown(self) -> None:
        self.asgi.stop()
        for connection in [*self.connections]:
            connection.close_if_idle()
        await super()._shutdown()
