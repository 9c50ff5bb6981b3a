"""Whatever is sent to a staff address, no answer is a 500, and none takes long."""

from __future__ import annotations

import datetime
import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from commsapp.core.credentials import api_clients
from commsapp.models import AdminChange, ApiUse, Operation, SavedFilter
from contacts.models import ContactConnection
from quotes import operations as quotes_operations
from tests import factories
from tests.staff.conftest import browse, page
from tests.staff.odd_values import VALUES, Prober, Turns, address, staff_routes

pytestmark = pytest.mark.timeout(600)  # thousands of requests, on a machine that may be busy


@pytest.fixture
def ids(licensee, alice, group, join, line, by_alice):
    """A real id for each argument of a route: by the model's label, or by the argument."""
    same = {"licensee": licensee}
    recipient = join(2)[0]
    contact = factories.ContactFactory(**same)
    connected = ContactConnection.objects.create(group=group.customer, contact=contact, position=1)
    key = factories.AlternateKeyFactory(**same, contact_group=group.customer)
    quotes_operations.split_line(line.pk, by=by_alice)
    use = ApiUse.objects.create(licensee=licensee, day=datetime.date(2026, 1, 31), calls=7)
    client, _secret = api_clients.create_client("Nightly", alice)
    saved = SavedFilter.objects.create(user=alice, list="quotes.quote", name="x", query="q=a")
    operation, change = Operation.objects.first(), AdminChange.objects.first()
    records = [
        recipient, contact, connected, key, use, client, operation, group, group.customer,
        group.customer.role, key.data_source, line, line.quote, line.product, alice, licensee,
        Group.objects.first(), change,
    ]  # fmt: skip
    found = {record._meta.label_lower: str(record.pk) for record in records}
    return found | {
        "filter_id": str(saved.pk), "client_id": str(client.pk), "batch": str(operation.pk),
        "draft_id": str(licensee.pk), "id": str(alice.pk),
    }  # fmt: skip


@pytest.fixture
def reader(licensee):
    user = factories.UserFactory(username="reader", is_staff=True)
    user.licensees.add(licensee)
    user.groups.add(Group.objects.get(name="Read only"))
    return user


@pytest.fixture
def root(db):
    return factories.UserFactory(username="root", is_staff=True, is_superuser=True)


@pytest.fixture
def prober(root, reader, ids, monkeypatch):
    prober = Prober([browse(root), browse(reader)])
    prober.reads.record(monkeypatch)
    return prober


@pytest.fixture
def paths(ids):
    return sorted({address(route, ids) for route in staff_routes()})


def test_no_parameter_of_an_address_breaks_it(prober, paths):
    asked = {
        path: {
            *prober.reads.of_address(prober.get(path)),
            *prober.reads.of_address(prober.get(path)),
        }
        for path in paths
    }
    turns = Turns(name for names in asked.values() for name in names)
    for path, first_names in asked.items():
        names = sorted(first_names)
        for name in names:  # also those that are read for what another one says
            for value in turns.next_values(name):
                found = prober.reads.of_address(prober.get(path, f"{name}={value}"))
                names += sorted(found.difference(names))
    assert prober.problems == []
    assert prober.sent > 1_000


def test_no_repeated_or_unknown_parameter_breaks_a_page(prober, paths):
    for number, path in enumerate(paths):
        first, second = VALUES[number % len(VALUES)], VALUES[number // 2 % len(VALUES)]
        names = sorted(prober.reads.of_address(prober.get(path)))
        repeated = "&".join(f"{name}={first}&{name}={second}&{name}[]=" for name in names)
        prober.get(path, f"{repeated}&no_such_parameter={first}&%00=1&{first}={second}&=&&;")
    assert prober.problems == []


def test_no_part_of_a_path_breaks_a_page(prober, ids):
    number = 0
    for route in staff_routes():
        for argument in re.findall(r"<(?:\w+:)?(\w+)>", route):
            for _turn in range(3):
                number += 1
                value = VALUES[1:][number % (len(VALUES) - 1)]
                prober.get(address(route, {**ids, argument: value}))
    assert prober.problems == []


def test_no_field_of_a_form_breaks_it(prober, paths):
    for number, path in enumerate(paths):
        if path == "/admin/logout/":
            continue
        names = sorted(
            prober.reads.of_form(prober.post(path)) | prober.reads.of_form(prober.post(path))
        )
        for turn in (0, 7, 14, 21):
            places = enumerate(names, number + turn)
            form = "&".join(f"{name}={VALUES[place % len(VALUES)]}" for place, name in places)
            prober.post(path, form)
    assert prober.problems == []


def test_no_selection_of_a_list_breaks_its_actions(prober):
    for model, site in admin.site._registry.items():
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for action in site.actions or ():
            for value in VALUES[1::3]:
                form = f"action={action}&select_across={value}&index={value}"
                prober.post(url, f"{form}&_selected_action={value}")
    assert prober.problems == []


def test_no_name_of_a_field_breaks_a_form_of_many(prober, group):
    for value in VALUES:
        prober.post(page(group.customer, "change-roles"), f"role.{value}={value}&was.{value}=x")
    assert prober.problems == []
