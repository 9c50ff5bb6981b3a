"""A limit for bodies that hold a thread while they arrive."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from commsapp.server.request_body import GRACE_SECONDS, RequestBody, TooManyBodiesError


class LargeBodies:
    """Places for requests whose bodies have not arrived when their threads begin to work.

    A quarter of the threads for each client, as its credentials identify it, and half for all of
    them: slow senders never hold all threads. A request without a place in time gets
    TooManyBodiesError when it reads on, but not if it is refused unread.
    """

    def __init__(self, places: int) -> None:
        self._places = asyncio.Semaphore(places)
        self._for_each = max(places // 2, 1)
        self._held: Counter[tuple[str, ...]] = Counter()  # or waited for

    @asynccontextmanager
    async def place_for(self, body: RequestBody, environ: dict[str, Any]) -> AsyncIterator[None]:
        """Hold a place while the request is answered, if its body has not arrived."""
        if body.is_whole or body.is_lost:
            yield
            return
        async with self._place(_client(environ)) as has_place:
            if not has_place:
                body.give_up(TooManyBodiesError())
            yield

    @asynccontextmanager
    async def _place(self, client: tuple[str, ...]) -> AsyncIterator[bool]:
        """Hold a place, and yield True; or False, if there is none for this client."""
        if self._held[client] >= self._for_each:
            yield False
            return
        self._held[client] += 1  # also while it waits: else those waiting might get them all
        is_acquired = False
        try:
            is_acquired = await self._acquire()
            yield is_acquired
        finally:
            self._held[client] -= 1
            self._held += Counter()  # drops those that hold none
            if is_acquired:
                self._places.release()

    async def _acquire(self) -> bool:
        try:
            async with asyncio.timeout(GRACE_SECONDS):
                return await self._places.acquire()
        except TimeoutError:
            return False


def _client(environ: dict[str, Any]) -> tuple[str, ...]:
    return tuple(environ.get(name, "") for name in _CREDENTIALS)


_CREDENTIALS = ("HTTP_AUTHORIZATION", "HTTP_X_SS_ID", "HTTP_COOKIE", "REMOTE_ADDR")
