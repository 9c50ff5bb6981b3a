"""A change and its Operation are written together or not at all."""

from __future__ import annotations

import threading
from contextlib import suppress

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import translation

from commsapp.core import audit, records
from commsapp.core.audit import Busy, Refusal, RefusalCode, Refused
from commsapp.db.ids import uuid7
from commsapp.models import Operation
from contacts.models import Contact
from groups import operations as groups
from groups.models import Recipient, RecipientGroup
from tests import factories
from tests.conftest import actor, grant
from tests.groups import many_recipients
from tests.races import all_at_once, at_once

# --- Recording ------------------------------------------------------------------------------


def rename(group, name, by, dry_run=False, fails=None):
    """An operation as every app writes them."""
    with audit.recording(by=by, dry_run=dry_run) as book:
        record = audit.lock(RecipientGroup, group.pk, by=by)
        entry = book.open(records.EDITED, record)
        record.name = name
        record.save()
        entry.touched, entry.numbers = 1, {"fields": ["name"]}
        if fails:
            raise fails


@pytest.fixture
def group(licensee):
    return factories.RecipientGroupFactory(licensee=licensee, name="Old")


def test_an_entry_says_who_when_through_what_and_what(group, alice):
    by = actor(alice, "connect")
    by = type(by)(by.user, by.channel, by.licensees, client="CRM", request_id="r-1")
    rename(group, "New", by)
    entry = Operation.objects.get()
    assert (entry.user, entry.channel, entry.client) == (alice, "connect", "CRM")
    assert (entry.request_id, entry.licensee) == ("r-1", group.licensee)
    assert (entry.target_id, entry.target_name) == (group.pk, "Old")
    assert entry.batch is None


@pytest.mark.parametrize(
    "error", [Refused(Refusal(RefusalCode.INVALID_STATUS, "No.")), ValueError("broken")]
)
def test_what_fails_at_whatever_point_leaves_nothing(group, by_alice, error):
    with pytest.raises(type(error)):
        rename(group, "New", by_alice, fails=error)
    group.refresh_from_db()
    assert group.name == "Old"
    assert not Operation.objects.exists()


def test_a_dry_run_leaves_nothing(group, by_alice):
    rename(group, "New", by_alice, dry_run=True)
    group.refresh_from_db()
    assert group.name == "Old"
    assert not Operation.objects.exists()


def test_what_touched_nothing_is_not_written(group, by_alice):
    with audit.recording(by=by_alice) as book:
        book.open(records.EDITED, group)
    assert not Operation.objects.exists()


def test_a_record_of_another_licensee_is_not_there(group, by_bob):
    with pytest.raises(RecipientGroup.DoesNotExist):
        rename(group, "Mine", by_bob)
    group.refresh_from_db()
    assert group.name == "Old"


def test_a_superuser_sees_all(group, bob):
    bob.is_superuser = True
    bob.save()
    rename(group, "New", actor(bob))
    assert Operation.objects.get().licensee == group.licensee


def test_a_sentence_is_in_the_readers_language(group, by_alice):
    [recipient] = many_recipients.recipients(group.licensee, 1)
    groups.add_recipients(group.pk, [recipient.pk.hex], by=by_alice)
    entry = Operation.objects.get()
    assert audit.sentence(entry) == "1 recipient added."
    assert audit.sentence(entry, planned=True) == "1 recipient would be added."
    with translation.override("de"):
        assert audit.sentence(entry)


# --- Records --------------------------------------------------------------------------------


def test_a_record_is_created_and_edited_with_before_and_after(licensee, by_alice):
    contact = records.create(Contact(licensee=licensee, name="Ada"), by=by_alice)
    values = {"name": "Ada L.", "phone": ""}
    edited = records.edit(Contact, contact.pk, values, by=by_alice)
    created, entry = Operation.objects.order_by("pk")
    assert created.effects["after"]["name"] == "Ada"
    assert entry.effects == {"before": {"name": "Ada"}, "after": {"name": "Ada L."}}
    assert audit.sentence(entry) == "Changed: name."
    assert edited.updated_at > contact.updated_at


def test_an_edit_to_what_is_there_already_changes_nothing(licensee, by_alice):
    contact = records.create(Contact(licensee=licensee, name="Ada"), by=by_alice)
    records.edit(Contact, contact.pk, {"name": "Ada"}, by=by_alice)
    assert Operation.objects.count() == 1
    stamp = contact.updated_at
    contact.refresh_from_db()
    assert contact.updated_at == stamp


def test_an_invalid_record_is_not_saved(licensee, by_alice):
    with pytest.raises(ValidationError):
        records.create(Contact(licensee=licensee, name="x" * 256), by=by_alice)
    contact = factories.ContactFactory(licensee=licensee, name="Ada")
    with pytest.raises(ValidationError):
        records.edit(Contact, contact.pk, {"name": "Ada L.", "kind": "robot"}, by=by_alice)
    contact.refresh_from_db()
    assert (contact.name, Contact.objects.count()) == ("Ada", 1)
    assert not Operation.objects.exists()


