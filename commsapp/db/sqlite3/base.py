"""Django's backend for SQLite, with bounded waits."""

from __future__ import annotations

from typing import Any

from django.db.backends.sqlite3 import base

from commsapp.db.waits import bounded


class DatabaseWrapper(base.DatabaseWrapper):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(bounded)

    def shorten_lock_waits(self, seconds: float) -> None:
        """Nothing to do: a transaction waits for its lock at its start, and never again."""
