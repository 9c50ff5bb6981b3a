"""The saves that were refused: the last of each data source, and why. Contract 3.4.

Kept by the save itself, in its transaction, through whatever API it came.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from commsapp.core.audit import Refused
from commsapp.db.bulk import increment, insert_values
from commsapp.db.ids import dashed, uuid7
from contacts.models import DataSource, SaveFailure
from contacts.save_group.request import MAX_TEXT_LENGTH, SaveContactGroup

MAX_FAULTS = 20  # of one save; nobody reads more, and a request may have thousands

Failure = tuple[SaveContactGroup, Refused]
Failures = dict[str, list[Failure]]  # by data source, 32 hex digits


def keep_failures(failures: Failures, *, at: datetime) -> None:
    """Keep the refused saves of each data source, the oldest making app.

    Two statements. They are numbered under their data source's lock, so that there are never more
    than SaveFailure.SLOTS, however many come at once; to be called last in a transaction.
    """
    if not failures:
        return
    last = increment(DataSource, "refusals", {source: len(of) for source, of in failures.items()})
    insert_values(
        SaveFailure,
        ("id", "data_source", "number", "slot", "key", "line", "faults", "fault_count"),
        (
            (uuid7(), source, number, number % SaveFailure.SLOTS, *_failure_row(*failure))
            for source, ones in failures.items()
            for number, failure in _numbered(ones, last[source])
        ),
        fixed={"at": at},
        unique=("data_source", "slot"),
        update=("number", "key", "line", "faults", "fault_count", "at"),
    )


def _numbered(failures: Sequence[Failure], last: int) -> list[tuple[int, Failure]]:
    """Each with its number; those that there is no room for are left out."""
    numbered = [*enumerate(failures, last - len(failures) + 1)]
    return numbered[-SaveFailure.SLOTS :]


def _failure_row(save: SaveContactGroup, refused: Refused) -> tuple[str, int, list[Any], int]:
    named = save.key or (dashed(save.object_id) if save.object_id else "")
    faults = [
        {
            "code": refusal.code,
            "field": refusal.field[:MAX_TEXT_LENGTH],
            "message": refusal.message[:MAX_TEXT_LENGTH],
        }
        for refusal in refused.refusals[:MAX_FAULTS]
    ]
    return named[:MAX_TEXT_LENGTH], save.line, faults, len(refused.refusals)