# --- Undo -----------------------------------------------------------------------------------


@pytest.fixture
def added(group, by_alice):
    """An operation that added three recipients."""
    crowd = many_recipients.recipients(group.licensee, 3)
    change = groups.add_recipients(group.pk, many_recipients.hexes(crowd), by=by_alice)
    return change.operation


def test_an_undo_is_an_operation_that_undoes_another(added, by_alice):
    undone = audit.undo(added.pk, by=by_alice)
    entry = Operation.objects.get(pk=undone.operation.pk)
    assert (entry.undoes, entry.target_id, entry.touched) == (added, added.target_id, 3)
    assert audit.sentence(entry) == undone.message == "Undone: 3 reversed."
    assert Operation.objects.get(pk=added.pk).is_undone
    assert not audit.is_undoable(Operation.objects.get(pk=added.pk))


def refused_to_undo(entry, by, error=Refused):
    members = list(RecipientGroup.objects.values())
    with pytest.raises(error):
        audit.undo(entry.pk, by=by)
    assert list(RecipientGroup.objects.values()) == members
    assert not Operation.objects.filter(undoes=entry.pk).exclude(user=by.user).exists()


def test_an_undo_cannot_be_done_twice_nor_undone(added, by_alice):
    undone = audit.undo(added.pk, by=by_alice)
    refused_to_undo(added, by_alice)
    refused_to_undo(undone.operation, by_alice)


def test_a_plain_edit_cannot_be_undone(group, by_alice):
    rename(group, "New", by_alice)
    refused_to_undo(Operation.objects.get(), by_alice)


def test_another_licensees_operation_is_not_there(added, by_bob):
    refused_to_undo(added, by_bob, Operation.DoesNotExist)


def test_an_undo_takes_the_permission_of_what_it_undoes(added, charlie):
    refused_to_undo(added, actor(charlie), PermissionDenied)
    grant(charlie, "groups.change_recipientgroup")
    assert audit.undo(added.pk, by=actor(charlie)).reversed == 3


def test_the_permission_is_asked_before_it_is_told_that_it_was_undone(added, by_alice, charlie):
    audit.undo(added.pk, by=by_alice)
    with pytest.raises(PermissionDenied):
        audit.undo(added.pk, by=actor(charlie))
    assert Operation.objects.filter(undoes=added).count() == 1


# --- At once --------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_four_undos_of_a_batch_at_once_are_one(licensee, by_alice):
    crowd = many_recipients.recipients(licensee, 3)
    moved = records.archive(Recipient, many_recipients.hexes(crowd), by=by_alice)
    batch = moved.operations[0].batch
    answers = at_once(lambda: audit.undo_batch(batch, by=by_alice), 4)
    assert sorted(len(answer) for answer in answers) == [0, 0, 0, 3]
    assert Operation.objects.exclude(undoes=None).count() == 3


@pytest.mark.django_db(transaction=True)
def test_two_who_wait_for_each_other_both_get_through(licensee, by_alice):
    pair = [factories.RecipientGroupFactory(licensee=licensee) for _ in range(2)]
    both_hold_one = threading.Barrier(2)

    @audit.operation()
    def rename_both(first, second):
        with audit.recording(by=by_alice):
            for group in (first, second):
                record = audit.lock(RecipientGroup, group.pk, by=by_alice)
                record.name += "!"
                record.save()
                if connection.vendor == "postgresql" and not both_hold_one.broken:
                    with suppress(threading.BrokenBarrierError):
                        both_hold_one.wait(2)
                    both_hold_one.abort()

    one, other = pair
    answers = all_at_once([lambda: rename_both(one, other), lambda: rename_both(other, one)])
    assert answers == [None, None]
    assert all(group.name.endswith("!!") for group in RecipientGroup.objects.all())


@pytest.mark.django_db(transaction=True)
def test_who_cannot_have_the_lock_in_time_is_told_so(licensee, by_alice):
    group = factories.RecipientGroupFactory(licensee=licensee, name="Old")
    held, done = threading.Event(), threading.Event()

    def hold():
        with audit.recording(by=by_alice):
            audit.lock(RecipientGroup, group.pk, by=by_alice)
            held.set()
            done.wait(10)

    @audit.operation()
    def change():
        rename(group, "New", by_alice)

    def hurry():
        held.wait(10)
        try:
            with connection.cursor() as cursor:
                quick = {"postgresql": "SET lock_timeout = '50ms'"}
                cursor.execute(quick.get(connection.vendor, "PRAGMA busy_timeout = 50"))
            change()
        finally:
            if connection.vendor == "postgresql":  # it goes back to the pool, for the next test
                with connection.cursor() as cursor:
                    cursor.execute("RESET lock_timeout")
            connection.close()
            done.set()

    _held, answer = all_at_once([hold, hurry])
    assert isinstance(answer, Busy)
    group.refresh_from_db()
    assert group.name == "Old"
    assert not Operation.objects.exists()


def test_an_unknown_operation_is_not_there(by_alice):
    with pytest.raises(Operation.DoesNotExist):
        audit.undo(uuid7(), by=by_alice)
