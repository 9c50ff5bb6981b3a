"""Statistics of the first page: what needs attention, and recent operations by channel and day."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Case, Count, F, IntegerField, QuerySet, Value, When
from django.utils import timezone

from commsapp.core.actors import Actor
from commsapp.db.ids import first_id_at
from commsapp.models import Channel, Operation
from commsapp.staff.request import licensees_of
from contacts.models import SaveFailure
from groups.models import RecipientGroup
from quotes.models import Quote

DAYS = 30
_SETTLED_AFTER = datetime.timedelta(hours=1)  # by then whatever was under way is committed
_KEPT = (DAYS + 1) * 24 * 60 * 60  # seconds

# --- What needs attention -------------------------------------------------------------------


def in_review(by: Actor) -> QuerySet[Any]:
    """Quotes that wait for approval, the newest first."""
    waiting = Quote.objects.visible_to(by).filter(status=Quote.Status.IN_REVIEW)
    newest: QuerySet[Any] = waiting.select_related("customer").order_by("-id")
    return newest


def unexpected(by: Actor) -> QuerySet[Any]:
    """Recipient groups that have another number of members than was said."""
    active = RecipientGroup.objects.visible_to(by).filter(**RecipientGroup.ACTIVE)
    differing = active.exclude(expected_member_count=None).exclude(
        expected_member_count=F("member_count")
    )
    newest: QuerySet[Any] = differing.select_related("customer").order_by("-id")
    return newest


def failing_sources(by: Actor) -> list[dict[str, Any]]:
    """Data sources with saves that failed within a day: how many of those that are kept."""
    since = timezone.now() - datetime.timedelta(days=1)
    failures = SaveFailure.objects.filter(at__gte=since)
    if by.licensees is not None:
        failures = failures.filter(data_source__licensee__in=by.licensees)
    counted = failures.values("data_source", "data_source__name").annotate(count=Count("pk"))
    return [
        {
            "id": row["data_source"],
            "name": row["data_source__name"],
            "count": row["count"],
            "has_more": row["count"] >= SaveFailure.SLOTS,
        }
        for row in counted.order_by("-count", "data_source__name")
    ]


# --- Operations of thirty days --------------------------------------------------------------


@dataclass(frozen=True)
class Day:
    """How many operations there were on a day, by channel."""

    date: datetime.date
    by_face: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_face.values())

    @property
    def counts(self) -> list[int]:
        """In the order of the channels."""
        return [self.by_face.get(channel, 0) for channel in Channel.values]


def last_days(by: Actor) -> list[Day]:
    """Today and the days before it, in the reader's time zone.

    The past does not change: days that are over are counted once and kept. What is counted is a
    stretch of the index of each licensee's ids, which begin with their time.
    """
    today = timezone.localdate()
    dates = [today - datetime.timedelta(days=ago) for ago in range(DAYS - 1, -1, -1)]
    keys = {date: _key(by, date) for date in dates}
    known: dict[str, dict[str, int]] = cache.get_many(keys.values())
    missing = [date for date in dates if keys[date] not in known]
    counted = _counted(by, missing) if missing else {}
    over = timezone.now() - _SETTLED_AFTER
    settled = {keys[date]: counted[date] for date in missing if _midnight(date, 1) <= over}
    if settled:
        cache.set_many(settled, _KEPT)
    return [Day(date, known.get(keys[date], counted.get(date, {}))) for date in dates]


def _key(by: Actor, date: datetime.date) -> str:
    whose = "all" if by.licensees is None else ",".join(sorted(id.hex for id in by.licensees))
    zone = timezone.get_current_timezone_name()
    short = hashlib.sha256(f"{whose} {zone}".encode()).hexdigest()[:24]
    return f"operations.{short}.{date}"


def _counted(by: Actor, dates: Sequence[datetime.date]) -> dict[datetime.date, dict[str, int]]:
    """One statement: from the first of the days on."""
    ends = {date: first_id_at(_midnight(date, 1)) for date in dates}
    days = [When(id__lt=end, then=Value(place)) for place, end in enumerate(ends.values())]
    since = first_id_at(_midnight(dates[0]))
    rows = Operation.objects.filter(licensee__in=licensees_of(by), id__gte=since)
    told = (
        rows.order_by()
        .annotate(place=Case(*days, default=Value(len(days) - 1), output_field=IntegerField()))
        .values_list("place", "channel")
        .annotate(count=Count("id"))
    )
    counted: dict[datetime.date, dict[str, int]] = {date: {} for date in dates}
    for place, channel, count in told:
        counted[dates[place]][channel] = count
    return counted


def _midnight(date: datetime.date, later: int = 0) -> datetime.datetime:
    """When the day begins, or one so many days later."""
    day = date + datetime.timedelta(days=later)
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))


# --- Its chart ------------------------------------------------------------------------------

_WIDTH, _HEIGHT, _GAP = 20, 100, 4  # of a day's column, in the chart's own units


@dataclass(frozen=True)
class Bar:
    """A part of a column: one channel's, on the others'."""

    channel: str
    x: int
    y: str
    height: str
    width: int = _WIDTH - _GAP


@dataclass(frozen=True)
class Chart:
    days: Sequence[Day]
    bars: Sequence[Bar]
    width: int
    height: int
    most: int
    total: int
    channels: Sequence[tuple[str, str, int]]  # name, label, how many


def chart_of(days: Sequence[Day]) -> Chart:
    """Columns of thirty days, as tall as the busiest one allows."""
    most = max(day.total for day in days)
    totals: Counter[str] = Counter()
    for day in days:
        totals.update(day.by_face)
    bars = [bar for place, day in enumerate(days) for bar in _column(place, day, most)]
    return Chart(
        days=days,
        bars=bars,
        width=len(days) * _WIDTH,
        height=_HEIGHT,
        most=most,
        total=totals.total(),
        channels=[
            (channel.value, str(channel.label), totals[channel.value]) for channel in Channel
        ],
    )


def _column(place: int, day: Day, most: int) -> Iterable[Bar]:
    top = float(_HEIGHT)
    for channel, count in zip(Channel.values, day.counts, strict=True):
        if count:
            height = max(count / most * _HEIGHT, 0.75)  # even one is seen
            top -= height
            yield Bar(channel, place * _WIDTH + _GAP // 2, f"{max(top, 0):.2f}", f"{height:.2f}")
