"""What is done as one batch has one batch: the id of its first entry, of each licensee."""

from __future__ import annotations

import pytest

from commsapp.core import audit, records
from commsapp.core.actors import Actor
from commsapp.core.audit import undoing
from commsapp.core.imports.importer import import_records
from commsapp.models import Licensee, Operation
from contacts.imports import import_contact_groups
from contacts.models import Contact, ContactGroup
from groups.from_contacts import make_group_from_contacts
from groups.imports import RECIPIENTS
from tests import factories
from tests.contacts.external_suite import Suite


def archived(by: Actor, *contacts: Contact) -> records.ArchiveResult:
    return records.archive(Contact, [contact.pk.hex for contact in contacts], by=by)


def batches() -> list:
    return [*Operation.objects.order_by("id").values_list("batch", flat=True)]


@pytest.fixture
def root(db) -> Actor:
    """A superuser: works for all licensees."""
    user = factories.UserFactory(username="root", is_superuser=True)
    return Actor.of(user, "staff")


# --- As it is written ---------------------------------------------------------------------------


def test_a_goes_batch_is_the_id_of_its_first_entry(licensee, by_alice):
    moved = archived(by_alice, *factories.ContactFactory.create_batch(3, licensee=licensee))
    first = Operation.objects.order_by("id").first()
    assert batches() == [first.pk] * 3
    assert {operation.batch for operation in moved.operations} == {first.pk}
    undone = audit.undo_batch(first.pk, by=by_alice)
    reversal = Operation.objects.filter(kind="undone").order_by("id").first()
    assert {one.operation.batch for one in undone} == {reversal.pk}


def test_what_is_done_alone_has_no_batch(licensee, by_alice):
    contact = records.create(factories.ContactFactory.build(licensee=licensee), by=by_alice)
    records.edit(Contact, contact.pk, {"name": "Other"}, by=by_alice)
    assert batches() == [None, None]


def test_a_go_that_touched_one_record_is_its_own_batch(licensee, by_alice):
    [entry] = archived(by_alice, factories.ContactFactory(licensee=licensee)).operations
    assert entry.batch == entry.pk


def test_what_changed_nothing_is_not_the_first(licensee, by_alice):
    there, other = factories.ContactFactory.create_batch(2, licensee=licensee)
    archived(by_alice, there)
    before = Operation.objects.get()
    archived(by_alice, there, other)
    entry = Operation.objects.exclude(pk=before.pk).get()
    assert (entry.target_id, entry.batch) == (other.pk, entry.pk)


def test_a_go_of_two_licensees_is_a_batch_of_each(root, by_alice, licensee):
    ours = factories.ContactFactory.create_batch(2, licensee=licensee)
    theirs = factories.ContactFactory.create_batch(2)
    archived(root, *ours, *theirs)
    for whose in Licensee.objects.filter(pk__in=[one.licensee_id for one in (*ours, *theirs)]):
        own = Operation.objects.filter(licensee=whose).order_by("id")
        assert {one.batch for one in own} == {own[0].pk}
    both = {*batches()}
    assert len(both) == 3  # the licensees that the factory made, and ours
    undone = audit.undo_batch(*both, by=root)
    assert sum(one.reversed for one in undone) == 4
    assert not Contact.objects.exclude(archived_at=None).exists()


def test_the_undo_of_two_batches_leaves_what_is_another_licensees(root, by_alice, licensee):
    archived(root, factories.ContactFactory(licensee=licensee), factories.ContactFactory())
    [undone] = audit.undo_batch(*batches(), by=by_alice)
    assert undone.operation.licensee_id == licensee.pk
    assert Contact.objects.exclude(archived_at=None).count() == 1


def test_several_saves_are_one_go_and_one_save_is_none(licensee, by_alice):
    suite = Suite(licensee, by_alice)
    suite.save_all(*(suite.request(f"K-{n}") for n in range(3)))
    first = Operation.objects.order_by("id").first()
    assert batches() == [first.pk] * 3
    suite.save_all(suite.request("K-4"))
    assert batches()[3] is None


def test_a_group_made_from_contacts_stands_for_the_recipients_made_with_it(licensee, by_alice):
    suite = Suite(licensee, by_alice)
    suite.save_all(suite.request("K-1", 0, 1))
    customer = ContactGroup.objects.get()
    made = make_group_from_contacts(customer.pk, "Shops", by=by_alice).operation
    assert made.batch == made.pk
    assert Operation.objects.filter(batch=made.pk).count() == 3


def test_an_import_goes_on_with_its_batch_part_by_part(licensee, by_alice):
    def part(*names: str, batch=True):
        rows = [{"name": name, "recipient_type": "Location"} for name in names]
        same = {"by": by_alice, "licensee_id": licensee.pk}
        return import_records(RECIPIENTS, rows, **same, batch=batch)

    first = part("Mill")
    assert part("Quay", "Dock", batch=first.batch).batch == first.batch
    assert part(batch=first.batch).batch is None
    assert batches() == [Operation.objects.order_by("id")[0].pk] * 3


def test_plain_rows_and_keyed_ones_of_a_part_are_one_go(licensee, by_alice):
    suite = Suite(licensee, by_alice)
    keyed = {"data_source": suite.source.name, "alternate_key": "K-1", "name": "Keyed"}
    plain = {"name": "Plain"}
    for row in (keyed, plain):
        row["role"] = suite.role.name
    same = {"by": by_alice, "licensee_id": licensee.pk}
    assert import_contact_groups([keyed, plain], **same, dry_run=True).batch is None
    done = import_contact_groups([keyed, plain], **same)
    assert {*batches()} == {done.batch}
    assert done.batch in {*Operation.objects.values_list("pk", flat=True)}
    alone = import_contact_groups([{**keyed, "name": "Other"}], **same)
    assert Operation.objects.get(batch=alone.batch).pk == alone.batch


def test_a_large_go_is_undone_some_at_a_time_the_newest_first(licensee, by_alice, monkeypatch):
    monkeypatch.setattr(undoing, "_MAX_IN_MEMORY", 2)
    contacts = factories.ContactFactory.create_batch(5, licensee=licensee)
    moved = archived(by_alice, *contacts)
    records.restore(Contact, [contacts[1].pk.hex], by=by_alice)
    batch = moved.operations[0].batch
    planned = audit.undo_batch(batch, by=by_alice, dry_run=True)
    undone = audit.undo_batch(batch, by=by_alice)
    for told in (planned, undone):
        assert [one.operation.undoes_id for one in told] == [
            operation.pk for operation in reversed(moved.operations)
        ]
        assert [one.reversed for one in told] == [1, 1, 1, 0, 1]
    assert not Contact.objects.exclude(archived_at=None).exists()


# --- As it was written before -------------------------------------------------------------------
