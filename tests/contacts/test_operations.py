"""Contact groups, alternate keys and roles: edited, archived, restored, deleted, bound."""

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from commsapp.core import audit
from commsapp.core.audit import Refused
from commsapp.db.ids import uuid7
from commsapp.models import Operation
from contacts import operations
from contacts.models import AlternateKey, ContactGroup
from tests import factories
from tests.conftest import actor, grant
from tests.contacts.external_suite import everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def groups(licensee):
    return factories.ContactGroupFactory.create_batch(3, licensee=licensee)


def ids(groups):
    return [group.pk.hex for group in groups]


def statuses(groups):
    return [ContactGroup.objects.get(pk=group.pk).status for group in groups]


# --- Archive, restore, delete ---------------------------------------------------------------


def test_groups_are_archived_each_with_its_operation_under_one_batch(groups, by_alice):
    moved = operations.archive_contact_groups(ids(groups), by=by_alice)
    assert statuses(groups) == ["archived"] * 3
    assert moved.message == "3 archived."
    entries = Operation.objects.filter(kind="contacts.group_archived")
    assert {entry.target_id for entry in entries} == {group.pk for group in groups}
    assert len({entry.batch for entry in entries}) == 1


def test_who_is_archived_already_stays_so(groups, by_alice):
    operations.archive_contact_groups(ids(groups[:1]), by=by_alice)
    moved = operations.archive_contact_groups(ids(groups), by=by_alice)
    assert (len(moved.operations), moved.already) == (2, 1)


def test_a_deleted_group_is_not_archived(groups, by_alice):
    operations.delete_contact_groups(ids(groups[:1]), by=by_alice)
    before = everything()
    with pytest.raises(Refused) as refused:
        operations.archive_contact_groups(ids(groups), by=by_alice)
    assert refused.value.refusals[0].code == "INVALID_STATUS"
    assert refused.value.refusals[0].record_id == str(groups[0].pk)
    assert everything() == before


def test_restoring_brings_back_from_both(groups, by_alice):
    operations.archive_contact_groups(ids(groups[:1]), by=by_alice)
    operations.delete_contact_groups(ids(groups[1:2]), by=by_alice)
    moved = operations.restore_contact_groups(ids(groups), by=by_alice)
    assert statuses(groups) == ["active"] * 3
    assert (len(moved.operations), moved.already) == (2, 1)


def test_an_archived_group_can_be_deleted(groups, by_alice):
    operations.archive_contact_groups(ids(groups), by=by_alice)
    assert operations.delete_contact_groups(ids(groups), by=by_alice).message == "3 deleted."
    assert statuses(groups) == ["deleted"] * 3


def test_a_dry_run_counts_and_changes_nothing(groups, by_alice):
    before = everything()
    moved = operations.delete_contact_groups(ids(groups), by=by_alice, dry_run=True)
    assert (moved.message, moved.operations) == ("3 would be deleted.", [])
    assert everything() == before


def test_a_group_that_is_not_there_stops_all(groups, by_alice, by_bob):
    before = everything()
    with pytest.raises(ContactGroup.DoesNotExist):
        operations.archive_contact_groups([*ids(groups), uuid7().hex], by=by_alice)
    with pytest.raises(ContactGroup.DoesNotExist):
        operations.archive_contact_groups(ids(groups), by=by_bob)
    assert everything() == before


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("archive", "archive"), ("archive", "restore"), ("archive", "delete"),
        ("delete", "restore"), ("delete", "delete"),
    ],
)  # fmt: skip
def test_undo_gives_back_the_status_of_before(groups, by_alice, first, second):
    getattr(operations, f"{first}_contact_groups")(ids(groups[:2]), by=by_alice)
    before = statuses(groups)
    moved = getattr(operations, f"{second}_contact_groups")(ids(groups), by=by_alice)
    undone = audit.undo_batch(moved.operations[0].batch, by=by_alice)
    assert sum(one.reversed for one in undone) == len(moved.operations)
    assert statuses(groups) == before


