"""The database is away, a lock is not to be had: every API and page says "try again", and nothing
changed.

Contract 2.1 and 3.2: 503, with Retry-After, in the API's own words.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import replace
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest

from tests.http.gate import Gate
from tests.http.wire import Wire, is_in_shape
from tests.served import CONNECT, free_port, gunicorn

IS_SQLITE = os.environ["DATABASE_URL"].startswith("sqlite")


# --- A server whose database comes and goes -------------------------------------------------


class File:
    """A copy of the SQLite file, in a folder that is not there before it is opened."""

    def __init__(self, url, folder):
        self.origin, self.path = urlsplit(url).path, folder / "away" / "db.sqlite3"
        self.url = f"sqlite:///{self.path}"

    def open(self):
        self.path.parent.mkdir()
        with (
            closing(sqlite3.connect(self.origin)) as origin,
            closing(sqlite3.connect(self.path)) as copy,
        ):
            origin.backup(copy)

    def close(self):
        """Nothing: whoever has a file open goes on with it."""


@pytest.fixture
def database(installation, tmp_path):
    url = installation.env["DATABASE_URL"]
    gate = File(url, tmp_path) if IS_SQLITE else Gate(url)
    yield gate
    gate.close()


@contextmanager
def served(installation, folder, **env):
    """The installation once more, but with little patience; its address."""
    port = free_port()
    env = {
        **installation.env,
        "PORT": str(port),
        "LOCK_SECONDS": "0.2",
        "WEB_CONCURRENCY": "1",
        **env,
    }
    twin = replace(installation, base_url=f"http://127.0.0.1:{port}", env=env)
    with gunicorn(twin, folder / "gunicorn.log"):
        yield twin.base_url


# --- What is asked --------------------------------------------------------------------------


def requests_of(demo):
    """By channel: method, path and body of something that would change something."""
    ids, group, client = demo["recipients"][:1], demo["recipient_group"], demo["client"]
    added = {"recipientsAction": "Add", "recipientsList": ids}
    saved = {
        "SuiteDataSourceInstanceId": demo["data_source"],
        "AlternateKey": KEY,
        "ContactGroup": {"ContactGroupName": "Renamed"},
    }
    grant = urlencode({"grant_type": "client_credentials", **client})
    add_recipients = f"/api/v1/recipient-groups/{group}/add-recipients"
    return {
        "connect": ("PATCH", f"{CONNECT}/recipient-group/{group}/recipients", json.dumps(added)),
        "rest": ("POST", add_recipients, json.dumps({"recipients": ids})),
        "message": ("POST", "/json/reply/SaveContactGroup", json.dumps(saved)),
        "oauth": ("POST", "/services/oauth2/token", grant),
    }


KEY = "busy-1"
AWAY = (
    "SERVER_UNAVAILABLE",
    "The database cannot be reached at the moment. Nothing was changed. Try again shortly.",
)
LOCKED = ("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")


def asked(base_url, demo, channel):
    method, path, body = requests_of(demo)[channel]
    kind = "x-www-form-urlencoded" if channel == "oauth" else "json"
    token = "" if channel == "oauth" else demo["access_token"]
    with closing(Wire(base_url, token)) as wire:
        return wire.ask(method, path, body.encode(), Content_Type=f"application/{kind}")


def is_try_again(channel, answer, connect_error):
    """Whether it is the API's 503."""
    assert answer.status == 503, (channel, answer.status, answer.content)
    assert is_in_shape(channel, answer)
    assert int(answer["Retry-After"]) >= 1
    if channel == "connect":
        [error] = answer.json()
        assert (error["errorCode"], error["message"]) == connect_error
        assert answer["Sforce-Limit-Info"].endswith("/1000000")
    elif channel == "message":
        assert answer.json()["ResponseStatus"]["ErrorCode"] == "ServiceUnavailable"
    elif channel == "oauth":
        assert answer.json()["error"] == "temporarily_unavailable"


FACES = ("connect", "rest", "message", "oauth")


@pytest.fixture
def kept(demo):
    """The demo, with a saved contact group; afterwards all is as it was."""
    group = {"ContactGroupName": "As it was", "GroupRoleId": demo["group_role"]}
    saved = demo.save(KEY, ContactGroup=group)["Meta"]["ObjectId"]
    demo.recipients("Remove", demo["recipients"])

    def state(demo):
        name = demo.ask("GET", f"/api/v1/contact-groups/{saved}")["name"]
        operations = demo.ask("GET", "/api/v1/operations?page_size=1")["results"]
        return name, demo.members(), operations[0]["id"]

    before = state(demo)
    return demo, lambda base_url=demo.base_url: state(replace(demo, base_url=base_url)) == before


# --- Away -----------------------------------------------------------------------------------


def test_a_database_that_is_away_is_503_on_every_face_until_it_is_there(
    installation, kept, database, tmp_path
):
    demo, is_unchanged = kept
    with served(installation, tmp_path, DATABASE_URL=database.url) as base_url:
        is_away_until_open(database, base_url, demo)
        assert is_unchanged(base_url)
        assert asked(base_url, demo, "connect").json()["isSuccessful"]


@pytest.mark.skipif(IS_SQLITE, reason="a file that is open stays open")
def test_a_database_that_goes_away_is_503_and_comes_back(installation, kept, database, tmp_path):
    demo, is_unchanged = kept
    database.open()
    with served(installation, tmp_path, DATABASE_URL=database.url) as base_url:
        assert asked(base_url, demo, "oauth").status == 200
        database.close()
        is_away_until_open(database, base_url, demo)
        assert is_unchanged(base_url)
        assert asked(base_url, demo, "connect").json()["isSuccessful"]


