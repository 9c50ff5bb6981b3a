"""A database that is away, locked or restarted does not take along what can be answered without it.

One worker with eight threads, as each of a served installation is.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import psycopg
import pytest
import requests

from tests.http.gate import Gate
from tests.http.test_busy import served
from tests.http.wire import Wire
from tests.served import CONNECT, free_port, gunicorn

IS_SQLITE = os.environ["DATABASE_URL"].startswith("sqlite")
LOCK_SECONDS = 8
PATIENCE = 0.5  # of a worker whose threads all wait
MAX_LOCK_WAITS = 4  # of its eight threads

needs_postgresql = pytest.mark.skipif(IS_SQLITE, reason="SQLite has no server")


@dataclass(frozen=True)
class Timed:
    status: int
    seconds: float
    body: bytes
    retry_after: str | None


def ask(base_url, method, path, body=None, token=""):
    sent = json.dumps(body).encode() if body is not None else None
    begun = time.monotonic()
    with closing(Wire(base_url, token)) as wire:
        answer = wire.ask(method, path, sent, Content_Type="application/json")
    seconds = time.monotonic() - begun
    return Timed(answer.status, seconds, answer.content, answer["Retry-After"])


def add(base_url, demo, group):
    body = {"recipientsAction": "Add", "recipientsList": demo["recipients"][:1]}
    path = f"{CONNECT}/recipient-group/{group}/recipients"
    return ask(base_url, "PATCH", path, body, demo["access_token"])


class Crowd:
    """Requests that go on in the background; `answers` once they have ended."""

    def __init__(self, count, request):
        self.answers = []
        self._threads = [threading.Thread(target=self._run, args=(request,)) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _run(self, request):
        self.answers.append(request())

    def join(self):
        for thread in self._threads:
            thread.join(30)
        return self.answers


# --- Locked -----------------------------------------------------------------------------------


@contextmanager
def locked(url, group):
    """Another program has the group; on SQLite, that is the one right to write."""
    if IS_SQLITE:
        with closing(sqlite3.connect(urlsplit(url).path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    with psycopg.connect(url) as other:
        other.execute("SELECT 1 FROM groups_recipientgroup WHERE id = %s FOR UPDATE", [group])
        yield
        other.rollback()


def test_requests_for_one_locked_group_leave_threads_for_all_others(installation, demo, tmp_path):
    group = demo["recipient_group"]
    with served(installation, tmp_path, LOCK_SECONDS=str(LOCK_SECONDS)) as base_url:
        assert add(base_url, demo, group).status == 200
        with locked(installation.env["DATABASE_URL"], group):
            crowd = Crowd(20, lambda: add(base_url, demo, group))
            time.sleep(3 * PATIENCE)
            for path in ("/services/data", "/metadata", "/types/python", "/admin/jsi18n/"):
                assert ask(base_url, "GET", path).seconds < 1, path
            mine = "/api/v1/recipient-groups?page_size=1"
            read = ask(base_url, "GET", mine, token=demo["access_token"])
            assert (read.status, read.seconds < 1) == (200, True)
            if not IS_SQLITE:
                other = demo.all_of("recipient-groups?page_size=5")
                other = next(one["id"] for one in other if one["id"] != group)
                assert (answer := add(base_url, demo, other)).seconds < 1
                assert b"UNABLE_TO_LOCK_ROW" not in answer.body
            refused = add(base_url, demo, group)
            assert (refused.status, refused.seconds < 1) == (503, True)
            assert b"UNABLE_TO_LOCK_ROW" in refused.body
            assert int(refused.retry_after) >= 1
            answers = crowd.join()
        quick = [answer for answer in answers if answer.seconds < LOCK_SECONDS / 2]
        assert {answer.status for answer in answers} == {503}
        assert len(quick) >= 20 - MAX_LOCK_WAITS
        assert add(base_url, demo, group).status == 200


@needs_postgresql
def test_a_table_that_is_locked_leaves_threads_for_what_needs_no_database(
    installation, demo, tmp_path
):
    with served(installation, tmp_path, LOCK_SECONDS=str(LOCK_SECONDS)) as base_url:
        with psycopg.connect(installation.env["DATABASE_URL"]) as migration:
            migration.execute("LOCK TABLE commsapp_user, groups_recipientgroup")
            crowd = Crowd(16, lambda: add(base_url, demo, demo["recipient_group"]))
            time.sleep(3 * PATIENCE)
            assert ask(base_url, "GET", "/services/data").seconds < 1
            refused = add(base_url, demo, demo["recipient_group"])
            assert (refused.status, refused.seconds < 1) == (503, True)
            migration.rollback()
        assert {answer.status for answer in crowd.join()} == {200, 503}
        assert add(base_url, demo, demo["recipient_group"]).status == 200


# --- Away -------------------------------------------------------------------------------------


@pytest.fixture
def gate(installation):
    gate = Gate(installation.env["DATABASE_URL"])
    gate.open()
    yield gate
    gate.close()


@needs_postgresql
def test_a_database_that_is_away_is_answered_at_once_and_found_again(
    installation, demo, gate, tmp_path
):
    group = demo["recipient_group"]
    env = {"DATABASE_URL": gate.url, "LOCK_SECONDS": str(LOCK_SECONDS)}
    with served(installation, tmp_path, **env) as base_url:
        assert add(base_url, demo, group).status == 200
        gate.close()
        assert add(base_url, demo, group).status == 503
        crowd = Crowd(30, lambda: add(base_url, demo, group))
        assert ask(base_url, "GET", "/services/data").seconds < 1
        answers = crowd.join()
        assert {answer.status for answer in answers} == {503}
        assert max(answer.seconds for answer in answers) < 1
        assert all(b"cannot be reached" in answer.body for answer in answers)
        gate.open()
        back = time.monotonic()
        while add(base_url, demo, group).status != 200:
            assert time.monotonic() < back + 2
            time.sleep(0.05)


@needs_postgresql
def test_a_restart_of_the_database_fails_no_later_request(installation, demo, gate, tmp_path):
    group = demo["recipient_group"]
    env = {"DATABASE_URL": gate.url, "DATABASE_POOL": "8", "LOCK_SECONDS": str(LOCK_SECONDS)}
    with served(installation, tmp_path, **env) as base_url:
        Crowd(40, lambda: add(base_url, demo, group)).join()  # which fills the pool
        gate.close()
        gate.open()
        answers = [add(base_url, demo, group) for _turn in range(60)]
        assert {answer.status for answer in answers} == {200}
        assert max(answer.seconds for answer in answers) < 2


# --- What people see --------------------------------------------------------------------------


@contextmanager
def serving_pages(installation, folder, **env):
    port = free_port()
    env = {
        **installation.env,
        "PORT": str(port),
        "WEB_CONCURRENCY": "1",
        "LOCK_SECONDS": "1",
        **env,
    }
    twin = replace(installation, base_url=f"http://127.0.0.1:{port}", env=env)
    with gunicorn(twin, folder / "gunicorn.log"):
        yield twin.base_url


def sign_in(browser, base_url, demo):
    """The answer to signing in, once the form was there."""
    address = f"{base_url}/admin/login/"
    page = browser.get(address, timeout=30).text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    form = {"csrfmiddlewaretoken": token, **demo["users"]["admin"]}
    return browser.post(address, form, headers={"Referer": address}, timeout=30)


def is_unavailable_page(answer, sentence):
    assert answer.status_code == 503, (answer.url, answer.status_code, answer.text[:500])
    assert answer.headers["Retry-After"] == "5"
    assert sentence in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "<style" not in answer.text
    return True


@needs_postgresql
def test_a_database_that_is_away_is_a_page_of_ours(installation, demo, gate, tmp_path):
    sentence = "The database cannot be reached at the moment."
    with (
        serving_pages(installation, tmp_path, DATABASE_URL=gate.url) as base_url,
        requests.Session() as browser,
    ):
        assert sign_in(browser, base_url, demo).status_code == 200
        gate.close()
        for path in (
            "/admin/",
            "/admin/groups/recipient/",
            "/admin/groups/recipient/export.csv",
            "/admin/nowhere",  # a page of ours, too, that would say who is signed in
            "/services/oauth2/authorize",
            "/admin/jsi18n/",
        ):
            answer = browser.get(f"{base_url}{path}", timeout=30)
            assert is_unavailable_page(answer, sentence)
        token = browser.cookies["csrftoken"]
        form, headers = {"csrfmiddlewaretoken": token}, {"Referer": base_url}
        for path in ("/admin/logout/", "/admin/login/"):
            answer = browser.post(f"{base_url}{path}", form, headers=headers, timeout=30)
            assert is_unavailable_page(answer, sentence)
        in_german = {"Accept-Language": "de"}
        answer = browser.get(f"{base_url}/admin/", headers=in_german, timeout=30)
        assert answer.status_code == 503
        assert '<html lang="de"' in answer.text


@pytest.mark.skipif(not IS_SQLITE, reason="PostgreSQL's is tested by its own error")
def test_signing_in_while_another_program_writes_is_a_page_of_ours(installation, demo, tmp_path):
    with serving_pages(installation, tmp_path) as base_url, requests.Session() as browser:
        with locked(installation.env["DATABASE_URL"], None):
            assert is_unavailable_page(sign_in(browser, base_url, demo), "The server is busy.")
        assert sign_in(browser, base_url, demo).status_code == 200