def test_undo_keeps_what_changed_since(groups, by_alice):
    moved = operations.archive_contact_groups(ids(groups[:1]), by=by_alice)
    operations.restore_contact_groups(ids(groups[:1]), by=by_alice)
    undone = audit.undo(moved.operation.pk, by=by_alice)
    assert (undone.reversed, undone.kept) == (0, 1)
    assert statuses(groups) == ["active"] * 3


def test_undo_of_a_deletion_takes_the_right_to_delete(groups, licensee, by_alice):
    moved = operations.delete_contact_groups(ids(groups[:1]), by=by_alice)
    user = factories.UserFactory()
    user.licensees.add(licensee)
    grant(user, "contacts.change_contactgroup")
    with pytest.raises(PermissionDenied):
        audit.undo(moved.operation.pk, by=actor(user))
    assert statuses(groups[:1]) == ["deleted"]


# --- Edit -----------------------------------------------------------------------------------


def test_an_edit_is_told_and_a_deleted_group_takes_none(groups, by_alice):
    operations.edit_contact_group(groups[0].pk, {"name": "Renamed"}, by=by_alice)
    entry = Operation.objects.get()
    assert entry.effects["after"] == {"name": "Renamed"}
    operations.delete_contact_groups(ids(groups), by=by_alice)
    before = everything()
    with pytest.raises(Refused):
        operations.edit_contact_group(groups[0].pk, {"name": "Again"}, by=by_alice)
    assert everything() == before


def test_a_group_takes_only_a_role_of_groups(suite, groups):
    with pytest.raises(ValidationError) as refused:
        operations.edit_contact_group(groups[0].pk, {"role": suite.connection_role}, by=suite.by)
    assert list(refused.value.message_dict) == ["role"]


def test_a_roles_kind_stays_while_somebody_has_it(suite):
    suite.save("K", suite.connection(0, role_id=suite.connection_role.pk.hex))
    for role, kind in ((suite.role, "connection"), (suite.connection_role, "group")):
        with pytest.raises(Refused):
            operations.edit_role(role.pk, {"kind": kind}, by=suite.by)
        assert operations.edit_role(role.pk, {"name": f"New {kind}"}, by=suite.by)
    free = factories.RoleFactory(licensee=suite.licensee)
    assert operations.edit_role(free.pk, {"kind": "connection"}, by=suite.by).kind == "connection"


# --- Alternate keys -------------------------------------------------------------------------


def test_a_key_is_trimmed_and_unique_within_kind_and_data_source(suite):
    key = suite.know_as(" A ", contact=suite.contacts[0])
    assert (key.value, key.kind) == ("A", "contact")
    assert suite.know_as("A", role=suite.role)
    before = everything()
    with pytest.raises(ValidationError):
        suite.know_as("A", contact=suite.contacts[1])
    with pytest.raises(ValidationError):
        suite.know_as("B", contact=suite.contacts[1], role=suite.role)
    with pytest.raises(ValidationError):
        suite.know_as("C", contact=factories.ContactFactory())
    assert everything() == before


def test_a_key_can_be_renamed_moved_and_deleted(suite):
    key = suite.know_as("A", contact=suite.contacts[0])
    values = {"value": " B ", "contact": suite.contacts[1]}
    edited = operations.edit_alternate_key(key.pk, values, by=suite.by)
    assert (edited.value, edited.contact) == ("B", suite.contacts[1])
    gone = operations.delete_alternate_key(key.pk, by=suite.by)
    assert (gone.pk, gone.value) == (key.pk, "B")
    assert not AlternateKey.objects.exists()
    assert Operation.objects.filter(target_id=key.pk).count() == 3


def test_a_group_whose_key_is_gone_is_made_anew_by_the_next_save(suite):
    first = suite.save("K")
    operations.delete_alternate_key(suite.key().pk, by=suite.by)
    second = suite.save("K")
    assert second.outcome == "Created"
    assert second.object_id != first.object_id


def test_another_licensees_key_is_not_there(suite, by_bob):
    key = suite.know_as("A", contact=suite.contacts[0])
    with pytest.raises(AlternateKey.DoesNotExist):
        operations.edit_alternate_key(key.pk, {"value": "B"}, by=by_bob)
    with pytest.raises(AlternateKey.DoesNotExist):
        operations.delete_alternate_key(key.pk, by=by_bob)
    assert AlternateKey.objects.get().value == "A"
