"""Undo of saved contact groups: what nothing else changed is put back, the rest is kept."""

import pytest
from django.core.exceptions import PermissionDenied
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from commsapp.core import audit
from commsapp.core.audit import Refused
from commsapp.models import Operation
from contacts import operations
from contacts.models import AlternateKey, ContactConnection, ContactGroup
from contacts.save_group.outcome import Saved
from tests import factories
from tests.api.rest.conftest import Api
from tests.conftest import actor
from tests.contacts.external_suite import Suite, everything
from tests.staff.conftest import browse, last_message, page

pytestmark = pytest.mark.django_db


def state(suite):
    """All groups as people see them, with their keys; deleted ones without a key do not count."""
    groups = {}
    for group in ContactGroup.objects.order_by("pk"):
        connections = ContactConnection.objects.filter(group=group).order_by("position")
        keys = AlternateKey.objects.filter(contact_group=group).order_by("value")
        groups[group.pk] = (
            group.name, group.role_id, group.status, suite.order(group.pk),
            [row.role_id for row in connections], [key.value for key in keys],
        )  # fmt: skip
    return {pk: told for pk, told in groups.items() if told[2] != "deleted" or told[5]}


def undo(saved, suite, **more):
    undone = audit.undo(saved.operation.pk, by=more.get("by") or suite.by)
    return undone.reversed, undone.kept, [refusal.message for refusal in undone.failed]


# --- What is put back -----------------------------------------------------------------------


def test_an_undone_update_gives_back_name_role_status_and_connections(suite):
    suite.save("K", 0, suite.connection(1, role_id=suite.connection_role.pk.hex), 2)
    before = state(suite)
    other = factories.RoleFactory(licensee=suite.licensee)
    role = factories.RoleFactory(licensee=suite.licensee, kind="connection")
    saved = suite.save(
        "K", suite.connection(0, mark_as_deleted=True), suite.connection(1, role_id=role.pk.hex),
        suite.connection(3, index=1), contact_group_name="B", group_role_id=other.pk.hex,
        mark_as_archived=True,
    )  # fmt: skip
    assert state(suite) != before
    assert undo(saved, suite) == (4, 0, [])  # the group, and three connections
    assert state(suite) == before


def test_an_undone_move_gives_back_the_order(suite):
    suite.save("K", 0, 1, 2)
    saved = suite.save("K", suite.connection(2, index=1))
    assert undo(saved, suite) == (1, 0, [])
    assert suite.order(saved.object_id) == [0, 1, 2]


def test_an_undone_deletion_brings_the_group_back(suite):
    suite.save("K", 0)
    saved = suite.save("K", mark_as_deleted=True)
    assert undo(saved, suite) == (1, 0, [])
    assert ContactGroup.objects.get().status == "active"


def test_an_undone_creation_marks_the_group_deleted_and_unbinds_its_key(suite):
    saved = suite.save("K", 0)
    assert undo(saved, suite) == (2, 0, [])
    group = ContactGroup.objects.get()
    assert group.status == "deleted"
    assert suite.order(group.pk) == [0]  # restored, it is as it was
    assert not AlternateKey.objects.exists()
    again = suite.save("K", 0)
    assert again.outcome == "Created"
    assert again.object_id != saved.object_id


def test_an_undone_binding_unbinds_the_key_alone(suite):
    first = suite.save("A")
    saved = suite.save("B", object_id=first.object_id)
    assert undo(saved, suite) == (1, 0, [])
    assert [key.value for key in AlternateKey.objects.all()] == ["A"]


def test_an_undo_is_told_and_makes_the_next_save_count(suite):
    suite.save("K", 0)
    saved = suite.save("K", 0, contact_group_name="B")
    undo(saved, suite)
    reversal = Operation.objects.get(undoes=saved.operation)
    assert reversal.numbers == {"reversed": 1, "kept": 0}
    assert audit.sentence(reversal) == "Undone: 1 reversed."
    assert suite.save("K", 0, contact_group_name="B").outcome == "Updated"


def test_a_save_is_undone_once(suite):
    saved = suite.save("K", 0)
    undo(saved, suite)
    before = everything()
    with pytest.raises(Refused):
        undo(saved, suite)
    assert everything() == before


# --- What is kept ---------------------------------------------------------------------------


