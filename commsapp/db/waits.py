"""Bound how many threads of a worker wait for the database, so that the others go on answering.

A thread that waits for a lock, or for a connection, is held for up to LOCK_SECONDS. Without a
bound, a handful of requests for one locked record would hold all threads of a worker, and with them
the requests that need no lock and those that need no database.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from django.conf import settings
from django.db import OperationalError

PATIENCE = min(0.5, settings.LOCK_SECONDS)  # seconds without any progress, before one is refused
RESERVED = min(4, settings.WEB_THREADS // 4)  # threads of a worker that never wait for long
MAX_IN_DATABASE = max(2, settings.WEB_THREADS - RESERVED)  # one of them may be that of counts
MAX_LOCK_WAITS = max(2, MAX_IN_DATABASE - RESERVED)
MAX_WAITS_FOR_ONE_LOCK = max(2, settings.WEB_THREADS // 4)


class TooManyWaiting(OperationalError):  # noqa: N818
    """Nothing was asked of the database: too many threads wait for it already."""


class TooManyWaitForLocks(TooManyWaiting):
    """As many threads as may wait for this record's lock already, or for any."""


class Waits:
    """The threads that wait, or may have to; safe for threads.

    While there are `limit` of them, the next waits until one leaves. It is refused once each of
    those has been there for PATIENCE: then nothing moves, and to wait on would only hold one more
    thread. Ordinary queues, however long, move all the time.
    """

    def __init__(
        self, limit: int, limit_of_key: int = 0, error: type[TooManyWaiting] = TooManyWaiting
    ) -> None:
        self._limit, self._limit_of_key, self._error = limit, limit_of_key, error
        self._since: dict[int, tuple[float, str]] = {}  # by thread: since when, and the key
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._queued = 0

    @property
    def is_full(self) -> bool:
        return len(self._since) >= self._limit

    def enter(self, key: str = "", *, always: bool = False) -> None:
        """Join them; `always`, also where there is no room. Raises TooManyWaiting."""
        with self._lock:
            if not always and (self.is_full or key):
                self._wait_for_room(key)
            self._since[threading.get_ident()] = monotonic(), key

    def leave(self) -> None:
        with self._lock:
            del self._since[threading.get_ident()]
            if self._queued:
                self._changed.notify_all()

    def _wait_for_room(self, key: str) -> None:
        deadline = monotonic() + settings.LOCK_SECONDS
        while blocking := self._blocking(key):
            patience = min(max(blocking) + PATIENCE, deadline) - monotonic()
            if patience <= 0:
                raise self._error(f"{len(blocking)} threads are waiting already")
            self._queued += 1
            self._changed.wait(patience)
            self._queued -= 1

    def _blocking(self, key: str) -> Sequence[float]:
        """Since when those are waiting that leave no room for one more; none if there is room."""
        same = [since for since, other in self._since.values() if key and other == key]
        if key and len(same) >= self._limit_of_key:
            return sorted(same)[: self._limit_of_key]
        every = sorted(since for since, _key in self._since.values())
        return every[: self._limit] if len(every) >= self._limit else ()


# Threads that are in a statement, or wait for a connection; and those in statements that lock.
in_database = Waits(MAX_IN_DATABASE)
for_locks = Waits(MAX_LOCK_WAITS, MAX_WAITS_FOR_ONE_LOCK, TooManyWaitForLocks)


def bounded(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Wrapper of every statement (Django's "database instrumentation").

    A transaction under way is never refused for want of room: others may be waiting for its own
    locks. But where there is none, it may not wait for another's lock for longer than PATIENCE.
    """
    connection = context["connection"]
    is_in_transaction = connection.in_atomic_block
    is_write = _is_write_of_its_own(sql, connection)
    is_lock = is_write or _is_lock(sql)
    if is_lock:
        for_locks.enter(f"{sql}{params}" if params and not is_write else "")
    try:
        if is_in_transaction and in_database.is_full:
            connection.shorten_lock_waits(PATIENCE)
        in_database.enter(always=is_in_transaction)
        try:
            return execute(sql, params, many, context)
        finally:
            in_database.leave()
    finally:
        if is_lock:
            for_locks.leave()


def _is_write_of_its_own(sql: Any, connection: Any) -> bool:
    """Whether it is a write outside a transaction on SQLite, which waits for the one right to
    write: of a session, a token, a counter."""
    return (
        connection.vendor == "sqlite"
        and not connection.in_atomic_block
        and isinstance(sql, str)
        and sql.startswith(("INSERT", "UPDATE", "DELETE", "REPLACE"))
    )


def _is_lock(sql: Any) -> bool:
    """Whether it does nothing but wait for a lock: on SQLite, for the one right to write."""
    if not isinstance(sql, str):  # composed by psycopg, as by Django's migrations
        return False
    return sql == "BEGIN IMMEDIATE" or " FOR NO KEY UPDATE" in sql[-300:]
