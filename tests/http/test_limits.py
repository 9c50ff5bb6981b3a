"""The allocation and the burst limit, shared by all workers through Redis (contract 1, Limits)."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import pytest
import redis
import requests
from django.utils import timezone

from commsapp.core.metering import counters, shared_counter
from commsapp.db.ids import uuid7
from commsapp.models import ApiUse
from tests.conftest import token
from tests.plugin import find_program
from tests.served import free_port, gunicorn, running

pytestmark = pytest.mark.needs("redis-server")


class RedisServer:
    """A server of our own, which keeps nothing on disk."""

    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = None

    def start(self):
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no"}
        given = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        with (self.folder / "redis.log").open("ab") as log:
            command = [find_program("redis-server"), *given]
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if self.client().ping():
                    return
            except redis.ConnectionError:
                time.sleep(0.02)
        raise AssertionError((self.folder / "redis.log").read_text())

    def client(self):
        return redis.Redis.from_url(self.url, decode_responses=True)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait(10)


@pytest.fixture
def redis_server(tmp_path):
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.stop()


# --- Over two workers -----------------------------------------------------------------------

_NEWCOMER = """
from commsapp.core.credentials import api_clients as clients
from commsapp.models import Licensee, User
licensee = Licensee.objects.create(name={name!r})
user = User.objects.create(username={name!r})
user.licensees.add(licensee)
client, _secret = clients.create_client({name!r}, user)
print(licensee.pk, clients.issue_token(client, days=1))
"""
_CALLS = """
from commsapp.models import ApiUse
print(sum(ApiUse.objects.filter(licensee={licensee!r}).values_list("calls", flat=True)))
"""


@pytest.fixture
def newcomer(installation):
    """A licensee that nobody has asked for yet, and a token of its."""
    code = _NEWCOMER.format(name=f"Newcomer {uuid7()}")
    licensee, its_token = installation.manage("shell", "-v", "0", "-c", code).split()
    return licensee, {"Authorization": f"Bearer {its_token}"}


@contextmanager
def served(installation, folder, **env):
    """Serve the installation's database by two more workers; the address, and their output."""
    port = free_port()
    env = {**installation.env, "PORT": str(port), "WEB_CONCURRENCY": "2", **env}
    log = folder / f"{port}.log"
    with gunicorn(replace(installation, base_url=f"http://127.0.0.1:{port}", env=env), log):
        yield f"http://127.0.0.1:{port}/services/data/v64.0", log


def ask(url, headers, times, at_once=4):
    """Status and use as told, of so many requests, each on a connection of its own."""

    def one(_):
        answer = requests.get(url, headers=headers, timeout=30)
        use = int(answer.headers["Sforce-Limit-Info"].removeprefix("api-usage=").split("/")[0])
        return answer.status_code, use

    with ThreadPoolExecutor(at_once) as pool:
        return [*pool.map(one, range(times))]


def stored(installation, licensee):
    code = _CALLS.format(licensee=licensee)
    return int(installation.manage("shell", "-v", "0", "-c", code))


def test_two_workers_let_exactly_the_allocation_through(
    installation, newcomer, redis_server, tmp_path
):
    licensee, headers = newcomer
    env = {"REDIS_URL": redis_server.url, "DAILY_API_REQUESTS": "30", "WEB_THREADS": "1"}
    with served(installation, tmp_path, **env) as (url, _log):
        told = ask(url, headers, 50)
        assert len(redis_server.client().client_list()) >= 3  # both workers, and we who ask
    assert Counter(status for status, _use in told) == {200: 30, 403: 20}
    assert sorted(use for status, use in told if status == 200) == [*range(1, 31)]
    assert {use for status, use in told if status == 403} == {30}
    assert stored(installation, licensee) == 50  # written as the workers ended, and once

    redis_server.client().flushall()
    env["DAILY_API_REQUESTS"] = "60"
    with served(installation, tmp_path, **env) as (url, _log):  # a new Redis learns what there was
        told = ask(url, headers, 15)
    assert sorted(told) == [*((200, n) for n in range(51, 61)), *[(403, 60)] * 5]
    assert stored(installation, licensee) == 65


def test_two_workers_let_exactly_the_burst_through(installation, newcomer, redis_server, tmp_path):
    _licensee, headers = newcomer
    env = {"REDIS_URL": redis_server.url, "API_REQUESTS_A_SECOND": "5"}
    with served(installation, tmp_path, **env) as (url, _log):
        assert ask(url, headers, 1) == [(200, 1)]
        [second] = redis_server.client().scan_iter("*second")
        assert redis_server.client().pexpire(second, 60_000)  # one that lasts
        told = ask(url, headers, 12)
        assert Counter(status for status, _use in told) == {200: 4, 429: 8}
        redis_server.client().delete(second)
        assert ask(url, headers, 1) == [(200, 14)]


