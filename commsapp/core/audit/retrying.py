"""The decorator of operations, which retries what lost a race for the database."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import DatabaseError, InterfaceError, connection

from commsapp.core.audit.refusals import Busy, TimedOut
from commsapp.db.commits import OutcomeUnknown, PartlySaved, count_commits
from commsapp.db.errors import Reason, reason_of
from commsapp.db.waits import TooManyWaitForLocks

log = logging.getLogger(__name__)
P = ParamSpec("P")
T = TypeVar("T")

_DEADLOCK, _SERIALIZATION, _NO_LOCK = "40P01", "40001", "55P03"
_WAITS = (0.01, 0.05, 0.25)  # seconds before each further try


Errors = type[DatabaseError] | tuple[type[DatabaseError], ...]


def operation(*, again_on: Errors = ()) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorator of every operation: retry a few times after a deadlock or a lost race.

    `again_on` names further errors that mean "another was quicker", as a unique constraint's does.
    Inside an outer transaction nothing is retried: only that one could be. Raises Busy where a
    lock could not be taken in time, or every race was lost; TimedOut for a statement that
    took too long. Both mean that the operation has changed nothing: where a transaction of it was
    committed before, nothing is retried either, and PartlySaved is raised.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def attempt(*args: P.args, **kwargs: P.kwargs) -> T:
            waits, commits = iter(_WAITS), count_commits()
            while True:
                try:
                    return function(*args, **kwargs)
                except (Busy, DatabaseError, InterfaceError) as error:
                    if count_commits() > commits and not isinstance(error, OutcomeUnknown):
                        raise PartlySaved(*error.args) from error
                    _raise_unless_lost_race(error, again_on)
                    wait = next(waits, None)
                    if wait is None:
                        log.warning("%s lost every race", function.__qualname__, exc_info=error)
                        raise Busy from error
                time.sleep(wait)

        return attempt

    return decorate


def _raise_unless_lost_race(error: Exception, again_on: Errors) -> None:
    """Return if to try again may help; else raise the error, as Busy if it means that."""
    if not isinstance(error, DatabaseError):
        raise error
    if reason_of(error) is Reason.TIMED_OUT:
        raise TimedOut from error
    if _is_busy(error):
        raise Busy from error
    if connection.in_atomic_block or not _is_lost_race(error, again_on):
        raise error


def _is_busy(error: DatabaseError) -> bool:
    if isinstance(error, TooManyWaitForLocks):
        return True
    code = getattr(error.__cause__, "sqlite_errorname", "") or _sqlstate(error)
    return code in ("SQLITE_BUSY", "SQLITE_LOCKED", _NO_LOCK)


def _is_lost_race(error: DatabaseError, again_on: Errors) -> bool:
    return isinstance(error, again_on) or _sqlstate(error) in (_DEADLOCK, _SERIALIZATION)


def _sqlstate(error: DatabaseError) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)
