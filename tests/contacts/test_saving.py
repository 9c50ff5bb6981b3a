"""Saving a contact group: every sentence of contract 3.4 that a room can hold."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from commsapp.ids import uuid7
from commsapp.ledger import Refused
from commsapp.models import Operation
from contacts import operations
from contacts.models import AlternateKey, ContactConnection, ContactGroup
from contacts.operations import ConnectionSave, ContactGroupSave
from contacts.saves import content_hash
from tests import factories
from tests.conftest import actor, grant
from tests.contacts.suite import Suite, everything

NAME, ROLE = "ContactGroup.ContactGroupName", "ContactGroup.GroupRoleId"
pytestmark = pytest.mark.django_db


def at(place, name):
    return f"ContactGroup.ContactConnections[{place}].{name}"


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


# --- What is asked for ----------------------------------------------------------------------


def test_all_that_is_wrong_is_told_at_once(suite):
    wrong = [
        ConnectionSave(),
        ConnectionSave(contact_id=uuid7().hex, index=-1),
        suite.connection(0, role_id=suite.role.pk.hex, index=3),
        suite.connection(0, role_alternate_key="?", index=3),
        ConnectionSave(contact_alternate_key="x" * 256),
    ]
    told = suite.refused(
        " ", *wrong, contact_group_name=" ", group_role_id=suite.connection_role.pk.hex,
        mark_as_deleted=True, mark_as_archived=True,
    )  # fmt: skip
    assert set(told) == {
        ("NotEmpty", "AlternateKey"),
        ("NotEmpty", NAME),
        ("Predicate", "ContactGroup.MarkAsArchived"),
        ("Predicate", ROLE),
        ("NotEmpty", at(0, "ContactId")),
        ("NotFound", at(1, "ContactId")),
        ("GreaterThanOrEqualTo", at(1, "Index")),
        ("Predicate", at(2, "RoleId")),
        ("Predicate", at(3, "ContactId")),
        ("Predicate", at(3, "Index")),
        ("NotFound", at(3, "RoleAlternateKey")),
        ("MaximumLength", at(4, "ContactAlternateKey")),
    }
    assert len(told) == 12


def test_a_request_without_a_group_says_so(suite):
    save = ContactGroupSave(suite.source.pk.hex, "K")
    with pytest.raises(Refused) as refused:
        operations.save_contact_group(save, by=suite.by)
    told = [(one.code, one.field) for one in refused.value.refusals]
    assert told == [("NotNull", "ContactGroup")]


@pytest.mark.parametrize("length", [255, 256])
def test_names_and_keys_have_at_most_255_characters(suite, length):
    text = "é" * length
    if length == 255:
        assert suite.save(text, contact_group_name=text).outcome == "Created"
    else:
        told = suite.refused(text, contact_group_name=text, role_alternate_key=text)
        fields = ["AlternateKey", NAME, "ContactGroup.RoleAlternateKey"]
        assert told == [("MaximumLength", field) for field in fields]


def test_a_new_group_needs_a_role_and_a_known_one_keeps_its_own(suite):
    assert suite.refused(group_role_id=None) == [("NotEmpty", ROLE)]
    suite.save()
    saved = suite.save(group_role_id=None, contact_group_name="B")
    assert ContactGroup.objects.get(pk=saved.object_id).role == suite.role


def test_a_role_is_resolved_by_the_data_sources_key(suite):
    suite.know_as("R", role=suite.role)
    suite.know_as("C", role=suite.connection_role)
    saved = suite.save(
        "K", suite.connection(0, role_alternate_key="C"),
        group_role_id=None, role_alternate_key=" R ",
    )  # fmt: skip
    group = ContactGroup.objects.get(pk=saved.object_id)
    assert group.role == suite.role
    assert group.connections.get().role == suite.connection_role
    assert suite.refused("L", group_role_id=None, role_alternate_key="C") == [
        ("Predicate", "ContactGroup.RoleAlternateKey")
    ]
    assert suite.refused("L", suite.connection(0, role_alternate_key="R")) == [
        ("Predicate", at(0, "RoleAlternateKey"))
    ]


def test_a_role_named_twice_must_be_one(suite):
    other = factories.RoleFactory(licensee=suite.licensee)
    suite.know_as("R", role=other)
    assert suite.refused(role_alternate_key="R") == [("Predicate", "ContactGroup.RoleAlternateKey")]
    assert suite.save(group_role_id=other.pk.hex, role_alternate_key="R").outcome == "Created"


def test_another_licensees_role_and_contact_are_unknown(suite):
    role, contact = factories.RoleFactory(), factories.ContactFactory()
    told = suite.refused(
        "K", ConnectionSave(contact_id=contact.pk.hex, role_id=role.pk.hex),
        group_role_id=role.pk.hex,
    )  # fmt: skip
    unknown = [ROLE, at(0, "RoleId"), at(0, "ContactId")]
    assert set(told) == {("NotFound", field) for field in unknown}
    assert suite.refused(group_role_id=None, role_alternate_key="?") == [
        ("NotFound", "ContactGroup.RoleAlternateKey")
    ]


def test_a_key_of_another_data_source_is_unknown(suite):
    other = factories.DataSourceFactory(licensee=suite.licensee)
    key = AlternateKey(
        licensee=suite.licensee, data_source=other, value="C", contact=suite.contacts[0]
    )
    operations.create_alternate_key(key, by=suite.by)
    assert suite.refused("K", ConnectionSave(contact_alternate_key="C")) == [
        ("NotFound", at(0, "ContactAlternateKey"))
    ]


def test_a_contact_is_named_by_id_or_key_or_both_if_they_agree(suite):
    suite.know_as("C0", contact=suite.contacts[0])
    saved = suite.save("K", ConnectionSave(contact_alternate_key=" C0 "), 1)
    assert suite.order(saved.object_id) == [0, 1]
    suite.save("K", suite.connection(0, contact_alternate_key="C0", index=2))
    assert suite.order(saved.object_id) == [1, 0]
    assert suite.refused("K", suite.connection(1, contact_alternate_key="C0")) == [
        ("Predicate", at(0, "ContactAlternateKey"))
    ]
    twice = ConnectionSave(contact_alternate_key="C0"), suite.connection(0)
    assert suite.refused("K", *twice) == [("Predicate", at(1, "ContactId"))]


def test_connections_merge_by_contact(suite):
    saved = suite.save("K", suite.connection(0, role_id=suite.connection_role.pk.hex), 1, 2)
    gone = suite.connection(1, mark_as_deleted=True)
    absent = suite.connection(3, mark_as_deleted=True)
    suite.save("K", gone, absent)
    assert suite.order(saved.object_id) == [0, 2]
    suite.save("K", suite.connection(0, index=2))
    assert suite.order(saved.object_id) == [2, 0]
    role = ContactConnection.objects.get(contact=suite.contacts[0]).role
    assert role == suite.connection_role  # not given: as it is
    suite.save("K")
    assert suite.order(saved.object_id) == [2, 0]


def test_an_index_given_twice_is_refused_unless_one_of_them_goes(suite):
    suite.save("K", 0, 1)
    both = suite.connection(0, index=1), suite.connection(1, index=1)
    assert suite.refused("K", *both) == [("Predicate", at(1, "Index"))]
    goes = suite.connection(0, index=1, mark_as_deleted=True), suite.connection(1, index=1)
    assert suite.save("K", *goes).outcome == "Updated"


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


# --- Hash -----------------------------------------------------------------------------------


def test_the_same_again_is_unchanged_and_writes_nothing(suite, django_assert_num_queries):
    suite.save("K", 0)
    before = everything()
    with django_assert_num_queries(1):
        assert suite.save("K", 0).outcome == "Unchanged"
    assert everything() == before


def test_ignore_hash_applies_the_same_again(suite):
    suite.save("K", 0)
    entries = Operation.objects.count()
    saved = suite.save("K", 0, ignore_hash=True)
    assert (saved.outcome, saved.operation) == ("Updated", None)
    assert Operation.objects.count() == entries  # nothing changed, so nothing is told
    assert suite.key().last_outcome == "Updated"


def test_what_is_not_given_and_what_is_given_as_default_say_the_same(suite):
    content = suite.request("K", 0).contact_group
    explicit = type(content)(
        content.contact_group_name, content.group_role_id, "", content.contact_connections, False,
        False, False,
    )  # fmt: skip
    assert content_hash(content, 0) == content_hash(explicit, 0)
    assert content_hash(content, 0) != content_hash(content, 1)


def test_the_order_of_the_connections_is_part_of_what_is_asked_for(suite):
    suite.save("K", 0, 1)
    assert suite.save("K", 1, 0).outcome == "Updated"


def group_of(suite):
    return ContactGroup.objects.get(alternate_keys__value="K")


def _by_staff_edit(suite):
    operations.edit_contact_group(group_of(suite).pk, {"name": "Else"}, by=suite.by)


def _by_archiving(suite):
    operations.archive_contact_groups([group_of(suite).pk.hex], by=suite.by)


def _by_deleting_and_restoring(suite):
    operations.delete_contact_groups([group_of(suite).pk.hex], by=suite.by)
    operations.restore_contact_groups([group_of(suite).pk.hex], by=suite.by)


def _by_connecting(suite):
    new = operations.NewConnection(suite.contacts[3].pk.hex)
    operations.add_connections(group_of(suite).pk, [new], by=suite.by)


def _by_disconnecting(suite):
    operations.remove_connections(group_of(suite).pk, [suite.contacts[0].pk.hex], by=suite.by)


def _by_reordering(suite):
    operations.reorder_connections(group_of(suite).pk, [suite.contacts[1].pk.hex], by=suite.by)


def _by_another_key(suite):
    suite.save("L", object_id=group_of(suite).pk.hex, contact_group_name="Else")


def _by_another_data_source(suite):
    other = factories.DataSourceFactory(licensee=suite.licensee)
    suite.save("L", object_id=group_of(suite).pk.hex, suite_data_source_instance_id=other.pk.hex)


def _by_binding_a_contacts_key(suite):
    suite.know_as("C", contact=suite.contacts[0])


def _by_binding_a_roles_key(suite):
    suite.know_as("R", role=suite.role)


def _by_moving_the_groups_key(suite):
    other = factories.ContactGroupFactory(licensee=suite.licensee)
    values = {"contact_group": other}
    operations.edit_alternate_key(suite.key().pk, values, by=suite.by)


@pytest.mark.parametrize(
    "change",
    [
        _by_staff_edit, _by_archiving, _by_deleting_and_restoring, _by_connecting,
        _by_disconnecting, _by_reordering, _by_another_key, _by_another_data_source,
        _by_binding_a_contacts_key, _by_binding_a_roles_key, _by_moving_the_groups_key,
    ],
)  # fmt: skip
def test_every_change_that_came_otherwise_makes_the_next_save_count(suite, change):
    suite.save("K", 0, 1)
    assert suite.save("K", 0, 1).outcome == "Unchanged"
    change(suite)
    assert suite.save("K", 0, 1).outcome == "Updated"
    assert suite.save("K", 0, 1).outcome == "Unchanged"


@pytest.mark.parametrize("target", ["contact", "role"])
def test_unbinding_or_changing_a_key_makes_the_next_save_count(suite, target):
    named = suite.contacts[0] if target == "contact" else suite.role
    key = suite.know_as("X", **{target: named})
    suite.save("K", 0)
    operations.edit_alternate_key(key.pk, {"value": "Y"}, by=suite.by)
    assert suite.save("K", 0).outcome == "Updated"
    operations.delete_alternate_key(key.pk, by=suite.by)
    assert suite.save("K", 0).outcome == "Updated"


def test_an_undo_makes_the_next_save_count(suite):
    from commsapp.ledger import undo

    suite.save("K", 0)
    moved = operations.archive_contact_groups([group_of(suite).pk.hex], by=suite.by)
    suite.save("K", 0)
    undo(moved.operation.pk, by=suite.by)
    assert suite.save("K", 0).outcome == "Updated"


@pytest.mark.parametrize("flag", ["", "mark_as_deleted", "mark_as_archived", "mark_as_restored"])
@pytest.mark.parametrize("by", ["key", "key and id", "id"])
def test_a_retry_is_unchanged_and_writes_nothing(suite, flag, by):
    """However the group is named, and whatever is asked: the same at once again is harmless."""
    group = suite.save("K", 0, 1, 2).object_id
    named = {"object_id": group} if "id" in by else {}
    request = suite.request(
        "K" if "key" in by else None, suite.connection(0, mark_as_deleted=True),
        suite.connection(3, index=1), 1, contact_group_name="B", **named,
        **({flag: True} if flag else {}),
    )  # fmt: skip
    first = operations.save_contact_group(request, by=suite.by)
    before = everything()
    for _again in range(2):
        again = operations.save_contact_group(request, by=suite.by)
        assert (again.outcome, again.object_id) == ("Unchanged", first.object_id)
        assert everything() == before


def test_a_refused_request_is_refused_again_just_so(suite):
    asked = ["K", suite.connection(0), suite.connection(0, index=-1)], {"mark_as_deleted": True}
    first = suite.refused(*asked[0], contact_group_name="")
    assert suite.refused(*asked[0], contact_group_name="") == first
    suite.save("K", 0)
    suite.save("K", **asked[1])
    assert suite.refused("K", 0) == suite.refused("K", 0) == [("Deleted", "AlternateKey")]


def test_saves_by_id_where_no_hash_counts_still_end_the_same(suite):
    group = suite.save("A", 0, 1, 2).object_id
    suite.save("B", object_id=group)
    request = suite.request(
        None, suite.connection(3, index=2), suite.connection(0, mark_as_deleted=True),
        object_id=group,
    )  # fmt: skip
    for _again in range(3):
        assert operations.save_contact_group(request, by=suite.by).outcome == "Updated"
        assert suite.order(group) == [1, 3, 2]
    assert Operation.objects.filter(target_id=group).count() == 3  # made, bound, changed once


def test_the_last_applied_saves_time_and_outcome_stand_on_the_key(suite):
    def stands():
        key = suite.key()
        return key.last_saved_at, key.last_outcome

    suite.save("K", 0)
    told = stands()
    assert told[1] == "Created"
    suite.save("K", 0)
    suite.refused("K", 0, 0)
    assert stands() == told  # neither was applied
    outcomes = [
        ({"contact_group_name": "B"}, "Updated"), ({"mark_as_archived": True}, "Archived"),
        ({"mark_as_restored": True}, "Restored"), ({"mark_as_deleted": True}, "Deleted"),
    ]  # fmt: skip
    for asked, outcome in outcomes:
        suite.save("K", **asked)
        assert stands()[1] == outcome
        assert stands()[0] > told[0]
        told = stands()
    suite.save("K", mark_as_deleted=True)
    assert stands() == told


def test_a_group_carries_keys_of_several_data_sources_each_with_its_own_hash(suite):
    other = factories.DataSourceFactory(licensee=suite.licensee)
    group = suite.save("K", 0).object_id
    elsewhere = {"suite_data_source_instance_id": other.pk.hex}
    assert suite.save("K", 0, object_id=group, **elsewhere).outcome == "Updated"
    assert suite.save("K", 0, **elsewhere).outcome == "Unchanged"
    assert suite.save("K", 0).outcome == "Updated"  # for the other data source had come between
    assert suite.save(None, 0, object_id=group).outcome == "Unchanged"  # its only key here


# --- Permissions ----------------------------------------------------------------------------


def saver(licensee, *permissions):
    user = factories.UserFactory()
    user.licensees.add(licensee)
    grant(user, *(f"contacts.{name}_contactgroup" for name in permissions))
    return actor(user)


def test_each_save_takes_the_right_to_what_it_does(suite):
    adds, changes, deletes = (saver(suite.licensee, verb) for verb in ("add", "change", "delete"))
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


# --- Many at once ---------------------------------------------------------------------------


def save_all(suite, *saves, **more):
    return operations.save_contact_groups(saves, by=suite.by, **more)


def test_each_save_of_a_chunk_succeeds_or_fails_by_itself(suite):
    suite.save("B")
    good, bad, same = (
        suite.request("A", 0),
        suite.request("C", ConnectionSave()),
        suite.request("B"),
    )
    first, second, third = save_all(suite, good, bad, same)
    assert (first.outcome, third.outcome) == ("Created", "Unchanged")
    assert [refusal.code for refusal in second.refusals] == ["NotEmpty"]
    assert not AlternateKey.objects.filter(value="C").exists()


def test_the_same_key_twice_is_applied_in_order(suite):
    answers = save_all(
        suite,
        suite.request("K", 0, 1),
        suite.request("K", 0, 1),
        suite.request("K", suite.connection(0, mark_as_deleted=True), contact_group_name="Last"),
        suite.request("K", 0, contact_group_name="Last"),
    )
    assert [answer.outcome for answer in answers] == ["Created", "Unchanged", "Updated", "Updated"]
    assert len({answer.object_id for answer in answers}) == 1
    assert suite.order(answers[0].object_id) == [1, 0]
    entries = Operation.objects.filter(target_id=answers[0].object_id)
    assert len(entries) == 3
    assert len({entry.batch for entry in entries}) == 1


def test_what_is_unchanged_now_may_not_be_after_the_save_before(suite):
    suite.save("K")
    suite.save("L", object_id=group_of(suite).pk.hex)
    answers = save_all(
        suite, suite.request("K", contact_group_name="Else"), suite.request("L"), suite.request("L")
    )
    assert [answer.outcome for answer in answers] == ["Updated", "Updated", "Unchanged"]
    assert group_of(suite).name == "Customer"


def test_a_group_made_and_deleted_in_one_chunk_is_deleted(suite):
    deleted, gone = suite.request("K", mark_as_deleted=True), suite.request("K")
    answers = save_all(suite, suite.request("K", 0), deleted, deleted, gone)
    assert [answer.outcome for answer in answers[:3]] == ["Created", "Deleted", "Unchanged"]
    assert answers[3].refusals[0].code == "Deleted"
    assert group_of(suite).status == "deleted"


class TestAnyChunk(TestCase):
    """A chunk leaves just what the same saves leave one after the other."""

    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from("AB"),  # key
                st.lists(st.sampled_from([0, 1, 2]), unique=True),  # contacts
                st.sampled_from(["", "mark_as_deleted", "mark_as_archived", "mark_as_restored"]),
                st.booleans(),  # remove the first contact
                st.integers(0, 3),  # index of the last contact
                st.sampled_from(["One", "Two"]),
            ),
            max_size=6,
        )
    )
    def test_is_as_good_as_its_saves_one_by_one(self, script):
        licensee = factories.LicenseeFactory()
        user = factories.UserFactory(is_superuser=True)
        suite = Suite(licensee, actor(user))
        other = factories.DataSourceFactory(licensee=licensee)
        outcomes = []
        for source in (suite.source, other):
            saves = [self._save(suite, source, *line) for line in script]
            if source is other:
                answers = save_all(suite, *saves)
            else:
                answers = [save_all(suite, save)[0] for save in saves]
            outcomes.append([getattr(one, "outcome", None) or one.refusals for one in answers])
        assert outcomes[0] == outcomes[1]
        assert self._left(suite, suite.source) == self._left(suite, other)

    def _save(self, suite, source, key, contacts, flag, removes, index, name):
        connections = [suite.connection(place) for place in contacts]
        if contacts and removes:
            connections[0] = suite.connection(contacts[0], mark_as_deleted=True)
        if len(contacts) > 1:
            connections[-1] = suite.connection(contacts[-1], index=index)
        return suite.request(
            key, *connections, suite_data_source_instance_id=source.pk.hex,
            contact_group_name=name, **({flag: True} if flag else {}),
        )  # fmt: skip

    def _left(self, suite, source):
        keys = AlternateKey.objects.filter(data_source=source).order_by("value")
        return [
            (
                key.value, key.content_hash, key.last_outcome, key.contact_group.name,
                key.contact_group.status, suite.order(key.contact_group_id),
            )
            for key in keys
        ]  # fmt: skip


# --- Statements -----------------------------------------------------------------------------


@pytest.mark.parametrize("is_mixed", [False, True])
def test_a_chunk_takes_at_most_eight_statements_however_large(suite, is_mixed, statements):
    """Makes groups, and with the mixed also changes some: name, keys, connections in and out."""
    assert suite.by.user.has_perm("contacts.add_contactgroup")  # known from signing in
    taken = set()
    for groups, contacts in ((2, 10), (200, 10), (2, 1000)):
        people = factories.ContactFactory.create_batch(contacts, licensee=suite.licensee)
        ids = [contact.pk.hex for contact in people]
        old = [ConnectionSave(id) for id in ids[: contacts // 2]]
        new = [ConnectionSave(id) for id in ids[contacts // 2 :]]
        gone = [ConnectionSave(id, mark_as_deleted=True) for id in ids[: contacts // 4]]
        keys = [f"{groups} {contacts} {each}" for each in range(groups)]
        saves = [suite.request(f"new {key}", *old) for key in keys]
        if is_mixed:
            made = save_all(suite, *(suite.request(key, *old) for key in keys))
            for key, group in zip(keys, made, strict=True):
                change = suite.request(f"bound {key}", *gone, *new, object_id=group.object_id)
                saves.append(change)
        with statements() as told:
            answers = save_all(suite, *saves)
        assert {answer.outcome for answer in answers[:groups]} == {"Created"}
        assert {answer.outcome for answer in answers[groups:]} <= {"Updated"}
        taken.add(len(told))
    assert len(taken) == 1
    assert taken.pop() <= 8
