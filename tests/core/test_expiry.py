"""What nobody can use any more is cleared, and nothing else is."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from itertools import count
from uuid import uuid4

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.sessions.models import Session as BrowserSession
from django.core.management import call_command
from django.utils import timezone
from oauth2_provider.models import (
    get_access_token_model,
    get_grant_model,
    get_id_token_model,
    get_refresh_token_model,
    set_token_value,
)

from commsapp.core.credentials import api_clients, message_sessions
from commsapp.core.expiry import clear_expired
from commsapp.models import Client, Session
from commsapp.models.idempotency import RETENTION, IdempotencyKey
from tests.races import at_once

AccessToken, RefreshToken = get_access_token_model(), get_refresh_token_model()
PAST, FUTURE = timedelta(seconds=-1), timedelta(minutes=1)
LIFE = timedelta(days=90)  # of a refresh token after its access token

_secrets = count()


@pytest.fixture
def suite(alice) -> Client:
    return api_clients.create_client("suite", alice)[0]


def access_token(client: Client, ends: timedelta, **more):
    token = AccessToken(application=client, expires=timezone.now() + ends, scope="api", **more)
    set_token_value(token, f"secret {next(_secrets)}")
    token.save()
    return token


def refresh_token(client: Client, access, revoked: timedelta | None = None):
    token = RefreshToken(
        application=client, user=client.user, access_token=access, token_family=uuid4(),
        revoked=None if revoked is None else timezone.now() + revoked,
    )  # fmt: skip
    set_token_value(token, f"secret {next(_secrets)}")
    token.save()
    return token


def test_expired_access_tokens_are_cleared_and_good_ones_stay(suite):
    for _ in range(3):
        access_token(suite, PAST)
    good = access_token(suite, FUTURE)
    assert clear_expired()["access tokens"] == 3
    assert AccessToken.objects.get() == good


def test_an_expired_access_token_stays_while_its_refresh_token_can_be_used(suite):
    kept = access_token(suite, -LIFE + FUTURE)
    refresh_token(suite, kept)
    clear_expired()
    assert AccessToken.objects.get() == kept
    assert RefreshToken.objects.get().access_token == kept


def test_a_refresh_token_that_was_not_used_for_long_is_cleared_with_its_access_token(suite):
    refresh_token(suite, access_token(suite, -LIFE + PAST))
    cleared = clear_expired()
    assert (cleared["refresh tokens"], cleared["access tokens"]) == (1, 1)
    assert not RefreshToken.objects.exists()
    assert not AccessToken.objects.exists()


def test_a_revoked_refresh_token_stays_as_long_as_it_could_be_presented_again(suite):
    recognized = refresh_token(suite, None, revoked=-LIFE + FUTURE)
    refresh_token(suite, None, revoked=-LIFE + PAST)
    clear_expired()
    assert RefreshToken.objects.get() == recognized


def test_a_refresh_token_that_has_nothing_to_refresh_is_cleared(suite):
    refresh_token(suite, None)
    clear_expired()
    assert not RefreshToken.objects.exists()


def test_expired_sessions_of_the_message_api_are_cleared(alice):
    message_sessions.open_session(alice)
    AccessToken.objects.update(expires=timezone.now() + PAST)
    message_sessions.open_session(alice)
    good = Session.objects.order_by("pk").last()
    clear_expired()
    assert Session.objects.get() == good
    assert AccessToken.objects.get() == good.token


def test_expired_codes_id_tokens_and_browser_sessions_are_cleared(suite):
    for ends in (PAST, FUTURE):
        moment = timezone.now() + ends
        same = {"application": suite, "user": suite.user, "expires": moment}
        get_grant_model().objects.create(code=str(ends), **same)
        get_id_token_model().objects.create(**same)
        BrowserSession.objects.create(session_key=str(ends), expire_date=moment)
    cleared = clear_expired()
    for name in ("authorization codes", "id tokens", "browser sessions"):
        assert cleared[name] == 1
    for model in (get_grant_model(), get_id_token_model()):
        assert model.objects.get().expires > timezone.now()
    assert BrowserSession.objects.get().expire_date > timezone.now()


def test_failed_sign_ins_that_no_longer_count_are_cleared_with_name_and_address(db):
    window = timedelta(hours=settings.AXES_COOLOFF_TIME)
    for name, age in (("old", window), ("new", window - FUTURE)):
        same = {"ip_address": "192.0.2.44", "failures_since_start": 1}
        attempt = AccessAttempt.objects.create(username=name, **same)
        AccessAttempt.objects.filter(pk=attempt.pk).update(attempt_time=timezone.now() - age)
    assert clear_expired()["failed sign-ins"] == 1
    assert AccessAttempt.objects.get().username == "new"


def test_idempotency_keys_are_cleared_after_their_retention(db):
    for name, age in (("old", RETENTION), ("new", RETENTION - FUTURE)):
        created_at = timezone.now() - age
        IdempotencyKey.objects.create(checksum=name, status=201, created_at=created_at)
    assert clear_expired()["idempotency keys"] == 1
    assert IdempotencyKey.objects.get().checksum == "new"


def test_more_than_a_batch_is_cleared_batch_by_batch(suite):
    for _ in range(7):
        access_token(suite, PAST)
    access_token(suite, FUTURE)
    assert clear_expired(batch=3)["access tokens"] == 7
    assert AccessToken.objects.count() == 1


def test_a_batch_takes_as_many_statements_however_many_rows_it_has(suite, statements):
    access_token(suite, PAST)
    with statements() as few:
        clear_expired()
    for _ in range(40):
        access_token(suite, PAST)
    with statements() as many:
        clear_expired()
    assert len(many) == len(few)
    assert not AccessToken.objects.exists()


def test_when_a_client_was_last_used_is_not_forgotten_with_its_tokens(suite):
    moment = timezone.now()
    Client.objects.update(last_used_at=moment)
    access_token(suite, PAST)
    clear_expired()
    assert Client.objects.get().last_used_at == moment


@pytest.mark.django_db(transaction=True)
def test_workers_that_clear_at_once_clear_each_row_once(suite):
    for _ in range(40):
        access_token(suite, PAST)
    good = access_token(suite, FUTURE)
    cleared = at_once(lambda: clear_expired(batch=5), 3)
    assert sum(each["access tokens"] for each in cleared) == 40
    assert AccessToken.objects.get() == good


def test_the_command_says_how_much_it_cleared(suite):
    access_token(suite, PAST)
    out = StringIO()
    call_command("clear_expired", stdout=out)
    lines = dict(line.rsplit(maxsplit=1) for line in out.getvalue().splitlines())
    assert lines["access tokens"] == "1"
    assert lines["browser sessions"] == "0"
    assert not AccessToken.objects.exists()
