"""Counts that lag: nothing lost, nothing told twice, nobody waits."""

from __future__ import annotations

import datetime
import threading

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from commsapp.core.metering import counters
from commsapp.core.metering.counters import DailyCounts, LatestTimes
from commsapp.db.ids import uuid7
from commsapp.models import ApiUse, Client
from tests import factories
from tests.conftest import token
from tests.races import all_at_once, at_once

TODAY = datetime.date(2026, 11, 22)


@pytest.fixture
def calls():
    """As another process has them, too."""
    return _process_of_its_own(
        DailyCounts("commsapp.ApiUse", key=("licensee", "day"), number="calls")
    )


@pytest.fixture
def others():
    return _process_of_its_own(
        DailyCounts("commsapp.ApiUse", key=("licensee", "day"), number="calls")
    )


def _process_of_its_own(counter):
    """Flushed by nobody but the test."""
    counter.instances.remove(counter)
    return counter


def stored(licensee, day=TODAY):
    return ApiUse.objects.get(licensee=licensee, day=day).calls


def test_what_is_pending_is_added_to_what_the_row_says(calls, others, licensee):
    calls.add(licensee.pk, TODAY, number=3)
    assert not ApiUse.objects.exists()
    calls.flush()
    others.add(licensee.pk, TODAY)
    others.flush()
    assert stored(licensee) == 4
    calls.flush()
    assert stored(licensee) == 4


@pytest.mark.parametrize("keys", [10, 1_000])
def test_a_flush_is_one_statement_however_many_keys(calls, licensee, keys):
    days = [TODAY + datetime.timedelta(days=n) for n in range(keys)]
    for n in (1, 2):
        for day in days:
            calls.add(licensee.pk, day)
        with CaptureQueriesContext(connection) as told:
            calls.flush()
        assert len(told) == 1
        assert [*ApiUse.objects.values_list("calls", flat=True)] == [n] * keys


def test_a_flush_with_nothing_pending_asks_nobody(calls, db, django_assert_num_queries):
    with django_assert_num_queries(0):
        calls.flush()


def test_a_total_is_what_the_row_says_and_what_is_pending(calls, others, licensee):
    others.add(licensee.pk, TODAY, number=10)
    others.flush()
    assert calls.count(licensee.pk, TODAY) == 11
    assert calls.count(licensee.pk, TODAY) == 12
    assert calls.total(licensee.pk, TODAY) == 12
    others.add(licensee.pk, TODAY, number=5)
    others.flush()
    assert calls.total(licensee.pk, TODAY) == 12  # may lag
    calls.flush()
    assert calls.total(licensee.pk, TODAY) == 17
    assert others.total(licensee.pk, TODAY) == 15


def test_a_total_is_read_once_while_it_is_counted(calls, licensee, django_assert_num_queries):
    calls.count(licensee.pk, TODAY)
    with django_assert_num_queries(0):
        calls.count(licensee.pk, TODAY)
    with django_assert_num_queries(1):
        calls.flush()
    with django_assert_num_queries(0):
        calls.count(licensee.pk, TODAY)


def test_what_is_not_counted_any_more_is_not_kept_in_memory(calls, others, licensee):
    yesterday = TODAY - datetime.timedelta(days=1)
    calls.count(licensee.pk, yesterday)
    calls.flush()
    calls.count(licensee.pk, TODAY)
    calls.flush()
    others.add(licensee.pk, yesterday)
    others.flush()
    assert calls.total(licensee.pk, yesterday) == 2  # read anew


def test_a_busy_database_gets_it_the_next_time(calls, licensee, caplog):
    calls.count(licensee.pk, TODAY)

    def locked(execute, *args):
        raise OperationalError("database is locked")

    with connection.execute_wrapper(locked):
        calls.flush()
    assert "not written yet: database is locked" in caplog.text
    assert not ApiUse.objects.exists()
    assert calls.count(licensee.pk, TODAY) == 2
    calls.flush()
    assert stored(licensee) == 2


@pytest.mark.django_db(transaction=True)
def test_what_was_deleted_meanwhile_takes_no_other_count_with_it(calls, caplog):
    licensee = factories.LicenseeFactory()
    calls.add(uuid7(), TODAY)
    calls.add(licensee.pk, TODAY)
    calls.flush()
    assert stored(licensee) == 1
    assert "not stored" in caplog.text
    with CaptureQueriesContext(connection) as told:
        calls.flush()
    assert not told


@pytest.mark.django_db(transaction=True)
def test_threads_and_processes_at_once_lose_nothing(calls, others):
    licensees = [factories.LicenseeFactory() for _ in range(5)]

    def work(counter):
        for n in range(60):
            for licensee in licensees:
                counter.add(licensee.pk, TODAY)
            if n % 20 == 0:
                counter.flush()

    answers = all_at_once([lambda: work(calls), lambda: work(others)] * 2)
    assert answers == [None] * 4
    calls.flush()
    others.flush()
    assert [stored(licensee) for licensee in licensees] == [4 * 60] * 5


@pytest.mark.django_db(transaction=True)
def test_two_at_once_are_never_told_the_same_total(calls):
    licensee = factories.LicenseeFactory()
    calls.count(licensee.pk, TODAY)
    told = at_once(lambda: [calls.count(licensee.pk, TODAY) for _ in range(50)], 4)
    assert sorted(n for one in told for n in one) == [*range(2, 202)]


def test_nobody_who_counts_waits_for_the_database(calls, licensee):
    calls.count(licensee.pk, TODAY)
    told = []

    def slow(execute, *args):
        """While the statement runs, another thread counts."""
        other = threading.Thread(target=lambda: told.append(calls.count(licensee.pk, TODAY)))
        other.start()
        other.join(10)
        return execute(*args)

    with connection.execute_wrapper(slow):
        calls.flush()
    assert told == [2]
    assert calls.total(licensee.pk, TODAY) == 2
    assert stored(licensee) == 1


def test_a_moment_is_kept_and_never_goes_back(alice):
    token(alice)
    client = Client.objects.get()
    moments = _process_of_its_own(LatestTimes("commsapp.Client", "last_used_at"))
    before = timezone.now()
    moments.note(client.pk)
    moments.note(uuid7())  # deleted meanwhile
    after = timezone.now()
    moments.flush()
    client.refresh_from_db()
    assert before <= client.last_used_at <= after

    later = timezone.now() + datetime.timedelta(hours=1)
    Client.objects.update(last_used_at=later)
    moments.note(client.pk)
    moments.flush()
    client.refresh_from_db()
    assert client.last_used_at == later


def test_all_counts_of_a_process_are_flushed_together(db, licensee, alice, client):
    headers = {"Authorization": f"Bearer {token(alice)}"}
    assert client.get("/services/data/v64.0", headers=headers).status_code == 200
    counters.flush()
    assert ApiUse.objects.get().calls == 1
    assert Client.objects.get().last_used_at
