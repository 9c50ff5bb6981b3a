"""Recipients and groups as records: their customer, archiving and restoring."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from commsapp.core import audit, records
from commsapp.core.audit import Refused
from commsapp.models import Operation
from groups import operations
from groups.models import Recipient, RecipientGroup
from tests import factories
from tests.conftest import actor
from tests.groups import many_recipients
from tests.groups.many_recipients import hexes

# --- The customer ---------------------------------------------------------------------------


@pytest.fixture
def customers(licensee):
    return [factories.ContactGroupFactory(licensee=licensee) for _ in range(2)]


def test_a_customer_changes_while_nothing_depends_on_it(licensee, by_alice, customers):
    ours, theirs = customers
    group = factories.RecipientGroupFactory(licensee=licensee, customer=ours)
    [recipient] = many_recipients.recipients(licensee, 1, customer=ours)
    values = {"customer": theirs}
    assert operations.edit_recipient(recipient.pk, values, by=by_alice).customer == theirs
    assert operations.edit_recipient_group(group.pk, values, by=by_alice).customer == theirs


def test_a_customer_stays_while_a_membership_depends_on_it(licensee, by_alice, customers):
    ours, theirs = customers
    [recipient] = many_recipients.recipients(licensee, 1, customer=ours)
    group = many_recipients.group_of([recipient], licensee, customer=ours)
    values = {"customer": theirs, "name": "Another"}
    for edit, record in (
        (operations.edit_recipient, recipient),
        (operations.edit_recipient_group, group),
    ):
        with pytest.raises(Refused) as caught:
            edit(record.pk, values, by=by_alice)
        [refusal] = caught.value.refusals
        assert (refusal.code, refusal.field) == ("FIELD_INTEGRITY_EXCEPTION", "customer")
        record.refresh_from_db()
        assert (record.customer, record.name != "Another") == (ours, True)
        assert edit(record.pk, {"name": "Another"}, by=by_alice).name == "Another"


def test_a_customer_stays_while_a_line_depends_on_it(licensee, by_alice, customers):
    ours, theirs = customers
    group = factories.RecipientGroupFactory(licensee=licensee, customer=ours)
    factories.QuoteLineItemFactory(licensee=licensee, recipient_group=group)
    with pytest.raises(Refused):
        operations.edit_recipient_group(group.pk, {"customer": theirs}, by=by_alice)
    group.refresh_from_db()
    assert group.customer == ours


def test_another_licensees_customer_is_refused(licensee, by_alice):
    [recipient] = many_recipients.recipients(licensee, 1)
    values = {"customer": factories.ContactGroupFactory()}
    with pytest.raises(ValidationError) as caught:
        operations.edit_recipient(recipient.pk, values, by=by_alice)
    assert {*caught.value.message_dict} == {"customer"}
    recipient.refresh_from_db()
    assert recipient.customer is None


# --- Archive and restore --------------------------------------------------------------------


@pytest.fixture
def pair(licensee):
    return [factories.RecipientGroupFactory(licensee=licensee) for _ in range(2)]


def statuses(*groups):
    by_id = RecipientGroup.objects.in_bulk([group.pk for group in groups])
    return [by_id[group.pk].status for group in groups]


def test_groups_are_archived_and_restored_together(pair, by_alice):
    moved = records.archive(RecipientGroup, hexes(pair), by=by_alice)
    assert (moved.message, moved.already) == ("2 archived.", 0)
    assert statuses(*pair) == ["archived", "archived"]
    assert len({entry.batch for entry in Operation.objects.all()}) == 1
    moved = records.restore(RecipientGroup, hexes(pair[:1]), by=by_alice)
    assert moved.message == "Restored."
    assert statuses(*pair) == ["active", "archived"]


def test_what_is_archived_stays_so(pair, by_alice):
    records.archive(RecipientGroup, hexes(pair[:1]), by=by_alice)
    moved = records.archive(RecipientGroup, hexes(pair), by=by_alice)
    assert (len(moved.operations), moved.already) == (1, 1)
    assert Operation.objects.count() == 2


def test_a_planned_archiving_changes_nothing(pair, by_alice):
    moved = records.archive(RecipientGroup, hexes(pair), by=by_alice, dry_run=True)
    assert moved.message == "2 would be archived."
    assert moved.operation is None
    assert statuses(*pair) == ["active", "active"]
    assert not Operation.objects.exists()


def test_archiving_another_licensees_record_is_refused_as_not_there(pair, by_alice):
    theirs = factories.RecipientGroupFactory()
    with pytest.raises(RecipientGroup.DoesNotExist):
        records.archive(RecipientGroup, hexes([*pair, theirs]), by=by_alice)
    assert statuses(*pair, theirs) == ["active"] * 3


def test_archiving_is_undone_one_by_one_and_all_at_once(pair, by_alice):
    moved = records.archive(RecipientGroup, hexes(pair), by=by_alice)
    first, second = moved.operations
    undone = audit.undo(first.pk, by=by_alice)
    assert (undone.reversed, undone.kept) == (1, 0)
    [undone] = audit.undo_batch(second.batch, by=by_alice)
    assert undone.reversed == 1
    assert statuses(*pair) == ["active", "active"]
    assert audit.undo_batch(second.batch, by=by_alice) == []


def test_undoing_keeps_what_moved_since(pair, by_alice):
    moved = records.archive(RecipientGroup, hexes(pair), by=by_alice)
    records.restore(RecipientGroup, hexes(pair[:1]), by=by_alice)
    undone = audit.undo_batch(moved.operations[0].batch, by=by_alice)
    assert sorted((one.reversed, one.kept) for one in undone) == [(0, 1), (1, 0)]
    assert statuses(*pair) == ["active", "active"]


def test_recipients_are_archived_and_an_undo_restores_them(licensee, by_alice):
    crowd = many_recipients.recipients(licensee, 3)
    moved = records.archive(Recipient, hexes(crowd), by=by_alice)
    assert Recipient.objects.exclude(archived_at=None).count() == 3
    audit.undo_batch(moved.operations[0].batch, by=by_alice)
    assert not Recipient.objects.exclude(archived_at=None).exists()


def test_an_undo_takes_the_right_of_what_it_undoes(pair, by_alice, charlie):
    moved = records.archive(RecipientGroup, hexes(pair[:1]), by=by_alice)
    with pytest.raises(PermissionDenied):
        audit.undo(moved.operations[0].pk, by=actor(charlie))
    assert statuses(pair[0]) == ["archived"]
