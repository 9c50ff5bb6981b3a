"""Counts that may lag: kept in memory, and added to one row a day at most every few seconds.

A row written at every request would cost each of them a commit, and make all of one licensee's
wait for each other (contract 1, Limits).
"""

from __future__ import annotations

import datetime
import logging
import threading
import time
from dataclasses import dataclass, field
from uuid import UUID

from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone

from commsapp.access import Actor
from commsapp.ids import uuid7
from commsapp.models import ApiUse, Client

FLUSH_SECONDS = 5
log = logging.getLogger(__name__)


@dataclass
class _Tally:
    """What one worker knows of one licensee's day."""

    day: datetime.date
    total: int = 0  # of all workers, as of the last flush
    pending: int = 0  # ours since
    flushed_at: float = -FLUSH_SECONDS
    clients: set[UUID] = field(default_factory=set)  # used since the last flush
    second: int = 0  # the one that in_second counts
    in_second: int = 0


_tallies: dict[UUID, _Tally] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Use:
    """A licensee's requests of the day, this one included, and whether it is one too many."""

    calls: int = 0
    is_over_day: bool = False
    is_over_second: bool = False


def licensee_of(by: Actor) -> UUID | None:
    """Whose allocation a request counts against: the oldest of the actor's licensees."""
    return min(by.licensees) if by.licensees else None


def count(by: Actor) -> Use:
    """Count a request. Nothing is counted for a superuser, whose licensee is not known."""
    licensee = licensee_of(by)
    if licensee is None:
        return Use()
    now = time.monotonic()
    today = timezone.now().date()
    with _lock:
        tally = _tallies.get(licensee)
        if tally is None or tally.day != today:
            _flush(licensee, tally)
            tally = _tallies[licensee] = _Tally(today)
        tally.pending += 1
        if by.client_id:
            tally.clients.add(by.client_id)
        is_over_second = _is_over_second(tally, int(now))
        if now - tally.flushed_at >= FLUSH_SECONDS:
            tally.flushed_at = now
            _flush(licensee, tally)
        calls = tally.total + tally.pending
    return Use(calls, calls > settings.DAILY_API_REQUESTS, is_over_second)


def flush() -> None:
    """Write what is pending: before a worker ends."""
    with _lock:
        for licensee, tally in _tallies.items():
            _flush(licensee, tally)


def forget() -> None:
    """Drop what this worker knows: between tests, whose database is another."""
    with _lock:
        _tallies.clear()


def _is_over_second(tally: _Tally, second: int) -> bool:
    most = settings.API_REQUESTS_A_SECOND
    if tally.second != second:
        tally.second, tally.in_second = second, 0
    tally.in_second += 1
    return bool(most) and tally.in_second > most


def _flush(licensee: UUID, tally: _Tally | None) -> None:
    """Add what is pending to the row. A database too busy for it gets it the next time."""
    if tally is None or not tally.pending:
        return
    try:
        tally.total = _add(licensee, tally.day, tally.pending)
        Client.objects.filter(pk__in=tally.clients).update(last_used_at=timezone.now())
    except OperationalError as error:
        log.warning("API use not written yet: %s", error)
        return
    tally.pending = 0
    tally.clients.clear()


def _add(licensee: UUID, day: datetime.date, calls: int) -> int:
    """Add to the day's row, whoever else adds to it now, and return what it says then."""
    licensee_id = ApiUse._meta.get_field("licensee").get_db_prep_save(licensee, connection)
    row_id = ApiUse._meta.pk.get_db_prep_save(uuid7(), connection)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO commsapp_apiuse (id, licensee_id, day, calls) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (licensee_id, day)"
            " DO UPDATE SET calls = commsapp_apiuse.calls + excluded.calls RETURNING calls",
            [row_id, licensee_id, day, calls],
        )
        total: int = cursor.fetchone()[0]
    return total
