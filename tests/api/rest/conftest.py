"""How to ask the REST API, and one of every resource to ask about."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from commsapp.models import Operation, User
from contacts.models import ContactConnection
from groups import operations as groups_operations
from quotes import operations as quotes_operations
from quotes.models import QuoteLineItem
from tests import factories
from tests.conftest import actor, token


class Api:
    """A client of the REST API, signed in as somebody; paths are below /api/v1/."""

    def __init__(self, user: User | None = None) -> None:
        headers = {"Authorization": f"Bearer {token(user)}"} if user else {}
        self.client = Client(headers=headers, raise_request_exception=False)

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        if body is not None:
            more = {"data": json.dumps(body), "content_type": "application/json", **more}
        path = path if path.startswith(("/", "http")) else f"/api/v1/{path}"
        return self.client.generic(method, path, **more)

    def get(self, path: str, **parameters: Any) -> Any:
        path = path if path.startswith(("/", "http")) else f"/api/v1/{path}"
        return self.client.get(path, parameters or None)

    def post(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.ask("POST", path, body, **more)

    def patch(self, path: str, body: Any = None, **more: Any) -> Any:
        return self.ask("PATCH", path, body, **more)

    def delete(self, path: str) -> Any:
        return self.ask("DELETE", path)

    def rows(self, path: str, **parameters: Any) -> list[Any]:
        response = self.get(path, **parameters)
        assert response.status_code == 200, response.content
        return response.json()["results"]


def ids(records):
    return [str(record.pk) for record in records]


@pytest.fixture
def api(alice):
    return Api(alice)


@pytest.fixture
def things(licensee, alice):
    """One of every resource, all of Alice's licensee."""
    one = SimpleNamespace(licensee=licensee)
    one.data_source = factories.DataSourceFactory(licensee=licensee)
    one.role = factories.RoleFactory(licensee=licensee)
    one.contact = factories.ContactFactory(licensee=licensee)
    one.contact_group = factories.ContactGroupFactory(licensee=licensee, role=one.role)
    one.connection = ContactConnection.objects.create(
        group=one.contact_group, contact=one.contact, position=1
    )
    one.alternate_key = factories.AlternateKeyFactory(
        licensee=licensee, data_source=one.data_source, contact_group=one.contact_group
    )
    one.recipient = factories.RecipientFactory(licensee=licensee, customer=one.contact_group)
    one.recipient_group = factories.RecipientGroupFactory(
        licensee=licensee, customer=one.contact_group
    )
    by = actor(alice)
    groups_operations.add_recipients(one.recipient_group.pk, [one.recipient.pk.hex], by=by)
    one.operation = Operation.objects.get()
    one.product = factories.ProductFactory(licensee=licensee)
    one.quote = factories.QuoteFactory(licensee=licensee, customer=one.contact_group)
    line = QuoteLineItem(quote=one.quote, product=one.product, recipient_group=one.recipient_group)
    one.quote_line_item = quotes_operations.create_line(line, by=by)
    return one


@pytest.fixture
def group(licensee):
    return factories.RecipientGroupFactory(licensee=licensee)


@pytest.fixture
def sites(licensee):
    return factories.RecipientFactory.create_batch(4, licensee=licensee)
