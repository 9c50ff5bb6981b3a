"""The audit log: who signed in, was refused, got a token; from where, and without any secret."""

from __future__ import annotations

import base64
import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from commsapp import clients
from commsapp.faces.sign_in_limits import password_check
from commsapp.log_format import AUDIT, LineFormatter
from commsapp.models import Client as ApiClient
from commsapp.models import User
from tests import factories
from tests.conftest import grant, token
from tests.faces.message.signing import PASSWORD, sign_in
from tests.faces.staff.conftest import browse

pytestmark = pytest.mark.django_db
LOGIN = "/admin/login/"
TOKEN = "/services/oauth2/token"
ADDRESS = "192.0.2.44"


class Written:
    """The lines of the audit log so far."""

    def __init__(self, out: io.StringIO) -> None:
        self._out = out

    @property
    def text(self) -> str:
        """All of it, with what waits for the commit that a test never comes to."""
        waiting, connection.run_on_commit = connection.run_on_commit, []
        for _savepoints, write, _robust in waiting:
            write()
        return self._out.getvalue()

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, event: str) -> list[dict]:
        return [line for line in self.lines if line["event"] == event]

    def clear(self) -> None:
        self.text  # noqa: B018  (what waits is written, and forgotten)
        self._out.truncate(0)
        self._out.seek(0)


@pytest.fixture
def audit() -> Iterator[Written]:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LineFormatter(is_json=True))
    log = logging.getLogger(AUDIT)
    log.addHandler(handler)
    yield Written(out)
    log.removeHandler(handler)


@pytest.fixture
def chris(charlie) -> User:
    charlie.set_password(PASSWORD)
    charlie.save()
    return charlie


@pytest.fixture
def web() -> Client:
    return Client(REMOTE_ADDR=ADDRESS, raise_request_exception=False)


def test_a_sign_in_on_the_staff_page_tells_who_from_where_and_by_which_request(web, chris, audit):
    audit.clear()
    answer = web.post(LOGIN, {"username": "charlie", "password": PASSWORD})
    assert answer.status_code == 302
    [line] = audit.of("sign_in")
    assert (line["outcome"], line["user"], line["user_id"]) == ("success", "charlie", str(chris.pk))
    assert (line["address"], line["channel"]) == (ADDRESS, "staff")
    assert line["request_id"] == answer["X-Request-Id"]
    assert (line["logger"], line["level"]) == ("commsapp.audit", "info")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["time"])


def test_a_sign_in_by_the_message_api_tells_the_same(web, chris, audit):
    web.post("/auth/credentials", {"userName": "charlie", "password": PASSWORD})
    [line] = audit.of("sign_in")
    assert (line["outcome"], line["user"], line["channel"]) == ("success", "charlie", "message")
    assert line["address"] == ADDRESS


@pytest.mark.parametrize(
    ("path", "field"), [(LOGIN, "username"), ("/auth/credentials", "userName")]
)
def test_a_failed_sign_in_tells_the_name_as_sent_and_the_address(web, audit, db, path, field):
    web.post(path, {field: "nobody\u2028here", "password": "canary-password"})
    [line] = audit.of("sign_in")
    assert (line["outcome"], line["user_name"]) == ("failure", "nobody\u2028here")
    assert (line["address"], line["user"]) == (ADDRESS, None)
    assert "canary-password" not in audit.text
    assert "\u2028" not in audit.text


def test_a_user_name_that_was_sent_is_cut(web, audit):
    web.post(LOGIN, {"username": "n" * 5_000, "password": "canary-password"})
    assert all(line["user_name"] == "n" * 150 for line in audit.of("sign_in"))
    assert len(audit.text) < 1_000


def test_a_lock_out_is_told(web, chris, audit, settings):
    settings.AXES_FAILURE_LIMIT = 2
    for _ in range(3):
        web.post(LOGIN, {"username": "charlie", "password": "canary-password"})
    line = audit.of("locked_out")[0]
    assert (line["user_name"], line["address"]) == ("charlie", ADDRESS)
    assert (line["outcome"], line["request_id"] != "") == ("refused", True)


