"""A server between which and us connections break, and requests that change something there.

On PostgreSQL alone: SQLite has no connection to lose.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import closing

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from commsapp.core.credentials import api_clients
from commsapp.models import Operation
from contacts.models import ContactGroup
from groups import operations as groups_operations
from groups.models import Membership, Recipient
from quotes import operations as quotes_operations
from quotes.models import Product, Quote, QuoteLineItem
from tests import factories
from tests.conftest import actor, token
from tests.contacts.external_suite import Suite
from tests.http.gate import Gate
from tests.served import CONNECT
from tests.staff.conftest import browse

IS_SQLITE = os.environ["DATABASE_URL"].startswith("sqlite")
on_postgresql = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(IS_SQLITE, reason="there is no connection to lose"),
]


@pytest.fixture
def gate(transactional_db, settings):
    """Between this process and its PostgreSQL server, which has to be reached within a second."""
    settings.LOCK_SECONDS = 1
    options = connection.settings_dict["OPTIONS"]
    before = {**connection.settings_dict}
    with closing(Gate(os.environ["DATABASE_URL"])) as gate:
        gate.open()
        _reconnect(
            HOST="127.0.0.1",
            PORT=gate.port,
            OPTIONS={
                **options,
                "sslmode": "disable",  # the gate reads what is sent
                "pool": {**options["pool"], "timeout": 0.5},
                "options": "-c lock_timeout=1000ms",
            },
        )
        yield gate
        _reconnect(**before)


def _reconnect(**settings):
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]
    connection.settings_dict.update(settings)


# --- What is asked --------------------------------------------------------------------------


class Setting:
    """Records of Alice's, and the requests by which she changes them; each may be repeated."""

    def __init__(self, licensee, alice):
        self.by = actor(alice)
        self.headers = {"Authorization": f"Bearer {token(alice)}"}
        self.client = Client(headers=self.headers, raise_request_exception=False)
        self.browser = browse(alice)
        self.browser.raise_request_exception = False
        self.group = factories.RecipientGroupFactory(licensee=licensee)
        self.other_group = factories.RecipientGroupFactory(licensee=licensee)
        self.site = factories.RecipientFactory(licensee=licensee)
        self.quote = factories.QuoteFactory(licensee=licensee)
        self.product = factories.ProductFactory(licensee=licensee)
        self.member_group = factories.RecipientGroupFactory(licensee=licensee)
        groups_operations.add_recipients(self.member_group.pk, [self.site.pk.hex], by=self.by)
        line = QuoteLineItem(
            quote=self.quote, product=self.product, recipient_group=self.member_group
        )
        self.line = quotes_operations.create_line(line, by=self.by)
        self.suite = Suite(licensee, self.by)
        self.edited = Operation.objects.latest("id")

    def ask(self, method, path, body="", **more):
        content = body if isinstance(body, str) else json.dumps(body)
        return self.client.generic(method, path, content, content_type="application/json", **more)

    def save_of(self, key):
        content = {"ContactGroupName": "Customer", "GroupRoleId": str(self.suite.role.pk)}
        return {
            "SuiteDataSourceInstanceId": str(self.suite.source.pk),
            "AlternateKey": key,
            "ContactGroup": content,
        }

    # Each returns whether the answer says that it is done, and the answer.

    def connect_add(self):
        body = {"recipientsAction": "Add", "recipientsList": [str(self.site.pk)]}
        path = f"{CONNECT}/recipient-group/{self.group.pk}/recipients"
        answer = self.ask("PATCH", path, body)
        return "isSuccessful" in answer.json(), answer

    def connect_split(self):
        answer = self.ask("PATCH", f"{CONNECT}/quote-line-item/{self.line.pk}", {})
        return "isSuccessful" in answer.json(), answer

    def save_contact_group(self):
        answer = self.ask("POST", "/json/reply/SaveContactGroup", self.save_of("K"))
        return answer.status_code == 200, answer

    def save_batch(self):
        body = [self.save_of("A"), self.save_of("B")]
        answer = self.ask("POST", "/json/reply/SaveContactGroup[]", body)
        return answer.status_code == 200 and len(answer.json()) == 2, answer

    def save_stream(self):
        lines = "\n".join(json.dumps(self.save_of(key)) for key in "CD")
        answer = self.ask("POST", "/jsonl/reply/SaveContactGroup[]", lines)
        statuses = [json.loads(line) for line in b"".join(answer).splitlines()]
        return all("ErrorCode" not in status for status in statuses), statuses

    def rest_set(self):
        path = f"/api/v1/recipient-groups/{self.other_group.pk}/set-recipients"
        answer = self.ask("POST", path, {"recipients": [str(self.site.pk)]})
        return answer.status_code == 200, answer

    def rest_edit(self):
        answer = self.ask("PATCH", f"/api/v1/recipients/{self.site.pk}", {"name": "Renamed"})
        return answer.status_code == 200, answer

    def rest_archive(self):
        answer = self.ask("POST", f"/api/v1/recipients/{self.site.pk}/archive")
        return answer.status_code == 200, answer

    def staff_edit(self):
        path = reverse("admin:quotes_product_change", args=[self.product.pk])
        form = {
            "code": self.product.code, "name": "Renamed", "one_time_price": "1.00",
            "recurring_price": "2.00", "currency": self.product.currency, "is_active": "on",
        }  # fmt: skip
        answer = self.browser.post(path, form)
        return answer.status_code == 302, answer

    # Repeated, these make another one or are refused.

    def rest_create(self, **headers):
        body = {"name": "New", "recipient_type": "Location"}
        answer = self.ask("POST", "/api/v1/recipients", body, headers=headers)
        return answer.status_code == 201, answer

    def rest_create_quote(self, **headers):
        answer = self.ask(
            "POST", "/api/v1/quotes", {"name": "New", "currency": "EUR"}, headers=headers
        )
        return answer.status_code == 201, answer

    def rest_create_line(self, **headers):
        body = {"quote": str(self.quote.pk), "product": str(self.product.pk)}
        answer = self.ask("POST", "/api/v1/quote-line-items", body, headers=headers)
        return answer.status_code == 201, answer

    def rest_undo(self, **headers):
        path = f"/api/v1/operations/{self.member_operation().pk}/undo"
        answer = self.ask("POST", path, headers=headers)
        return answer.status_code == 200, answer

    def member_operation(self):
        return Operation.objects.get(target_id=self.member_group.pk, undoes=None)

    # What writes no Operation.

    def oauth_token(self):
        application, secret = api_clients.create_client("suite", self.by.user)
        form = {
            "grant_type": "client_credentials",
            "client_id": application.client_id,
            "client_secret": secret,
        }
        return lambda: self.client.post("/services/oauth2/token", form)


@pytest.fixture
def setting(licensee, alice, gate):
    return Setting(licensee, alice)


def everything():
    """The rows of all tables that hold business records and their history."""
    models = (Operation, ContactGroup, Recipient, Membership, Quote, QuoteLineItem, Product)
    return [[*model.objects.order_by("pk").values()] for model in models]


def lose_everything(gate, ask):
    """The answer of a request whose COMMIT was done, and who answered was not reached again."""
    gate.next_commit, gate.closes_then = "unanswered", True
    _is_done, answer = ask()
    gate.close()
    gate.closes_then = False
    gate.open()
    wait_for_database()
    return answer


def wait_for_database():
    """Until this thread has a connection again."""
    connection.close()
    deadline = time.monotonic() + 10
    while True:
        try:
            connection.ensure_connection()
        except OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return
