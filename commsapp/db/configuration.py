"""DATABASES of the settings: engine and options of SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

from commsapp.db.availability import Connection


def configure(database: dict[str, Any], *, lock_seconds: float, pool_size: int) -> dict[str, Any]:
    """Return a database of Django's settings with our engine and options.

    `database` is what DATABASE_URL says.
    """
    if database["ENGINE"].endswith("sqlite3"):
        return {
            **database,
            "ENGINE": "commsapp.db.sqlite3",
            # Opening the file anew for each request would cost more than most of them do.
            "CONN_MAX_AGE": None,
            # IMMEDIATE: a transaction takes the write lock at its start, so that it never reads
            # what another is about to change, and never fails half-way for want of the lock.
            # The pages in cache are each thread's own: of more the system keeps one copy.
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": lock_seconds,
                "init_command": "PRAGMA journal_mode = WAL; PRAGMA cache_size = -1024;",
            },
        }
    pool = {
        "min_size": 1,
        "max_size": pool_size,
        "timeout": min(0.5, lock_seconds),  # and again, up to lock_seconds
        "connection_class": Connection,
        "reconnect_timeout": 1,  # then a request tries: else it waits ever longer
    }
    # Compiling a plan takes longer than running it: ours are short, whatever PostgreSQL guesses of
    # tables that it has not looked at yet.
    options = f"-c lock_timeout={round(lock_seconds * 1000)}ms -c jit=off"
    return {
        **database,
        "ENGINE": "commsapp.db.postgresql",
        "OPTIONS": {**database.get("OPTIONS", {}), "pool": pool, "options": options},
    }
