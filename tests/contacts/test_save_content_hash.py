"""The hash of a key: the same again is not written, every other change counts (contract 3.4)."""

from typing import Any

import pytest

from commsapp.models import Operation
from contacts import operations
from contacts.save_group.request import SaveContactGroup
from tests import factories
from tests.contacts.external_suite import everything

pytestmark = pytest.mark.django_db


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
    hashed, the_same = (
        SaveContactGroup(contact_group=content),
        SaveContactGroup(contact_group=explicit),
    )
    assert hashed.content_hash(0) == the_same.content_hash(0) != hashed.content_hash(1)


def test_the_order_of_the_connections_is_part_of_what_is_asked_for(suite):
    suite.save("K", 0, 1)
    assert suite.save("K", 1, 0).outcome == "Updated"


def _by_staff_edit(suite):
    operations.edit_contact_group(suite.group().pk, {"name": "Else"}, by=suite.by)


def _by_archiving(suite):
    operations.archive_contact_groups([suite.group().pk.hex], by=suite.by)


def _by_deleting_and_restoring(suite):
    operations.delete_contact_groups([suite.group().pk.hex], by=suite.by)
    operations.restore_contact_groups([suite.group().pk.hex], by=suite.by)


def _by_connecting(suite):
    new = operations.NewConnection(suite.contacts[3].pk.hex)
    operations.add_connections(suite.group().pk, [new], by=suite.by)


def _by_disconnecting(suite):
    operations.remove_connections(suite.group().pk, [suite.contacts[0].pk.hex], by=suite.by)


def _by_reordering(suite):
    operations.reorder_connections(suite.group().pk, [suite.contacts[1].pk.hex], by=suite.by)


def _by_another_key(suite):
    suite.save("L", object_id=suite.group().pk.hex, contact_group_name="Else")


def _by_another_data_source(suite):
    other = factories.DataSourceFactory(licensee=suite.licensee)
    suite.save("L", object_id=suite.group().pk.hex, suite_data_source_instance_id=other.pk.hex)


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
    from commsapp.core.audit import undo

    suite.save("K", 0)
    moved = operations.archive_contact_groups([suite.group().pk.hex], by=suite.by)
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
    outcomes: list[tuple[dict[str, Any], str]] = [
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


def test_one_look_tells_what_is_unchanged_by_whatever_it_is_named(suite, statements):
    """Without a lock, also where keys of several data sources and ids come together."""
    other = factories.DataSourceFactory(licensee=suite.licensee)
    elsewhere = {"suite_data_source_instance_id": other.pk.hex}
    group = suite.save("K", 0).object_id
    suite.save("K", 1, **elsewhere)
    before = everything()
    with statements() as told:
        answers = suite.save_all(
            suite.request("K", 0, object_id=group, licensee_id=suite.licensee.pk.hex),
            suite.request("K", 1, **elsewhere),
            suite.request("K", 0),
        )
    assert [str(answer.outcome) for answer in answers] == ["Unchanged"] * 3
    assert len(told) == 1
    assert everything() == before


def test_the_same_content_about_another_group_or_licensee_is_refused(suite, bob):
    other = suite.save("other", 0, contact_group_name="Other").object_id
    suite.save("K", 0)
    assert suite.refused("K", 0, object_id=other) == [("Conflict", "AlternateKey")]
    theirs = bob.licensees.get().pk.hex
    assert suite.refused("K", 0, licensee_id=theirs) == [("Forbidden", "LicenseeId")]


def test_a_deletion_that_is_asked_for_again_changes_nothing_and_takes_its_permission(suite):
    suite.save("K", 0)
    suite.save("K", mark_as_deleted=True)
    assert suite.save("K", mark_as_deleted=True).outcome == "Unchanged"
    asked = {"mark_as_deleted": True, "by": suite.allowed("change")}
    assert suite.refused("K", **asked) == [("Forbidden", "")]
