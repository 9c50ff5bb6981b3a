"""When a client was last heard of, and that telling it costs no request a write."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from commsapp.core.metering import counters
from commsapp.models import ApiUse, Client
from tests.conftest import token

FACES = {
    "connect": ("get", "/services/data/v64.0"),
    "rest": ("get", "/api/v1/contacts"),
    "message": ("post", "/json/reply/SaveContactGroup"),
}


def ask(client, channel, access_token):
    method, path = FACES[channel]
    headers = {"Authorization": f"Bearer {access_token}"}
    return getattr(client, method)(path, headers=headers)


@pytest.mark.parametrize("channel", FACES)
def test_a_client_is_heard_of_on_every_face_and_no_request_writes(client, alice, channel):
    access_token = token(alice)
    before = timezone.now()
    with CaptureQueriesContext(connection) as told:
        assert ask(client, channel, access_token).status_code != 401
    after = timezone.now()
    assert [query["sql"] for query in told if "UPDATE" in query["sql"]] == []
    assert [query["sql"] for query in told if "INSERT" in query["sql"]] == []
    assert Client.objects.get().last_used_at is None
    counters.flush()
    assert before <= Client.objects.get().last_used_at <= after


@pytest.mark.parametrize("channel", FACES)
def test_a_wrong_token_is_nobodys(client, alice, channel):
    token(alice)
    assert ask(client, channel, "wrong").status_code == 401
    counters.flush()
    assert Client.objects.get().last_used_at is None
    assert not ApiUse.objects.exists()


def test_only_the_connect_face_has_an_allocation(client, alice):
    access_token = token(alice)
    for channel in FACES:
        ask(client, channel, access_token)
    counters.flush()
    assert ApiUse.objects.get().calls == 1
