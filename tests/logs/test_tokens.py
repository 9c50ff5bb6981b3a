"""Tokens and consents in the audit log, and no secret of any way to sign in."""

from __future__ import annotations

import base64
import re

import pytest
from django.db.models.signals import pre_delete
from django.test import Client
from django.urls import reverse
from oauth2_provider.models import get_access_token_model, get_grant_model

from commsapp.models import Client as ApiClient
from tests.api.message.signing import PASSWORD, sign_in
from tests.http.consent import consent, make_suite
from tests.http.test_oauth import exchange
from tests.logs.conftest import ADDRESS, LOGIN, TOKEN, ask
from tests.staff.conftest import browse

pytestmark = pytest.mark.django_db


def test_a_token_that_is_issued_and_revoked_is_told_and_not_shown(web, suite, audit):
    access = ask(web, suite).json()["access_token"]
    [line] = audit.of("token_issued")
    assert (line["outcome"], line["user"], line["client"]) == ("success", "alice", "Suite")
    assert (line["channel"], line["grant_type"]) == ("oauth", "client_credentials")
    web.post("/services/oauth2/revoke", {"token": access})
    [line] = audit.of("token_revoked")
    assert (line["user"], line["client"], line["address"]) == ("alice", "Suite", ADDRESS)
    assert access not in audit.text
    assert suite[1] not in audit.text


@pytest.mark.parametrize("by_header", [False, True])
def test_a_token_that_is_refused_is_told_with_the_client_id(web, suite, audit, by_header):
    if by_header:
        pair = base64.b64encode(f"{suite[0].client_id}:canary-secret".encode()).decode()
        form = {"grant_type": "client_credentials"}
        answer = web.post(TOKEN, form, headers={"Authorization": f"Basic {pair}"})
    else:
        answer = ask(web, suite, client_secret="canary-secret")
    assert answer.status_code == 401
    [line] = audit.of("token_issued")
    assert (line["outcome"], line["error"]) == ("failure", "invalid_client")
    assert line["client_id"] == suite[0].client_id
    assert "canary-secret" not in audit.text


@pytest.mark.parametrize("header", ["Basic", "Basic canary", "Basic ÿ", "Basic Y2FuYXJ5"])
def test_a_broken_basic_header_is_told_without_what_it_says(web, audit, header, db):
    web.post(TOKEN, {"grant_type": "client_credentials"}, HTTP_AUTHORIZATION=header)
    [line] = audit.of("token_issued")
    assert (line["outcome"], line["client_id"]) == ("failure", "")
    assert "canary" not in audit.text


def test_consents_that_are_given_and_refused_are_told(chris, audit):
    app = ApiClient.objects.create(
        name="Browser app", client_type=ApiClient.CLIENT_PUBLIC,
        authorization_grant_type=ApiClient.GRANT_AUTHORIZATION_CODE,
        redirect_uris="https://app.example/back",
    )  # fmt: skip
    asked = {
        "client_id": app.client_id, "response_type": "code", "scope": "api",
        "redirect_uri": "https://app.example/back", "state": "canary-state",
        "code_challenge": "c" * 43, "code_challenge_method": "S256",
    }  # fmt: skip
    web = browse(chris)
    answer = web.post("/services/oauth2/authorize", {**asked, "allow": "Authorize"})
    web.post("/services/oauth2/authorize", asked)
    lines = audit.of("consent")
    assert [line["outcome"] for line in lines] == ["success", "refused"]
    assert {(line["user"], line["client"], line["scope"]) for line in lines} == {
        ("charlie", "Browser app", "api")
    }
    [code] = re.findall(r"code=([^&]+)", answer["Location"])
    assert code not in audit.text
    assert "canary-state" not in audit.text


def test_a_token_whose_transaction_is_rolled_back_is_not_logged(chris, audit):
    app = make_suite()
    code = consent(chris, app)
    audit.clear()

    def fail(sender, **signal):
        raise RuntimeError("after the token was saved")

    pre_delete.connect(fail, sender=get_grant_model())  # a used code is deleted
    try:
        assert exchange(Client(), app, code).status_code == 500
    finally:
        pre_delete.disconnect(fail, sender=get_grant_model())
    assert not get_access_token_model().objects.filter(application=app).exists()
    assert audit.of("token_issued") == []
    assert exchange(Client(), app, code).status_code == 200
    assert [line["outcome"] for line in audit.of("token_issued")] == ["success"]


def test_a_consent_that_gives_no_code_is_logged_as_refused(chris, audit):
    app = make_suite()
    asked = {
        "client_id": app.client_id, "response_type": "code", "scope": "api",
        "redirect_uri": "https://elsewhere.example/", "allow": "Authorize",
        "code_challenge": "c" * 43, "code_challenge_method": "S256",
    }  # fmt: skip
    browse(chris).post("/services/oauth2/authorize", asked)
    assert [line["outcome"] for line in audit.of("consent")] == ["refused"]
    assert not get_grant_model().objects.exists()


def test_no_line_has_a_secret_of_any_way_to_sign_in(chris, suite, web, audit):
    """Canaries through every way in, right and wrong."""
    session, bearer = sign_in("charlie")
    access = ask(web, suite).json()["access_token"]
    browser = browse(chris)
    cookie = browser.cookies["sessionid"].value
    for secret in ("canary-token", access):
        header = {"Authorization": f"Bearer {secret}"}
        web.get("/api/v1/contacts", headers=header)
        web.post("/json/reply/SaveContactGroup", "{}", "application/json", headers=header)
        web.get("/services/data/v64.0", headers=header)
        web.get(f"/api/v1/contacts?access_token={secret}")
        web.post("/services/oauth2/revoke", {"token": secret})
    for secret in ("canary-session", session):
        web.post("/json/reply/SaveContactGroup", "{}", "application/json",
                 headers={"X-ss-id": secret})  # fmt: skip
        web.post(f"/json/reply/SaveContactGroup?SessionId={secret}", "{}", "application/json")
        web.post("/auth/logout", headers={"X-ss-id": secret})
    web.post(TOKEN, {"grant_type": "refresh_token", "refresh_token": "canary-refresh"})
    web.post(TOKEN, {"grant_type": "authorization_code", "code": "canary-code",
                     "code_verifier": "canary-verifier"})  # fmt: skip
    web.post(TOKEN, {"grant_type": "canary-grant", "client_secret": "canary-secret"})
    web.post(f"{LOGIN}?next=/admin/", {"username": "charlie", "password": "canary-password"})
    browser.get(reverse("admin:contacts_contact_changelist"), {"q": "canary-query"})
    secrets = ("canary", PASSWORD, session, session.replace("-", ""), bearer, access, cookie)
    assert len(audit.lines) > 8
    for secret in (*secrets, suite[1]):
        assert secret not in audit.text
