"""Pages of a data source: what became of its saves."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from commsapp.staff.changelists import page_by_number
from commsapp.staff.request import actor_of, can_view
from contacts.models import ContactGroup, DataSource, Outcome

_LAST_SAVES, _FAILURES_SHOWN, _DAYS = 10, 20, 30


@dataclass(frozen=True)
class Day:
    """A day's saves by outcome, and its bar in a chart that is 100 high and 10 wide a day."""

    day: datetime.date
    counts: list[int]
    x: int
    height: int
    failed_height: int

    @property
    def total(self) -> int:
        return sum(self.counts)

    @property
    def top(self) -> int:
        return 100 - self.height

    @property
    def failed_top(self) -> int:
        return 100 - self.failed_height


def outcome_label(outcome: str) -> str:
    """Return what a person reads; a value of another version as it is."""
    return str(Outcome(outcome).label) if outcome in Outcome.values else outcome


def last_saves(request: HttpRequest, source: DataSource) -> dict[str, Any]:
    """The keys by which contact groups were saved last, each with what became of it."""
    saved = source.alternate_keys.exclude(last_saved_at=None).select_related("contact_group")
    keys = [*saved.order_by("-last_saved_at", "-pk")[:_LAST_SAVES]]
    sees_groups = can_view(actor_of(request), ContactGroup)
    return {"keys": [(key, outcome_label(key.last_outcome)) for key in keys], "links": sees_groups}


def outcomes_per_day(request: HttpRequest, source: DataSource) -> dict[str, Any]:
    """How many saves of the last 30 days (UTC) had which outcome, with a chart of it."""
    today = timezone.now().date()
    first = today - datetime.timedelta(days=_DAYS - 1)
    counts: dict[datetime.date, dict[str, int]] = {}
    for row in source.save_counts.filter(day__gte=first):
        counts.setdefault(row.day, {})[row.outcome] = row.count
    most = max((sum(day.values()) for day in counts.values()), default=0)
    days = [
        Day(
            day, [told.get(outcome, 0) for outcome in Outcome], 10 * (day - first).days,
            _share(sum(told.values()), most), _share(told.get(Outcome.FAILED, 0), most),
        )
        for day, told in sorted(counts.items(), reverse=True)
    ]  # fmt: skip
    return {"days": days, "outcomes": Outcome.labels, "width": 10 * _DAYS, "most": most}


def _share(count: int, most: int) -> int:
    """How high the bar is: what is there can be seen."""
    return -(-100 * count // most) if count else 0


def last_failures(request: HttpRequest, source: DataSource) -> dict[str, Any]:
    """Why saves were refused, the newest first: as many as are kept."""
    failures = source.save_failures.order_by("-number")
    return {"page": page_by_number(failures, request, _FAILURES_SHOWN)}
