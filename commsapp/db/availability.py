"""Know whether the PostgreSQL server can be reached, so that nobody waits for one that cannot.

The pool connects in the background; each attempt is noted here. From the first that fails until
one succeeds requests that would need a new connection are refused at once, while one thread of the
process tries, several times a second, whether the server is back.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import sleep
from typing import Any

import psycopg
from django.db import OperationalError

SECONDS_BETWEEN_TRIES = 0.25
log = logging.getLogger(__name__)


class DatabaseAway(OperationalError):  # noqa: N818
    """Nothing was asked of the database: it is known that it cannot be reached."""


class Availability:
    """Whether the server can be reached; safe for threads."""

    def __init__(self) -> None:
        self._is_there = threading.Event()
        self._is_there.set()
        self._lock = threading.Lock()

    @property
    def is_away(self) -> bool:
        return not self._is_there.is_set()

    def wait(self, seconds: float) -> None:
        """Wait until the server can be reached, but no longer."""
        self._is_there.wait(seconds)

    def note_failure(self, error: psycopg.Error, connect: Callable[[], Any]) -> None:
        """A connection could not be made; `connect` is tried until it can."""
        with self._lock:
            if self.is_away:
                return
            self._is_there.clear()
        log.error("The database cannot be reached: %s", error)
        threading.Thread(
            target=self._try_until_back, args=(connect,), name="database", daemon=True
        ).start()

    def note_success(self) -> None:
        with self._lock:
            if not self.is_away:
                return
            self._is_there.set()
        log.error("The database can be reached again.")

    def _try_until_back(self, connect: Callable[[], Any]) -> None:
        while self.is_away:
            sleep(SECONDS_BETWEEN_TRIES)
            try:
                connect().close()
            except psycopg.Error:
                continue
            self.note_success()


availability = Availability()


class Connection(psycopg.Connection[Any]):
    """A connection whose making is noted. The setting OPTIONS["pool"]["connection_class"]."""

    @classmethod
    def connect(cls, conninfo: str = "", **options: Any) -> Any:
        def again() -> Any:
            return psycopg.connect(conninfo, **{**options, "connect_timeout": 2})

        try:
            connection = super().connect(conninfo, **options)
        except psycopg.OperationalError as error:
            availability.note_failure(error, again)
            raise
        availability.note_success()
        return connection
