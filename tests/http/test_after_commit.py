"""The database fails after a request has committed its change: no answer says it is undone."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DataError, IntegrityError, OperationalError, connection
from django.test import Client
from django.urls import reverse

from commsapp.api.message import batch
from commsapp.core import records
from commsapp.core.actors import Actor
from commsapp.core.audit import operation
from commsapp.db.commits import PartlySaved
from commsapp.db.waits import TooManyWaitForLocks
from commsapp.models import User
from commsapp.staff.archiving import ArchivedAdmin
from contacts.models import ContactGroup
from contacts.save_group import lookup, statistics
from contacts.save_group import save as saving
from groups.models import Recipient
from tests import factories
from tests.api.message.signing import PASSWORD
from tests.conftest import token
from tests.contacts.external_suite import Suite
from tests.staff.conftest import browse

pytestmark = pytest.mark.django_db(transaction=True)

NOTHING = "Nothing was changed"


class Failure:
    """A database that cannot be reached any more once rows of a table are committed."""

    def __init__(self, table: str) -> None:
        self.insert, self.is_written = f'INSERT INTO "{table}"', False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.is_written and not context["connection"].in_atomic_block:
            raise OperationalError("the connection is lost")
        self.is_written = self.is_written or sql.startswith(self.insert)
        return execute(sql, params, many, context)


@pytest.fixture
def api(alice) -> Client:
    headers = {"Authorization": f"Bearer {token(alice)}"}
    return Client(headers=headers, raise_request_exception=False)


@pytest.mark.parametrize("is_edit", [False, True], ids=["create", "edit"])
def test_record_that_was_saved_and_cannot_be_read_again_is_503_of_unknown_outcome(
    api, licensee, is_edit
):
    path, ask = "/api/v1/recipients", api.post
    if is_edit:
        site = factories.RecipientFactory(licensee=licensee)
        path, ask = f"{path}/{site.pk}", api.patch
    body = {"name": "Berlin", "recipient_type": "Location"}
    with connection.execute_wrapper(Failure("commsapp_operation")):
        answer = ask(path, body, content_type="application/json")
    assert Recipient.objects.get().name == "Berlin"
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    [error] = answer.json()["errors"]
    assert error["code"] == "OUTCOME_UNKNOWN"
    assert error["message"].startswith("The change was saved, at least in part")
    assert NOTHING not in answer.content.decode()


def test_page_whose_session_cannot_be_saved_after_a_change_does_not_say_nothing_was_changed(alice):
    alice.set_password(PASSWORD)
    alice.save()
    browser, new = browse(alice), "another horse battery staple"
    browser.raise_request_exception = False
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    with connection.execute_wrapper(Failure("commsapp_adminchange")):
        answer = browser.post(reverse("admin:password_change"), form)
    assert User.objects.get(pk=alice.pk).check_password(new)
    assert answer.status_code == 503
    assert "The change was saved, at least in part" in answer.content.decode()
    assert NOTHING not in answer.content.decode()


def test_failure_before_any_change_says_that_nothing_was_changed_also_after_another_request(
    api, licensee
):
    body = {"name": "Berlin", "recipient_type": "Location"}
    assert api.post("/api/v1/recipients", body, content_type="application/json").status_code == 201
    failure = Failure("commsapp_operation")
    failure.is_written = True
    with connection.execute_wrapper(failure):
        answer = api.post("/api/v1/recipients", body, content_type="application/json")
    assert answer.status_code == 503
    assert NOTHING in answer.content.decode()
    assert Recipient.objects.count() == 1


# --- Several transactions of one request ----------------------------------------------------


class Archiving:
    """Archives recipients in chunks of one, of which the second does not get its lock."""

    def __init__(self, by: Actor, sites: Sequence[Recipient]) -> None:
        self.by, self.sites = by, sites

    def __call__(self, dry_run: bool) -> Any:
        [first, second] = self.sites
        change = records.archive(Recipient, [first.pk.hex], by=self.by, dry_run=dry_run)
        with connection.execute_wrapper(_locked):
            records.archive(Recipient, [second.pk.hex], by=self.by, dry_run=dry_run)
        return change


def _locked(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    if '"groups_recipient"' in sql and context["connection"].in_atomic_block:
        raise TooManyWaitForLocks
    return execute(sql, params, many, context)


@pytest.fixture
def sites(licensee) -> list[Recipient]:
    return factories.RecipientFactory.create_batch(2, licensee=licensee)


def archived(sites: Sequence[Recipient]) -> list[bool]:
    return [Recipient.objects.get(pk=site.pk).is_archived for site in sites]


def test_operation_whose_second_transaction_is_refused_its_lock_is_partly_saved_and_not_retried(
    by_alice, sites
):
    runs = []

    @operation(again_on=IntegrityError)
    def archive_both() -> None:
        runs.append(1)
        Archiving(by_alice, sites)(dry_run=False)

    with pytest.raises(PartlySaved):
        archive_both()
    assert archived(sites) == [True, False]
    assert len(runs) == 1


def test_command_of_the_staff_site_that_fails_after_its_first_commit_says_that_a_part_was_saved(
    alice, by_alice, sites, monkeypatch
):
    def archive(self: Any, ids: Any, by: Actor, dry_run: bool) -> Any:
        if dry_run:
            return records.archive(Recipient, ids, by=by, dry_run=True)
        return Archiving(by, sites)(dry_run)

    monkeypatch.setattr(ArchivedAdmin, "archive", archive)
    form = {
        "action": "archive_selected",
        "_selected_action": [str(site.pk) for site in sites],
        "confirm": "1",
    }
    answer = browse(alice).post(reverse("admin:groups_recipient_changelist"), form)
    assert answer.status_code == 503
    assert "The change was saved, at least in part" in answer.content.decode()
    assert NOTHING.lower() not in answer.content.decode().lower()
    assert archived(sites) == [True, False]


def test_selection_that_is_not_had_at_all_is_said_to_have_changed_nothing(alice, sites):
    form = {
        "action": "archive_selected",
        "_selected_action": [str(site.pk) for site in sites],
        "confirm": "1",
    }

    browser = browse(alice)
    with connection.execute_wrapper(_locked):
        answer = browser.post(reverse("admin:groups_recipient_changelist"), form)
    assert answer.status_code == 503
    assert "Nothing was changed; try again" in answer.content.decode()
    assert archived(sites) == [False, False]


# --- Streams and batches of the Message API -------------------------------------------------


def save_then_fail(monkeypatch: pytest.MonkeyPatch, *, at: int) -> None:
    """Let the database fail after a group of saves is committed, the one with this number."""
    count_outcomes, groups = statistics.count_outcomes, []

    def count(*args: Any, **more: Any) -> None:
        count_outcomes(*args, **more)
        groups.append(1)
        if len(groups) == at:
            raise OperationalError("the connection is lost")

    monkeypatch.setattr(saving, "count_outcomes", count)


def bodies_of(suite: Suite, number: int) -> list[dict[str, Any]]:
    return [
        {
            "SuiteDataSourceInstanceId": str(suite.source.pk),
            "AlternateKey": f"{place:04}",
            "ContactGroup": {"ContactGroupName": "Customer", "GroupRoleId": str(suite.role.pk)},
        }
        for place in range(number)
    ]


@pytest.fixture
def suite(licensee, by_alice) -> Suite:
    return Suite(licensee, by_alice)


def test_lines_of_a_stream_that_are_saved_before_the_database_fails_are_not_said_to_be_unchanged(
    api, suite, monkeypatch
):
    save_then_fail(monkeypatch, at=1)
    lines = "\n".join(json.dumps(body) for body in bodies_of(suite, 2))
    path, kind = "/jsonl/reply/SaveContactGroup[]", "application/json"
    statuses = [json.loads(line) for line in b"".join(api.post(path, lines, kind)).splitlines()]
    assert [status["ErrorCode"] for status in statuses] == ["ServiceUnavailable"] * 2
    for status in statuses:
        assert status["Message"] == (
            "The change was saved, at least in part, before the database failed. "
            "It is safe to send the request again."
        )
    assert ContactGroup.objects.count() == 2
    again = [json.loads(line) for line in b"".join(api.post(path, lines, kind)).splitlines()]
    assert [status["Meta"]["Outcome"] for status in again] == ["Unchanged"] * 2


def test_requests_of_a_batch_that_may_be_saved_are_named_by_their_places(api, suite, monkeypatch):
    save_then_fail(monkeypatch, at=2)
    bodies = bodies_of(suite, batch.CHUNK + 3)
    answer = api.post("/json/reply/SaveContactGroup[]", bodies, "application/json")
    status = answer.json()["ResponseStatus"]
    assert (answer.status_code, answer["X-AutoBatch-Completed"]) == (503, str(batch.CHUNK))
    assert status["Meta"]["AutoBatchIndex"] == str(batch.CHUNK)
    assert "the requests 500 to 502 of the batch" in status["Message"]
    assert "those before are done, those after are not" in status["Message"]
    assert ContactGroup.objects.count() == batch.CHUNK + 3


def test_batch_whose_second_transaction_gets_no_lock_says_what_is_done_and_what_is_not(
    api, suite, monkeypatch
):
    lock_groups, looks = lookup.load, []

    def load(*args: Any, **more: Any) -> Any:
        looks.append(1)
        if len(looks) == 2:
            raise TooManyWaitForLocks
        return lock_groups(*args, **more)

    monkeypatch.setattr(saving, "load", load)
    bodies = bodies_of(suite, batch.CHUNK + 1)
    answer = api.post("/json/reply/SaveContactGroup[]", bodies, "application/json")
    assert (answer.status_code, answer["X-AutoBatch-Completed"]) == (503, str(batch.CHUNK))
    assert answer.json()["ResponseStatus"]["Message"] == (
        "The server is busy. Those before are done, this one and those after it are not. "
        "Try again shortly."
    )
    assert ContactGroup.objects.count() == batch.CHUNK


def test_batch_whose_second_transaction_fails_by_our_fault_says_what_was_completed(
    api, suite, monkeypatch
):
    lock_groups, looks = lookup.load, []

    def load(*args: Any, **more: Any) -> Any:
        looks.append(1)
        if len(looks) == 2:
            raise DataError("no such thing")
        return lock_groups(*args, **more)

    monkeypatch.setattr(saving, "load", load)
    bodies = bodies_of(suite, batch.CHUNK + 1)
    answer = api.post("/json/reply/SaveContactGroup[]", bodies, "application/json")
    status = answer.json()["ResponseStatus"]
    assert (answer.status_code, status["ErrorCode"]) == (500, "InternalError")
    assert answer["X-AutoBatch-Completed"] == status["Meta"]["AutoBatchIndex"] == "500"
    assert ContactGroup.objects.count() == batch.CHUNK


def test_command_whose_group_is_saved_before_the_database_fails_says_that_it_is_not_known(
    suite, alice, monkeypatch, tmp_path
):
    save_then_fail(monkeypatch, at=2)
    path = tmp_path / "customers.jsonl"
    path.write_text("\n".join(json.dumps(body) for body in bodies_of(suite, 501)))
    save = partial(call_command, "save_contact_groups", str(path), "--user", "alice", "--json")
    with pytest.raises(CommandError) as stopped:
        save(stdout=io.StringIO(), stderr=io.StringIO())
    assert "after line 500. It is not known whether the next lines were saved." in str(
        stopped.value
    )
    assert ContactGroup.objects.count() == 501
    out = io.StringIO()
    save(stdout=out)
    assert json.loads(out.getvalue())["outcomes"] == {"Unchanged": 501}
