"""Operations on recipients and groups take as many statements for many rows as for few."""

from __future__ import annotations

import pytest

from commsapp.core import audit, records
from commsapp.core.imports.importer import import_records
from groups import from_contacts, operations
from groups.imports import RECIPIENTS
from groups.models import Membership, Recipient
from tests import factories
from tests.contacts.external_suite import Suite
from tests.groups import many_recipients
from tests.groups.many_recipients import hexes
from tests.statement_counts import Cases

pytestmark = pytest.mark.django_db
cases = Cases()


@cases.add(exactly=5)
def add_recipients(licensee, by_alice, size):
    recipients = many_recipients.recipients(licensee, size)
    group = factories.RecipientGroupFactory(licensee=licensee)
    return lambda: operations.add_recipients(group.pk, hexes(recipients), by=by_alice)


@cases.add(exactly=3)  # nothing to write
def add_recipients_that_are_members(licensee, by_alice, size):
    recipients = many_recipients.recipients(licensee, size)
    group = many_recipients.group_of(recipients, licensee)
    return lambda: operations.add_recipients(group.pk, hexes(recipients), by=by_alice)


@cases.add(exactly=7)
def set_recipients(licensee, by_alice, size):
    recipients = many_recipients.recipients(licensee, size)
    group = many_recipients.group_of(recipients, licensee)
    half = hexes(recipients[: size // 2])
    return lambda: operations.set_recipients(group.pk, half, by=by_alice)


@cases.add(exactly=6)
def remove_recipients(licensee, by_alice, size):
    recipients = many_recipients.recipients(licensee, size)
    group = many_recipients.group_of(recipients[: size // 2], licensee)
    return lambda: operations.remove_recipients(group.pk, hexes(recipients), by=by_alice)


@cases.add(exactly=9)
def undo_setting_recipients(licensee, by_alice, size):
    recipients = many_recipients.recipients(licensee, size)
    group = many_recipients.group_of(recipients[: size // 2], licensee)
    others = hexes(recipients[size // 2 :])
    change = operations.set_recipients(group.pk, others, by=by_alice)
    return lambda: audit.undo(change.operation.pk, by=by_alice)


@cases.add(exactly=3)
def archive_recipients(licensee, by_alice, size):
    recipients = hexes(many_recipients.recipients(licensee, size))
    return lambda: records.archive(Recipient, recipients, by=by_alice)


@cases.add(exactly=5)
def undo_archiving_recipients(licensee, by_alice, size):
    recipients = hexes(many_recipients.recipients(licensee, size))
    archived = records.archive(Recipient, recipients, by=by_alice)
    return lambda: audit.undo_batch(archived.operations[0].batch, by=by_alice)


@cases.add(at_most=16)
def import_a_part_of_a_file(licensee, by_alice, size):
    customer = factories.ContactGroupFactory(licensee=licensee)
    rows = [
        {
            "name": f"Site {number}", "recipient_type": "Location", "customer": customer.name,
            "external_reference": f"{customer.pk}-{number}",
        }
        for number in range(size)
    ]  # fmt: skip
    import_records(RECIPIENTS, rows[: size // 2], by=by_alice, licensee_id=licensee.pk)
    changed = [{**row, "city": "Bremen"} for row in rows]
    changed[0]["customer"] = ""
    changed[1]["customer"] = str(customer.pk)

    def act():
        imported = import_records(RECIPIENTS, changed, by=by_alice, licensee_id=licensee.pk)
        assert imported.numbers == {
            "created": size // 2, "updated": size // 2, "unchanged": 0, "refused": 0,
        }  # fmt: skip

    return act


@cases.add()
def make_group_from_contacts(licensee, by_alice, size):
    suite = Suite(licensee, by_alice)
    suite.contacts = factories.ContactFactory.create_batch(size, licensee=licensee)
    saved = suite.save(suite.source.pk.hex, *range(size))

    def act():
        from_contacts.make_group_from_contacts(saved.object_id, "Made", by=by_alice)
        assert Membership.objects.filter(recipient__contact__in=suite.contacts).count() == size

    return act


@cases.parametrize
def test_statements_of_case_are_as_many_for_1000_rows_as_for_10(case, request):
    case.check(request)
