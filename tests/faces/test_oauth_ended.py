"""What ends a token before its time, and what tells right from wrong to nobody."""

from __future__ import annotations

import base64
from io import StringIO
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from oauth2_provider.models import (
    get_access_token_model,
    get_grant_model,
    get_refresh_token_model,
)

from commsapp import clients, sessions
from commsapp.models import Client, User
from tests.faces.test_oauth import BACK, TOKEN, exchange, form, question, refresh
from tests.races import all_at_once, at_once

pytestmark = pytest.mark.django_db
AUTHORIZE = "/services/oauth2/authorize"
BACKEND = "django.contrib.auth.backends.ModelBackend"
AccessToken, RefreshToken = get_access_token_model(), get_refresh_token_model()


def make_suite(**more) -> Client:
    """A client that asks people for consent."""
    return Client.objects.create(
        **{
            "name": "The suite", "client_type": Client.CLIENT_PUBLIC, "client_secret": "",
            "authorization_grant_type": Client.GRANT_AUTHORIZATION_CODE, "redirect_uris": BACK,
            **more,
        }
    )  # fmt: skip


@pytest.fixture
def suite(db) -> Client:
    return make_suite()


def consent(user: User, suite: Client, **more: str) -> str:
    """The code that the suite gets when the user allows."""
    browser = Browser()
    browser.force_login(User.objects.get(pk=user.pk), backend=BACKEND)
    answer = browser.post(AUTHORIZE, {**question(suite), "scope": "api", "allow": "1", **more})
    return parse_qs(urlsplit(answer["Location"]).query)["code"][0]


def is_good(token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return Browser().get("/services/data/v64.0", headers=headers).status_code == 200


# --- A code is good once --------------------------------------------------------------------


@pytest.fixture
def code(alice, suite) -> str:
    return consent(alice, suite)


@pytest.mark.parametrize("by", ["the same client", "another client", "another confidential client"])
def test_a_code_that_is_used_twice_revokes_what_it_gave(client, suite, code, by):
    issued = exchange(client, suite, code).json()
    assert is_good(issued["access_token"])
    more = {}
    if by == "another client":
        suite = make_suite(name="Another")
    elif by == "another confidential client":
        secret = "a secret of 20 characters"
        suite = make_suite(client_type=Client.CLIENT_CONFIDENTIAL, client_secret=secret)
        more["client_secret"] = secret
    again = exchange(client, suite, code, **more)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert not is_good(issued["access_token"])
    assert refresh(client, Client.objects.first(), issued["refresh_token"]).status_code == 400
    assert not AccessToken.objects.exists()


def test_a_code_that_is_used_twice_revokes_what_was_refreshed_since(client, suite, code):
    issued = exchange(client, suite, code).json()
    refreshed = refresh(client, suite, issued["refresh_token"]).json()
    assert is_good(refreshed["access_token"])
    assert exchange(client, suite, code).status_code == 400
    assert not is_good(refreshed["access_token"])
    assert refresh(client, suite, refreshed["refresh_token"]).status_code == 400


def test_an_unknown_code_and_one_of_another_client_revoke_nothing(client, suite, code, alice):
    issued = exchange(client, suite, code).json()
    unused = consent(alice, suite)
    another = make_suite(name="Another")
    assert exchange(client, another, unused).status_code == 400
    assert exchange(client, suite, "unknown").status_code == 400
    assert is_good(issued["access_token"])
    assert exchange(client, suite, unused).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_code_that_is_used_at_once_gives_tokens_that_are_good_to_nobody(suite, code):
    answers = at_once(lambda: exchange(Browser(), suite, code), 4)
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200, 400, 400, 400]
    [issued] = [answer.json() for answer in answers if answer.status_code == 200]
    assert not is_good(issued["access_token"])
    assert not RefreshToken.objects.filter(revoked=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_refresh_token_that_is_used_at_once_is_taken_once(suite, code):
    token = exchange(Browser(), suite, code).json()["refresh_token"]
    answers = at_once(lambda: refresh(Browser(), suite, token), 4)
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
    assert not AccessToken.objects.exists()


# --- A new password -------------------------------------------------------------------------


_OLD, _NEW = "correct horse battery staple", "another horse battery staple"


def _own(user: User, monkeypatch) -> None:
    browser = Browser()
    browser.force_login(user, backend=BACKEND)
    sent = {"old_password": _OLD, "new_password1": _NEW, "new_password2": _NEW}
    assert browser.post(reverse("admin:password_change"), sent).status_code == 302


def _administrators(user: User, monkeypatch, **more: str) -> None:
    chief = User.objects.create(username="chief", is_staff=True, is_superuser=True)
    browser = Browser()
    browser.force_login(chief, backend=BACKEND)
    sent = {"usable_password": "true", "password1": _NEW, "password2": _NEW, **more}
    url = reverse("admin:auth_user_password_change", args=(user.pk,))
    assert browser.post(url, sent).status_code == 302


def _withdrawn(user: User, monkeypatch) -> None:
    sent = {"usable_password": "false", "unset-password": "1"}
    _administrators(user, monkeypatch, **sent)
    assert not User.objects.get(pk=user.pk).has_usable_password()


def _by_command(user: User, monkeypatch) -> None:
    command = "django.contrib.auth.management.commands.changepassword"
    monkeypatch.setattr(f"{command}.getpass.getpass", lambda prompt: _NEW)
    call_command("changepassword", user.username, stdout=StringIO())


@pytest.fixture
def authorized(client, alice, suite) -> dict[str, str]:
    """Tokens that Alice, who signs in by a password, granted to the suite."""
    alice.set_password(_OLD)
    alice.save()
    issued: dict[str, str] = exchange(client, suite, consent(alice, suite)).json()
    return issued


@pytest.mark.parametrize("change", [_own, _administrators, _withdrawn, _by_command])
def test_a_new_password_ends_what_its_user_had_granted(
    client, suite, alice, authorized, change, monkeypatch
):
    unused = consent(alice, suite)
    session = sessions.open_session(alice)
    change(alice, monkeypatch)
    assert not is_good(authorized["access_token"])
    assert not is_good(session.token)
    assert refresh(client, suite, authorized["refresh_token"]).status_code == 400
    assert exchange(client, suite, unused).status_code == 400
    assert not AccessToken.objects.exists()
    assert not get_grant_model().objects.exists()


def test_a_new_password_leaves_tokens_of_clients_that_act_as_the_user_and_of_others(
    client, suite, alice, bob, authorized
):
    own, secret = clients.create_client("Nightly sync", alice)
    by_client = client.post(TOKEN, form((own.client_id, secret))).json()["access_token"]
    by_bob = exchange(client, suite, consent(bob, suite)).json()
    alice.set_password(_NEW)
    alice.save()
    assert is_good(by_client)
    assert is_good(by_bob["access_token"])
    assert refresh(client, suite, by_bob["refresh_token"]).status_code == 200


def test_a_stronger_hash_of_the_same_password_ends_nothing(settings, alice, authorized):
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.ScryptPasswordHasher", *settings.PASSWORD_HASHERS,
    ]  # fmt: skip
    user = User.objects.get(pk=alice.pk)
    assert user.check_password(_OLD)
    assert User.objects.get(pk=alice.pk).password.startswith("scrypt")
    assert is_good(authorized["access_token"])


