"""Wrong passwords: told alike, counted, and locked out after some."""

from __future__ import annotations

from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessLog
from django.test import Client
from django.utils import timezone

from commsapp.models import Session
from tests.faces.message.signing import PASSWORD, WRONG, posted

pytestmark = pytest.mark.usefixtures("password")


def wrong(name="alice", password="wrong", **more):
    return posted("/json/reply/Authenticate", {"userName": name, "password": password}, **more)


def test_a_wrong_password_and_an_unknown_name_are_told_alike():
    known, unknown = wrong(), wrong("nobody")
    for answer in (known, unknown):
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert answer.json()["ResponseStatus"]["ErrorCode"] == "Unauthorized"
    assert known.content == unknown.content
    assert not Session.objects.exists()


@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_ten_wrong_passwords_lock_out_also_the_right_one(name, settings):
    answers = [wrong(name) for _ in range(settings.AXES_FAILURE_LIMIT + 1)]
    assert [answer.status_code for answer in answers] == [401] * 9 + [429] * 2
    last = wrong(name, PASSWORD)
    assert last.status_code == 429
    assert last["Retry-After"] == "900"
    assert last.json()["ResponseStatus"]["ErrorCode"] == "TooManyRequests"
    assert last.content == answers[-1].content
    assert not Session.objects.exists()
    assert not AccessLog.objects.exists()


def test_somebody_else_is_not_locked_out(settings, bob):
    bob.set_password(PASSWORD)
    bob.save()
    settings.AXES_FAILURE_LIMIT = 2
    assert [wrong().status_code for _ in range(3)] == [401, 429, 429]
    assert wrong("bob", PASSWORD).status_code == 200
    assert wrong(password=PASSWORD, REMOTE_ADDR="10.0.0.9").status_code == 200


def test_after_a_while_the_right_password_is_right_again(settings):
    settings.AXES_FAILURE_LIMIT = 2
    assert [wrong().status_code for _ in range(2)] == [401, 429]
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert wrong(password=PASSWORD).status_code == 200


def test_a_right_password_forgets_the_wrong_ones_before(settings):
    settings.AXES_FAILURE_LIMIT = 3
    for _ in range(3):
        assert [wrong().status_code for _ in range(2)] == [401, 401]
        assert wrong(password=PASSWORD).status_code == 200


def test_the_staffs_sign_in_page_counts_with_it(settings):
    settings.AXES_FAILURE_LIMIT = 3
    staff = Client(headers={"User-Agent": "a browser"})
    for _ in range(2):
        staff.post("/admin/login/", {"username": "alice", "password": "wrong"})
    assert wrong().status_code == 429
    answer = staff.post("/admin/login/", {"username": "alice", "password": PASSWORD})
    assert answer.status_code == 429


def test_the_password_is_hashed_once_whether_or_not_there_is_such_a_user(monkeypatch, alice):
    from django.contrib.auth.hashers import MD5PasswordHasher

    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(
        MD5PasswordHasher, "encode", lambda *args: hashed.append(1) or encode(*args)
    )
    for name, password in (("alice", PASSWORD), ("alice", "wrong"), ("nobody", "wrong")):
        hashed.clear()
        wrong(name, password)
        assert len(hashed) == 1, (name, password)


def test_what_is_noted_of_an_attempt_has_no_secret_in_it():
    query = f"?SessionId={WRONG}&x=1"
    form = "application/x-www-form-urlencoded"
    posted(f"/auth/credentials{query}", "UserName=alice&Password=hunter2", form)
    posted(f"/auth/credentials{query}", {"userName": "alice", "password": "hunter2"})
    kept = str([*AccessAttempt.objects.values()])
    assert AccessAttempt.objects.get().failures_since_start == 2
    assert "hunter2" not in kept
    assert WRONG not in kept
