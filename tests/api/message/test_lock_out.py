"""Wrong passwords: told alike, counted, and locked out after some."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from commsapp.http.sign_in_limits import SignInsBusy, password_check
from commsapp.models import Session
from tests.api.message.signing import PASSWORD, WRONG, posted

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
    assert last.json()["ResponseStatus"]["Message"] == "There were too many wrong passwords."
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
    hashed = []
    encode = MD5PasswordHasher.encode

    def count(*args):
        hashed.append(1)
        return encode(*args)

    monkeypatch.setattr(MD5PasswordHasher, "encode", count)
    for name, password in (("alice", PASSWORD), ("alice", "wrong"), ("nobody", "wrong")):
        hashed.clear()
        wrong(name, password)
        assert len(hashed) == 1, (name, password)


def test_attempt_while_locked_costs_no_hash_writes_nothing_and_prolongs_nothing(
    settings, monkeypatch
):
    settings.AXES_FAILURE_LIMIT = 2
    assert [wrong().status_code for _ in range(2)] == [401, 429]
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=10))
    before = [*AccessAttempt.objects.values()]
    monkeypatch.setattr(MD5PasswordHasher, "encode", None)  # whoever hashes, fails
    staff = Client()
    with CaptureQueriesContext(connection) as captured:
        answers = [wrong(), wrong(password=PASSWORD)]
        pages = [staff.post("/admin/login/", {"username": "alice", "password": PASSWORD})]
    assert [answer.status_code for answer in (*answers, *pages)] == [429] * 3
    assert {answer["Retry-After"] for answer in (*answers, *pages)} <= {"300", "299"}
    assert [*AccessAttempt.objects.values()] == before
    assert {query["sql"].split()[0] for query in captured} == {"SELECT"}


def test_staff_page_tells_the_minutes_that_are_left(settings):
    settings.AXES_FAILURE_LIMIT = 1
    staff = Client()
    form = {"username": "alice", "password": "wrong"}
    answer = staff.post("/admin/login/", form)
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    assert "Try again in 15 minutes." in answer.content.decode()
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=14, seconds=30))
    answer = staff.post("/admin/login/", form)
    assert "Try again in 1 minute." in answer.content.decode()
    assert "wrong</" not in answer.content.decode()


# --- By address -----------------------------------------------------------------------------


def test_address_that_tries_many_names_is_locked_out_for_all(settings, bob):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 5
    assert [wrong(f"name {n}").status_code for n in range(7)] == [401] * 4 + [429] * 3
    assert wrong(password=PASSWORD).status_code == 429
    assert AccessAttempt.objects.count() == 5
    assert wrong(password=PASSWORD, REMOTE_ADDR="10.0.0.9").status_code == 200


def test_right_password_of_one_name_forgets_no_failures_of_others(settings):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 5
    for n in range(4):
        assert wrong(f"name {n}").status_code == 401
        assert wrong(password=PASSWORD).status_code == 200
    assert wrong("name 4").status_code == 429


def test_address_is_free_when_its_oldest_failures_no_longer_count(settings):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 4
    for n in range(4):
        wrong(f"name {n}")
        at = timezone.now() - timedelta(minutes=12 - n)
        AccessAttempt.objects.filter(username=f"name {n}").update(attempt_time=at)
    answer = wrong("name 4")
    assert answer.status_code == 429
    assert answer["Retry-After"] in ("180", "179")  # when the first of the four is 15 minutes old


def test_no_limit_by_address_counts_by_name_alone(settings):
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 0
    assert {wrong(f"name {n}").status_code for n in range(20)} == {401}
    settings.AXES_FAILURE_LIMIT = 2
    assert wrong("name 1").status_code == 429


def test_addresses_of_one_ipv6_network_count_together(settings):
    settings.AXES_FAILURE_LIMIT = 2
    assert wrong(REMOTE_ADDR="2001:db8:1:2::1").status_code == 401
    assert wrong(REMOTE_ADDR="2001:db8:1:2:ffff::9").status_code == 429
    assert wrong(REMOTE_ADDR="2001:db8:1:3::1").status_code == 401


def test_behind_a_proxy_each_client_is_counted_by_itself(settings):
    settings.TRUSTED_PROXY, settings.AXES_FAILURE_LIMIT = True, 2
    evil, good = {"HTTP_X_FORWARDED_FOR": "1.1.1.1, 203.0.113.7"}, {"HTTP_X_FORWARDED_FOR": "::5"}
    assert [wrong(**evil).status_code for _ in range(2)] == [401, 429]
    assert wrong(password=PASSWORD, HTTP_X_FORWARDED_FOR="203.0.113.7").status_code == 429
    assert wrong(password=PASSWORD, **good).status_code == 200


def test_client_without_an_address_is_counted_by_name(settings):
    settings.AXES_FAILURE_LIMIT, settings.SIGN_IN_FAILURES_PER_ADDRESS = 2, 3
    codes = [wrong(name, REMOTE_ADDR="").status_code for name in ("a", "b", "c", "d", "d")]
    assert codes == [401] * 4 + [429]


# --- What is kept ---------------------------------------------------------------------------


def test_failed_sign_in_leaves_one_counter_and_nothing_of_what_was_sent():
    query = f"?SessionId={WRONG}&x=hunter1"
    form = "application/x-www-form-urlencoded"
    for agent in ("hunter3", "hunter4"):
        more: dict[str, Any] = {"HTTP_USER_AGENT": agent, "HTTP_ACCEPT": "hunter5"}
        posted(f"/auth/credentials{query}", "UserName=alice&Password=hunter2", form, **more)
        posted(f"/auth/credentials{query}", {"userName": "alice", "password": "hunter2"}, **more)
        sent = {"username": "alice", "password": "hunter2", "next": "/hunter6"}
        Client().post(f"/admin/login/{query}", sent, **more)
    stored = str([*AccessAttempt.objects.values()])
    assert AccessAttempt.objects.get().failures_since_start == 6
    assert "hunter" not in stored
    assert WRONG not in stored


def test_failures_that_no_longer_count_are_cleared():
    wrong("somebody")
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    wrong()
    assert [attempt.username for attempt in AccessAttempt.objects.all()] == ["alice"]


# --- At once --------------------------------------------------------------------------------


@pytest.fixture
def _all_checks_taken():
    with password_check(), password_check():
        yield


@pytest.mark.usefixtures("_all_checks_taken")
@pytest.mark.parametrize("name", ["alice", "nobody"])
def test_third_sign_in_at_once_is_503_and_not_counted(name, monkeypatch):
    monkeypatch.setattr(MD5PasswordHasher, "encode", None)  # whoever hashes, fails
    for path in ("/auth/credentials", "/json/reply/Authenticate", "/api/Authenticate"):
        answer = posted(path, {"userName": name, "password": PASSWORD})
        assert (answer.status_code, answer["Retry-After"]) == (503, "2")
        assert "Too many are signing in" in answer.content.decode()
    assert not AccessAttempt.objects.exists()
    assert not Session.objects.exists()


@pytest.mark.usefixtures("_all_checks_taken")
def test_third_log_in_at_once_gets_its_page_with_the_name_but_not_the_password():
    staff = Client()
    answer = staff.post("/admin/login/", {"username": "alice", "password": PASSWORD})
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert "Too many people are logging in right now." in page
    assert 'value="alice"' in page
    assert PASSWORD not in page
    assert "_auth_user_id" not in staff.session
    assert not AccessAttempt.objects.exists()


def test_place_of_a_check_is_free_after_it_whatever_came_of_it():
    for password in ("wrong", PASSWORD) * 3:
        assert wrong(password=password).status_code in (401, 200)
    with password_check(), password_check(), pytest.raises(SignInsBusy), password_check():
        pass


def test_session_of_a_password_is_good_on_the_staff_site(alice):
    alice.is_staff = True
    alice.save()
    staff = Client()
    answer = staff.post("/admin/login/", {"username": "alice", "password": PASSWORD})
    assert answer.status_code == 302
    assert staff.get("/admin/").status_code == 200
