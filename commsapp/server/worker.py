"""gunicorn's ASGI worker, with a time limit for heads and word of its end.

The one module that knows gunicorn's own names: ASGIWorker._shutdown, and of ASGIProtocol
connection_made, req_count and _current_request.
"""

from __future__ import annotations

import asyncio
from typing import Any

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

HEAD_SECONDS = 10.0  # that the first head of a connection may take
MAX_CONNECTIONS = 4_000  # of a worker; who comes then is sent away


class Protocol(ASGIProtocol):
    """A connection that is closed if its first head does not arrive; `keepalive` limits others."""

    def connection_made(self, transport: Any) -> None:
        """Accept a connection."""
        super().connection_made(transport)
        if self.worker.nr_conns > MAX_CONNECTIONS:
            transport.abort()
            return
        asyncio.get_running_loop().call_later(HEAD_SECONDS, self._close_without_head)

    def _close_without_head(self) -> None:
        if self.req_count <= 1 and self._current_request is None and self.transport is not None:
            self.transport.abort()


gasgi.ASGIProtocol = Protocol


class Worker(gasgi.ASGIWorker):
    """A worker that tells the application when it is about to end."""

    async def _shutdown(self) -> None:
        self.asgi.stop()
        await super()._shutdown()
