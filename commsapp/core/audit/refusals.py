"""Reasons for which an operation does nothing: refused, or not possible now."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from commsapp.db.errors import Reason, reason_of


class RefusalCode(StrEnum):
    """Codes of refusals, spelled as in the documentation of the API that names them first.

    An API that answers otherwise maps them; so far, each repeats the code as it is.
    """

    # Connect API and REST API
    MALFORMED_ID = "MALFORMED_ID"
    INVALID_CROSS_REFERENCE_KEY = "INVALID_CROSS_REFERENCE_KEY"
    ENTITY_IS_DELETED = "ENTITY_IS_DELETED"
    INVALID_STATUS = "INVALID_STATUS"
    FIELD_INTEGRITY_EXCEPTION = "FIELD_INTEGRITY_EXCEPTION"
    REQUIRED_FIELD_MISSING = "REQUIRED_FIELD_MISSING"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    DUPLICATE_VALUE = "DUPLICATE_VALUE"
    NUMBER_OUTSIDE_VALID_RANGE = "NUMBER_OUTSIDE_VALID_RANGE"
    CHANGED_MEANWHILE = "CHANGED_MEANWHILE"

    # Message API
    NOT_EMPTY = "NotEmpty"
    NOT_NULL = "NotNull"
    MAXIMUM_LENGTH = "MaximumLength"
    GREATER_THAN_OR_EQUAL_TO = "GreaterThanOrEqualTo"
    INVALID_GUID = "InvalidGuid"
    PREDICATE = "Predicate"
    NOT_FOUND = "NotFound"
    CONFLICT = "Conflict"
    DELETED = "Deleted"
    FORBIDDEN = "Forbidden"
    SERIALIZATION_EXCEPTION = "SerializationException"
    REQUEST_TOO_LARGE = "RequestTooLarge"
    SERVICE_UNAVAILABLE = "ServiceUnavailable"


@dataclass(frozen=True)
class Refusal:
    """Why something is refused: a code and a sentence. Each adapter adds the place itself."""

    code: RefusalCode
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
