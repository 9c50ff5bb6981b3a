"""How the staff pages are asked: as a browser does, signed in."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from commsapp.models import User
from groups import operations as groups_operations
from groups.models import RecipientGroup
from quotes import operations as quotes_operations
from quotes.models import QuoteLineItem
from tests import factories

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(autouse=True)
def _plain_static_files(settings):
    """Static files by their plain names: no test collects them."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def browse(user: User) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=user.pk), backend=_BACKEND)
    return client


@pytest.fixture
def web(alice) -> Client:
    """Alice's."""
    return browse(alice)


def page(record, name: str = "page") -> str:
    opts = record._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=(record.pk,))


def told(response) -> str:
    """All that a page says, tags and all."""
    return response.content.decode()


def said(client: Client, response) -> str:
    """The newest message of the page that an answer leads to."""
    followed = client.get(response.url)
    assert followed.status_code == 200
    return [str(message) for message in followed.context["messages"]][-1]


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
