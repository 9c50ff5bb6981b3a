"""Tokens: client_credentials at /services/oauth2/token."""

import base64
import hashlib
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import resolve
from oauth2_provider.models import get_access_token_model
from rest_framework.views import APIView

from commsapp.api.oauth import exceptions
from commsapp.core.credentials import api_clients
from commsapp.models import Client

pytestmark = pytest.mark.django_db
TOKEN = "/services/oauth2/token"


@pytest.fixture
def credentials(alice):
    """The id and the secret of an API client that acts as Alice."""
    application, secret = api_clients.create_client("suite", alice)
    return application.client_id, secret


def form(credentials, **more):
    return {
        "grant_type": "client_credentials",
        "client_id": credentials[0],
        "client_secret": credentials[1],
        **more,
    }


def test_a_token_acts_as_the_clients_user(client, credentials, alice, licensee):
    answer = client.post(TOKEN, form(credentials))
    assert answer.status_code == 200
    told = answer.json()
    assert told["token_type"] == "Bearer"
    assert told["instance_url"] == "http://testserver"
    assert told["id"] == f"http://testserver/id/{licensee.pk}/{alice.pk}"
    assert told["scope"] == "api"
    assert told["issued_at"].isdigit()
    assert isinstance(told["expires_in"], int)
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    assert client.get("/services/data/v64.0", headers=headers).status_code == 200


def test_the_client_may_say_who_it_is_by_basic(client, credentials):
    packed = base64.b64encode(":".join(credentials).encode()).decode()
    answer = client.post(
        TOKEN, {"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {packed}"}
    )
    assert answer.json()["access_token"]


def test_public_url_is_what_clients_are_told(client, credentials, settings):
    settings.PUBLIC_URL = "https://comms.example"
    told = client.post(TOKEN, form(credentials)).json()
    assert told["instance_url"] == "https://comms.example"


def test_neither_token_nor_secret_is_kept(client, credentials):
    told = client.post(TOKEN, form(credentials)).json()
    [entry] = get_access_token_model().objects.all()
    assert told["access_token"] not in (entry.token, entry.token_checksum)
    assert credentials[1] not in Client.objects.get().client_secret


def test_a_wrong_secret_is_401_and_issues_nothing(client, credentials):
    answer = client.post(TOKEN, form((credentials[0], "wrong")))
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"
    assert answer["WWW-Authenticate"]
    assert not get_access_token_model().objects.exists()


def test_an_inactive_users_client_gets_no_token(client, credentials, alice):
    alice.is_active = False
    alice.save()
    answer = client.post(TOKEN, form(credentials))
    assert answer.status_code == 400
    assert answer.json()["error"] == "unauthorized_client"
    assert not get_access_token_model().objects.exists()


@pytest.mark.parametrize("grant", ["password", "implicit", "nonsense", ""])
def test_there_is_no_other_grant(client, credentials, grant):
    answer = client.post(TOKEN, form(credentials, grant_type=grant, username="a", password="b"))
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "error_description"}
    assert not get_access_token_model().objects.exists()


@pytest.mark.parametrize("path", [TOKEN, "/services/oauth2/revoke"])
def test_endpoint_is_a_view_of_rest_framework_with_its_handler(path):
    view = vars(resolve(path).func)["cls"]
    assert issubclass(view, APIView)
    assert view().get_exception_handler() is exceptions.handle


def test_errors_around_the_endpoint_are_oauths(client):
    assert client.get(TOKEN).status_code == 405
    assert client.get(TOKEN).json()["error"] == "invalid_request"
    assert client.get("/services/oauth2/nothing").status_code == 404
    assert set(client.get("/services/oauth2/nothing").json()) == {"error", "error_description"}


@pytest.mark.parametrize("path", ["/services/oauth2/token", "/services/oauth2/revoke"])
def test_a_form_in_parts_that_are_not_told_apart_is_400(client, path):
    answer = client.generic("POST", path, "token=1", content_type="multipart/form-data")
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_request"


@pytest.mark.parametrize("path", ["/services/oauth2/token", "/services/oauth2/revoke"])
@pytest.mark.parametrize(
    "kind",
    [
        "application/json", "text/plain", "",
        "application/x-www-form-urlencoded; charset=utf-16",
        "application/x-www-form-urlencoded; charset=bogus",
    ],
)  # fmt: skip
def test_what_is_no_form_in_utf_8_is_415(client, path, kind):
    answer = client.generic("POST", path, "token=1", content_type=kind)
    assert (answer.status_code, answer.json()["error"]) == (415, "invalid_request")


def test_every_error_is_described_and_a_challenge_is_of_a_scheme_that_helps(client, credentials):
    wrong = client.post(TOKEN, form((credentials[0], "wrong")))
    assert wrong["WWW-Authenticate"].startswith("Basic ")
    for answer in (wrong, client.post(TOKEN, form(credentials, grant_type="authorization_code"))):
        assert answer.json()["error"] not in answer.json()["error_description"]