def is_away_until_open(database, base_url, demo):
    for channel in FACES:
        is_try_again(channel, asked(base_url, demo, channel), AWAY)
    database.open()
    assert answers_again(base_url, demo)


def answers_again(base_url, demo):
    """Within seconds, by itself."""
    deadline = time.monotonic() + 15
    with closing(Wire(base_url, demo["access_token"])) as wire:
        while (answer := wire.ask("GET", "/services/data/v64.0")).status == 503:
            assert time.monotonic() < deadline
    return answer.status == 200


# --- Locked ---------------------------------------------------------------------------------


@contextmanager
def locked(installation, demo):
    """Another has the rows that the requests need; on SQLite, that is the one right to write."""
    url = installation.env["DATABASE_URL"]
    if IS_SQLITE:
        with closing(sqlite3.connect(urlsplit(url).path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
        return
    with psycopg.connect(url) as other:
        other.execute(
            "SELECT 1 FROM groups_recipientgroup WHERE id = %s FOR UPDATE",
            [demo["recipient_group"]],
        )
        other.execute("SELECT 1 FROM contacts_contactgroup FOR UPDATE")
        other.execute("SELECT 1 FROM commsapp_client FOR UPDATE")
        yield
        other.rollback()


def test_a_lock_that_is_not_had_in_time_is_503_on_every_face(installation, kept, tmp_path):
    demo, is_unchanged = kept
    with served(installation, tmp_path) as base_url:
        with locked(installation, demo):
            for channel in FACES:
                is_try_again(channel, asked(base_url, demo, channel), LOCKED)
            assert is_unchanged(base_url)  # who reads does not wait
        assert asked(base_url, demo, "connect").json()["isSuccessful"]
        assert asked(base_url, demo, "message").status == 200


# --- Lost races -----------------------------------------------------------------------------

_LOSE = """
CREATE SEQUENCE lost_races;
CREATE FUNCTION lose_race() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF nextval('lost_races') <= {times} THEN
    RAISE EXCEPTION 'another was quicker' USING ERRCODE = '{code}';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER lose_race AFTER INSERT ON commsapp_operation EXECUTE FUNCTION lose_race();
"""
_NO_MORE = "DROP FUNCTION IF EXISTS lose_race CASCADE; DROP SEQUENCE IF EXISTS lost_races"


@pytest.fixture
def lose(installation):
    """Have the database say so many times, as the change is recorded, that it lost a race."""
    with psycopg.connect(installation.env["DATABASE_URL"], autocommit=True) as connection:
        yield lambda code, times: connection.execute(_LOSE.format(code=code, times=times))
        connection.execute(_NO_MORE)


@pytest.mark.skipif(IS_SQLITE, reason="one writer at a time: there is no race to lose")
@pytest.mark.parametrize("code", ["40001", "40P01"], ids=["serialization failure", "deadlock"])
def test_a_lost_race_is_tried_again_and_nobody_notices(installation, kept, lose, code):
    demo, is_unchanged = kept
    lose(code, times=2)
    assert demo.recipients("Add", demo["recipients"][:1])["isSuccessful"]
    assert not is_unchanged()
    assert len(demo.members() & {*demo["recipients"]}) == 1


@pytest.mark.skipif(IS_SQLITE, reason="one writer at a time: there is no race to lose")
def test_who_loses_every_race_is_told_to_try_again(installation, kept, lose):
    demo, is_unchanged = kept
    lose("40P01", times=1_000)
    for channel in ("connect", "rest", "message"):
        is_try_again(channel, asked(demo.base_url, demo, channel), LOCKED)
    assert is_unchanged()


# --- Too long -------------------------------------------------------------------------------

TOO_LONG = ("SERVER_UNAVAILABLE", "This took too long. Nothing was changed. Try again shortly.")


@pytest.mark.skipif(IS_SQLITE, reason="SQLite has no limit for a statement")
def test_statement_that_takes_too_long_is_503_on_every_api(installation, kept, tmp_path):
    demo, is_unchanged = kept
    with served(installation, tmp_path, LOCK_SECONDS="20", STATEMENT_SECONDS="0.2") as base_url:
        with locked(installation, demo):
            # Not of a token: its foreign keys are checked while it is committed, when PostgreSQL
            # limits no statement, only the wait for a lock.
            for channel in ("connect", "rest", "message"):
                answer = asked(base_url, demo, channel)
                is_try_again(channel, answer, TOO_LONG)
                assert TOO_LONG[1] in answer.content.decode()
            assert is_unchanged(base_url)
        with psycopg.connect(installation.env["DATABASE_URL"]) as other:
            other.execute("LOCK TABLE contacts_contact")
            with closing(Wire(base_url, demo["access_token"])) as wire:
                answer = wire.ask("GET", "/api/v1/contacts")
            is_try_again("rest", answer, TOO_LONG)
            assert answer.json()["detail"] == TOO_LONG[1]
        assert asked(base_url, demo, "connect").json()["isSuccessful"]


@pytest.mark.skipif(IS_SQLITE, reason="SQLite has no limit for a statement")
def test_statement_of_a_command_may_take_as_long_as_it_takes(installation):
    script = (
        "from django.db import connection;"
        "cursor = connection.cursor();"
        "cursor.execute('SHOW statement_timeout');"
        "print(cursor.fetchone()[0])"
    )
    assert installation.manage("shell", "--no-imports", "-c", script).strip() == "0"
