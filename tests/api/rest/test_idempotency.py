"""Idempotency-Key: a POST that is sent again is carried out once, and answered as before."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from commsapp.api.rest import idempotency
from commsapp.core.credentials import api_clients
from commsapp.models import Client, Operation
from commsapp.models.idempotency import IdempotencyKey
from groups.models import Membership, Recipient, RecipientGroup
from quotes.models import QuoteLineItem
from tests.api.rest.conftest import Api, ids
from tests.conftest import grant
from tests.races import at_once

SITE = {"name": "Site", "recipient_type": "Location"}


@pytest.fixture
def send(api):
    """POST with a key; as Alice, unless another asks."""

    def send(path, body=None, key="K", by=api):
        return by.post(path, body, headers={"Idempotency-Key": key})

    return send


def is_the_same(first, again):
    """Whether the second answer is the first one, and says so."""
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    headers = [{**each.headers} for each in (first, again)]
    for header in headers:
        header.pop("X-Request-Id")
        header.pop("Idempotent-Replayed", None)
    return (
        first.status_code == again.status_code
        and first.content == again.content
        and headers[0] == headers[1]
    )


def refusal(answer):
    """The status and the code of an answer that refuses the key."""
    text = answer.json()
    [error] = text["errors"]
    assert text["detail"] == error["message"]
    return answer.status_code, error["code"]


# --- The same request -----------------------------------------------------------------------


def test_repeated_create_is_answered_as_before_and_makes_one_row(send):
    first, again = send("recipients", SITE), send("recipients", SITE)
    assert first.status_code == 201
    assert is_the_same(first, again)
    assert Recipient.objects.count() == Operation.objects.count() == 1


def test_create_without_a_key_makes_another_row_and_keeps_nothing(api):
    assert [api.post("recipients", SITE).status_code for _ in "ab"] == [201, 201]
    assert Recipient.objects.count() == 2
    assert not IdempotencyKey.objects.exists()


def test_repeated_verb_is_answered_as_before(send, group, sites):
    path, body = f"recipient-groups/{group.pk}/add-recipients", {"recipients": ids(sites)}
    first, again = send(path, body), send(path, body)
    assert first.json()["added"] == 4
    assert is_the_same(first, again)
    assert Membership.objects.count() == 4


@pytest.mark.parametrize(
    "path",
    [
        "quote-line-items/{quote_line_item}/split",
        "operations/{operation}/undo",
        "recipients/{recipient}/archive",
        "contact-groups/{contact_group}/archive",
    ],
)
def test_each_verb_takes_a_key(send, things, path):
    path = path.format(**{name: record.pk for name, record in vars(things).items()})
    first = send(path)
    assert first.status_code == 200, first.content
    count = Operation.objects.count()
    assert is_the_same(first, send(path))
    assert Operation.objects.count() == count


def test_dry_run_is_answered_as_before_and_writes_nothing_but_the_key(send, things):
    path = f"quote-line-items/{things.quote_line_item.pk}/split"
    first, again = (send(path, {"dry_run": True}) for _ in "ab")
    assert first.json()["created"] == 1
    assert is_the_same(first, again)
    assert not QuoteLineItem.objects.exclude(split_from=None).exists()


def test_refusal_is_kept_and_its_change_is_taken_back(send, group, sites):
    RecipientGroup.objects.filter(pk=group.pk).update(**RecipientGroup.ARCHIVED)
    path, body = f"recipient-groups/{group.pk}/add-recipients", {"recipients": ids(sites)}
    first, again = send(path, body), send(path, body)
    assert first.status_code == 409
    assert is_the_same(first, again)
    assert not Membership.objects.exists()
    assert not Operation.objects.exists()


def test_invalid_request_is_kept(send):
    first, again = (send("recipients", {"name": ""}) for _ in "ab")
    assert first.status_code == 400
    assert is_the_same(first, again)
    assert not Recipient.objects.exists()


def test_record_that_is_not_there_is_404_again(send, licensee):
    first, again = (send(f"recipients/{licensee.pk}/archive") for _ in "ab")
    assert first.status_code == 404
    assert is_the_same(first, again)


def test_trailing_slash_makes_no_other_request(send):
    assert is_the_same(send("recipients", SITE), send("recipients/", SITE))


# --- Another request ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("recipients", {**SITE, "name": "Another"}),
        ("recipients?page_size=1", SITE),
        ("contacts", SITE),
    ],
)
def test_another_request_under_the_same_key_is_422_and_changes_nothing(send, path, body):
    assert send("recipients", SITE).status_code == 201
    assert refusal(send(path, body)) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert Recipient.objects.count() == Operation.objects.count() == 1


@pytest.mark.parametrize(
    "key", ["", "  ", "k" * 256, "schlüssel", "a\tb"],
    ids=["empty", "blank", "too long", "not ASCII", "a control character"],
)  # fmt: skip
def test_what_is_no_key_is_400_and_changes_nothing(send, key):
    answer = send("recipients", SITE, key=key.encode("utf-8").decode("latin-1"))
    assert refusal(answer) == (400, "IDEMPOTENCY_KEY_INVALID")
    assert not Recipient.objects.exists()


def test_longest_key_is_taken(send):
    assert is_the_same(*(send("recipients", SITE, key="~ " * 127 + "k") for _ in "ab"))


def test_key_means_nothing_to_other_methods(api, send):
    record = send("recipients", SITE).json()
    for name in ("A", "B"):
        answer = api.patch(
            f"recipients/{record['id']}", {"name": name}, headers={"Idempotency-Key": "K"}
        )
        assert answer.json()["name"] == name
    assert api.ask("PUT", "recipients", SITE).status_code == 405
    assert send("licensees", {}).status_code == 405


# --- Whose key it is ------------------------------------------------------------------------


def test_key_belongs_to_its_user(send, bob):
    of_bob = Api(bob)
    assert send("recipients", SITE).status_code == 201
    answer = send("recipients", SITE, by=of_bob)
    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer
    assert Recipient.objects.count() == 2


def test_key_belongs_to_its_api_client_whatever_token_it_has(send, api, alice):
    assert send("recipients", SITE).status_code == 201
    client, _secret = api_clients.create_client("another client", alice)
    other = Api()
    other.client.defaults["HTTP_AUTHORIZATION"] = (
        f"Bearer {api_clients.issue_token(client, days=1)}"
    )
    assert "Idempotent-Replayed" not in send("recipients", SITE, by=other)
    fresh = api_clients.issue_token(Client.objects.earliest("id"), days=1)
    api.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {fresh}"
    assert send("recipients", SITE)["Idempotent-Replayed"] == "true"
    assert Recipient.objects.count() == 2


def test_who_lost_the_permission_does_not_get_the_answer(send, alice):
    assert send("recipients", SITE).status_code == 201
    alice.user_permissions.clear()
    assert send("recipients", SITE).status_code == 403


def test_refused_permission_is_asked_for_anew(send, charlie):
    asks = Api(charlie)
    assert send("recipients", SITE, by=asks).status_code == 403
    grant(charlie, "groups.add_recipient")
    assert send("recipients", SITE, by=asks).status_code == 201


# --- How long it is kept --------------------------------------------------------------------


def age(hours):
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=hours))


def test_key_is_kept_for_24_hours_and_then_free(send):
    send("recipients", SITE)
    age(23.9)
    assert send("recipients", SITE)["Idempotent-Replayed"] == "true"
    age(24)
    assert "Idempotent-Replayed" not in send("recipients", SITE)
    assert Recipient.objects.count() == 2
    assert IdempotencyKey.objects.count() == 1


def test_expired_keys_are_cleared_by_whoever_saves_one(send, monkeypatch):
    monkeypatch.setattr(idempotency, "MAX_CLEARED", 2)
    for key in "ABC":
        send("recipients", SITE, key=key)
    age(25)
    send("recipients", SITE, key="D")
    assert IdempotencyKey.objects.count() == 2
    assert IdempotencyKey.objects.clear_expired(limit=10) == 1
    assert IdempotencyKey.objects.count() == 1


def test_answer_that_is_too_large_is_not_kept_but_the_change_is_made_once(send, monkeypatch):
    monkeypatch.setattr(idempotency, "MAX_RESPONSE_BYTES", 100)
    first, again = (send("recipients", SITE) for _ in "ab")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == {
        "detail": "This was carried out before. Its answer was too large to be kept."
    }
    assert Recipient.objects.count() == 1


# --- At once --------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_requests_at_once_under_one_key_exactly_one_is_carried_out(send, api):
    answers = at_once(lambda: send("recipients", SITE), 6)
    replayed = [answer for answer in answers if "Idempotent-Replayed" in answer]
    in_progress = [answer for answer in answers if answer.status_code == 409]
    assert len(replayed) + len(in_progress) == 5
    for answer in in_progress:
        assert refusal(answer) == (409, "IDEMPOTENCY_KEY_IN_USE")
        assert answer["Retry-After"] == "1"
    assert Recipient.objects.count() == Operation.objects.count() == 1
    assert send("recipients", SITE)["Idempotent-Replayed"] == "true"
