"""Saving a contact group: which one, what becomes of it, and who may (contract 3.4)."""

import pytest

from commsapp.db.ids import uuid7
from commsapp.models import Operation
from contacts import operations
from contacts.models import ContactGroup
from tests import factories
from tests.conftest import actor
from tests.contacts.external_suite import everything

pytestmark = pytest.mark.django_db


# --- Which group ----------------------------------------------------------------------------


def test_a_first_save_creates_the_group_with_its_key_and_connections(suite):
    saved = suite.save("K", 1, 0)
    group = ContactGroup.objects.get(pk=saved.object_id)
    assert (saved.outcome, group.name, group.role, group.status) == (
        "Created", "Customer", suite.role, "active",
    )  # fmt: skip
    assert group.licensee == suite.licensee
    assert suite.order(saved.object_id) == [1, 0]
    key = suite.key()
    assert (key.contact_group, key.kind, key.last_outcome) == (group, "contact_group", "Created")
    assert key.last_saved_at


def test_the_key_names_the_group_within_its_data_source(suite):
    first = suite.save()
    other = factories.DataSourceFactory(licensee=suite.licensee)
    elsewhere = suite.save(suite_data_source_instance_id=other.pk.hex)
    assert elsewhere.outcome == "Created"
    assert elsewhere.object_id != first.object_id
    again = suite.save(contact_group_name="Renamed")
    assert (again.outcome, again.object_id) == ("Updated", first.object_id)


def test_the_key_is_trimmed_and_else_compared_exactly(suite):
    first = suite.save(" K ")
    assert suite.key("K")
    assert suite.save("K").object_id == first.object_id
    assert suite.save("k").outcome == "Created"


def test_the_object_id_names_the_group_and_binds_a_new_key(suite):
    group = factories.ContactGroupFactory(licensee=suite.licensee)
    saved = suite.save("NEW", object_id=group.pk.hex)
    assert (saved.outcome, saved.object_id) == ("Updated", group.pk.hex)
    assert suite.key("NEW").contact_group == group
    assert suite.save("NEW").outcome == "Unchanged"


def test_binding_a_key_is_told_even_if_nothing_else_changes(suite):
    first = suite.save("A")
    saved = suite.save("B", object_id=first.object_id)
    assert saved.operation.effects == {
        "before": {"alternate_key": None}, "after": {"alternate_key": "B"},
    }  # fmt: skip


def test_a_key_of_another_group_is_a_conflict(suite):
    suite.save("A")
    other = suite.save("B")
    assert suite.refused("A", object_id=other.object_id) == [("Conflict", "AlternateKey")]


def test_an_unknown_object_is_not_found(suite):
    assert suite.refused(None, object_id=uuid7().hex) == [("NotFound", "ObjectId")]


def test_another_licensees_object_is_not_found(suite):
    theirs = factories.ContactGroupFactory()
    assert suite.refused(None, object_id=theirs.pk.hex) == [("NotFound", "ObjectId")]


def test_object_id_alone_goes_by_the_only_key_of_the_data_source(suite):
    first = suite.save("A")
    assert suite.save(None, object_id=first.object_id).outcome == "Unchanged"
    assert suite.save(None, object_id=first.object_id, contact_group_name="B").outcome == "Updated"
    assert suite.save("A", contact_group_name="B").outcome == "Unchanged"


def test_object_id_alone_is_applied_where_there_are_several_keys_or_none(suite):
    first = suite.save("A")
    suite.save("B", object_id=first.object_id)
    for _again in range(2):
        assert suite.save(None, object_id=first.object_id).outcome == "Updated"
    assert suite.key("A").content_hash == suite.key("B").content_hash == ""
    bare = factories.ContactGroupFactory(licensee=suite.licensee)
    for _again in range(2):
        assert suite.save(None, object_id=bare.pk.hex).outcome == "Updated"


def test_the_data_source_must_be_known_active_and_the_callers(suite, by_bob):
    field = "SuiteDataSourceInstanceId"
    assert suite.refused(suite_data_source_instance_id=uuid7().hex) == [("NotFound", field)]
    assert suite.refused(by=by_bob) == [("NotFound", field)]
    assert suite.refused(suite_data_source_instance_id=None) == [("NotEmpty", field)]
    suite.source.is_active = False
    suite.source.save()
    assert suite.refused() == [("Predicate", field)]


def test_the_licensee_must_be_the_callers_and_the_data_sources(suite, alice, by_bob):
    assert suite.save(licensee_id=suite.licensee.pk.hex).outcome == "Created"
    assert suite.refused(licensee_id=uuid7().hex) == [("Forbidden", "LicenseeId")]
    forbidden = [("Forbidden", "LicenseeId")]
    assert suite.refused(licensee_id=suite.licensee.pk.hex, by=by_bob) == forbidden
    second = factories.LicenseeFactory()
    alice.licensees.add(second)
    assert suite.refused(licensee_id=second.pk.hex, by=actor(alice)) == forbidden


