"""The refused saves of a data source: kept with their reasons, the last thousand."""

import json

import pytest

from commsapp.core.audit import Refusal, RefusalCode, Refused
from commsapp.db.ids import uuid7
from commsapp.models import Operation
from contacts import operations
from contacts.models import ContactGroup, DataSource, SaveFailure
from contacts.operations import SaveContactGroup, SubscriptionContactGroupConnectionModel
from contacts.save_group import failures
from contacts.save_group.request import MAX_FAULTS
from tests import factories
from tests.api.rest.conftest import Api
from tests.conftest import actor
from tests.races import at_once

pytestmark = pytest.mark.django_db


def empty_save(source, key):
    """Return a save without a contact group, which is refused."""
    return SaveContactGroup(suite_data_source_instance_id=source.pk.hex, alternate_key=key)


def kept(suite):
    return [*SaveFailure.objects.filter(data_source=suite.source).order_by("number")]


def test_a_refused_save_is_kept_with_its_reasons_and_changes_nothing_else(suite):
    told = suite.refused(
        " K ", SubscriptionContactGroupConnectionModel(index=-1), contact_group_name=""
    )
    [failure] = kept(suite)
    assert (failure.key, failure.line, failure.fault_count) == ("K", 0, 3)
    assert [(fault["code"], fault["field"]) for fault in failure.faults] == told
    assert all(fault["message"] for fault in failure.faults)
    assert failure.at
    assert not Operation.objects.exists()


def test_one_without_a_key_is_told_by_its_object_id(suite):
    id = uuid7()
    suite.refused(None, object_id=id.hex)
    assert [failure.key for failure in kept(suite)] == [str(id)]


def test_of_a_chunk_the_refused_lines_are_kept_beside_what_was_saved(suite):
    bad = [suite.request(f"B{line}", group_role_id=None).received(line) for line in (2, 3)]
    first, *_refused = suite.save_all(suite.request("A"), *bad)
    assert first.outcome == "Created"
    assert [(one.key, one.line, one.number) for one in kept(suite)] == [("B2", 2, 1), ("B3", 3, 2)]


def test_a_dry_run_keeps_none(suite):
    suite.save_all(suite.request(contact_group_name=""), dry_run=True)
    assert kept(suite) == []


def test_what_names_no_data_source_of_the_callers_is_not_kept(suite, by_bob):
    suite.refused(suite_data_source_instance_id=None)
    suite.refused(suite_data_source_instance_id=uuid7().hex)
    suite.refused(by=by_bob)
    assert not SaveFailure.objects.exists()


def test_a_save_without_the_right_or_to_an_inactive_source_is_kept(suite, charlie):
    suite.refused(by=actor(charlie))
    suite.refused(licensee_id=uuid7().hex)
    DataSource.objects.update(is_active=False)
    suite.refused()
    codes = [failure.faults[0]["code"] for failure in kept(suite)]
    assert codes == ["Forbidden", "Forbidden", "Predicate"]


def test_texts_and_reasons_are_bounded(suite):
    wrong = [SubscriptionContactGroupConnectionModel(index=-1)] * 5_000
    suite.refused("x" * 70_000, *wrong)
    [failure] = kept(suite)
    assert len(failure.key) == 255
    assert len(failure.faults) == failures.MAX_FAULTS
    assert MAX_FAULTS <= failure.fault_count < MAX_FAULTS + 10  # those that were listed


def test_the_last_thousand_of_each_data_source_are_kept(suite):
    other = factories.DataSourceFactory(licensee=suite.licensee)
    suite.save_all(empty_save(other, "other"))
    for number in range(5):
        numbered = range(number * 300, number * 300 + 300)
        suite.save_all(*(empty_save(suite.source, f"{one}") for one in numbered))
    assert [failure.key for failure in kept(suite)] == [f"{one}" for one in range(500, 1500)]
    suite.save_all(*(empty_save(suite.source, f"{one}") for one in range(1200)))
    assert [failure.key for failure in kept(suite)] == [f"{one}" for one in range(200, 1200)]
    assert SaveFailure.objects.get(data_source=other).key == "other"


def test_the_messages_tell_nothing_of_another_licensee(suite, by_bob, bob):
    theirs = factories.DataSourceFactory(licensee=bob.licensees.get())
    operations.save_contact_groups([empty_save(theirs, "K")], by=suite.by)
    assert not SaveFailure.objects.exists()
    operations.save_contact_groups([empty_save(theirs, "K")], by=by_bob)
    assert SaveFailure.objects.get().data_source == theirs


@pytest.mark.django_db(transaction=True)
def test_failures_at_once_are_all_numbered_and_never_too_many(suite):
    saves = [empty_save(suite.source, "K")] * 300
    at_once(lambda: operations.save_contact_groups(saves, by=suite.by), 4)
    numbers = [failure.number for failure in kept(suite)]
    assert numbers == [*range(201, 1201)]
    assert not ContactGroup.objects.exists()


def test_the_reasons_are_told_as_they_were_found(suite):
    refused = Refused(Refusal(RefusalCode.PREDICATE, "m" * 300, "f" * 300))
    save = suite.request("K")
    failures.keep_failures({suite.source.pk.hex: [(save, refused)]}, at=suite.source.created_at)
    [failure] = kept(suite)
    assert failure.faults == [{"code": "Predicate", "field": "f" * 255, "message": "m" * 255}]


def test_a_stream_keeps_its_bad_lines_with_their_numbers(suite, alice):
    """Blank lines count; what is not even JSON names no data source."""
    good = {"ContactGroupName": "Customer", "GroupRoleId": str(suite.role.pk)}
    lines = [
        {"AlternateKey": "A", "ContactGroup": good},
        None,
        {"AlternateKey": "B", "ContactGroup": {**good, "ContactGroupName": ""}},
        {"AlternateKey": "C", "ObjectId": "no id", "ContactGroup": good},
    ]
    source = {"SuiteDataSourceInstanceId": str(suite.source.pk)}
    body = [json.dumps({**source, **line}) if line else "" for line in lines]
    response = Api(alice).client.post(
        "/jsonl/reply/SaveContactGroup[]", "\n".join([*body, "{", ""]), content_type="text/jsonl"
    )
    assert response.status_code == 200
    assert len(response.getvalue().splitlines()) == 4
    told = [(one.key, one.line, one.faults[0]["code"]) for one in kept(suite)]
    assert told == [("B", 3, "NotEmpty"), ("C", 4, "InvalidGuid")]
