"""What ends a token before its time."""

from __future__ import annotations

import threading
import time
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import transaction
from django.test import Client as Browser
from django.urls import reverse
from oauth2_provider.models import (
    get_access_token_model,
    get_grant_model,
    get_refresh_token_model,
)

from commsapp.core.credentials import api_clients, message_sessions
from commsapp.models import Client, User
from tests.http.consent import AUTHORIZE, BACKEND, consent, is_good, make_suite
from tests.http.test_oauth import TOKEN, exchange, form, question, refresh
from tests.races import all_at_once, at_once

pytestmark = pytest.mark.django_db
AccessToken, RefreshToken = get_access_token_model(), get_refresh_token_model()


@pytest.fixture
def suite(db) -> Client:
    return make_suite()


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
    session = message_sessions.open_session(alice)
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
    own, secret = api_clients.create_client("Nightly sync", alice)
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


@pytest.mark.django_db(transaction=True)
def test_consent_waits_for_a_new_password_and_grants_nothing_by_the_old_one(alice, suite):
    browser, is_saved = Browser(raise_request_exception=False), threading.Event()
    browser.force_login(alice, backend=BACKEND)

    def change() -> None:
        with transaction.atomic():
            user = User.objects.get(pk=alice.pk)
            user.set_password(_NEW)
            user.save()
            is_saved.set()
            time.sleep(0.3)

    def allow() -> int:
        is_saved.wait(10)
        sent = {**question(suite), "scope": "api", "allow": "1"}
        return browser.post(AUTHORIZE, sent).status_code

    assert all_at_once([change, allow]) == [None, 403]
    assert not get_grant_model().objects.exists()
