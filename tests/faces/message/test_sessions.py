"""Signing in by a name and a password, and sessions (contract 1, Credentials)."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import timedelta
from uuid import UUID

import pytest
from axes.models import AccessAttempt, AccessLog
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from commsapp.models import Operation, Session
from contacts.models import ContactGroup
from tests.conftest import token
from tests.faces.message.signing import PASSWORD, sign_in

AccessToken = get_access_token_model()
SAVE = "/json/reply/SaveContactGroup"
CREDENTIALS = {"provider": "credentials", "userName": "alice", "password": PASSWORD}


@pytest.fixture(autouse=True)
def _password(alice):
    alice.set_password(PASSWORD)
    alice.first_name, alice.last_name = "Alice", "Adams"
    alice.save()


@pytest.fixture
def save(ask):
    """POST a contact group with some credentials alone; the status of the answer."""

    def save(path=SAVE, cookie="", **headers):
        client = Client(raise_request_exception=False)
        if cookie:
            client.cookies["ss-id"] = cookie
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post(
            path, json.dumps(ask.body()), content_type="application/json", headers=more
        )

    return save


def posted(path, body, content_type="application/json", **more):
    if not isinstance(body, str | bytes):
        body = json.dumps(body)
    client = Client(raise_request_exception=False)
    return client.post(path, body, content_type=content_type, **more)


# --- What Authenticate answers --------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/json/reply/Authenticate", "/api/json/reply/authenticate/", "/auth/credentials", "/auth"],
)
def test_authenticate_answers_who_it_is_with_a_session_and_a_token(path, alice, licensee):
    answer = posted(path, CREDENTIALS)
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert {*told} == {"UserId", "SessionId", "UserName", "DisplayName", "BearerToken"}
    assert told["UserId"] == str(alice.pk)
    assert (told["UserName"], told["DisplayName"]) == ("alice", "Alice Adams")
    assert answer["Cache-Control"] == "no-store"


def test_its_keys_are_in_the_case_of_the_route():
    assert "sessionId" in posted("/api/Authenticate", CREDENTIALS).json()
    assert "SessionId" in posted("/api/Authenticate?jsconfig=epcn", CREDENTIALS).json()
    assert "bearerToken" in posted("/auth/credentials?jsconfig=eccn", CREDENTIALS).json()


def test_it_answers_in_every_format():
    assert b"<AuthenticateResponse>" in posted("/xml/reply/Authenticate", CREDENTIALS).content
    told = posted("/csv/reply/Authenticate", CREDENTIALS).content.decode()
    assert told.startswith("UserId,SessionId,UserName,DisplayName,BearerToken\r\n")
    assert "SessionId" in json.loads(posted("/jsonl/reply/Authenticate", CREDENTIALS).content)


def test_a_session_id_is_128_random_bits_as_a_guid():
    ids = [posted("/auth/credentials", CREDENTIALS).json()["SessionId"] for _ in range(24)]
    assert all(str(UUID(id)) == id for id in ids)
    assert len({*ids}) == len(ids)
    assert len({UUID(id).version for id in ids}) > 1  # no bit of it is fixed


@pytest.mark.parametrize(
    "body",
    [
        {"Provider": "Credentials", "UserName": "alice", "Password": PASSWORD},
        {"user_name": "alice", "PASSWORD": PASSWORD, "rememberMe": True, "state": None},
        {"userName": "alice", "password": PASSWORD},
    ],
)
def test_keys_are_taken_in_any_case_and_others_ignored(body):
    assert posted("/api/Authenticate", body).status_code == 200


def test_a_form_is_read_and_what_curl_calls_one():
    form = f"Provider=credentials&UserName=alice&Password={PASSWORD}"
    urlencoded = "application/x-www-form-urlencoded"
    assert posted("/auth/credentials", form, urlencoded).status_code == 200
    assert posted("/json/reply/Authenticate", form, urlencoded).status_code == 200
    assert posted("/auth/credentials", CREDENTIALS, urlencoded).status_code == 200
    client = Client()
    assert client.post("/auth/credentials", CREDENTIALS).status_code == 200  # multipart


def test_a_form_is_read_for_authenticate_alone(ask):
    answer = ask("AlternateKey=K", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400


def test_the_password_is_not_taken_from_the_query():
    query = f"?userName=alice&Password={PASSWORD}"
    answer = posted(f"/auth/credentials{query}", {})
    assert answer.status_code == 400
    assert posted("/auth/credentials?UserName=alice", {"password": PASSWORD}).status_code == 200


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("NotEmpty", "UserName"), ("NotEmpty", "Password")]),
        ({"userName": "alice", "password": ""}, [("NotEmpty", "Password")]),
        ({"userName": 1, "password": PASSWORD}, [("SerializationException", "UserName")]),
        ({"userName": "a" * 151, "password": "p"}, [("MaximumLength", "UserName")]),
        ({"userName": "a", "password": "p" * 4097}, [("MaximumLength", "Password")]),
        ({**CREDENTIALS, "provider": "apikey"}, [("Predicate", "Provider")]),
        ([], []),
        ("{", []),
        ('{"userName": "a\\u0000", "password": "p"}', []),
    ],
)
def test_what_cannot_be_read_is_refused_and_opens_nothing(body, errors):
    answer = posted("/json/reply/Authenticate", body)
    assert answer.status_code == 400
    told = answer.json()["ResponseStatus"]
    assert [(one["ErrorCode"], one["FieldName"]) for one in told["Errors"]] == errors
    assert "ss-id" not in answer.cookies
    assert not Session.objects.exists()


@pytest.mark.parametrize("method", ["get", "put", "delete", "options"])
@pytest.mark.parametrize("path", ["/auth/credentials", "/auth/logout", "/api/Authenticate"])
def test_only_post_is_answered(path, method):
    answer = getattr(Client(), method)(path)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_authenticate_takes_no_batch():
    assert posted("/json/reply/Authenticate[]", [CREDENTIALS]).status_code == 405


def test_an_unknown_way_in_is_not_there():
    answer = posted("/auth/facebook", CREDENTIALS)
    assert (answer.status_code, [*answer.json()]) == (404, ["ResponseStatus"])


# --- What is kept ---------------------------------------------------------------------------


def test_only_hashes_of_session_and_token_are_kept():
    told = posted("/auth/credentials", CREDENTIALS).json()
    session = Session.objects.get()
    assert session.checksum == hashlib.sha256(UUID(told["SessionId"]).hex.encode()).hexdigest()
    kept = str([*Session.objects.values(), *AccessToken.objects.values()])
    for secret in (told["SessionId"], UUID(told["SessionId"]).hex, told["BearerToken"]):
        assert secret not in kept


def test_a_session_lives_as_long_as_the_setting_says(settings, save):
    settings.SESSION_HOURS = 1
    session, _token = sign_in("alice")
    left = Session.objects.get().token.expires - timezone.now()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    assert save(X_ss_id=session).status_code == 200


def test_signing_in_clears_away_what_has_expired_and_nothing_else(alice, bob):
    sign_in("alice")
    sign_in("alice")
    token(bob)
    past = timezone.now() - timedelta(seconds=1)
    AccessToken.objects.exclude(pk=Session.objects.last().token_id).update(expires=past)
    sign_in("alice")
    assert Session.objects.count() == 2
    assert AccessToken.objects.count() == 3  # a client's expired one is not ours to clear


def test_signing_in_takes_as_many_statements_however_many_sessions_have_expired(
    django_assert_max_num_queries,
):
    for _ in range(12):
        sign_in("alice")
    AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    with django_assert_max_num_queries(45):
        sign_in("alice")
    assert Session.objects.count() == 1


# --- Where a session is taken ---------------------------------------------------------------


def test_a_session_is_taken_as_header_query_or_cookie(save):
    session, _token = sign_in("alice")
    assert save().status_code == 401
    assert save(X_ss_id=session).status_code == 200
    assert save(cookie=session).status_code == 200
    for name in ("SessionId", "sessionid", "session_id", "SESSIONID"):
        assert save(f"{SAVE}?{name}={session}").status_code == 200
        assert save(f"/api/SaveContactGroup?x=1&{name}={session}&y=2").status_code == 200
    guid = UUID(session)
    for spelled in (guid.hex, f"%7B{guid}%7D", f"({guid})", session.upper()):
        assert save(f"{SAVE}?SessionId={spelled}").status_code == 200


def test_a_session_in_the_body_is_none(ask):
    session, _token = sign_in("alice")
    answer = ask({**ask.body(), "SessionId": session}, headers={})
    assert answer.status_code == 401
    assert not ContactGroup.objects.exists()


def test_a_session_is_taken_on_the_message_face_alone():
    session, secret = sign_in("alice")
    client = Client(headers={"X-ss-id": session})
    client.cookies["ss-id"] = session
    bearer = Client(headers={"Authorization": f"Bearer {secret}"})
    for path in ("/services/data/v64.0", "/api/v1/contacts"):
        assert client.get(f"{path}?SessionId={session}").status_code == 401
        assert Client(headers={"Authorization": f"Bearer {session}"}).get(path).status_code == 401
        assert bearer.get(path).status_code == 200
    assert client.get(f"/admin/?SessionId={session}").status_code == 302


def test_its_token_is_taken_on_the_message_face_too(save):
    _session, secret = sign_in("alice")
    assert save(Authorization=f"Bearer {secret}").status_code == 200
    assert save(X_ss_id=secret).status_code == 401


WRONG = "8f14e45f-ceea-467f-a34f-2d1f0a6b9c55"


def test_what_is_given_first_decides_alone(save):
    """Authorization, then the header, the query, the cookie."""
    session, secret = sign_in("alice")
    query = f"{SAVE}?SessionId={session}"
    wrong = f"{SAVE}?SessionId={WRONG}"
    right = {"X_ss_id": session, "cookie": session}
    for scheme in ("Bearer wrong", "OAuth wrong", "Basic YTpi", "Bearer", f"Bearer {session}"):
        assert save(query, Authorization=scheme, **right).status_code == 401, scheme
    assert save(query, cookie=session, X_ss_id=WRONG).status_code == 401
    assert save(query, cookie=session, X_ss_id="no guid").status_code == 401
    assert save(wrong, cookie=session).status_code == 401
    assert not ContactGroup.objects.exists()
    bearer = f"Bearer {secret}"
    assert save(wrong, cookie=WRONG, X_ss_id=WRONG, Authorization=bearer).status_code == 200
    assert save(wrong, cookie=WRONG, X_ss_id=session).status_code == 200
    assert save(query, cookie=WRONG).status_code == 200


def test_what_is_empty_or_all_zero_is_not_given(save):
    session, _token = sign_in("alice")
    nil = str(UUID(int=0))
    assert save(f"{SAVE}?SessionId=", cookie=session, X_ss_id="").status_code == 200
    assert save(f"{SAVE}?SessionId={nil}", cookie=session, X_ss_id=nil).status_code == 200
    assert save(cookie=nil).status_code == 401


def test_an_expired_session_is_none(save):
    session, secret = sign_in("alice")
    AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    for given in ({"X_ss_id": session}, {"cookie": session}, {"Authorization": f"Bearer {secret}"}):
        answer = save(**given)
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Bearer")
    assert not ContactGroup.objects.exists()


def test_an_inactive_users_session_is_none_and_they_cannot_sign_in(save, alice):
    session, _token = sign_in("alice")
    alice.is_active = False
    alice.save()
    assert save(X_ss_id=session).status_code == 401
    assert posted("/auth/credentials", CREDENTIALS).status_code == 401
    assert Session.objects.count() == 1


def test_a_session_without_the_right_is_403(save, charlie, suite):
    charlie.set_password(PASSWORD)
    charlie.save()
    session, _token = sign_in("charlie")
    assert save(X_ss_id=session).status_code == 403
    assert not ContactGroup.objects.exists()


def test_checking_a_session_is_one_statement(save, django_assert_num_queries):
    session, secret = sign_in("alice")
    for given in ({"X_ss_id": session}, {"Authorization": f"Bearer {secret}"}):
        with django_assert_num_queries(1):
            assert posted(SAVE, "[", headers={k.replace("_", "-"): v for k, v in given.items()})


def test_what_is_done_in_a_session_is_the_persons(save, alice):
    session, _token = sign_in("alice")
    save(X_ss_id=session)
    done = Operation.objects.get()
    assert (done.user, done.face, done.client) == (alice, "message", "")


# --- The cookie -----------------------------------------------------------------------------


def test_the_cookie_is_for_this_site_alone_and_never_expires_by_date():
    [cookie] = posted("/auth/credentials", CREDENTIALS).cookies.values()
    told = cookie.OutputString()
    assert re.fullmatch(r"ss-id=[0-9a-f-]{36}; HttpOnly; Path=/; SameSite=Strict", told)


def test_the_cookie_is_secure_over_https(settings):
    answer = posted("/auth/credentials", CREDENTIALS, secure=True)
    assert answer.cookies["ss-id"]["secure"]
    settings.HTTPS = True
    assert posted("/auth/credentials", CREDENTIALS).cookies["ss-id"]["secure"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://testserver:8080"])
def test_another_sites_page_has_no_use_of_the_cookie(save, origin):
    session, secret = sign_in("alice")
    answer = save(cookie=session, Origin=origin)
    assert (answer.status_code, [*answer.json()]) == (403, ["ResponseStatus"])
    assert save("/auth/logout", cookie=session, Origin=origin).status_code == 403
    assert not ContactGroup.objects.exists()
    # It could only have the browser send the cookie: what is sent by hand is no trick.
    assert save(X_ss_id=session, Origin=origin).status_code == 200
    assert save(Authorization=f"Bearer {secret}", Origin=origin).status_code == 200
    assert save(cookie=WRONG, Origin=origin).status_code == 401


def test_our_own_page_may_use_the_cookie(save, settings):
    session, _token = sign_in("alice")
    assert save(cookie=session, Origin="http://testserver").status_code == 200
    settings.PUBLIC_URL = "https://commsapp.example"
    assert save(cookie=session, Origin="https://commsapp.example").status_code == 200


def test_another_sites_page_cannot_sign_its_visitors_in():
    answer = posted("/auth/credentials", CREDENTIALS, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 200
    assert not answer.cookies


# --- The way out ----------------------------------------------------------------------------


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


# --- Wrong passwords ------------------------------------------------------------------------


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