@pytest.mark.parametrize(
    ("path", "field"), [(LOGIN, "username"), ("/auth/credentials", "userName")]
)
def test_attempt_while_locked_out_leaves_one_line(web, chris, audit, settings, path, field):
    settings.AXES_FAILURE_LIMIT = 1
    audit.clear()
    sent = {field: "charlie", "password": PASSWORD}
    assert web.post(path, sent | {"password": "canary-password"}).status_code == 429
    assert [line["event"] for line in audit.lines] == ["sign_in", "locked_out"]
    audit.clear()
    assert web.post(path, sent).status_code == 429
    [line] = audit.lines
    assert (line["event"], line["user_name"], line["address"]) == ("locked_out", "charlie", ADDRESS)


@pytest.mark.parametrize(
    ("path", "field"), [(LOGIN, "username"), ("/auth/credentials", "userName")]
)
def test_sign_in_that_is_refused_for_too_many_at_once_is_logged(web, chris, audit, path, field):
    audit.clear()
    with password_check(), password_check():
        assert web.post(path, {field: "charlie", "password": PASSWORD}).status_code == 503
    [line] = audit.lines
    assert (line["event"], line["outcome"], line["reason"]) == ("sign_in", "refused", "busy")
    assert (line["user_name"], line["address"]) == ("charlie", ADDRESS)
    assert PASSWORD not in audit.text


def test_signing_out_is_told_on_the_staff_page_and_by_the_message_api(chris, audit):
    browse(chris).post(reverse("admin:logout"))
    session, _token = sign_in("charlie")
    Client().post("/auth/logout", headers={"X-ss-id": session})
    assert [(one["user"], one["channel"]) for one in audit.of("sign_out")] == [
        ("charlie", "staff"),
        ("charlie", "message"),
    ]


def test_a_new_password_and_the_sessions_that_it_ends_are_told(chris, audit):
    sign_in("charlie")
    audit.clear()
    new = "canary another battery staple"
    chris.set_password(new)
    chris.save()
    [line] = audit.of("user_password_changed")
    assert (line["target"], line["channel"]) == ("charlie", "command")
    assert audit.of("sessions_ended")[0]["target"] == "charlie"
    assert new not in audit.text


def test_saving_a_user_with_the_same_password_tells_nothing(chris, audit):
    audit.clear()
    chris.first_name = "Charlie"
    chris.save()
    assert audit.text == ""


# --- OAuth 2 --------------------------------------------------------------------------------------


@pytest.fixture
def suite(alice) -> tuple[ApiClient, str]:
    return clients.create_client("Suite", alice)


def ask(web: Client, suite: tuple[ApiClient, str], **more: str):
    form = {"grant_type": "client_credentials", "client_id": suite[0].client_id}
    return web.post(TOKEN, {**form, "client_secret": suite[1], **more})


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
    assert [one["outcome"] for one in lines] == ["success", "refused"]
    assert {(one["user"], one["client"], one["scope"]) for one in lines} == {
        ("charlie", "Browser app", "api")
    }
    [code] = re.findall(r"code=([^&]+)", answer.url)
    assert code not in audit.text
    assert "canary-state" not in audit.text


# --- Refusals -------------------------------------------------------------------------------------


def test_a_page_that_is_refused_is_told_once_with_route_and_permission(chris, audit, caplog):
    answer = browse(chris).get(reverse("admin:contacts_contact_changelist"))
    assert answer.status_code == 403
    [line] = audit.of("permission_refused")
    assert (line["user"], line["channel"], line["method"]) == ("charlie", "staff", "GET")
    assert line["route"] == "admin/contacts/contact/"
    assert line["permission"] in ("contacts.view_contact", "contacts.change_contact")
    assert line["request_id"] == answer["X-Request-Id"]


GROUP = "/services/data/v64.0/connect/comms-sales/recipient-group/01a22b82736371e99b07170db68c7664"


