"""Members added, removed and set: contract 2.3."""

from __future__ import annotations

import pytest

from commsapp.core import audit, records
from commsapp.core.audit import Refused
from commsapp.db.ids import dashed, uuid7
from commsapp.models import Operation
from groups import operations
from groups.models import Membership, Recipient, RecipientGroup
from tests import factories
from tests.groups import many_recipients
from tests.groups.many_recipients import hexes, members_of

VERBS = [operations.add_recipients, operations.remove_recipients, operations.set_recipients]


@pytest.fixture
def crowd(licensee):
    return many_recipients.recipients(licensee, 4)


@pytest.fixture
def group(licensee, crowd):
    """Has the first two of the crowd."""
    return many_recipients.group_of(crowd[:2], licensee)


def rows():
    models = (Membership, RecipientGroup, Operation)
    return [list(model.objects.order_by("pk").values()) for model in models]


def refused(call):
    """Each refusal's code, place and record; and that nothing changed."""
    before = rows()
    with pytest.raises(Refused) as caught:
        call()
    assert rows() == before
    told = caught.value.refusals
    return [(refusal.code, refusal.field, refusal.index, refusal.record_id) for refusal in told]


# --- Set semantics --------------------------------------------------------------------------


def test_add_makes_members(group, crowd, by_alice):
    change = operations.add_recipients(group.pk, hexes(crowd[1:4]), by=by_alice)
    assert (change.added, change.already) == (2, 1)
    assert change.message == "2 recipients added, 1 was already in the group."
    assert members_of(group) == {one.pk for one in crowd}
    group.refresh_from_db()
    assert group.member_count == 4


def test_remove_makes_no_members(group, crowd, by_alice):
    change = operations.remove_recipients(group.pk, hexes(crowd[1:3]), by=by_alice)
    assert (change.removed, change.already) == (1, 1)
    assert change.message == "1 recipient removed, 1 was not in the group."
    assert members_of(group) == {crowd[0].pk}
    group.refresh_from_db()
    assert group.member_count == 1


def test_set_makes_these_and_nobody_else_members(group, crowd, by_alice):
    change = operations.set_recipients(group.pk, hexes(crowd[1:4]), by=by_alice)
    assert (change.added, change.removed, change.already) == (2, 1, 1)
    assert change.message == "2 added, 1 removed, 1 stayed."
    assert members_of(group) == {one.pk for one in crowd[1:]}


def test_nobody_is_no_member_after_setting_none(group, by_alice):
    assert operations.set_recipients(group.pk, [], by=by_alice).removed == 2
    assert not members_of(group)


@pytest.mark.parametrize("verb", VERBS[:2])
def test_an_empty_list_is_nothing_to_do(group, by_alice, verb):
    before = rows()
    change = verb(group.pk, [], by=by_alice)
    assert (change.added, change.removed, change.already) == (0, 0, 0)
    assert rows() == before


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_so_already_is_not_written(group, crowd, by_alice, verb):
    verb(group.pk, hexes(crowd[:3]), by=by_alice)
    before = rows()
    change = verb(group.pk, hexes(crowd[:3]), by=by_alice)
    assert (change.added, change.removed, change.already) == (0, 0, 3)
    assert rows() == before


@pytest.mark.parametrize("verb", VERBS)
def test_duplicates_count_once_however_they_are_written(group, crowd, by_alice, verb):
    one = crowd[0].pk
    spelled = [str(one), one.hex.upper(), f"{{{one}}}", f"({one})"]
    change = verb(group.pk, spelled, by=by_alice)
    assert change.added + change.removed + change.already in (1, 2)  # set also removes another
    assert change.already + (verb is operations.remove_recipients) == 1


def test_an_operation_tells_the_sentence_and_the_counts(group, crowd, by_alice):
    operations.add_recipients(group.pk, hexes(crowd), by=by_alice)
    entry = Operation.objects.get()
    assert (entry.kind, entry.touched) == ("groups.recipients_added", 2)
    assert (entry.target_id, entry.target_type) == (group.pk, "groups.recipientgroup")
    assert entry.user == by_alice.user
    assert audit.sentence(entry) == "2 recipients added, 2 were already in the group."


def test_a_membership_names_the_operation_that_made_it(group, crowd, by_alice):
    change = operations.add_recipients(group.pk, hexes(crowd[2:3]), by=by_alice)
    assert Membership.objects.get(recipient=crowd[2]).operation == change.operation


