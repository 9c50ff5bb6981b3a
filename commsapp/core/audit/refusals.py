"""Reasons for which an operation does nothing: refused, or not possible now."""

from __future__ import annotations

from dataclasses import dataclass

from commsapp.db.errors import Reason, reason_of


@dataclass(frozen=True)
class Refusal:
    """Why something is refused: a code and a sentence. Each adapter adds the place itself."""

    code: str
    message: str
    field: str = ""
    index: int | None = None
    record_id: str = ""


class Refused(Exception):  # noqa: N818  (not an error: an answer)
    """Nothing was done, for all these reasons. An operation may raise it at any point."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__(refusals[0].message)
        self.refusals = refusals


class Busy(Exception):  # noqa: N818
    """A lock could not be taken in time. Nothing was changed; the same call may succeed later."""

    reason = Reason.BUSY


class TimedOut(Busy):
    """A statement took longer than a request's may. Nothing was changed."""

    reason = Reason.TIMED_OUT


def unavailable_reason(error: BaseException | None) -> Reason | None:
    """Return why the database cannot do now what an operation asked; None for any other error."""
    return error.reason if isinstance(error, Busy) else reason_of(error)