def test_requests_go_on_while_redis_is_away(installation, newcomer, redis_server, tmp_path):
    licensee, headers = newcomer
    with served(installation, tmp_path, REDIS_URL=redis_server.url) as (url, log):
        told = ask(url, headers, 8)
        redis_server.process.send_signal(signal.SIGSTOP)  # silent
        told += ask(url, headers, 12)
        redis_server.stop()  # gone
        told += ask(url, headers, 12)
        assert {status for status, _use in told} == {200}
        assert 1 <= log.read_text().count("Redis is down") <= 2  # once a worker
    assert stored(installation, licensee) == 32


# --- In one process -------------------------------------------------------------------------


@pytest.fixture
def call(client, alice, redis_server, settings):
    """Ask as Alice; the status, and the use that the answer tells."""
    settings.REDIS_URL = redis_server.url
    headers = {"Authorization": f"Bearer {token(alice)}"}

    def ask():
        answer = client.get("/services/data/v64.0", headers=headers)
        return answer.status_code, answer["Sforce-Limit-Info"].split("=")[1].split("/")[0]

    return ask


def test_what_was_counted_while_redis_was_away_is_not_forgotten(
    call, redis_server, monkeypatch, caplog
):
    monkeypatch.setattr(shared_counter, "RETRY_AFTER", 0)
    assert [call(), call()] == [(200, "1"), (200, "2")]
    redis_server.stop()
    assert [call(), call()] == [(200, "3"), (200, "4")]
    redis_server.start()
    assert [call(), call()] == [(200, "5"), (200, "6")]
    assert caplog.text.count("Redis is down") == caplog.text.count("Redis is back") == 1
    counters.flush()
    assert ApiUse.objects.get().calls == 6


def test_a_redis_that_knows_more_is_believed(call, redis_server, licensee):
    assert call() == (200, "1")
    [key] = [key for key in redis_server.client().scan_iter() if "second" not in key]
    assert str(licensee.pk) in key
    redis_server.client().set(key, 100)  # others'
    assert call() == (200, "101")
    counters.flush()
    assert ApiUse.objects.get().calls == 2  # ours


def test_what_is_in_redis_goes_away_by_itself(call, redis_server):
    call()
    ages = sorted(redis_server.client().ttl(key) for key in redis_server.client().scan_iter())
    assert 0 <= ages[0] <= 1
    assert 47 * 3600 < ages[1] <= 48 * 3600


def test_a_redis_that_is_not_there_is_asked_once_in_a_while(caplog):
    away = shared_counter.SharedCount(f"redis://127.0.0.1:{free_port()}/0")
    started = time.monotonic()
    day = timezone.now().date()
    assert {away.count(UUID(int=n), day, at_least=0) for n in range(1000)} == {None}
    assert time.monotonic() - started < 1
    assert caplog.text.count("Redis is down") == 1


def test_a_redis_that_hangs_is_waited_for_once_in_a_while(redis_server, caplog):
    slow = shared_counter.SharedCount(redis_server.url)
    redis_server.process.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    day = timezone.now().date()
    assert {slow.count(UUID(int=1), day, at_least=0) for _ in range(100)} == {None}
    assert time.monotonic() - started < 5  # a hundred times its patience would be 25
    assert caplog.text.count("Redis is down") == 1


def test_a_request_takes_one_trip_to_redis(call, redis_server):
    call()  # the first connects and brings the script
    before = redis_server.client().info("commandstats")
    call()
    after = redis_server.client().info("commandstats")
    asked = {
        name
        for name, stats in after.items()
        if stats["calls"] > before.get(name, {"calls": 0})["calls"]
    }
    assert {name.removeprefix("cmdstat_") for name in asked} - _NOT_OURS == {
        *("evalsha", "get", "set", "incr")  # the last three from within the script
    }


_NOT_OURS = {"info", "hello", "client|setinfo", "pexpire"}  # of the client that looks on


# --- Written without a request --------------------------------------------------------------

_IN_BACKGROUND = """
import json, os, sys, time
os.environ["DJANGO_SETTINGS_MODULE"] = "commsapp.settings"
import django
django.setup()
from commsapp.core.metering import counters as counts, usage
from commsapp.models import ApiUse
from django.utils import timezone
rows = ApiUse.objects.filter(licensee=sys.argv[1])
counts.SECONDS = 0.05
counts.start()
usage._calls.add(__import__("uuid").UUID(sys.argv[1]), timezone.now().date(), number=7)
while not rows.exists():
    time.sleep(0.02)
print(json.dumps([row.calls for row in rows]), flush=True)
counts.SECONDS = 60
time.sleep(0.1)
usage._calls.add(__import__("uuid").UUID(sys.argv[1]), timezone.now().date(), number=3)
"""


def test_counts_are_written_in_the_background_and_as_a_process_ends(installation, newcomer):
    licensee, _headers = newcomer
    with running(installation.env, "-c", _IN_BACKGROUND, licensee) as process:
        assert json.loads(process.stdout.readline()) == [7]
        assert process.wait(30) == 0
    assert stored(installation, licensee) == 10
