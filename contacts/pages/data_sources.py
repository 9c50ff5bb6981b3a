"""Pages of a data source: what became of its saves."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commsapp.staff.changelists import page_by_number
from commsapp.staff.request import actor_of, can_view
from contacts.models import ContactGroup, DataSource

_LAST_SAVES, _FAILURES_SHOWN, _DAYS = 10, 20, 30

OUTCOMES = {
    "Created": _("Created"),
    "Updated": _("Updated"),
    "Unchanged": _("Unchanged"),
    "Archived": _("Archived"),
    "Restored": _("Restored"),
    "Deleted": _("Deleted"),
    "Failed": _("Failed"),
}


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


def last_saves(request: HttpRequest, source: DataSource) -> dict[str, Any]:
    """The keys by which contact groups were saved last, each with what became of it."""
    saved = source.alternate_keys.exclude(last_saved_at=None).select_related("contact_group")
    keys = [*saved.order_by("-last_saved_at", "-pk")[:_LAST_SAVES]]
    sees_groups = can_view(actor_of(request), ContactGroup)
    return {"keys": [(key, OUTCOMES.get(key.last_outcome)) for key in keys], "links": sees_groups}


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
            day, [told.get(outcome, 0) for outcome in OUTCOMES], 10 * (day - first).days,
            _share(sum(told.values()), most), _share(told.get("Failed", 0), most),
        )
        for day, told in sorted(counts.items(), reverse=True)
    ]  # fmt: skip
    return {"days": days, "outcomes": OUTCOMES.values(), "width": 10 * _DAYS, "most": most}


def _share(count: int, most: int) -> int:
    """How high the bar is: what is there can be seen."""
    return -(-100 * count // most) if count else 0


def last_failures(request: HttpRequest, source: DataSource) -> dict[str, Any]:
    """Why saves were refused, the newest first: as many as are kept."""
    failures = source.save_failures.order_by("-number")
    return {"page": page_by_number(failures, request, _FAILURES_SHOWN)}
