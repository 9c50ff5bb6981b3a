"""SaveContactGroup, over HTTP: what the contract says in 3.4."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
def key() -> str:
    """A key that no other test has saved."""
    return f"KEY-{secrets.token_hex(4)}"


def content(demo, *contacts, **more):
    """A contact group whose connections are these places of the demo's contacts, in order."""
    listed = [
        {"Index": index, "ContactId": demo["contacts"][place], "RoleId": demo["connection_role"]}
        for index, place in enumerate(contacts, 1)
    ]
    return {
        "ContactGroupName": "Example Customer",
        "GroupRoleId": demo["group_role"],
        "ContactConnections": listed,
        **more,
    }


def outcome(answer):
    return answer["Meta"]["Outcome"]


def connected(demo, answer):
    """Places in the demo's contacts of those connected, in order; positions are 1..n."""
    rows = demo.all_of(f"contact-groups/{answer['Meta']['ObjectId']}/connections")
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    return [demo["contacts"].index(row["contact"]) for row in rows]


def test_a_first_save_creates_the_group_and_the_same_again_changes_nothing(demo, key):
    made = demo.save(key, ContactGroup=content(demo, 0, 1))
    assert outcome(made) == "Created"
    assert made["Errors"] == []
    assert connected(demo, made) == [0, 1]
    again = demo.save(key, ContactGroup=content(demo, 0, 1))
    assert outcome(again) == "Unchanged"
    assert again["Meta"]["ObjectId"] == made["Meta"]["ObjectId"]
    forced = demo.save(key, ContactGroup=content(demo, 0, 1), IgnoreHash=True)
    assert outcome(forced) == "Updated"


def test_connections_merge_by_contact(demo, key):
    demo.save(key, ContactGroup=content(demo, 0, 1))
    more = content(demo)
    more["ContactConnections"] = [
        {"ContactId": demo["contacts"][2]},
        {"ContactId": demo["contacts"][0], "MarkAsDeleted": True},
    ]
    answer = demo.save(key, ContactGroup=more)
    assert outcome(answer) == "Updated"
    assert connected(demo, answer) == [1, 2]  # who is not listed stays


def test_an_index_puts_a_contact_at_its_place(demo, key):
    demo.save(key, ContactGroup=content(demo, 0, 1, 2))
    moved = content(demo)
    moved["ContactConnections"] = [
        {"Index": 1, "ContactId": demo["contacts"][2]},
        {"Index": 9, "ContactId": demo["contacts"][3]},
        {"ContactId": demo["contacts"][4]},
    ]
    assert connected(demo, demo.save(key, ContactGroup=moved)) == [2, 0, 1, 4, 3]


@pytest.mark.parametrize(
    ("flag", "told", "status"),
    [("MarkAsArchived", "Archived", "archived"), ("MarkAsDeleted", "Deleted", "deleted")],
)
def test_a_flag_moves_the_group_and_restoring_brings_it_back(demo, key, flag, told, status):
    made = demo.save(key, ContactGroup=content(demo, 0))
    url = f"/api/v1/contact-groups/{made['Meta']['ObjectId']}"
    assert outcome(demo.save(key, ContactGroup=content(demo, 0, **{flag: True}))) == told
    assert demo.ask("GET", url)["status"] == status
    restored = demo.save(key, ContactGroup=content(demo, 0, MarkAsRestored=True))
    assert outcome(restored) == "Restored"
    assert demo.ask("GET", url)["status"] == "active"
    assert connected(demo, restored) == [0]


def test_a_deleted_group_takes_nothing_but_its_restoring(demo, key):
    demo.save(key, ContactGroup=content(demo, 0))
    demo.save(key, ContactGroup=content(demo, 0, MarkAsDeleted=True))
    answer = demo.save(key, ContactGroup=content(demo, 1), status=409)
    assert answer["ResponseStatus"]["ErrorCode"] == "Deleted"
    again = demo.save(key, ContactGroup=content(demo, 0, MarkAsDeleted=True))
    assert outcome(again) == "Unchanged"


def test_a_key_of_one_group_is_not_bound_to_another(demo, key):
    made = demo.save(key, ContactGroup=content(demo, 0))
    answer = demo.save(
        key, ObjectId=demo["contact_group"], ContactGroup=content(demo, 1), status=409
    )
    assert answer["ResponseStatus"]["ErrorCode"] == "Conflict"
    assert connected(demo, made) == [0]


def test_an_unknown_contact_is_named_by_its_path_and_nothing_is_saved(demo, key):
    wrong = content(demo, 0)
    unknown = {"ContactId": "0190a0b0-0000-7000-8000-000000000001"}
    wrong["ContactConnections"].append(unknown)
    answer = demo.save(key, ContactGroup=wrong, status=400)["ResponseStatus"]
    assert [error["FieldName"] for error in answer["Errors"]] == [
        "ContactGroup.ContactConnections[1].ContactId"
    ]
    assert demo.all_of(f"alternate-keys?value={key}") == []


def test_eight_first_saves_at_once_make_one_group(demo, key):
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda _each: demo.save(key, ContactGroup=content(demo, 0, 1)), range(8))
        )
    assert sorted(map(outcome, answers)) == ["Created", *["Unchanged"] * 7]
    assert len({answer["Meta"]["ObjectId"] for answer in answers}) == 1
    assert connected(demo, answers[0]) == [0, 1]


def test_another_licensee_cannot_save_into_the_data_source(demo, key):
    body = {
        "SuiteDataSourceInstanceId": demo["data_source"],
        "AlternateKey": key,
        "ContactGroup": content(demo, 0),
    }
    path, token = "/json/reply/SaveContactGroup", demo["outsider"]["access_token"]
    answer = demo.ask("POST", path, body, token=token, status=400)
    assert "Errors" in answer["ResponseStatus"]
    assert demo.all_of(f"alternate-keys?value={key}") == []


def test_json_lines_are_read_and_answered_line_by_line(demo, key):
    body = {
        "SuiteDataSourceInstanceId": demo["data_source"],
        "AlternateKey": key,
        "ContactGroup": content(demo, 0),
    }
    answer = demo.ask("POST", "/jsonl/reply/SaveContactGroup", body)
    assert outcome(answer) == "Created"
