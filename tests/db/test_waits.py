"""Threads that wait for the database: a bounded number, and no queue that moves is refused."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest
from django.db import OperationalError, connection, transaction

from commsapp.db.errors import Reason, reason_of
from commsapp.db.waits import (
    MAX_LOCK_WAITS,
    PATIENCE,
    TooManyWaitForLocks,
    TooManyWaiting,
    Waits,
    bounded,
)


@contextmanager
def waiting(waits, key="", *, always=False):
    """Another thread that waits, until it is no longer needed."""
    entered, done = threading.Event(), threading.Event()

    def run():
        waits.enter(key, always=always)
        entered.set()
        done.wait(30)
        waits.leave()

    thread = threading.Thread(target=run)
    thread.start()
    assert entered.wait(30)
    yield
    done.set()
    thread.join(30)


def seconds_until_refused(waits, key=""):
    begun = time.monotonic()
    with pytest.raises(TooManyWaiting):
        waits.enter(key)
    return time.monotonic() - begun


def test_one_more_than_may_wait_is_refused_and_the_next_at_once():
    waits = Waits(2)
    with waiting(waits), waiting(waits):
        assert seconds_until_refused(waits) >= PATIENCE / 2
        assert seconds_until_refused(waits) < PATIENCE / 2
    waits.enter()
    waits.leave()


def test_waits_for_one_lock_leave_room_for_others():
    waits = Waits(3, 2)
    with waiting(waits, "this"), waiting(waits, "this"):
        seconds_until_refused(waits, "this")
        waits.enter("that")
        waits.leave()


def test_who_may_always_enter_does_not_hide_that_all_others_are_stuck():
    waits = Waits(2)
    with ExitStack() as stack:
        stack.enter_context(waiting(waits))
        stack.enter_context(waiting(waits))
        time.sleep(PATIENCE)
        stack.enter_context(waiting(waits, always=True))
        assert seconds_until_refused(waits) < PATIENCE / 2


def test_a_queue_that_moves_is_not_refused():
    waits = Waits(1)
    turns = []

    def take_turns():
        for _turn in range(3):
            waits.enter()
            time.sleep(PATIENCE / 10)
            waits.leave()
            turns.append(1)

    threads = [threading.Thread(target=take_turns) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(turns) == 12


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no lock to wait less for")
@pytest.mark.django_db(transaction=True)
def test_connection_that_broke_before_its_waits_are_shortened_is_known_to_be_away():
    with transaction.atomic():
        connection.connection.close()
        with pytest.raises(OperationalError) as failed:
            connection.shorten_lock_waits(0.1)  # type: ignore[attr-defined]  # our back-ends'
        transaction.set_rollback(True)
    assert reason_of(failed.value) is Reason.AWAY


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL locks rows")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sql", ["INSERT INTO t", "UPDATE t", "DELETE FROM t"])
def test_writes_outside_transactions_leave_threads_for_those_who_read(sql):
    done = threading.Event()

    def run(statement, until=lambda: None):
        return bounded(lambda *_args: until(), statement, (), False, {"connection": connection})

    with ExitStack() as stack:
        for _thread in range(MAX_LOCK_WAITS):
            entered = threading.Event()
            until = partial(_wait, entered, done)
            thread = threading.Thread(target=run, args=(sql, until))
            thread.start()
            stack.callback(thread.join, 30)
            stack.callback(done.set)  # called first
            assert entered.wait(30)
        time.sleep(PATIENCE)
        with pytest.raises(TooManyWaitForLocks):
            run(sql)
        assert run("SELECT 1", lambda: "read") == "read"
    assert run(sql, lambda: "written") == "written"


def _wait(entered, done):
    entered.set()
    done.wait(30)
