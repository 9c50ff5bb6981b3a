"""Tell whether a transaction was committed, also where the answer to its COMMIT was lost, and
whether a request has committed a change before it failed."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import Model


class OutcomeUnknown(OperationalError):  # noqa: N818
    """A connection was lost while a change was being saved, and it is not known whether it was."""


class PartlySaved(OutcomeUnknown):
    """A change was committed, and what was to follow failed: a second transaction, or a read."""


_commits: ContextVar[int] = ContextVar("commits", default=0)


def start_request() -> None:
    """Say that nothing is committed yet of the request that begins here."""
    _commits.set(0)


def count_commits() -> int:
    """Return how many changes were committed since the current request began. Compared before and
    after a call, it tells whether the call has committed anything."""
    return _commits.get()


def has_committed() -> bool:
    """Return whether the current request has committed a change: then one that fails cannot be
    answered by "Nothing was changed"."""
    return count_commits() > 0


class CommitMarker:
    """A row that a transaction has inserted: it is there exactly if the transaction was committed.

    A marker is kept among the connection's on_commit callbacks, so that Django forgets it with a
    savepoint or a transaction that is rolled back.
    """

    def __init__(self, new_row: Callable[[], Model]) -> None:
        """`new_row` returns an unsaved row with the primary key of the inserted one."""
        self._new_row = new_row

    def __call__(self) -> None:
        """Count the commit, after it."""
        _commits.set(count_commits() + 1)

    def is_committed(self) -> bool:
        """Return whether the row is there. To be asked on another connection.

        The server may still be at work on the lost transaction, whose rows nobody else sees. To
        insert the row again waits for its end: the insert fails if the row is there by then.
        """
        try:
            with transaction.atomic():
                self._new_row().save(force_insert=True)
                transaction.set_rollback(True)
        except IntegrityError:
            return True
        return False


def mark_transaction(new_row: Callable[[], Model]) -> None:
    """Remember a row that the current transaction has inserted; see CommitMarker."""
    transaction.on_commit(CommitMarker(new_row))
