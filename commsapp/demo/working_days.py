"""When the demo came about: over the last weeks, in office hours, and a little on weekends."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from random import Random

from django.apps import apps
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from commsapp.models import Licensee, Operation, Record

DAYS = 29  # before today: what the first page's chart shows
_OPENS = datetime.time(8, 5)
_SATURDAY = 5


class Clock:
    """Tells when what happens: each time later than before, on the day that it was set to."""

    def __init__(self, seed: str, *, begins: int = 0) -> None:
        """`begins`: on which of the working days."""
        self.random = Random(seed)  # noqa: S311  (minutes)
        today = timezone.localdate()
        every = [today - datetime.timedelta(days=ago) for ago in range(DAYS, 0, -1)]
        self.workdays = [day for day in every if day.weekday() < _SATURDAY][begins:]
        self.saturdays = [day for day in every if day.weekday() == _SATURDAY]
        self.set(self.workdays[0])

    def set(self, day: datetime.date) -> None:
        """Begin a day."""
        self.now = timezone.make_aware(datetime.datetime.combine(day, _OPENS))

    def tick(self) -> datetime.datetime:
        """Some minutes later."""
        self.now += datetime.timedelta(seconds=self.random.randrange(40, 900))
        return self.now

    def spread(self, count: int, *, since: float = 0, until: float = 1) -> Sequence[datetime.date]:
        """So many working days, evenly over a part of the weeks: 0 is their start, 1 their end."""
        last = len(self.workdays) - 1
        width = (until - since) / max(count - 1, 1)
        return [self.workdays[round(last * (since + width * place))] for place in range(count)]


def date_records(licensee: Licensee) -> None:
    """Let records be as old as their operations say: a statement for each kind of record."""
    operations = Operation.objects.filter(target_id=OuterRef("pk"), licensee=licensee)
    first, last = operations.order_by("id"), operations.order_by("-id")
    for model in apps.get_models():
        if issubclass(model, Record):
            model.objects.filter(licensee=licensee).update(
                created_at=Coalesce(Subquery(first.values("at")[:1]), F("created_at")),
                updated_at=Coalesce(Subquery(last.values("at")[:1]), F("updated_at")),
            )
