"""The way out: session, cookie and token end together (contract 1, Credentials)."""

from __future__ import annotations

import pytest
from django.test import Client
from oauth2_provider.models import get_access_token_model

from commsapp.models import Session
from tests.api.message.signing import WRONG, posted, sign_in
from tests.conftest import token

pytestmark = pytest.mark.usefixtures("password")
AccessToken = get_access_token_model()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/auth/logout", ""),
        ("/Auth/Logout/", {"provider": "credentials"}),
        ("/json/reply/Authenticate", {"provider": "logout"}),
        ("/auth", {"Provider": "Logout"}),
    ],
)
def test_logout_ends_session_cookie_and_token(save, path, body):
    session, secret = sign_in("alice")
    other, _other = sign_in("alice")
    answer = posted(path, body, headers={"X-ss-id": session})
    assert answer.status_code == 200, answer.content
    assert answer.json() == {"Message": "You are signed out.", "Errors": []}
    told = answer.cookies["ss-id"].OutputString()
    assert "expires" not in told
    assert "Max-Age=0" in told
    assert save(X_ss_id=session).status_code == 401
    assert save(Authorization=f"Bearer {secret}").status_code == 401
    assert save(X_ss_id=other).status_code == 200  # that is another session
    assert (Session.objects.count(), AccessToken.objects.count()) == (1, 2)  # and ask's own token


def test_logout_by_the_cookie_or_the_token_ends_the_same():
    session, _secret = sign_in("alice")
    client = Client()
    client.cookies["ss-id"] = session
    assert client.post("/auth/logout").status_code == 200
    _session, secret = sign_in("alice")
    headers = {"Authorization": f"Bearer {secret}"}
    assert posted("/auth/logout", "", headers=headers).status_code == 200
    assert not Session.objects.exists()
    assert not AccessToken.objects.exists()


def test_logout_leaves_an_api_clients_token(alice, save):
    headers = {"Authorization": f"Bearer {token(alice)}"}
    assert posted("/auth/logout", "", headers=headers).status_code == 200
    assert save(**headers).status_code == 200


def test_logout_without_a_session_is_401_and_drops_the_cookie():
    answer = posted("/auth/logout", "", headers={"X-ss-id": WRONG})
    assert (answer.status_code, [*answer.json()]) == (401, ["ResponseStatus"])
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.cookies["ss-id"].value == ""


def test_a_revoked_token_ends_its_session(save):
    session, secret = sign_in("alice")
    form = "application/x-www-form-urlencoded"
    assert posted("/services/oauth2/revoke", f"token={secret}", form).status_code == 200
    assert save(X_ss_id=session).status_code == 401
    assert not Session.objects.exists()
