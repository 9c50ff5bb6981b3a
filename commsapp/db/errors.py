"""Tell from a database's error why it cannot do its work now, if that is what the error means."""

from __future__ import annotations

from enum import StrEnum

from django.db import DatabaseError, InterfaceError, OperationalError
from django.utils.translation import gettext as _
from psycopg_pool import PoolTimeout

from commsapp.db.availability import DatabaseAway
from commsapp.db.commits import OutcomeUnknown, PartlySaved
from commsapp.db.waits import TooManyWaiting


class Reason(StrEnum):
    AWAY = "away"
    FULL = "full"
    READ_ONLY = "read only"
    BUSY = "busy"
    TIMED_OUT = "timed out"


# By SQLSTATE, or the first two digits of it, which are a class of them.
_BY_STATE = {
    "08": Reason.AWAY,  # connection exceptions
    "25006": Reason.READ_ONLY,
    "25P03": Reason.AWAY,  # ended while it was idle in a transaction
    "25P04": Reason.BUSY,  # transaction_timeout
    "40": Reason.BUSY,  # deadlock, serialization failure
    "53": Reason.BUSY,  # out of memory, too many connections
    "53100": Reason.FULL,
    "55P03": Reason.BUSY,  # lock not available
    "57": Reason.AWAY,  # shut down, crashed, starting
    "57014": Reason.TIMED_OUT,  # cancelled: see commsapp/db/statement_timeout.py
    "58": Reason.AWAY,  # errors of its system
}
# By the name of SQLite's error, without what makes it more precise (SQLITE_IOERR_READ). Not among
# them is SQLITE_ERROR: a mistake in the statement, as in any other database.
_BY_NAME = {
    "BUSY": Reason.BUSY,
    "LOCKED": Reason.BUSY,
    "INTERRUPT": Reason.BUSY,
    "NOMEM": Reason.BUSY,
    "PROTOCOL": Reason.BUSY,
    "FULL": Reason.FULL,
    "READONLY": Reason.READ_ONLY,
    "PERM": Reason.READ_ONLY,
    "CANTOPEN": Reason.AWAY,
    "IOERR": Reason.AWAY,
}


def reason_of(error: BaseException | None) -> Reason | None:
    """Why the database cannot do its work; None for any other error, which is a fault of ours."""
    if isinstance(error, TooManyWaiting):
        return Reason.BUSY
    if isinstance(error, DatabaseAway | InterfaceError):
        return Reason.AWAY
    if not isinstance(error, DatabaseError):
        return None
    cause = error.__cause__
    if isinstance(cause, PoolTimeout):
        return Reason.BUSY
    if name := getattr(cause, "sqlite_errorname", None):
        return _BY_NAME.get(name.split("_")[1])
    if state := getattr(cause, "sqlstate", None):
        return _BY_STATE.get(state, _BY_STATE.get(state[:2]))
    # A connection that breaks, or cannot be made, has no SQLSTATE.
    return Reason.AWAY if isinstance(error, OperationalError) else None


def message_of(reason: Reason) -> str:
    """Return the reason in one sentence."""
    return {
        Reason.AWAY: _("The database cannot be reached at the moment."),
        Reason.FULL: _("The disk of the database is full."),
        Reason.READ_ONLY: _("The database can only be read at the moment."),
        Reason.BUSY: _("The server is busy."),
        Reason.TIMED_OUT: _("This took too long."),
    }[reason]


def refusal_of(reason: Reason) -> str:
    """Return the answer of an API to a change that was rolled back."""
    return f"{message_of(reason)} Nothing was changed. Try again shortly."


def is_partly_saved(error: BaseException) -> bool:
    """Return whether a request that failed with the error has saved a change, given that either
    its outcome is unknown or it has committed one."""
    return isinstance(error, PartlySaved) or not isinstance(error, OutcomeUnknown)


def uncertainty_of(error: BaseException) -> str:
    """Return what is known of such a request's change, as an API says it."""
    if is_partly_saved(error):
        return "The change was saved, at least in part, before the database failed."
    return (
        "The connection to the database was lost, and it is not known whether the change was saved."
    )
