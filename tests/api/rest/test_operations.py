"""Operations: what they tell, and their undo."""

from __future__ import annotations

import pytest

from commsapp.models import Operation
from tests.groups.many_recipients import members_of

pytestmark = pytest.mark.django_db


def test_an_operation_tells_who_did_what_through_what(api, things, alice):
    operation = api.get(f"operations/{things.operation.pk}").json()
    assert operation.pop("effects") is not None
    at, request_id = operation.pop("at"), operation.pop("request_id")
    assert at
    assert request_id == ""
    assert operation == {
        "id": str(things.operation.pk),
        "licensee": str(things.licensee.pk),
        "user": str(alice.pk),
        "user_name": "alice",
        "channel": "rest",
        "client": "",
        "kind": "groups.recipients_added",
        "target_type": "groups.recipientgroup",
        "target_id": str(things.recipient_group.pk),
        "target_name": things.recipient_group.name,
        "summary": "1 recipient added.",
        "touched": 1,
        "batch": None,
        "undoes": None,
        "undone_by": None,
        "undoable": True,
    }
    [listed] = api.rows("operations", target_id=things.recipient_group.pk)
    assert "effects" not in listed
    assert api.rows("operations")[-1]["id"] == str(things.operation.pk)  # the newest first


def test_an_undo_reverses_and_is_itself_an_operation(api, things):
    path = f"operations/{things.operation.pk}"
    undone = api.post(f"{path}/undo")
    assert undone.status_code == 200
    reversal = undone.json()["operation"]
    assert undone.json() == {
        "message": "Undone: 1 reversed.",
        "reversed": 1,
        "kept": 0,
        "failed": 0,
        "errors": [],
        "operation": reversal,
    }
    told = api.get(path).json()
    assert (told["undone_by"], told["undoable"]) == (reversal, False)
    assert api.get(f"operations/{reversal}").json()["undoes"] == told["id"]
    assert [row["id"] for row in api.rows("operations", is_undone="true")] == [told["id"]]
    assert members_of(things.recipient_group) == set()

    again = api.post(f"{path}/undo")
    assert again.status_code == 409
    assert again.json()["errors"][0]["code"] == "INVALID_STATUS"
    assert Operation.objects.filter(undoes=things.operation).count() == 1


def test_what_a_client_did_is_told_with_its_request(api):
    answer = api.post("contacts", {"name": "Ann"})
    [operation] = api.rows("operations", kind="created")
    assert operation["client"] == "test client"
    assert operation["request_id"] == answer["X-Request-Id"]
