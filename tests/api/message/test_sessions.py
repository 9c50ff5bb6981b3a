"""Sessions: what is kept, where they are taken, and their cookie (contract 1, Credentials)."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from commsapp.core.credentials import message_sessions
from commsapp.models import Operation, Session, User
from contacts.models import ContactGroup
from tests.api.message.signing import CREDENTIALS, PASSWORD, WRONG, posted, sign_in
from tests.conftest import token
from tests.races import all_at_once

pytestmark = pytest.mark.usefixtures("password")
AccessToken = get_access_token_model()
SAVE = "/json/reply/SaveContactGroup"


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


def test_a_new_password_ends_all_sessions_of_the_old_one(save, alice, bob):
    opened = [sign_in("alice"), sign_in("alice")]
    bob.set_password(PASSWORD)
    bob.save()
    theirs, _token = sign_in("bob")
    of_a_client = token(alice)
    alice.set_password("another horse battery staple")
    alice.save()
    for session, secret in opened:
        assert save(X_ss_id=session).status_code == 401
        assert save(Authorization=f"Bearer {secret}").status_code == 401
    assert save(X_ss_id=theirs).status_code == 400  # the data source is none of his
    assert save(Authorization=f"Bearer {of_a_client}").status_code == 200
    assert Session.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_sign_in_waits_for_a_new_password_and_opens_no_session_by_the_old_one(alice):
    signed_in, is_saved = User.objects.get(pk=alice.pk), threading.Event()

    def change_password():
        with transaction.atomic():
            alice.set_password("another horse battery staple")
            alice.save()
            is_saved.set()
            time.sleep(0.3)

    def open_session():
        is_saved.wait(10)
        return message_sessions.open_session(signed_in)

    assert all_at_once([change_password, open_session]) == [None, None]
    assert not Session.objects.exists()
    assert not AccessToken.objects.exists()
    assert message_sessions.open_session(alice)


def test_a_session_goes_on_when_something_else_of_its_user_changes(save, alice):
    session, _token = sign_in("alice")
    alice.first_name = "Alice"
    alice.save()
    assert alice.check_password(PASSWORD)
    assert save(X_ss_id=session).status_code == 200


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
    assert (done.user, done.channel, done.client) == (alice, "message", "")


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
