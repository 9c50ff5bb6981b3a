"""Which grants there are, what the consent page takes, and that errors tell nothing."""

from __future__ import annotations

import base64

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from oauth2_provider.models import (
    get_access_token_model,
    get_grant_model,
)

from commsapp.core.credentials import api_clients
from commsapp.models import Client
from tests.http.consent import AUTHORIZE, BACKEND, consent, is_good, make_suite
from tests.http.test_oauth import BACK, TOKEN, exchange, form, question, refresh

pytestmark = pytest.mark.django_db
AccessToken = get_access_token_model()
_PASSWORD = "correct horse battery staple"


@pytest.fixture
def suite(db) -> Client:
    return make_suite()


@pytest.fixture
def code(alice, suite) -> str:
    return consent(alice, suite)


# --- Grants ---------------------------------------------------------------------------------

_OTHER_GRANTS = [
    ["password"], ["implicit"], ["urn:ietf:params:oauth:grant-type:device_code"],
    ["urn:ietf:params:oauth:grant-type:jwt-bearer"], ["nonsense"], [""], [], ["a\0"],
    ["client_credentials", "client_credentials"], ["password", "client_credentials"],
    ["Client_Credentials"],
]  # fmt: skip


@pytest.fixture
def credentials(alice) -> tuple[str, str]:
    application, secret = api_clients.create_client("suite", alice)
    return application.client_id, secret


@pytest.mark.parametrize("grant", _OTHER_GRANTS, ids=str)
def test_any_other_grant_gets_the_same_bytes_before_anything_is_looked_at(
    client, credentials, alice, grant
):
    alice.set_password(_PASSWORD)
    alice.save()
    right = {**form(credentials), "username": "alice", "password": _PASSWORD, "device_code": "d"}
    packed = base64.b64encode(":".join(credentials).encode()).decode()
    before = AccessToken.objects.count()
    seen = set()
    with CaptureQueriesContext(connection) as captured:
        for sent, headers in (
            (right, {}), ({**right, "password": "wrong"}, {}), ({**right, "client_id": "x"}, {}),
            ({"username": "a\0"}, {}), ({}, {"Authorization": f"Basic {packed}"}),
        ):  # fmt: skip
            answer = client.post(TOKEN, {**sent, "grant_type": grant}, headers=headers)
            own = {"X-Request-Id"}
            told = tuple(pair for pair in answer.headers.items() if pair[0] not in own)
            seen.add((answer.status_code, answer.content, told))
    assert len(captured) == 0
    [(status, content, _headers)] = seen
    assert status == 400
    assert b'"unsupported_grant_type"' in content
    assert AccessToken.objects.count() == before


def test_a_client_has_one_grant(client, suite, credentials, code):
    own = Client.objects.get(client_id=credentials[0])
    Client.objects.filter(pk=own.pk).update(redirect_uris=BACK)
    secret = {"client_secret": credentials[1]}
    for grant in ("authorization_code", "refresh_token"):
        sent = form(credentials, grant_type=grant, code=code, refresh_token="r", **secret)
        answer = client.post(TOKEN, sent)
        assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client"), grant
    answer = client.post(TOKEN, form((suite.client_id, "")))
    assert answer.status_code in (400, 401)
    assert not AccessToken.objects.exists()


def test_client_credentials_take_a_secret_though_the_client_were_stored_without(client, alice):
    bare = make_suite(
        authorization_grant_type=Client.GRANT_CLIENT_CREDENTIALS, redirect_uris="", user=alice
    )
    packed = base64.b64encode(f"{bare.client_id}:".encode()).decode()
    for more in ({}, {"headers": {"Authorization": f"Basic {packed}"}}):
        answer = client.post(TOKEN, form((bare.client_id, "")), **more)
        assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized_client")
    assert not AccessToken.objects.exists()


@pytest.mark.parametrize("way", ["form", "basic"])
def test_an_unknown_client_and_a_wrong_secret_get_the_same_answer_for_the_same_work(
    client, credentials, way
):
    seen = set()
    for client_id in (credentials[0], credentials[0][::-1]):
        sent, headers = form((client_id, "wrong")), {}
        if way == "basic":
            sent = {"grant_type": "client_credentials"}
            packed = base64.b64encode(f"{client_id}:wrong".encode()).decode()
            headers = {"Authorization": f"Basic {packed}"}
        with CaptureQueriesContext(connection) as captured:
            answer = client.post(TOKEN, sent, headers=headers)
        seen.add((answer.status_code, answer.content, len(captured)))
    [(status, _content, _statements)] = seen
    assert status == 401


# --- The page that asks for consent ---------------------------------------------------------


@pytest.fixture
def web(client, alice) -> Browser:
    client.force_login(alice, backend=BACKEND)
    return client


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_plain_challenge_is_refused_before_anybody_is_asked(web, suite, method):
    asked = question(suite, code_challenge_method="plain", scope="api", allow="1")
    answer = getattr(web, method)(AUTHORIZE, asked)
    assert answer.status_code == 302
    assert answer["Location"].startswith(BACK)
    assert "error=invalid_request" in answer["Location"]
    assert not get_grant_model().objects.exists()


def test_no_answer_of_the_consent_page_is_kept_by_a_cache(web, suite):
    for asked in (question(suite), question(suite, client_id="unknown")):
        assert web.get(AUTHORIZE, asked)["Cache-Control"] == "no-store"
    allowed = web.post(AUTHORIZE, {**question(suite), "scope": "api", "allow": "1"})
    assert allowed.status_code == 302
    assert allowed["Cache-Control"] == "no-store"


@pytest.mark.parametrize("kind", ["token", "id_token", "code token", "code id_token", "none"])
def test_nothing_but_a_code_is_sent_back_by_the_browser(web, suite, kind):
    Client.objects.filter(pk=suite.pk).update(algorithm="HS256")
    answer = web.get(AUTHORIZE, question(suite, response_type=kind))
    assert answer.status_code == 302
    assert "error=" in answer["Location"]
    assert not AccessToken.objects.exists()


# --- Scopes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "told"),
    [("", "api"), ("api", "api"), ("nonsense", "api"), ("api nonsense", "api"),
     ("refresh_token api", "refresh_token api")],
)  # fmt: skip
def test_an_unknown_scope_is_left_out_and_an_empty_one_is_the_usual(
    client, credentials, suite, alice, asked, told
):
    by_client = client.post(TOKEN, form(credentials, scope=asked)).json()
    assert by_client["scope"] == told
    code = consent(alice, suite, scope=asked or "api")
    by_person = exchange(client, suite, code).json()
    assert by_person["scope"] == told
    assert by_person["refresh_token"]
    refreshed = refresh(client, suite, by_person["refresh_token"], scope=asked).json()
    assert refreshed["scope"] == told


def test_no_scope_limits_what_a_token_may_do(client, suite, alice):
    issued = exchange(client, suite, consent(alice, suite, scope="refresh_token")).json()
    assert issued["scope"] == "refresh_token"
    assert is_good(issued["access_token"])