# --- Flags and outcomes ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "flags",
    [
        {"mark_as_deleted": True, "mark_as_restored": True},
        {"mark_as_archived": True, "mark_as_restored": True},
        {"mark_as_deleted": True, "mark_as_archived": True},
    ],
)
def test_at_most_one_flag_is_set(suite, flags):
    [(code, field)] = suite.refused(**flags)
    assert code == "Predicate"
    assert field.startswith("ContactGroup.MarkAs")


def test_flags_move_the_group_and_apply_the_rest(suite):
    def state():
        group = ContactGroup.objects.get()
        return group.status, group.name

    saved = suite.save("K", 0)
    assert suite.save(mark_as_archived=True, contact_group_name="B").outcome == "Archived"
    assert state() == ("archived", "B")
    assert suite.save(contact_group_name="C").outcome == "Updated"
    assert state() == ("archived", "C")
    assert suite.save(mark_as_restored=True).outcome == "Restored"
    assert suite.save(mark_as_deleted=True).outcome == "Deleted"
    assert suite.order(saved.object_id) == [0]
    assert suite.save(mark_as_restored=True, contact_group_name="D").outcome == "Restored"
    assert state() == ("active", "D")


def test_a_deleted_group_takes_nothing_but_restoring(suite):
    saved = suite.save()
    suite.save(mark_as_deleted=True)
    assert suite.refused(contact_group_name="B") == [("Deleted", "AlternateKey")]
    assert suite.refused(mark_as_archived=True) == [("Deleted", "AlternateKey")]
    assert suite.refused(None, object_id=saved.object_id) == [("Deleted", "ObjectId")]
    before = everything()
    again = suite.save(mark_as_deleted=True, contact_group_name="B", ignore_hash=True)
    assert (again.outcome, again.object_id) == ("Unchanged", saved.object_id)
    assert everything() == before


def test_deleting_what_is_not_there_changes_nothing(suite):
    before = everything()
    saved = suite.save("GONE", 0, mark_as_deleted=True)
    assert (saved.outcome, saved.object_id, saved.operation) == ("Unchanged", None, None)
    assert everything() == before


@pytest.mark.parametrize("flag", ["mark_as_archived", "mark_as_restored"])
def test_a_group_that_the_call_made_is_created_whatever_the_flag(suite, flag):
    saved = suite.save(**{flag: True})
    assert saved.outcome == "Created"
    status = ContactGroup.objects.get(pk=saved.object_id).status
    assert status == ("archived" if flag == "mark_as_archived" else "active")


# --- Permissions ----------------------------------------------------------------------------


def test_each_save_takes_the_right_to_what_it_does(suite):
    adds, changes, deletes = (suite.allowed(verb) for verb in ("add", "change", "delete"))
    forbidden = [("Forbidden", "")]

    def save(by, **more):
        return operations.save_contact_group(suite.request("K", **more), by=by).outcome

    assert suite.refused(by=changes) == suite.refused(by=deletes) == forbidden
    assert save(adds) == "Created"
    assert suite.refused(by=adds) == suite.refused(by=deletes) == forbidden  # though unchanged
    assert save(changes) == "Unchanged"
    assert suite.refused(by=adds, contact_group_name="B") == forbidden
    assert save(changes, contact_group_name="B") == "Updated"
    assert suite.refused(by=changes, mark_as_deleted=True) == forbidden
    assert suite.refused(by=deletes, mark_as_deleted=True, contact_group_name="C") == forbidden
    assert save(deletes, mark_as_deleted=True, contact_group_name="B") == "Deleted"
    assert save(changes, mark_as_restored=True) == "Restored"


def test_without_any_right_nothing_is_told_about_the_group(suite, charlie):
    assert suite.refused("K", 0, by=actor(charlie), contact_group_name="") == [("Forbidden", "")]


# --- The ledger -----------------------------------------------------------------------------


def test_a_save_is_one_operation_that_knows_before_and_after(suite):
    saved = suite.save("K", 0, suite.connection(1, role_id=suite.connection_role.pk.hex))
    entry = Operation.objects.get(target_id=saved.object_id)
    role = suite.role.pk
    first, second = (contact.pk.hex for contact in suite.contacts[:2])
    connections = [[first, None], [second, suite.connection_role.pk.hex]]
    assert (entry.kind, entry.user, entry.target_name) == (
        "contacts.group_saved", suite.by.user, "Customer",
    )  # fmt: skip
    assert entry.effects == {
        "before": {},
        "after": {
            "name": "Customer", "role_id": str(role), "status": "active",
            "connections": connections, "alternate_key": "K",
        },
    }  # fmt: skip
    assert saved.message == "Created: 2 connections added."
    changed = suite.save("K", suite.connection(0, mark_as_deleted=True), contact_group_name="B")
    assert changed.operation.effects == {
        "before": {"name": "Customer", "connections": connections},
        "after": {"name": "B", "connections": connections[1:]},
    }
    assert changed.message == "Updated: 1 connection removed."


def test_a_dry_run_tells_the_outcome_and_changes_nothing(suite):
    before = everything()
    planned = operations.save_contact_group(suite.request("K", 0), by=suite.by, dry_run=True)
    assert planned.outcome == "Created"
    assert planned.message == "Would be created: 1 connection added."
    assert everything() == before
