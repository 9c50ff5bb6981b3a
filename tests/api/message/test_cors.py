"""Other sites' pages may use the APIs only if CORS_ORIGINS names their origin (contract 3.1)."""

from __future__ import annotations

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
OTHER_APIS = ["/services/data", "/services/oauth2/token", "/api/schema", "/api/v1/contacts"]


@pytest.fixture
def configured(settings):
    settings.CORS_ALLOWED_ORIGINS = [SITE, "http://localhost:5173"]
    before, after = settings.MIDDLEWARE[:2], settings.MIDDLEWARE[2:]
    settings.MIDDLEWARE = [*before, "corsheaders.middleware.CorsMiddleware", *after]


def allowed(answer):
    return {name for name in answer.headers if name.startswith("Access-Control-")}


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS)
def test_without_configured_origins_there_is_no_sign_of_it(path):
    asked = Client(headers=ASKS).options(path)
    posted = Client(headers={"Origin": SITE}).post(path, "{}", content_type="application/json")
    assert asked.status_code in (401, 405)
    for answer in (asked, posted):
        assert not allowed(answer)
        assert "origin" not in answer.get("Vary", "").lower()


@pytest.mark.parametrize("path", [*PATHS, *OTHER_APIS])
def test_preflight_of_a_configured_origin_is_answered_on_every_api(configured, path):
    response = Client(headers=ASKS).options(path)
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == SITE
    assert response["Access-Control-Allow-Credentials"] == "true"
    assert {*response["Access-Control-Allow-Methods"].split(", ")} >= {"POST", "PATCH"}
    allowed_headers = {*response["Access-Control-Allow-Headers"].lower().split(", ")}
    assert allowed_headers >= {"authorization", "content-type", "x-ss-id", "idempotency-key"}
    assert "origin" in response["Vary"].lower()
    assert response["X-Request-Id"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", f"{SITE}:8443", "http://suite.example", ""]
)
def test_preflight_of_another_origin_allows_nothing(configured, origin):
    response = Client(headers={**ASKS, "Origin": origin}).options(SAVE)
    assert not allowed(response)
    assert "origin" in response["Vary"].lower()


@pytest.mark.django_db
def test_what_is_no_preflight_is_405_as_ever(configured):
    answer = Client(headers={"Origin": SITE}).options("/auth/credentials")
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
        assert "origin" in answer["Vary"].lower()


@pytest.mark.django_db
@pytest.mark.parametrize("path", OTHER_APIS)
def test_response_of_another_api_is_shared(configured, path):
    response = Client(headers={"Origin": SITE}).get(path)
    assert response["Access-Control-Allow-Origin"] == SITE


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/services/oauth2/authorize", "/"])
def test_staff_page_is_not_shared(configured, path):
    for response in (Client(headers=ASKS).options(path), Client(headers=ASKS).get(path)):
        assert not allowed(response)


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
    text = "from commsapp import settings; print(settings.CORS_ALLOWED_ORIGINS)"
    printed = subprocess.check_output([sys.executable, "-c", text], env=env, text=True)
    assert printed.strip() == "['https://suite.example', 'http://localhost:5173']"
