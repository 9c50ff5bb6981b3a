"""How many statements an answer takes: as many for 1,000 rows as for 10."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commsapp.db.bulk import write_rows
from commsapp.models import Operation
from contacts.models import AlternateKey, Contact, ContactConnection, ContactGroup, DataSource, Role
from groups.models import Membership, Recipient, RecipientGroup
from quotes.models import Product, Quote, QuoteLineItem

pytestmark = pytest.mark.django_db

# One signs in, one reads the rows; a nested list looks for its parent in between.
LISTS = {
    "data-sources": 2,
    "roles": 2,
    "contacts": 2,
    "contact-groups": 2,
    "contact-groups/{contact_group}/connections": 3,
    "alternate-keys": 2,
    "recipients": 2,
    "recipient-groups": 2,
    "recipient-groups/{recipient_group}/recipients": 3,
    "products": 2,
    "quotes": 2,
    "quotes/{quote}/lines": 3,
    "quote-line-items": 2,
    "operations": 2,
}


def test_a_list_takes_as_many_statements_however_long(api, things):
    ids = {name: thing.pk for name, thing in vars(things).items()}
    for size in (10, 1_000):
        fill(things, size)
        taken = {}
        for path in LISTS:
            with CaptureQueriesContext(connection) as captured:
                rows = api.rows(path.format(**ids), page_size=size)
            assert len(rows) == size, path
            taken[path] = len(captured)
        assert taken == LISTS


def test_reading_and_writing_one_takes_as_many_statements_among_however_many(api, things):
    taken = []
    for size in (10, 1_000):
        fill(things, size)
        with CaptureQueriesContext(connection) as captured:
            for path in (
                f"recipients/{things.recipient.pk}",
                f"recipient-groups/{things.recipient_group.pk}",
                f"contact-groups/{things.contact_group.pk}",
                f"quotes/{things.quote.pk}",
                f"quote-line-items/{things.quote_line_item.pk}",
                f"operations/{things.operation.pk}",
            ):
                assert api.get(path).status_code == 200
            path = f"recipients/{things.recipient.pk}"
            assert api.patch(path, {"street": f"{size} Main St"}).status_code == 200
            body = {"name": "x", "recipient_type": "Location"}
            assert api.post("recipients", body).status_code == 201
        taken.append(len(captured))
    assert taken[0] == taken[1]


@pytest.mark.parametrize("verb", ["add-recipients", "remove-recipients", "set-recipients"])
def test_a_verb_takes_as_many_statements_for_however_many_recipients(api, things, verb):
    path = f"recipient-groups/{things.recipient_group.pk}"
    taken = []
    for size in (10, 1_000):
        recipients = _rows(Recipient, size, things, name="x", recipient_type="Location")
        named = {"recipients": [recipient.pk.hex for recipient in recipients]}
        if verb == "remove-recipients":
            api.post(f"{path}/add-recipients", named)
        with CaptureQueriesContext(connection) as captured:
            answer = api.post(f"{path}/{verb}", named)
        assert answer.status_code == 200
        assert size in answer.json().values()
        taken.append(len(captured))
    assert taken[0] == taken[1]


def fill(things, size):
    """So many more of everything, past the operations."""
    group, quote = things.recipient_group, things.quote
    role, product = things.role, things.product
    _rows(DataSource, size, things, each=lambda one: setattr(one, "name", f"{one.pk}"))
    _rows(Role, size, things, kind="group", each=lambda one: setattr(one, "name", f"{one.pk}"))
    contacts = _rows(Contact, size, things, name="x")
    connections = ContactConnection.objects.filter(group=things.contact_group).count()
    write_rows(
        ContactConnection(group=things.contact_group, contact=contact, position=place)
        for place, contact in enumerate(contacts, connections + 1)
    )
    _rows(ContactGroup, size, things, name="x", role=role)
    _rows(
        AlternateKey, size, things, data_source=things.data_source, kind="role", role=role,
        each=lambda one: setattr(one, "value", f"{one.pk}"),
    )  # fmt: skip
    customer = things.contact_group
    recipients = _rows(
        Recipient, size, things, name="x", recipient_type="Location", customer=customer
    )
    write_rows(
        Membership(group=group, recipient=recipient, operation=things.operation)
        for recipient in recipients
    )
    _rows(RecipientGroup, size, things, name="x", customer=customer)
    _rows(Product, size, things, currency="EUR", each=lambda one: setattr(one, "code", f"{one.pk}"))
    _rows(
        Quote, size, things, currency="EUR", customer=customer,
        each=lambda one: setattr(one, "number", f"{one.pk}"),
    )  # fmt: skip
    numbers = iter(range(quote.lines.count() + 1, 10_000))
    _rows(
        QuoteLineItem, size, things, quote=quote, product=product, recipient_group=group,
        one_time_price=1, recurring_price=1,
        each=lambda one: setattr(one, "line_number", next(numbers)),
    )  # fmt: skip
    write_rows(
        Operation(licensee=things.licensee, user=things.operation.user, channel="rest", touched=1,
                  kind="created", target_type="x",
            target_id=group.pk)
        for _ in range(size)
    )  # fmt: skip


def _rows(model, size, things, *, each=lambda one: None, **values):
    rows = [model(licensee=things.licensee, **values) for _ in range(size)]
    for row in rows:
        each(row)
    write_rows(rows)
    return rows
