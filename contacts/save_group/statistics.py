"""How many saves of a data source had which outcome on a day. Contract 3.4.

Counted in memory and written in the background, like API use: nothing is written at a save.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from commsapp.core.audit import Refused
from commsapp.core.metering.counters import DailyCounts
from contacts.models import Outcome
from contacts.save_group.failures import Failures
from contacts.save_group.outcome import Saved
from contacts.save_group.request import SaveContactGroup

_counts = DailyCounts("contacts.SaveCount", key=("data_source", "day", "outcome"), number="count")


def count_outcomes(
    saves: Sequence[SaveContactGroup],
    answers: Sequence[Saved | Refused],
    failures: Failures,
    *,
    at: datetime,
) -> None:
    """Count what became of the saves, once it is committed."""
    counts = Counter(
        (save.suite_data_source_instance_id or "", answer.outcome.value)
        for save, answer in zip(saves, answers, strict=True)
        if isinstance(answer, Saved)
    )
    counts.update({(source, Outcome.FAILED.value): len(ones) for source, ones in failures.items()})
    day = at.date()

    def add() -> None:
        for (source, outcome), number in counts.items():
            _counts.add(UUID(source), day, outcome, number=number)

    transaction.on_commit(add)