def test_what_changed_since_is_kept(suite):
    group = suite.save("K", 0, 1).object_id
    role = suite.connection_role
    saved = suite.save("K", suite.connection(0, mark_as_deleted=True), 2, 3, contact_group_name="B")
    operations.edit_contact_group(group, {"name": "By hand"}, by=suite.by)
    operations.remove_connections(group, [suite.contacts[2].pk.hex], by=suite.by)
    new = operations.NewConnection(suite.contacts[3].pk.hex, role.pk.hex)
    operations.add_connections(group, [new], by=suite.by)
    assert undo(saved, suite) == (1, 2, [])  # the first is back; the name and the last are kept
    assert ContactGroup.objects.get().name == "By hand"
    assert suite.order(group) == [0, 1, 3]


def test_an_order_that_changed_since_is_kept(suite):
    group = suite.save("K", 0, 1, 2).object_id
    saved = suite.save("K", suite.connection(2, index=1))
    order = [suite.contacts[place].pk.hex for place in (1, 2, 0)]
    operations.reorder_connections(group, order, by=suite.by)
    before = everything()
    assert undo(saved, suite) == (0, 1, [])
    assert everything() == before  # what reverses nothing is not told either


@pytest.mark.parametrize(
    "change",
    [
        lambda suite, group: suite.save("K", contact_group_name="B"),
        lambda suite, group: suite.save("L", object_id=group),
        lambda suite, group: operations.archive_contact_groups([group], by=suite.by),
        lambda suite, group: operations.reorder_connections(
            group, [suite.contacts[1].pk.hex], by=suite.by
        ),
    ],
    ids=["name", "key", "status", "order"],
)
def test_a_group_that_changed_since_it_was_made_is_kept(suite, change):
    saved = suite.save("K", 0, 1)
    change(suite, saved.object_id)
    before = state(suite)
    assert undo(saved, suite) == (0, 1, [])
    assert state(suite) == before


def test_a_group_deleted_since_is_kept_as_it_is(suite):
    group = suite.save("K", 0).object_id
    saved = suite.save("K", 1, contact_group_name="B")
    operations.delete_contact_groups([group], by=suite.by)
    before = everything()
    assert undo(saved, suite) == (0, 1, [])
    assert everything() == before


def test_a_key_renamed_since_is_kept(suite):
    group = suite.save("A").object_id
    saved = suite.save("B", object_id=group, contact_group_name="B")
    operations.edit_alternate_key(suite.key("B").pk, {"value": "C"}, by=suite.by)
    assert undo(saved, suite) == (1, 1, [])
    assert suite.key("C").contact_group_id.hex == group


def test_what_cannot_come_back_is_told_and_the_rest_comes(suite):
    role = suite.connection_role
    suite.save("K", suite.connection(0, role_id=role.pk.hex), 1, 2)
    gone = [suite.connection(place, mark_as_deleted=True) for place in (0, 1)]
    saved = suite.save("K", *gone)
    operations.edit_role(role.pk, {"kind": "group"}, by=suite.by)
    assert undo(saved, suite) == (1, 0, ["The role is there no more."])
    assert suite.order(saved.object_id) == [1, 2]


def test_a_role_that_no_longer_fits_does_not_come_back(suite):
    other = factories.RoleFactory(licensee=suite.licensee)
    suite.save("K", 0, group_role_id=other.pk.hex)
    saved = suite.save("K", 1)
    operations.edit_role(other.pk, {"kind": "connection"}, by=suite.by)
    assert undo(saved, suite) == (1, 0, ["The role is there no more."])
    assert ContactGroup.objects.get().role == suite.role
    assert suite.order(saved.object_id) == [0]


# --- Permissions ----------------------------------------------------------------------------


def test_undoing_takes_the_permissions_that_the_save_took(suite):
    created = suite.save("K", 0)
    updated = suite.save("K", 1)
    deleted = suite.save("K", mark_as_deleted=True, contact_group_name="B")
    entries = [Operation.objects.get(pk=one.operation.pk) for one in (created, updated, deleted)]
    for verbs, may in (
        (["add"], [True, False, False]),
        (["change"], [False, True, False]),
        (["delete"], [False, False, False]),
        (["change", "delete"], [False, True, True]),
    ):
        by = suite.allowed(*verbs)
        assert [audit.may_undo(entry, by) for entry in entries] == may
    before = everything()
    with pytest.raises(PermissionDenied):
        undo(deleted, suite, by=suite.allowed("delete"))
    assert everything() == before
    assert undo(deleted, suite, by=suite.allowed("delete", "change")) == (1, 0, [])


