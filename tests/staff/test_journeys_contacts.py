"""What people do with contact groups, from the first page to the last message."""

from __future__ import annotations

import pytest
from django.urls import reverse

from contacts.models import AlternateKey, Contact, ContactConnection, ContactGroup
from tests import factories
from tests.staff.conftest import again, content_of, page

CONFIRM = {"confirm": "1"}


@pytest.fixture
def connected(group) -> list[Contact]:
    contacts = factories.ContactFactory.create_batch(3, licensee=group.licensee)
    for position, contact in enumerate(contacts, 1):
        ContactConnection.objects.create(group=group.customer, contact=contact, position=position)
    return contacts


def in_order(customer) -> list:
    return [*customer.connections.order_by("position").values_list("contact_id", flat=True)]


def test_connections_are_moved_added_and_removed(web, group, connected):
    customer, (one, two, three) = group.customer, connected

    def move(contact, to):
        return web.post(page(customer, "move-connection"), {"contact": contact.pk, "to": to})

    move(three, "first")
    assert in_order(customer) == [three.pk, one.pk, two.pk]
    move(three, "down")
    assert in_order(customer) == [one.pk, three.pk, two.pk]
    move(two, "up")
    assert in_order(customer) == [one.pk, two.pk, three.pk]
    move(one, "3")
    assert in_order(customer) == [two.pk, three.pk, one.pk]

    four = factories.ContactFactory(licensee=group.licensee)
    role = factories.RoleFactory(licensee=group.licensee, kind="connection")
    preview = web.post(
        page(customer, "add-connections"), {"contacts": [four.pk], "role": str(role.pk)}
    )
    web.post(page(customer, "add-connections"), again(preview))
    assert customer.connections.get(contact=four).role == role
    preview = web.post(page(customer, "remove-connections"), {"contacts": [two.pk]})
    assert "1 contact would be removed" in content_of(preview)
    web.post(page(customer, "remove-connections"), again(preview))
    assert in_order(customer) == [three.pk, one.pk, four.pk]


def test_a_contact_group_is_deleted_leaves_the_list_and_comes_back(web, group):
    customer = group.customer
    web.post(page(customer, "delete-group"), CONFIRM)
    customer.refresh_from_db()
    assert customer.status == ContactGroup.Status.DELETED
    url = reverse("admin:contacts_contactgroup_changelist")
    assert [*web.get(url).context["cl"].result_list] == []
    assert [*web.get(url, {"state": "deleted"}).context["cl"].result_list] == [customer]
    web.post(page(customer, "restore"), CONFIRM)
    customer.refresh_from_db()
    assert customer.status == ContactGroup.Status.ACTIVE


def test_an_alternate_key_is_added_and_deleted(web, group):
    source = factories.DataSourceFactory(licensee=group.licensee)
    values = {
        "data_source": str(source.pk), "value": "ACC-1", "contact_group": str(group.customer.pk),
        "contact": "", "role": "",
    }  # fmt: skip
    web.post(reverse("admin:contacts_alternatekey_add"), values)
    key = AlternateKey.objects.get(value="ACC-1")
    assert key.target == group.customer
    web.post(page(key, "delete"), {"post": "yes"})
    assert not AlternateKey.objects.exists()
