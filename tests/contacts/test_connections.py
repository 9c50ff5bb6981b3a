"""Connecting, disconnecting and reordering contacts by hand."""

import pytest

from commsapp.core.audit import Refused
from commsapp.db.ids import dashed, uuid7
from commsapp.models import Operation
from contacts import operations
from contacts.models import ContactConnection, ContactGroup
from contacts.operations import NewConnection
from tests import factories
from tests.contacts.external_suite import everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(suite):
    """A group of the contacts 0, 1 and 2."""
    saved = suite.save("K", 0, 1, 2)
    return ContactGroup.objects.get(pk=saved.object_id)


def ids(suite, *places):
    return [suite.contacts[place].pk.hex for place in places]


def refused(call, *args, by):
    before = everything()
    with pytest.raises(Refused) as caught:
        call(*args, by=by)
    assert everything() == before
    return [(refusal.code, refusal.field, refusal.index) for refusal in caught.value.refusals]


def test_contacts_are_connected_at_their_place_or_last(suite):
    group = factories.ContactGroupFactory(licensee=suite.licensee)
    first, second, third = ids(suite, 0, 1, 2)
    new = [NewConnection(first), NewConnection(second), NewConnection(third, position=1)]
    change = operations.add_connections(group.pk, new, by=suite.by)
    assert suite.order(group.pk) == [2, 0, 1]
    assert (change.added, change.changed, change.already) == (3, 0, 0)
    assert change.message == "3 connections added."


def test_who_is_connected_gets_the_role_and_place_that_are_given(suite, group):
    role = suite.connection_role.pk.hex
    first, second = ids(suite, 0, 1)
    new = [NewConnection(first, role), NewConnection(second)]
    change = operations.add_connections(group.pk, new, by=suite.by)
    assert (change.added, change.changed, change.already) == (0, 1, 1)
    assert ContactConnection.objects.get(contact=first).role == suite.connection_role
    operations.add_connections(group.pk, [NewConnection(first, position=3)], by=suite.by)
    assert suite.order(group.pk) == [1, 2, 0]
    assert ContactConnection.objects.get(contact=first).role == suite.connection_role


def test_connecting_who_is_connected_already_changes_nothing(suite, group):
    before = everything()
    new = [NewConnection(id) for id in ids(suite, 0, 1)]
    change = operations.add_connections(group.pk, new, by=suite.by)
    assert (change.added, change.changed, change.already) == (0, 0, 2)
    assert everything() == before


def test_all_that_is_wrong_with_new_connections_is_told(suite, group):
    theirs = factories.ContactFactory()
    first, *_others = ids(suite, 0)
    new = [
        NewConnection("no id"),
        NewConnection(theirs.pk.hex),
        NewConnection(first, suite.role.pk.hex, 1),
        NewConnection(first, None, 1),
        NewConnection(uuid7().hex, "?", 0),
    ]
    told = refused(operations.add_connections, group.pk, new, by=suite.by)
    assert sorted((index, code) for code, _field, index in told) == [
        (0, "MALFORMED_ID"),
        (1, "INVALID_CROSS_REFERENCE_KEY"),
        (2, "INVALID_CROSS_REFERENCE_KEY"),
        (3, "DUPLICATE_VALUE"),
        (3, "DUPLICATE_VALUE"),
        (4, "INVALID_CROSS_REFERENCE_KEY"),
        (4, "INVALID_CROSS_REFERENCE_KEY"),
        (4, "NUMBER_OUTSIDE_VALID_RANGE"),
    ]


def test_the_disconnected_leave_no_gap(suite, group):
    change = operations.remove_connections(group.pk, ids(suite, 0, 3), by=suite.by)
    assert suite.order(group.pk) == [1, 2]
    assert (change.removed, change.already) == (1, 1)
    entry = Operation.objects.get(pk=change.operation.pk)
    before, after = (entry.effects[when]["connections"] for when in ("before", "after"))
    assert [contact for contact, _role in before] == ids(suite, 0, 1, 2)
    assert [contact for contact, _role in after] == ids(suite, 1, 2)


def test_an_unknown_contact_cannot_be_disconnected(suite, group):
    strangers = [uuid7().hex, "?"]
    told = refused(operations.remove_connections, group.pk, strangers, by=suite.by)
    assert {(code, index) for code, _field, index in told} == {
        ("INVALID_CROSS_REFERENCE_KEY", 0), ("MALFORMED_ID", 1),
    }  # fmt: skip


def test_the_listed_come_first_and_the_others_follow_in_their_order(suite, group):
    first = [dashed(ids(suite, 2)[0])]
    change = operations.reorder_connections(group.pk, first, by=suite.by)
    assert suite.order(group.pk) == [2, 0, 1]
    assert change.message == "Connections put in order."
    again = operations.reorder_connections(group.pk, first, by=suite.by)
    assert not again.operation.touched


def test_who_is_not_connected_cannot_be_put_in_order(suite, group):
    told = refused(operations.reorder_connections, group.pk, ids(suite, 1, 3), by=suite.by)
    assert told == [("INVALID_CROSS_REFERENCE_KEY", "connections", 1)]


def _add(group, suite):
    return operations.add_connections(group, [NewConnection(*ids(suite, 3))], by=suite.by)


def _remove(group, suite):
    return operations.remove_connections(group, ids(suite, 0), by=suite.by)


def _reorder(group, suite):
    return operations.reorder_connections(group, ids(suite, 1), by=suite.by)


@pytest.mark.parametrize("call", [_add, _remove, _reorder])
def test_an_archived_group_takes_changes_and_a_deleted_one_does_not(suite, group, call):
    operations.archive_contact_groups([group.pk.hex], by=suite.by)
    assert call(group.pk, suite).operation.touched
    operations.delete_contact_groups([group.pk.hex], by=suite.by)
    before = everything()
    with pytest.raises(Refused) as caught:
        call(group.pk, suite)
    assert caught.value.refusals[0].code == "INVALID_STATUS"
    assert everything() == before


def test_another_licensees_group_is_not_there(suite, group, by_bob):
    for call in (operations.remove_connections, operations.reorder_connections):
        with pytest.raises(ContactGroup.DoesNotExist):
            call(group.pk, ids(suite, 0), by=by_bob)