@pytest.mark.parametrize(
    ("channel", "method", "path", "permission"),
    [
        ("rest", "get", "/api/v1/contacts", "contacts.view_contact"),
        ("connect", "patch", f"{GROUP}/recipients", "groups.change_recipientgroup"),
        ("message", "post", "/json/reply/SaveContactGroup", "contacts.add_contactgroup"),
    ],
)
def test_a_refusal_of_each_api_is_told(chris, licensee, audit, channel, method, path, permission):
    access = token(chris)
    source = factories.DataSourceFactory(licensee=licensee)
    role = factories.RoleFactory(licensee=licensee)
    audit.clear()
    body = {
        "SuiteDataSourceInstanceId": str(source.pk),
        "AlternateKey": "C-1",
        "ContactGroup": {"ContactGroupName": "Example", "GroupRoleId": str(role.pk)},
    }
    answer = Client().generic(
        method.upper(), path, json.dumps(body), "application/json",
        headers={"Authorization": f"Bearer {access}"},
    )  # fmt: skip
    assert answer.status_code == 403, answer.content
    [line] = audit.of("permission_refused")
    assert (line["user"], line["client"], line["channel"]) == ("charlie", "test client", channel)
    assert line["licensee"] == str(licensee.pk)
    assert line["permission"] == permission
    assert access not in audit.text


def test_a_refusal_has_no_warning_beside_it_and_an_unknown_page_none_at_all(chris, caplog):
    web = browse(chris)
    assert web.get(reverse("admin:contacts_contact_changelist")).status_code == 403
    assert web.get("/nope").status_code == 404
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("path", ["/api/v1/contacts", "/services/data/v64.0"])
def test_a_token_that_is_none_is_told_and_no_token_is_not(web, audit, db, path):
    assert web.get(path).status_code == 401
    assert audit.text == ""
    assert web.get(path, headers={"Authorization": "Bearer canary"}).status_code == 401
    [line] = audit.of("credentials_refused")
    assert (line["outcome"], line["address"], line["method"]) == ("failure", ADDRESS, "GET")
    assert "canary" not in audit.text


@pytest.mark.parametrize("is_json", [True, False])
def test_an_address_with_a_line_end_forges_no_line_of_the_ordinary_log(chris, is_json):
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LineFormatter(is_json=is_json))
    logging.getLogger().addHandler(handler)
    grant(chris, "commsapp.view_operation")
    forged = "2026-11-30%2000:00:00,000%20WARNING%20axes%20FORGED=1"
    answer = browse(chris).get(f"{reverse('admin:commsapp_operation_changelist')}?a__b%0A{forged}")
    logging.getLogger().removeHandler(handler)
    assert answer.status_code in (302, 400)
    for line in out.getvalue().splitlines():
        assert not line.startswith("2026-11-30 00:00:00"), line


# --- Commands -------------------------------------------------------------------------------------


def test_a_client_made_by_command_is_told_without_its_secrets(alice, audit):
    out = io.StringIO()
    call_command(
        "api_client", "Sync", "--user", "alice", "--json", stdout=out, stderr=io.StringIO()
    )
    shown = json.loads(out.getvalue())
    [made] = audit.of("client_created")
    assert (made["target"], made["channel"], made["user"]) == ("Sync", "command", None)
    assert audit.of("client_secret_made")[0]["target"] == "Sync"
    assert audit.of("token_issued")[0]["target"] == "Sync"
    assert shown["client_secret"] not in audit.text
    assert shown["access_token"] not in audit.text


def test_a_superuser_made_by_command_is_told(db, audit, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "canary-password")
    call_command(
        "createsuperuser", "--noinput", "--username", "root", "--email", "", stdout=io.StringIO()
    )
    [line] = audit.of("user_created")
    assert line["changes"]["is_superuser"] == {"before": None, "after": True}
    assert line["target"] == "root"
    assert "canary-password" not in audit.text


def test_a_right_that_is_given_is_told_with_before_and_after(alice, charlie, audit):
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    grant(charlie, "contacts.view_contact")
    page = browse(alice)
    url = reverse("admin:commsapp_user_change", args=(charlie.pk,))
    audit.clear()
    permission = charlie.user_permissions.get()
    licensees = [str(pk) for pk in charlie.licensees.values_list("pk", flat=True)]
    sent = {
        "username": "charlie", "is_active": "on", "is_superuser": "on", "licensees": licensees,
    }  # fmt: skip
    assert page.post(url, sent, REMOTE_ADDR=ADDRESS).status_code == 302
    [line] = audit.of("user_changed")
    assert (line["user"], line["target"], line["address"]) == ("alice", "charlie", ADDRESS)
    assert line["changes"] == {
        "is_staff": {"before": True, "after": False},
        "is_superuser": {"before": False, "after": True},
        "user_permissions": {"added": [], "removed": [f"contacts.{permission.codename}"]},
    }


# --- Secrets --------------------------------------------------------------------------------------


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