@pytest.mark.parametrize("verb", VERBS)
def test_a_planned_change_foretells_and_changes_nothing(group, crowd, by_alice, verb):
    before = rows()
    planned = verb(group.pk, hexes(crowd[1:3]), by=by_alice, dry_run=True)
    assert rows() == before
    assert "would be" in planned.message
    change = verb(group.pk, hexes(crowd[1:3]), by=by_alice)
    assert (planned.added, planned.removed, planned.already) == (
        change.added, change.removed, change.already,
    )  # fmt: skip


# --- Who may not ----------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_no_id_or_nobodys_is_told_with_its_place(group, crowd, by_alice, by_bob, verb):
    theirs = factories.RecipientFactory(licensee_id=min(by_bob.licensees))
    unknown = str(uuid7())
    ids = [crowd[0].pk.hex, "nonsense", unknown, "", theirs.pk.hex, "0" * 32, unknown]
    cross = "INVALID_CROSS_REFERENCE_KEY"
    assert refused(lambda: verb(group.pk, ids, by=by_alice)) == [
        ("MALFORMED_ID", "recipients", 1, ""),
        (cross, "recipients", 2, unknown),
        ("MALFORMED_ID", "recipients", 3, ""),
        (cross, "recipients", 4, str(theirs.pk)),
        ("MALFORMED_ID", "recipients", 5, ""),
    ]


@pytest.mark.parametrize("verb", [operations.add_recipients, operations.set_recipients])
def test_an_archived_recipient_is_not_added(group, crowd, by_alice, verb):
    Recipient.objects.filter(pk=crowd[2].pk).change(**Recipient.ARCHIVED)
    ids = hexes(crowd[:3])
    told = [("ENTITY_IS_DELETED", "recipients", 2, str(crowd[2].pk))]
    assert refused(lambda: verb(group.pk, ids, by=by_alice)) == told


@pytest.mark.parametrize("verb", VERBS)
def test_an_archived_member_is_in_nobodys_way(group, crowd, by_alice, verb):
    Recipient.objects.change(**Recipient.ARCHIVED)
    verb(group.pk, hexes(crowd[:2]), by=by_alice)
    gone = verb is operations.remove_recipients
    assert members_of(group) == (set() if gone else {one.pk for one in crowd[:2]})


def test_another_customers_recipient_is_not_added_but_removed(licensee, by_alice):
    ours, theirs = (factories.ContactGroupFactory(licensee=licensee) for _ in range(2))
    group = factories.RecipientGroupFactory(licensee=licensee, customer=ours)
    [stranger] = many_recipients.recipients(licensee, 1, customer=theirs)
    [everybodys] = many_recipients.recipients(licensee, 1)
    add = lambda one: operations.add_recipients(group.pk, [one.pk.hex], by=by_alice)  # noqa: E731
    [told] = refused(lambda: add(stranger))
    assert told[0] == "INVALID_CROSS_REFERENCE_KEY"
    assert add(everybodys).added == 1
    many_recipients.join(group, [stranger])
    RecipientGroup.objects.filter(pk=group.pk).update(member_count=2)
    assert add(stranger).already == 1
    remove = operations.remove_recipients
    assert remove(group.pk, hexes([stranger, everybodys]), by=by_alice).removed == 2


@pytest.mark.parametrize("verb", VERBS)
def test_the_good_ones_are_applied_on_request(group, crowd, by_alice, verb):
    unknown = str(uuid7())
    ids = [unknown, crowd[0].pk.hex, "nonsense", crowd[2].pk.hex]
    change = verb(group.pk, ids, by=by_alice, all_or_none=False)
    assert {refusal.index for refusal in change.skipped} == {0, 2}
    assert change.message.endswith(", 2 refused.")
    member = {crowd[0].pk, crowd[2].pk}
    expected = {
        operations.add_recipients: {one.pk for one in crowd[:3]},
        operations.remove_recipients: {crowd[1].pk},
        operations.set_recipients: member,
    }
    assert members_of(group) == expected[verb]
    group.refresh_from_db()
    assert group.member_count == len(expected[verb])


def test_all_refused_on_request_is_no_operation(group, by_alice):
    before = rows()
    change = operations.add_recipients(group.pk, ["x"], by=by_alice, all_or_none=False)
    assert (change.added, change.already, len(change.skipped)) == (0, 0, 1)
    assert rows() == before


# --- Which group ----------------------------------------------------------------------------


@pytest.mark.parametrize("verb", VERBS)
def test_an_archived_group_is_refused(group, crowd, by_alice, verb):
    RecipientGroup.objects.change(**RecipientGroup.ARCHIVED)
    told = [("INVALID_STATUS", "group", None, "")]
    assert refused(lambda: verb(group.pk, hexes(crowd), by=by_alice)) == told