def test_another_licensees_save_is_not_there(suite, by_bob):
    saved = suite.save("K", 0)
    before = everything()
    with pytest.raises(Operation.DoesNotExist):
        undo(saved, suite, by=by_bob)
    assert everything() == before


# --- Many at once ---------------------------------------------------------------------------


def test_a_chunk_that_saved_a_group_again_and_again_is_undone_as_a_whole(suite):
    suite.save("L", 3)
    before = state(suite)
    answers = suite.save_all(
        suite.request("K", 0, 1),
        suite.request("L", 2, contact_group_name="B"),
        suite.request("K", suite.connection(2, index=1), contact_group_name="B"),
        suite.request("K", suite.connection(0, mark_as_deleted=True), mark_as_archived=True),
        suite.request("L", mark_as_deleted=True),
    )
    undone = audit.undo_batch(answers[0].operation.batch, by=suite.by)
    assert [one.kept for one in undone] == [0] * 5
    assert state(suite) == before


class TestAnySaves(TestCase):
    """Saves undone one after the other, the newest first, leave what was before them."""

    @settings(max_examples=30, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from("AB"),  # key
                st.lists(
                    st.tuples(
                        st.sampled_from([0, 1, 2, 3]),
                        st.sampled_from([None, "role"]),
                        st.booleans(),  # remove
                        st.integers(0, 4),  # index
                    ),
                    unique_by=(lambda one: one[0], lambda one: one[3] or -one[0] - 1),
                ),
                st.sampled_from(["", "mark_as_deleted", "mark_as_archived", "mark_as_restored"]),
                st.sampled_from(["One", "Two"]),
            ),
            min_size=1,
            max_size=5,
        ),
        st.booleans(),
    )
    def test_come_back(self, script, at_once):
        licensee = factories.LicenseeFactory()
        suite = Suite(licensee, actor(factories.UserFactory(is_superuser=True)))
        suite.save("A", 0, 1)
        before = state(suite)
        saves = [self._save(suite, *line) for line in script]
        chunks = [saves] if at_once else [[save] for save in saves]
        answers = [one for chunk in chunks for one in suite.save_all(*chunk)]
        entries = [
            answer.operation for answer in answers if isinstance(answer, Saved) and answer.operation
        ]
        if at_once and len(saves) > 1 and entries:
            audit.undo_batch(entries[0].batch, by=suite.by)
        else:
            for entry in reversed(entries):
                assert audit.undo(entry.pk, by=suite.by).kept == 0
        assert state(suite) == before

    def _save(self, suite, key, connections, flag, name):
        role = suite.connection_role.pk.hex
        listed = [
            suite.connection(place, role_id=named and role, mark_as_deleted=removed, index=index)
            for place, named, removed, index in connections
        ]
        return suite.request(
            key, *listed, contact_group_name=name, **({flag: True} if flag else {})
        )


# --- Through APIs and pages ---------------------------------------------------------------------


def test_rest_answers_what_became_of_the_records(suite, alice):
    group = suite.save("K", 0, 1).object_id
    saved = suite.save("K", 2, contact_group_name="B")
    operations.edit_contact_group(group, {"name": "By hand"}, by=suite.by)
    api = Api(alice)
    path = f"operations/{saved.operation.pk}"
    assert api.get(path).json()["undoable"] is True
    undone = api.post(f"{path}/undo")
    assert undone.status_code == 200
    told = undone.json()
    assert (told["reversed"], told["kept"], told["errors"]) == (1, 1, [])
    assert told["message"] == "Undone: 1 reversed, 1 kept because changed since."
    assert api.get(path).json()["undone_by"] == told["operation"]
    assert api.post(f"{path}/undo").status_code == 409


def test_the_history_has_a_button_that_undoes_a_save(suite, alice):
    group = ContactGroup.objects.get(pk=suite.save("K", 0).object_id)
    saved = suite.save("K", contact_group_name="B")
    web = browse(alice)
    address = page(saved.operation, "undo")
    assert address in web.get(page(group, "history")).content.decode()
    assert last_message(web, web.post(address, {"next": page(group)})) == "Undone: 1 reversed."
    assert ContactGroup.objects.get().name == "Customer"
