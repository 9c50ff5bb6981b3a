"""Take connections from the pool, as Django's PostgreSQL backend does, but only what works.

A server that cannot be reached is not waited for: the first attempt of the pool to connect that
fails is known to all threads, and one of its own finds out when the server is back.
"""

from __future__ import annotations

import threading
from time import monotonic
from typing import Any

import psycopg
from django.conf import settings
from django.db.backends.postgresql import base
from psycopg_pool import PoolTimeout

from commsapp.db.availability import DatabaseAway, availability
from commsapp.db.waits import bounded, in_database


class PooledDatabaseWrapper(base.DatabaseWrapper):
    _in_use = 0  # connections of the pool, of all threads
    _lock = threading.Lock()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(bounded)

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection of the pool; wait for it up to LOCK_SECONDS."""
        if not self.pool:
            return super().get_new_connection(conn_params)
        in_database.enter()
        try:
            connection = self._from_pool(conn_params)
        finally:
            in_database.leave()
        self._count(1)
        return connection

    def _from_pool(self, conn_params: dict[str, Any]) -> Any:
        deadline = monotonic() + settings.LOCK_SECONDS
        while True:
            self._refuse_if_away()
            try:
                connection = super().get_new_connection(conn_params)
            except PoolTimeout:  # after a part of the time: perhaps the server is away by now
                if monotonic() >= deadline:
                    self._refuse_if_away()
                    raise
                continue
            if _is_usable(connection):
                return connection
            # It broke while it was idle, as by a restart of the server, and so did the others. The
            # pool's own check tries them one by one, and pauses longer after each.
            self.pool.putconn(connection)
            self.pool.drain()

    def _refuse_if_away(self) -> None:
        """A server with too many connections refuses new ones, but those in use come back."""
        if not availability.is_away or self._in_use:
            return
        if not self.pool.get_stats().get("pool_available"):
            raise DatabaseAway("The database cannot be reached.")

    def _close(self) -> None:
        if self.connection is not None and self.pool:
            self._count(-1)
        super()._close()  # type: ignore[misc]  # (its types leave it out)

    @staticmethod
    def _count(change: int) -> None:
        with PooledDatabaseWrapper._lock:
            PooledDatabaseWrapper._in_use += change

    def shorten_lock_waits(self, seconds: float) -> None:
        """From now on until the transaction ends."""
        with self.wrap_database_errors:
            self.connection.execute(f"SET LOCAL lock_timeout = {round(seconds * 1000)}")


def _is_usable(connection: psycopg.Connection[Any]) -> bool:
    try:
        connection.execute("")
    except psycopg.Error:
        return False
    return True
