"""Sign-ins, lock-outs, sign-outs and new passwords in the audit log."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from commsapp.http.sign_in_limits import password_check
from tests.api.message.signing import PASSWORD, sign_in
from tests.logs.conftest import ADDRESS, LOGIN
from tests.staff.conftest import browse

pytestmark = pytest.mark.django_db


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