@pytest.mark.parametrize(
    "name", ["client_id", "client_secret", "code", "code_verifier", "redirect_uri", "refresh_token"]
)
def test_a_parameter_with_a_nul_is_400(client, credentials, name):
    answer = client.post(TOKEN, form(credentials, **{name: "a\0"}))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_client_whose_id_has_a_nul_is_nobody(client):
    basic = base64.b64encode(b"a%00:b").decode()
    answer = client.post(
        TOKEN, {"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {basic}"}
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_revoking_takes_the_token_and_nothing_else(client, credentials):
    token = client.post(TOKEN, form(credentials)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get("/services/data/v64.0", headers=headers).status_code == 200
    for _ in range(2):
        answer = client.post("/services/oauth2/revoke", {"token": token})
        assert (answer.status_code, answer.json()) == (200, {})
    assert client.get("/services/data/v64.0", headers=headers).status_code == 401
    assert client.post("/services/oauth2/revoke").status_code == 400


# --- A person's consent -------------------------------------------------------------------

VERIFIER = "a-verifier-of-at-least-43-characters-0123456789"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
BACK = "https://suite.example/callback"


@pytest.fixture
def suite(db):
    """A client that asks a person for consent."""
    return Client.objects.create(
        name="The suite",
        client_type=Client.CLIENT_PUBLIC,
        authorization_grant_type=Client.GRANT_AUTHORIZATION_CODE,
        redirect_uris=BACK,
        client_secret="",
    )


def question(suite, **more):
    return {
        "response_type": "code",
        "client_id": suite.client_id,
        "redirect_uri": BACK,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "state": "xyz",
        **more,
    }


@pytest.fixture
def consent(client, alice, suite):
    """Alice allows; what the suite gets back."""
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")

    def allow():
        answer = client.post(
            "/services/oauth2/authorize", {**question(suite), "scope": "api", "allow": "1"}
        )
        assert answer.status_code == 302
        assert answer["Location"].startswith(BACK + "?")
        given = parse_qs(urlsplit(answer["Location"]).query)
        assert given["state"] == ["xyz"]
        return given["code"][0]

    return allow


def exchange(client, suite, code, **more):
    sent = {
        "grant_type": "authorization_code", "client_id": suite.client_id, "code": code,
        "redirect_uri": BACK, "code_verifier": VERIFIER, **more,
    }  # fmt: skip
    return client.post(TOKEN, sent)


def refresh(client, suite, token, **more):
    sent = {
        "grant_type": "refresh_token", "client_id": suite.client_id, "refresh_token": token, **more,
    }  # fmt: skip
    return client.post(TOKEN, sent)


def test_consent_takes_a_signed_in_person_and_names_the_client(client, suite, alice):
    answer = client.get("/services/oauth2/authorize", question(suite))
    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get("/services/oauth2/authorize", question(suite))
    assert answer.status_code == 200
    assert b"The suite" in answer.content
    [leaves] = re.findall("form-action ([^;]*)", answer["Content-Security-Policy"])
    assert {*leaves.split()} == {"'self'", "https://suite.example"}


def test_a_code_and_its_verifier_make_a_token_that_acts_as_the_person(
    client, suite, consent, alice
):
    told = exchange(client, suite, consent()).json()
    assert told["refresh_token"]
    assert told["id"].endswith(str(alice.pk))
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    assert client.get("/services/data/v64.0", headers=headers).status_code == 200


def test_a_code_without_its_verifier_is_worth_nothing(client, suite, consent):
    answer = exchange(client, suite, consent(), code_verifier=VERIFIER[::-1])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert not get_access_token_model().objects.exists()


def test_without_pkce_there_is_no_code(client, suite, alice):
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    asked = question(suite)
    del asked["code_challenge"], asked["code_challenge_method"]
    answer = client.get("/services/oauth2/authorize", asked)
    assert "error=invalid_request" in answer["Location"]


def test_a_challenge_that_says_not_how_it_was_made_is_s256(client, suite, alice):
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    asked = question(suite)
    del asked["code_challenge_method"]
    answer = client.get("/services/oauth2/authorize", asked)
    assert answer.status_code == 200
    assert answer.context["form"]["code_challenge_method"].value() == "S256"


def test_an_unknown_way_back_is_told_here_and_not_followed(client, suite, alice):
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    asked = question(suite, redirect_uri="https://elsewhere.example/")
    answer = client.get("/services/oauth2/authorize", asked)
    assert answer.status_code == 400
    assert "Location" not in answer


def test_a_refresh_token_works_once_and_not_for_the_inactive(client, suite, consent, alice):
    first = exchange(client, suite, consent()).json()
    second = refresh(client, suite, first["refresh_token"])
    assert second.status_code == 200
    assert refresh(client, suite, first["refresh_token"]).status_code == 400
    third = exchange(client, suite, consent()).json()
    alice.is_active = False
    alice.save()
    assert refresh(client, suite, third["refresh_token"]).status_code == 400
