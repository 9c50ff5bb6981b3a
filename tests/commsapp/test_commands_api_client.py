"""manage.py api_client: what it makes signs in, and nothing of it can be read again."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.hashers import check_password
from django.core.management import CommandError, call_command
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from commsapp.api.authentication import actor_of
from commsapp.core.credentials.api_clients import issue_token, renew_token
from commsapp.models import Client

AccessToken = get_access_token_model()


def run(*args):
    out = StringIO()
    call_command("api_client", *args, stdout=out, stderr=StringIO())
    return out.getvalue()


def signed_in(rf, token):
    return actor_of(rf.get("/", headers={"Authorization": f"Bearer {token}"}), "connect")


def test_its_token_acts_as_the_user_through_the_client(alice, rf):
    made = json.loads(run("Nightly sync", "--user", "alice", "--json"))
    assert set(made) == {"client_id", "client_secret", "access_token"}
    actor = signed_in(rf, made["access_token"])
    assert (actor.user, actor.client) == (alice, "Nightly sync")


def test_secret_and_token_are_kept_as_hashes_only(alice):
    made = json.loads(run("Nightly sync", "--user", "alice", "--json"))
    client = Client.objects.get(client_id=made["client_id"])
    assert client.authorization_grant_type == "client-credentials"
    assert client.client_type == "confidential"
    assert made["client_secret"] not in client.client_secret
    assert check_password(made["client_secret"], client.client_secret)
    kept = AccessToken.objects.values().get()
    assert made["access_token"] not in map(str, kept.values())


def test_without_json_it_prints_a_line_for_each(alice):
    lines = run("Nightly sync", "--user", "alice").splitlines()
    assert [line.split()[0] for line in lines] == ["client_id", "client_secret", "access_token"]


def test_the_token_lives_for_the_days_that_were_asked_for(alice):
    before = timezone.now()
    run("Nightly sync", "--user", "alice", "--days", "3")
    life = AccessToken.objects.get().expires - before
    assert timedelta(days=3) <= life < timedelta(days=3, minutes=2)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("Sync", "--user", "nobody"), "no active user “nobody”"),
        (("Sync", "--user", "alice", "--days", "0"), "--days"),
        ((" ", "--user", "alice"), "name"),
        (("x" * 256, "--user", "alice"), "255"),
    ],
)
def test_a_refusal_says_why_and_makes_nothing(alice, args, told):
    with pytest.raises(CommandError, match=told):
        run(*args)
    assert not Client.objects.exists()
    assert not AccessToken.objects.exists()


def test_an_inactive_user_gets_no_client(alice):
    alice.is_active = False
    alice.save()
    with pytest.raises(CommandError, match="no active user"):
        run("Sync", "--user", "alice")
    assert not Client.objects.exists()


def test_a_token_renewed_is_the_same_token_living_on(alice, rf):
    client = Client.objects.get(
        client_id=json.loads(run("Sync", "--user", "alice", "--json"))["client_id"]
    )
    token = issue_token(client, days=-1)
    assert signed_in(rf, token) is None
    renew_token(client, token, days=1)
    assert signed_in(rf, token).user == alice
    AccessToken.objects.all().delete()
    renew_token(client, token, days=1)
    assert signed_in(rf, token).user == alice
