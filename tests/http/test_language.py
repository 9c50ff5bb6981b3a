"""People choose their language; machines are answered in English, whatever anybody prefers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from contacts import operations as contacts_operations
from contacts.models import SaveFailure
from contacts.operations import SaveContactGroup
from groups import operations as groups_operations
from groups.models import RecipientGroup
from tests import factories
from tests.conftest import actor, token

JSON = "application/json"
NOBODY = "019b76da-a800-7fd8-8289-399346a850cd"
_MEMBERS = f"/services/data/v64.0/connect/comms-sales/recipient-group/{NOBODY}/recipients"


@pytest.fixture(autouse=True)
def _spoken_before():
    """What this thread answered last was in German."""
    with translation.override("de"):
        yield


@pytest.fixture
def group(licensee):
    customer = factories.ContactGroupFactory(licensee=licensee)
    return factories.RecipientGroupFactory(licensee=licensee, customer=customer)


def answers(method: str, path: str, body: object, **headers: str) -> tuple[int, str]:
    """Status and body, without what differs each time."""
    text = body if isinstance(body, str | bytes) else json.dumps(body)
    asked: dict[str, Any] = {"data": text, "content_type": JSON} if body is not None else {}
    german = {"accept-language": "de-DE,de;q=0.9", "cookie": "language=de"}
    plain = Client().generic(method, path, **asked, headers=headers)
    preferring = Client().generic(method, path, **asked, headers={**headers, **german})
    assert preferring.status_code == plain.status_code
    said = [one.getvalue() if one.streaming else one.content for one in (plain, preferring)]
    ids = [one["X-Request-Id"].encode() for one in (plain, preferring)]
    first, second = (one.replace(id, b"") for one, id in zip(said, ids, strict=True))
    assert first == second
    assert "Content-Language" not in preferring or preferring["Content-Language"] == "en"
    return plain.status_code, first.decode()


ASKED = {
    "Connect, who are you": ("PATCH", _MEMBERS, {}, 401, "Session expired or invalid"),
    "Connect, no such version": ("GET", "/services/data/v1.0", None, 404, "is not served"),
    "OAuth": ("POST", "/services/oauth2/token", "grant_type=none", 415, "error_description"),
    "REST, who are you": ("GET", "/api/v1/recipients", None, 401, "detail"),
    "REST, no such address": ("GET", "/api/v1/nothing", None, 404, "detail"),
    "Message, who are you": ("POST", "/json/reply/SaveContactGroup", {}, 401, "Unauthorized"),
    "Message, no such operation": ("POST", "/api/Nothing", {}, 405, "MethodNotAllowed"),
    "Message, wrong password": (
        "POST", "/api/Authenticate", {"provider": "credentials", "userName": "a", "password": "b"},
        401, "The user name or the password is wrong.",
    ),
    "the descriptions": ("GET", "/api/schema/", None, 200, "Recipient"),
    "the types": ("GET", "/types/python", None, 200, "class SaveContactGroup"),
    "the metadata": ("GET", "/json/metadata?op=SaveContactGroup", None, 200, "Parameters"),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_a_machine_is_answered_in_english(asked):
    method, path, body, status, told = asked
    is_status, text = answers(method, path, body)
    assert is_status == status, text
    assert told in text


def test_what_connect_refuses_and_does_is_told_in_english(alice, group):
    bearer = {"authorization": f"Bearer {token(alice)}"}
    path = _MEMBERS.replace(NOBODY, str(group.pk))
    recipient = factories.RecipientFactory(licensee=group.licensee, archived_at="2026-01-31T00:00Z")
    body = {"recipientsAction": "Add", "recipientsList": [str(recipient.pk), "x"]}
    status, text = answers("PATCH", path, body, **bearer)
    assert status == 200
    assert f"The recipient {recipient.pk} is archived." in text
    status, text = answers("PATCH", path, {**body, "recipientsList": []}, **bearer)
    assert "0 recipients added" in text
    status, text = answers("PATCH", path, {"recipientsAction": "Both"}, **bearer)
    assert status == 400


def test_what_rest_refuses_is_told_in_english(alice, group):
    bearer = {"authorization": f"Bearer {token(alice)}"}
    status, text = answers("POST", "/api/v1/recipient-groups", {"name": ""}, **bearer)
    assert status == 400
    assert "This field may not be blank." in text
    status, text = answers("POST", "/api/v1/products", {"one_time_price": "1.234,50"}, **bearer)
    assert status == 400
    assert "Field" not in text or "Feld" not in text


def test_what_a_message_refuses_is_told_in_english(alice):
    bearer = {"authorization": f"Bearer {token(alice)}"}
    body = {"ContactGroup": {"ContactGroupName": "x" * 300}, "SuiteDataSourceInstanceId": NOBODY}
    status, text = answers("POST", "/json/reply/SaveContactGroup", body, **bearer)
    assert status == 400
    assert "There is no such data source." in text


def test_a_body_that_is_not_read_is_refused_in_english(alice):
    bearer = {"authorization": f"Bearer {token(alice)}", "content-encoding": "br"}
    for path in ("/api/v1/recipients", "/json/reply/SaveContactGroup", "/services/data/v64.0"):
        _status, text = answers("POST", path, {}, **bearer)
        assert "Content-Encoding" in text or "HTTP Method" in text


# --- What is kept -------------------------------------------------------------------------------


def test_an_operation_is_told_in_the_readers_language_whoever_did_it(by_alice, group):
    [one] = factories.RecipientFactory.create_batch(1, licensee=group.licensee)
    change = groups_operations.add_recipients(group.pk, [one.pk.hex], by=by_alice)
    change.operation.refresh_from_db()
    assert change.message == "1 Empfänger hinzugefügt."
    kept = json.dumps([change.operation.numbers, change.operation.effects, change.operation.kind])
    assert "Empfänger" not in kept
    with translation.override("en"):
        assert change.message == "1 recipient added."


def test_why_a_save_failed_is_kept_in_english_and_told_in_german(alice, licensee):
    from tests.staff.conftest import browse, content_of, page

    source = factories.DataSourceFactory(licensee=licensee)
    save = SaveContactGroup(suite_data_source_instance_id=source.pk.hex, alternate_key="KEY")
    with translation.override("en"):  # as the Message API does
        contacts_operations.save_contact_groups([save.received(1)], by=actor(alice, "message"))
    [fault] = SaveFailure.objects.get().faults
    assert fault["message"] == "There is no contact group."
    web = browse(alice)
    assert "Es fehlt die Kontaktgruppe." in content_of(
        web.get(page(source), headers={"accept-language": "de"})
    )
    assert fault["message"] in content_of(web.get(page(source), headers={"accept-language": "en"}))


def test_what_a_german_imports_in_vain_is_kept_in_english(by_alice, licensee):
    source = factories.DataSourceFactory(licensee=licensee)
    from contacts.imports import import_contact_groups

    row = {"data_source": str(source.pk), "alternate_key": "KEY", "name": "Sample"}
    imported = import_contact_groups([row], by=by_alice, licensee_id=licensee.pk)
    assert [refusal.message for refusal in imported.refusals] == [
        "Eine neue Kontaktgruppe braucht eine Rolle."
    ]
    [fault] = SaveFailure.objects.get().faults
    assert fault["message"] == "A new contact group needs a role."
    assert not RecipientGroup.objects.exists()
