"""No statement's cost hangs on what PostgreSQL believes of its tables.

Statistics may be from when a table had one row, rows that others still see cannot be cleaned away,
and memory is what the server is given. Under the worst of all three each operation on N rows visits
some multiple of N rows, and none N × N.
"""

from __future__ import annotations

import os

import pytest
from django.db import connection

from commsapp.core import audit, records
from commsapp.models import Operation
from contacts import operations as contacts
from contacts.connections import NewConnection
from contacts.models import Contact
from groups import from_contacts
from groups import operations as groups
from groups.models import Recipient, RecipientGroup
from quotes import operations as quotes
from tests import factories, plans
from tests.contacts.external_suite import Suite
from tests.groups import many_recipients
from tests.quotes.conftest import Sale
from tests.staff.conftest import browse, page

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        os.environ["DATABASE_URL"].startswith("sqlite"), reason="SQLite plans without statistics"
    ),
]
N = 2_000  # or else to read a whole table costs no more than to look up one of its rows
MAX_VISITS = 60  # of each row


class Steps:
    """What is done one after the other, each measured."""

    def __init__(self, visits):
        self.visits, self.done, self.too_many = visits, {}, {}

    def __call__(self, name, act):
        with self.visits() as visited:
            self.done[name] = act()
        statement, plan = visited.most
        table, rows = max(visited.tables.items(), key=lambda each: each[1])
        if statement > MAX_VISITS * N:
            self.too_many[name] = plans.outline(plan)
        elif rows > MAX_VISITS * N:
            self.too_many[name] = f"{rows / N:.0f} × N rows of {table}"


class LargeSale(Sale):
    """A sale, and what thousands of rows have been made for."""

    contact: Contact
    suite: Suite
    people: list[Recipient]
    ids: list[str]
    contacts: list[Contact]
    empty: RecipientGroup


@pytest.fixture
def sale(licensee, by_alice):
    """A sale with thousands of rows of each kind; the statistics are from when there was one."""
    plans.begin_anew()
    sale = LargeSale(licensee, by_alice)
    sale.split(sale.line(1))
    sale.contact = factories.ContactFactory(licensee=licensee)
    connect(sale, [sale.contact.pk.hex])
    sale.suite = Suite(licensee, by_alice)
    sale.suite.save("K")
    connection.check_constraints()  # by plans for tables of a row, which are kept from now on
    plans.analyze()
    sale.people = many_recipients.recipients(licensee, N, customer=sale.customer)
    sale.ids = many_recipients.hexes(sale.people)
    sale.contacts = Contact.objects.bulk_create(
        Contact(licensee=licensee, name=f"Contact {number}", kind="person") for number in range(N)
    )
    Recipient.objects.bulk_create(
        Recipient(
            licensee=licensee, name=contact.name, recipient_type="Subscriber", contact=contact
        )
        for contact in sale.contacts[: N // 2]
    )
    sale.empty = factories.RecipientGroupFactory(licensee=licensee, customer=sale.customer)
    return sale


@pytest.fixture
def step(sale):
    with plans.with_little_memory() as visits:
        steps = Steps(visits)
        yield steps
    assert not steps.too_many, "\n".join(f"{name}: {why}" for name, why in steps.too_many.items())


def connect(sale, ids):
    new = [NewConnection(id) for id in ids]
    return contacts.add_connections(sale.customer.pk, new, by=sale.by)


def test_changes_of_members_visit_each_row_a_few_times(sale, step):
    group, ids, by = sale.empty, sale.ids, sale.by
    step("add", lambda: groups.add_recipients(group.pk, ids, by=by))
    step("add again", lambda: groups.add_recipients(group.pk, ids, by=by))
    step("remove", lambda: groups.remove_recipients(group.pk, ids, by=by))
    step("undo remove", lambda: sale.undo(step.done["remove"]))
    step("set", lambda: groups.set_recipients(group.pk, ids[: N // 2], by=by))
    step("undo set", lambda: sale.undo(step.done["set"]))
    step("undo add", lambda: sale.undo(step.done["add"]))
    unknown = [id[::-1] for id in ids]
    step("add unknown", lambda: groups.add_recipients(group.pk, unknown, by=by, all_or_none=False))


def test_splitting_visits_each_row_a_few_times(sale, step):
    group, ids, by = sale.empty, sale.ids, sale.by
    line = sale.line(group)
    groups.add_recipients(group.pk, ids, by=by)
    step("split", lambda: sale.split(line))
    step("unsplit", lambda: sale.unsplit(line))
    step("undo unsplit", lambda: sale.undo(step.done["unsplit"]))
    groups.remove_recipients(group.pk, ids[: N // 2], by=by)
    step("split with departed", lambda: sale.split(line))
    groups.add_recipients(group.pk, ids[: N // 2], by=by)
    parts = [pk.hex for pk in line.parts.values_list("pk", flat=True)]
    new = {"description": "Changed"}
    step("edit", lambda: quotes.edit_lines(sale.quote.pk, parts, new, by=by))
    step("unsplit edited", lambda: sale.refused(quotes.unsplit_line, line))
    step("undo edit", lambda: sale.undo(step.done["edit"]))
    step("unsplit again", lambda: sale.unsplit(line))
    step("split again", lambda: sale.split(line))
    step("undo split", lambda: sale.undo(step.done["split again"]))


def test_changes_of_connections_visit_each_row_a_few_times(sale, step):
    ids, by, customer = many_recipients.hexes(sale.contacts), sale.by, sale.customer.pk
    step("connect", lambda: connect(sale, ids))
    step("reorder", lambda: contacts.reorder_connections(customer, ids[::-1], by=by))
    made = "make a group"
    step(made, lambda: from_contacts.make_group_from_contacts(customer, "Made", by=by))
    step("undo making it", lambda: sale.undo(step.done[made]))
    step("disconnect", lambda: contacts.remove_connections(customer, ids, by=by))
    step("undo disconnect", lambda: sale.undo(step.done["disconnect"]))


def test_batches_visit_each_row_a_few_times(sale, step):
    def undo_newest():
        return audit.undo_batch(Operation.objects.latest("id").batch, by=sale.by)

    suite = sale.suite
    created = [suite.request(f"K{number}", 0, 1) for number in range(N // 2)]
    changed = [suite.request(f"K{number}", 1) for number in range(N // 2)]
    step("archive", lambda: records.archive(Recipient, sale.ids, by=sale.by))
    step("undo archive", undo_newest)
    step("save", lambda: suite.save_all(*created))
    step("save again", lambda: suite.save_all(*created))
    step("save changed", lambda: suite.save_all(*changed))
    step("undo saves", undo_newest)


def test_pages_visit_each_row_a_few_times(sale, step, alice):
    """Of a line whose group has lost half of its members since, and got as many others."""
    group, line = sale.empty, sale.line(sale.empty)
    groups.add_recipients(group.pk, sale.ids, by=sale.by)
    split = sale.split(line)
    groups.remove_recipients(group.pk, sale.ids[: N // 2], by=sale.by)
    others = many_recipients.hexes(
        many_recipients.recipients(sale.licensee, N // 2, customer=sale.customer)
    )
    added = groups.add_recipients(group.pk, others, by=sale.by)
    connect(sale, many_recipients.hexes(sale.contacts))
    web = browse(alice)
    for record in (sale.quote, group, line, sale.customer, split.operation, added.operation):
        step(f"page of {record}", lambda record=record: web.get(page(record)))
    for address in ("", "groups/recipient/?q=site", "quotes/quotelineitem/", "commsapp/operation/"):
        step(address, lambda address=address: web.get(f"/admin/{address}"))
