"""Recipients of a group over HTTP, as the contract has it in 2.3, by responses alone."""

from __future__ import annotations

import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from commsapp.db.ids import uuid7
from tests.served import CONNECT


def history(demo):
    """Ids of the group's operations."""
    path = f"/api/v1/operations?target_id={demo['recipient_group']}"
    return [row["id"] for row in demo.ask("GET", path)["results"]]


def test_two_are_added_and_adding_them_again_changes_nothing(demo):
    two, before = demo["recipients"][:2], demo.members()
    answer = demo.recipients("Add", two)
    assert answer == {
        "isSuccessful": True, "statusMessage": "2 recipients added.", "errorsList": [],
    }  # fmt: skip
    assert demo.members() == {*before, *two}

    again = demo.recipients("Add", two)
    assert again["isSuccessful"] is True
    assert again["statusMessage"] == "0 recipients added, 2 were already in the group."
    assert demo.members() == {*before, *two}


def test_one_is_removed_and_removing_it_again_changes_nothing(demo):
    one = demo["recipients"][0]
    demo.recipients("Add", [one])
    assert demo.recipients("Remove", [one])["statusMessage"] == "1 recipient removed."
    assert one not in demo.members()
    again = demo.recipients("remove", [one])
    assert (again["isSuccessful"], again["statusMessage"]) == (
        True, "0 recipients removed, 1 was not in the group.",
    )  # fmt: skip


def test_an_unknown_id_among_good_ones_changes_nothing(demo):
    before, unknown = demo.members(), str(uuid7())
    answer = demo.recipients("Add", [*demo["recipients"][:2], unknown, "no-id"])
    assert answer["isSuccessful"] is False
    assert {(error["statusCode"], error["recipientFields"]) for error in answer["errorsList"]} == {
        ("INVALID_CROSS_REFERENCE_KEY", "recipientsList[2]"),
        ("MALFORMED_ID", "recipientsList[3]"),
    }
    assert any(unknown in error["errorMessage"] for error in answer["errorsList"])
    assert demo.members() == before


def test_without_all_or_none_the_good_ones_are_added(demo):
    good, unknown, before = demo["recipients"][:2], str(uuid7()), demo.members()
    answer = demo.recipients("Add", [unknown, *good], allOrNone="false")
    assert answer["isSuccessful"] is False
    [error] = answer["errorsList"]
    assert error["recipientFields"] == "recipientsList[0]"
    assert demo.members() == {*before, *good}


def test_a_dry_run_says_the_numbers_and_changes_nothing(demo):
    before, told = demo.members(), history(demo)
    answer = demo.recipients("Add", demo["recipients"][:3], dryRun="true")
    assert answer["isSuccessful"] is True
    assert answer["statusMessage"] == "3 recipients would be added."
    assert (demo.members(), history(demo)) == (before, told)


def test_eight_identical_requests_at_once_leave_one_effect(demo):
    three, before, told = demo["recipients"][:3], demo.members(), history(demo)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _each: demo.recipients("Add", three), range(8)))
    assert all(answer["isSuccessful"] for answer in answers)
    messages = sorted(answer["statusMessage"] for answer in answers)
    assert messages.count("3 recipients added.") == 1
    assert messages.count("0 recipients added, 3 were already in the group.") == 7
    assert demo.members() == {*before, *three}
    assert len(history(demo)) == len(told) + 1
    group = demo.ask("GET", f"/api/v1/recipient-groups/{demo['recipient_group']}")
    assert group["member_count"] == len(before) + 3


def test_another_licensee_sees_nothing_of_it(demo):
    token = demo["outsider"]["access_token"]
    path = f"{CONNECT}/recipient-group/{demo['recipient_group']}/recipients"
    body = {"recipientsAction": "Add", "recipientsList": demo["recipients"][:1]}
    before = demo.members()
    [error] = demo.ask("PATCH", path, body, token=token, status=404)
    assert error["errorCode"] == "NOT_FOUND"
    for what in ("recipient_group", "quote", "contact_group", "product", "data_source"):
        resource = f"/api/v1/{what.replace('_', '-')}s"
        demo.ask("GET", f"{resource}/{demo[what]}", token=token, status=404)
        theirs = demo.ask("GET", resource, token=token)["results"]
        assert theirs  # has rows of its own
        assert demo["licensee"] not in {row["licensee"] for row in theirs}
    assert demo.members() == before


def test_who_reads_only_may_look_but_not_add(demo):
    token, before = demo["reader"]["access_token"], demo.members()
    path = f"{CONNECT}/recipient-group/{demo['recipient_group']}/recipients"
    body = {"recipientsAction": "Add", "recipientsList": demo["recipients"][:1]}
    [error] = demo.ask("PATCH", path, body, token=token, status=403)
    assert error["errorCode"] == "INSUFFICIENT_ACCESS"
    demo.ask("GET", f"/api/v1/recipient-groups/{demo['recipient_group']}", token=token)
    assert demo.members() == before


def test_undoing_an_add_takes_out_those_it_had_added(demo):
    before = demo.members()
    demo.recipients("Add", demo["recipients"][:2])
    [newest, *_older] = history(demo)
    demo.ask("POST", f"/api/v1/operations/{newest}/undo", {})
    assert demo.members() == before


def test_the_same_can_be_done_through_rest(demo):
    two, before = demo["recipients"][:2], demo.members()
    path = f"/api/v1/recipient-groups/{demo['recipient_group']}"
    answer = demo.ask("POST", f"{path}/add-recipients", {"recipients": two})
    assert (answer["added"], answer["already"]) == (2, 0)
    assert (
        demo.ask("POST", f"{path}/set-recipients", {"recipients": sorted(before)})["removed"] == 2
    )
    assert demo.members() == before


@pytest.mark.parametrize("document", ["recipient-group", "SaveContactGroup"])
def test_the_printed_curl_line_works_as_printed(installation, document):
    printed = installation.manage("demo").splitlines()
    [line] = [line for line in printed if line.startswith("curl ") and document in line]
    assert shlex.split(line)[0] == "curl"
    command = ["sh", "-c", f"{line} --silent --show-error --fail"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert '"2 recipients added."' in done.stdout or '"Outcome":"' in done.stdout