@pytest.mark.parametrize("verb", VERBS)
def test_another_licensees_group_is_not_there(group, crowd, by_bob, verb):
    before = rows()
    with pytest.raises(RecipientGroup.DoesNotExist):
        verb(group.pk, hexes(crowd), by=by_bob)
    assert rows() == before


@pytest.mark.parametrize("verb", [operations.add_recipients, operations.set_recipients])
def test_a_group_past_its_limit_is_refused(group, crowd, by_alice, verb, monkeypatch):
    monkeypatch.setattr(operations, "MAX_MEMBERS", 3)
    told = [("LIMIT_EXCEEDED", "recipients", None, "")]
    assert refused(lambda: verb(group.pk, hexes(crowd), by=by_alice)) == told
    assert verb(group.pk, hexes(crowd[:3]), by=by_alice).added == 1


def test_a_set_may_swap_members_of_a_full_group(group, crowd, by_alice, monkeypatch):
    monkeypatch.setattr(operations, "MAX_MEMBERS", 2)
    assert operations.set_recipients(group.pk, hexes(crowd[2:]), by=by_alice).added == 2


# --- Undo -----------------------------------------------------------------------------------


def undo(change, by):
    return audit.undo(change.operation.pk, by=by)


def test_undoing_an_add_takes_out_whom_it_put_in(group, crowd, by_alice):
    change = operations.add_recipients(group.pk, hexes(crowd), by=by_alice)
    undone = undo(change, by_alice)
    assert (undone.reversed, undone.kept, undone.failed) == (2, 0, [])
    assert undone.message == "Undone: 2 reversed."
    assert members_of(group) == {one.pk for one in crowd[:2]}
    change.operation.refresh_from_db()
    assert change.operation.undone_by == undone.operation


def test_undoing_an_add_keeps_who_left_and_came_back(group, crowd, by_alice):
    change = operations.add_recipients(group.pk, hexes(crowd[2:]), by=by_alice)
    operations.remove_recipients(group.pk, hexes(crowd[2:3]), by=by_alice)
    operations.add_recipients(group.pk, hexes(crowd[2:3]), by=by_alice)
    undone = undo(change, by_alice)
    assert (undone.reversed, undone.kept) == (1, 1)
    assert crowd[2].pk in members_of(group)


def test_undoing_a_removal_puts_the_same_memberships_back(group, crowd, by_alice):
    added = operations.add_recipients(group.pk, hexes(crowd[2:3]), by=by_alice)
    before = list(Membership.objects.order_by("pk").values())
    change = operations.remove_recipients(group.pk, hexes(crowd[:3]), by=by_alice)
    undone = undo(change, by_alice)
    assert (undone.reversed, undone.kept) == (3, 0)
    assert list(Membership.objects.order_by("pk").values()) == before
    assert undo(added, by_alice).reversed == 1


def test_undoing_a_removal_keeps_who_came_back(group, crowd, by_alice):
    change = operations.remove_recipients(group.pk, hexes(crowd[:2]), by=by_alice)
    operations.add_recipients(group.pk, hexes(crowd[:1]), by=by_alice)
    undone = undo(change, by_alice)
    assert (undone.reversed, undone.kept) == (1, 1)


def test_undoing_a_set_does_both(group, crowd, by_alice):
    before = list(Membership.objects.order_by("pk").values())
    change = operations.set_recipients(group.pk, hexes(crowd[1:]), by=by_alice)
    assert undo(change, by_alice).reversed == 3
    assert list(Membership.objects.order_by("pk").values()) == before


def test_undoing_a_removal_leaves_out_who_became_another_customers(licensee, by_alice):
    ours, theirs = (factories.ContactGroupFactory(licensee=licensee) for _ in range(2))
    one, other = many_recipients.recipients(licensee, 2, customer=ours)
    group = many_recipients.group_of([one, other], licensee, customer=ours)
    change = operations.remove_recipients(group.pk, hexes([one, other]), by=by_alice)
    operations.edit_recipient(one.pk, {"customer": theirs}, by=by_alice)
    undone = undo(change, by_alice)
    assert (undone.reversed, undone.kept) == (1, 0)
    assert [refusal.record_id for refusal in undone.failed] == [dashed(one.pk.hex)]
    assert members_of(group) == {other.pk}


def test_undoing_in_an_archived_group_is_refused(group, crowd, by_alice):
    change = operations.add_recipients(group.pk, hexes(crowd), by=by_alice)
    records.archive(RecipientGroup, [group.pk.hex], by=by_alice)
    [told] = refused(lambda: undo(change, by_alice))
    assert told[0] == "INVALID_STATUS"
