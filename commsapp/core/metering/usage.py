"""Use of the APIs: requests by licensee and day, and the time of each client's last request."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from commsapp.core.actors import Actor
from commsapp.core.metering.counters import DailyCounts, LatestTimes

if TYPE_CHECKING:
    from commsapp.core.metering.shared_counter import SharedCount

_calls = DailyCounts("commsapp.ApiUse", key=("licensee", "day"), number="calls")
_clients = LatestTimes("commsapp.Client", "last_used_at")


@dataclass(frozen=True)
class Use:
    """A licensee's requests of the day, this one included, and whether it exceeds a limit."""

    calls: int = 0
    is_over_day: bool = False
    is_over_second: bool = False


def licensee_of(by: Actor) -> UUID | None:
    """Return the licensee whose allocation a request uses: the oldest of the actor's."""
    return min(by.licensees) if by.licensees else None


def count(by: Actor) -> Use:
    """Count a request. Nothing is counted for a superuser, whose licensee is not known."""
    licensee = licensee_of(by)
    if licensee is None:
        return Use()
    calls, in_second = _counted(licensee)
    limit = settings.API_REQUESTS_A_SECOND
    return Use(calls, calls > settings.DAILY_API_REQUESTS, bool(limit) and in_second > limit)


def calls_today(by: Actor) -> int:
    """Return the requests of the actor's licensee of the day, without counting another."""
    licensee = licensee_of(by)
    return 0 if licensee is None else _calls.total(licensee, timezone.now().date())


def _counted(licensee: UUID) -> tuple[int, int]:
    """Return the licensee's requests of the day and of the second, with this one."""
    today = timezone.now().date()
    if settings.REDIS_URL:
        before = _calls.total(licensee, today)
        counts = _shared(settings.REDIS_URL).count(licensee, today, at_least=before)
        if counts is not None:
            _calls.add(licensee, today)  # after it: `before` must not include this request
            return counts
    return _calls.count(licensee, today), _second.count(licensee)


@cache
def _shared(url: str) -> SharedCount:
    from commsapp.core.metering.shared_counter import SharedCount  # noqa: PLC0415  (0.1 s, for those who have Redis)

    return SharedCount(url)


def note(client_id: UUID) -> None:
    """Note the time of an API client's request."""
    _clients.note(client_id)


class _Second:
    """The requests of each licensee in this second, in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0
        self._counts: Counter[UUID] = Counter()

    def count(self, licensee: UUID) -> int:
        now = int(time.monotonic())
        with self._lock:
            if now != self._number:
                self._number = now
                self._counts.clear()
            self._counts[licensee] += 1
            return self._counts[licensee]


_second = _Second()
