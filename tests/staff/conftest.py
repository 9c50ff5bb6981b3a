"""How the staff pages are asked: as a browser does, signed in."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commsapp.db.ids import uuid7
from commsapp.models import User
from commsapp.staff.tables import import_admin
from contacts.models import Contact, ContactConnection, ContactGroup
from groups import operations as groups_operations
from groups.models import Recipient, RecipientGroup
from quotes import operations as quotes_operations
from quotes.models import QuoteLineItem
from tests import factories
from tests.conftest import actor

_BLOCK_TAGS = re.compile(
    r" ?(</?(?:button|caption|dd|details|div|dl|dt|fieldset|form|h\d|input|legend|li|nav|ol|option"
    r"|p|section|select|summary|table|tbody|td|tfoot|th|thead|title|tr|ul)\b[^>]*>) ?"
)
_BACKEND = "django.contrib.auth.backends.ModelBackend"


def browse(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk), backend=_BACKEND)
    return client


@pytest.fixture(autouse=True)
def _files_are_checked_in_one_request(monkeypatch):
    """However slow the machine is; a served import shows its progress after two seconds."""
    monkeypatch.setattr(import_admin, "_CHECKING_SECONDS", 60.0)


@pytest.fixture
def web(alice) -> Client:
    """Alice's."""
    return browse(alice)


def page(record, name: str = "page") -> str:
    opts = record._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=(record.pk,))


def content_of(response) -> str:
    """Return the HTML of a page on one line, without the white space that never shows."""
    text = re.sub(r"\s+", " ", response.content.decode())
    text = _BLOCK_TAGS.sub(r"\1", text)
    return re.sub(r"(<[a-z][^>]*>) | (</)", r"\1\2", text)


def last_message(client: Client, response) -> str:
    """The newest message of the page that an answer leads to."""
    followed = client.get(response.url)
    assert followed.status_code == 200
    return [str(message) for message in followed.context["messages"]][-1]


def form_with(response, text: str) -> dict[str, list[str]]:
    """What the one form that has this in it sends without being asked."""
    forms = re.findall(r'<form method="post".*?</form>', content_of(response), re.DOTALL)
    [form] = [one for one in forms if text in one]
    sent: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', form):
        sent.setdefault(name, []).append(unescape(value))
    return sent


def again(preview) -> dict[str, list[str]]:
    """What the confirmation of a preview sends."""
    return {**form_with(preview, 'name="confirm"'), "confirm": ["1"]}


def problems(response) -> list[tuple[int, str]]:
    """What of a list could not be taken: line and value."""
    return [(one.line, one.value) for one in response.context["problems"]]


def upload(text: str, name: str = "list.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode(), content_type="text/csv")


def statements(client: Client, url: str, query: dict[str, str] | None = None) -> int:
    """How many a page takes."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url, query).status_code == 200, url
    return len(captured)


@pytest.fixture
def group(licensee) -> RecipientGroup:
    customer = factories.ContactGroupFactory(licensee=licensee, name="Sample Bakeries")
    return factories.RecipientGroupFactory(licensee=licensee, name="Shops", customer=customer)


@pytest.fixture
def join(by_alice, group) -> Callable[..., list]:
    """Makes so many recipients, members of the group."""

    def make(count: int, **fields) -> list:
        made = factories.RecipientFactory.create_batch(
            count, licensee=group.licensee, customer=group.customer, **fields
        )
        groups_operations.add_recipients(group.pk, [one.pk.hex for one in made], by=by_alice)
        return made

    return make


@pytest.fixture
def line(by_alice, group) -> QuoteLineItem:
    """A group line of a draft quote."""
    same = {"licensee": group.licensee}
    quote = factories.QuoteFactory(**same, customer=group.customer)
    line = factories.QuoteLineItemFactory.build(
        **same, quote=quote, product=factories.ProductFactory(**same), recipient_group=group,
        line_number=None,
        quantity=Decimal(2), one_time_price=Decimal("49.90"), recurring_price=Decimal("9.99"),
        discount_percent=Decimal("12.5"),
    )  # fmt: skip
    return quotes_operations.create_line(line, by=by_alice)


@pytest.fixture
def ours(group):
    """Makes recipients of the group's customer."""

    def make(count: int = 1, **fields) -> list[Recipient]:
        return factories.RecipientFactory.create_batch(
            count, licensee=group.licensee, customer=group.customer, **fields
        )

    return make


@pytest.fixture
def customer(licensee) -> ContactGroup:
    return factories.ContactGroupFactory(licensee=licensee, name="Sample Bakeries")


@pytest.fixture
def connect(customer):
    """Makes contacts and connects them, in the order of their names."""

    def make(*names: str, **fields) -> list[Contact]:
        offset = customer.connections.count()
        contacts = [
            factories.ContactFactory(licensee=customer.licensee, name=name, **fields)
            for name in names
        ]
        ContactConnection.objects.bulk_create(
            ContactConnection(group=customer, contact=contact, position=place)
            for place, contact in enumerate(contacts, offset + 1)
        )
        return contacts

    return make


@pytest.fixture
def crowd(customer):
    """Connects so many more contacts."""

    def make(count: int) -> None:
        offset = customer.connections.count()
        same = {"licensee": customer.licensee}
        contacts = [factories.ContactFactory.build(**same) for _ in range(count)]
        Contact.objects.bulk_create(contacts)
        ContactConnection.objects.bulk_create(
            ContactConnection(group=customer, contact=contact, position=place)
            for place, contact in enumerate(contacts, offset + 1)
        )

    return make


@pytest.fixture
def sync(alice):
    """Alice's integration, through the REST API."""
    return replace(actor(alice, "rest"), client="Nightly sync", request_id=uuid7().hex)


@pytest.fixture
def split(by_alice, join, line):
    """The group line, split for five sites."""
    join(5)
    quotes_operations.split_line(line.pk, by=by_alice)
    line.refresh_from_db()
    return line