def test_signing_out_of_the_staff_site_leaves_what_was_granted(alice, authorized):
    browser = Browser()
    browser.force_login(alice, backend=BACKEND)
    assert browser.post(reverse("admin:logout")).status_code == 200
    assert is_good(authorized["access_token"])


def test_an_inactive_users_grants_are_good_for_nothing(client, suite, alice, authorized):
    unused = consent(alice, suite)
    User.objects.filter(pk=alice.pk).update(is_active=False)
    assert not is_good(authorized["access_token"])
    assert refresh(client, suite, authorized["refresh_token"]).status_code == 400
    assert exchange(client, suite, unused).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_a_code_that_is_exchanged_while_the_password_changes_leaves_no_good_token(alice, suite):
    code = consent(alice, suite)

    def change() -> None:
        user = User.objects.get(pk=alice.pk)
        user.set_password(_NEW)
        user.save()

    all_at_once([change, lambda: exchange(Browser(), suite, code)])
    assert not AccessToken.objects.exists()
    assert not get_grant_model().objects.exists()


# --- Grants ---------------------------------------------------------------------------------

_OTHER_GRANTS = [
    ["password"], ["implicit"], ["urn:ietf:params:oauth:grant-type:device_code"],
    ["urn:ietf:params:oauth:grant-type:jwt-bearer"], ["nonsense"], [""], [], ["a\0"],
    ["client_credentials", "client_credentials"], ["password", "client_credentials"],
    ["Client_Credentials"],
]  # fmt: skip


@pytest.fixture
def credentials(alice) -> tuple[str, str]:
    application, secret = clients.create_client("suite", alice)
    return application.client_id, secret


@pytest.mark.parametrize("grant", _OTHER_GRANTS, ids=str)
def test_any_other_grant_gets_the_same_bytes_before_anything_is_looked_at(
    client, credentials, alice, grant
):
    alice.set_password(_OLD)
    alice.save()
    right = {**form(credentials), "username": "alice", "password": _OLD, "device_code": "d"}
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
