"""What a save may ask for: all that is wrong with it is told at once (contract 3.4)."""

import pytest

from commsapp.core.audit import Refused
from commsapp.db.ids import uuid7
from contacts import operations
from contacts.models import AlternateKey, ContactConnection, ContactGroup
from contacts.operations import SaveContactGroup, SubscriptionContactGroupConnectionModel
from tests import factories

NAME, ROLE = "ContactGroup.ContactGroupName", "ContactGroup.GroupRoleId"


pytestmark = pytest.mark.django_db


def at(place, name):
    return f"ContactGroup.ContactConnections[{place}].{name}"


def test_all_that_is_wrong_is_told_at_once(suite):
    wrong = [
        SubscriptionContactGroupConnectionModel(),
        SubscriptionContactGroupConnectionModel(contact_id=uuid7().hex, index=-1),
        suite.connection(0, role_id=suite.role.pk.hex, index=3),
        suite.connection(0, role_alternate_key="?", index=3),
        SubscriptionContactGroupConnectionModel(contact_alternate_key="x" * 256),
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
    save = SaveContactGroup(suite_data_source_instance_id=suite.source.pk.hex, alternate_key="K")
    with pytest.raises(Refused) as refused:
        operations.save_contact_group(save, by=suite.by)
    told = [(refusal.code, refusal.field) for refusal in refused.value.refusals]
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
        "K",
        SubscriptionContactGroupConnectionModel(contact_id=contact.pk.hex, role_id=role.pk.hex),
        group_role_id=role.pk.hex,
    )
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
    assert suite.refused(
        "K", SubscriptionContactGroupConnectionModel(contact_alternate_key="C")
    ) == [("NotFound", at(0, "ContactAlternateKey"))]


def test_a_contact_is_named_by_id_or_key_or_both_if_they_agree(suite):
    suite.know_as("C0", contact=suite.contacts[0])
    saved = suite.save(
        "K", SubscriptionContactGroupConnectionModel(contact_alternate_key=" C0 "), 1
    )
    assert suite.order(saved.object_id) == [0, 1]
    suite.save("K", suite.connection(0, contact_alternate_key="C0", index=2))
    assert suite.order(saved.object_id) == [1, 0]
    assert suite.refused("K", suite.connection(1, contact_alternate_key="C0")) == [
        ("Predicate", at(0, "ContactAlternateKey"))
    ]
    twice = SubscriptionContactGroupConnectionModel(contact_alternate_key="C0"), suite.connection(0)
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
