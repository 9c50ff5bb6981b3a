"""Which other sites' pages may use the Message API: none, unless CORS_ORIGINS names them (3.1)."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from django.test import Client

from tests.api.message.signing import PASSWORD, sign_in

SITE = "https://suite.example"
SAVE = "/json/reply/SaveContactGroup"
ASKS = {
    "Origin": SITE,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-ss-id",
}
PATHS = [SAVE, "/api/SaveContactGroup", "/api/json/reply/Authenticate", "/auth/logout"]


@pytest.fixture
def configured(settings):
    settings.CORS_ORIGINS = [SITE, "http://localhost:5173"]


def allowed(answer):
    return {name for name in answer.headers if name.startswith("Access-Control-")}


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_without_configured_origins_there_is_no_sign_of_it(path):
    asked = Client(headers=ASKS).options(path)
    posted = Client(headers={"Origin": SITE}).post(path, "{}", content_type="application/json")
    assert asked.status_code == 405
    for answer in (asked, posted):
        assert not allowed(answer)
        assert "Origin" not in answer.get("Vary", "")


@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_is_answered_200_with_what_may_be_sent(configured, path):
    answer = Client(headers=ASKS).options(path)
    assert answer.status_code == 200
    told = json.loads(answer.content)
    assert {name.lower() for name in told} == {"message", "errors"}
    assert answer["Access-Control-Allow-Origin"] == SITE
    assert answer["Access-Control-Allow-Credentials"] == "true"
    assert "POST" in answer["Access-Control-Allow-Methods"]
    sendable = answer["Access-Control-Allow-Headers"].lower().split(", ")
    assert {*sendable} >= {"authorization", "content-type", "x-ss-id"}
    assert "Origin" in answer["Vary"]
    assert answer["X-Request-Id"]


def test_a_preflight_of_another_origin_is_not(configured):
    for origin in ("https://evil.example", "null", f"{SITE}:8443", "http://suite.example", ""):
        answer = Client(headers={**ASKS, "Origin": origin}).options(SAVE)
        assert answer.status_code == 405
        assert not allowed(answer)
        assert "Origin" in answer["Vary"]


@pytest.mark.django_db
def test_what_is_no_preflight_is_405_as_ever(configured):
    answer = Client(headers={"Origin": SITE}).options(SAVE)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.django_db
def test_a_page_of_a_configured_origin_reads_every_answer(configured, ask, settings):
    settings.MAX_BODY_BYTES = 4000
    headers = {**ask.headers, "Origin": SITE}
    answers = [
        ask(headers=headers),
        ask("{", headers=headers),
        ask(headers={"Origin": SITE}),
        ask("x" * 5000, headers=headers),
        ask(path="/json/reply/Nothing", headers=headers),
        ask(path="/auth/nothing", headers=headers),
        ask(headers={**headers, "Content-Encoding": "br"}),
    ]
    assert [one.status_code for one in answers] == [200, 400, 401, 413, 405, 404, 415]
    for answer in answers:
        assert answer["Access-Control-Allow-Origin"] == SITE
        assert answer["Access-Control-Allow-Credentials"] == "true"
        assert "X-AutoBatch-Completed" in answer["Access-Control-Expose-Headers"]
        assert "Origin" in answer["Vary"]


@pytest.mark.django_db
def test_on_other_faces_nothing_is_shared(configured):
    for path in ("/services/data", "/api/schema", "/api/v1/contacts", "/admin/login/"):
        for answer in (Client(headers=ASKS).options(path), Client(headers=ASKS).get(path)):
            assert not allowed(answer), path


@pytest.mark.django_db
def test_a_page_of_a_configured_origin_signs_in_by_cookie(configured, ask, alice):
    alice.set_password(PASSWORD)
    alice.save()
    page = Client(headers={"Origin": SITE})
    credentials = {"userName": "alice", "password": PASSWORD}
    answer = page.post("/api/Authenticate", credentials, content_type="application/json")
    told = answer.cookies["ss-id"].OutputString()
    assert told.endswith("; HttpOnly; Path=/; SameSite=None; Secure")
    assert "expires" not in told
    saved = page.post(SAVE, ask.body(), content_type="application/json")
    assert saved.status_code == 200


@pytest.mark.django_db
def test_the_cookie_is_still_no_use_to_others(configured, ask, alice):
    alice.set_password(PASSWORD)
    alice.save()
    session, _token = sign_in("alice")
    for origin in ("https://evil.example", "null"):
        answer = ask(headers={"Origin": origin, "Cookie": f"ss-id={session}"})
        assert answer.status_code == 403
        assert not allowed(answer)


@pytest.mark.parametrize("origins", ["*", "suite.example", f"{SITE}/path", "ftp://a.example"])
def test_what_is_no_origin_stops_the_start(origins):
    env = {**os.environ, "CORS_ORIGINS": origins}
    command = [sys.executable, "-c", "import commsapp.settings"]
    done = subprocess.run(command, check=False, env=env, capture_output=True, text=True)
    assert done.returncode != 0
    assert "CORS_ORIGINS" in done.stderr


def test_a_slash_at_the_end_and_capitals_do_no_harm():
    env = {**os.environ, "CORS_ORIGINS": "https://Suite.example/,http://localhost:5173"}
    text = "from commsapp import settings; print(settings.CORS_ORIGINS)"
    printed = subprocess.check_output([sys.executable, "-c", text], env=env, text=True)
    assert printed.strip() == "['https://suite.example', 'http://localhost:5173']"
