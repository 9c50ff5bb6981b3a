"""The examples of the API's description, asked with real ids: they are true."""

from __future__ import annotations

import json

import pytest
from django.db import transaction
from django.test import Client

from commsapp.api.message.authenticate_schema import SAMPLE as CREDENTIALS
from commsapp.api.openapi.fragments import sample_id
from commsapp.api.openapi.views import document
from commsapp.core.actors import Actor
from contacts.models import ContactConnection
from groups import operations as groups_operations
from quotes import operations as quotes_operations
from quotes.models import QuoteLineItem
from tests import factories
from tests.conftest import token

# What a draft quote, an unsplit line, or a group with connections is rightly refused.
REFUSED = {
    "/api/v1/quotes/{id}/approve",
    "/api/v1/quotes/{id}/accept",
    "/api/v1/quotes/{id}/reject",
    "/api/v1/quotes/{id}/reopen",
}


@pytest.fixture
def ids(licensee, alice):
    """The real id that stands for each sample's."""
    same = {"licensee": licensee}
    role, contact = factories.RoleFactory(**same), factories.ContactFactory(**same)
    customer = factories.ContactGroupFactory(**same, role=role)
    ContactConnection.objects.create(group=customer, contact=contact, position=1)
    recipient = factories.RecipientFactory(**same, customer=customer)
    group = factories.RecipientGroupFactory(**same, customer=customer)
    by = Actor.of(alice, "rest")
    added = groups_operations.add_recipients(group.pk, [recipient.pk.hex], by=by)
    quote = factories.QuoteFactory(**same, customer=customer)
    product = factories.ProductFactory(**same)
    line = QuoteLineItem(quote=quote, product=product, recipient_group=group)
    source = factories.DataSourceFactory(**same)
    key = factories.AlternateKeyFactory(**same, data_source=source, contact_group=customer)
    real = {
        "licensee": licensee.pk, "role": role.pk, "contact": contact.pk,
        "contact-group": customer.pk, "recipient": recipient.pk, "recipient-group": group.pk,
        "operation": added.operation.pk, "quote": quote.pk, "product": product.pk,
        "quote-line-item": quotes_operations.create_line(line, by=by).pk,
        "data-source": source.pk, "alternate-key": key.pk,
    }  # fmt: skip
    return {sample_id(name): str(id) for name, id in real.items()}


@pytest.fixture
def _who_authenticates(db):
    user = factories.UserFactory(username=CREDENTIALS["userName"])
    user.set_password(CREDENTIALS["password"])
    user.save()


@pytest.fixture
def ask(alice, ids, _who_authenticates):
    client = Client(headers={"Authorization": f"Bearer {token(alice)}"})

    def ask(method, path, operation):
        query = ""
        for each in operation.get("parameters", ()):
            each = _resolved(each)
            if each["in"] == "path":
                path = path.replace(f"{{{each['name']}}}", each["example"])
            elif each.get("required"):
                query = f"?{each['name']}={each['example']}"
        content = operation.get("requestBody", {}).get("content", {})
        body = "".join(_sent(media["example"]) for media in content.values())
        for sample, real in ids.items():
            path, body = path.replace(sample, real), body.replace(sample, real)
        return client.generic(method, path + query, body, content_type="application/json")

    return ask


def _sent(example):
    """A request as it stands in the document: JSON, or lines of it."""
    return example if isinstance(example, str) else json.dumps(example)


def _response_of(answer):
    """An answer as it stands in the document: what is no JSON is a text."""
    body = b"".join(answer).decode()
    return json.loads(body) if answer["Content-Type"].startswith("application/json") else body


def _resolved(part):
    while "$ref" in part:
        _hash, _components, kind, name = part["$ref"].split("/")
        part = document()["components"][kind][name]
    return part


def test_each_example_does_what_its_operation_says(ask):
    wrong = []
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/services/oauth2"):  # its client and token are nobody's
                continue
            with transaction.atomic():  # each meets what there was at the start
                answer = ask(method.upper(), path, operation)
                transaction.set_rollback(True)
            expected = {409} if path in REFUSED else {200, 201}
            if answer.status_code not in expected:
                wrong.append(f"{method} {path}: {answer.status_code} {_response_of(answer)}")
    assert wrong == []


def test_each_answer_has_what_its_example_has(ask):
    """Names, that is: an example with more or fewer tells an untruth."""
    wrong = []
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            if path.startswith("/services/oauth2") or path in REFUSED or path == "/api/schema":
                continue
            with transaction.atomic():
                answer = ask(method.upper(), path, operation)
                told = _response_of(answer)
                transaction.set_rollback(True)
            answers = operation["responses"]
            content = answers.get("201", answers.get("200"))["content"]
            media = content[answer["Content-Type"].partition(";")[0]]
            if isinstance(told, dict) and told.keys() != media["example"].keys():
                wrong.append(f"{method} {path}: {told}")
    assert wrong == []
