"""Verbs of a contact group's connections: what they do and answer."""

from __future__ import annotations

import pytest

from contacts.models import ContactConnection
from tests import factories
from tests.api.rest.conftest import ids

pytestmark = pytest.mark.django_db


def test_connections_are_added_ordered_and_removed(api, things, licensee):
    path = f"contact-groups/{things.contact_group.pk}"
    role = factories.RoleFactory(licensee=licensee, kind="connection")
    second, third = factories.ContactFactory.create_batch(2, licensee=licensee)
    added = api.post(
        f"{path}/add-connections",
        {
            "connections": [
                {"contact": str(second.pk), "role": str(role.pk)},
                {"contact": third.pk.hex.upper(), "position": 1},
            ]
        },
    )
    assert added.status_code == 200, added.content
    assert added.json()["added"] == 2
    listed = api.rows(f"{path}/connections")
    assert [row["contact"] for row in listed] == ids([third, things.contact, second])
    assert [row["position"] for row in listed] == [1, 2, 3]
    assert [row["role"] for row in listed] == [None, None, str(role.pk)]
    assert api.get(path).json()["connection_count"] == 3

    assert api.post(f"{path}/reorder", {"contacts": ids([second, third])}).status_code == 200
    listed = api.rows(f"{path}/connections")
    assert [row["contact"] for row in listed] == ids([second, third, things.contact])

    body = {"connections": [{"contact": str(second.pk)}]}
    removed = api.post(f"{path}/remove-connections", body).json()
    assert (removed["removed"], removed["already"]) == (1, 0)
    assert [row["position"] for row in api.rows(f"{path}/connections")] == [1, 2]


def test_a_stranger_is_not_connected_and_nothing_changes(api, things, bob):
    path = f"contact-groups/{things.contact_group.pk}"
    stranger = factories.ContactFactory(licensee=bob.licensees.get())
    body = {"connections": [{"contact": str(stranger.pk)}]}
    for verb in ("add-connections", "remove-connections"):
        answer = api.post(f"{path}/{verb}", body)
        assert answer.status_code == 409
        assert answer.json()["errors"][0]["field"] == "connections[0]"
    answer = api.post(f"{path}/reorder", {"contacts": [str(stranger.pk)]})
    assert answer.json()["errors"][0]["field"] == "contacts[0]"
    assert [row["contact"] for row in api.rows(f"{path}/connections")] == [str(things.contact.pk)]


@pytest.mark.parametrize(
    "item",
    [{}, {"contact": 1}, {"contact": "x"}, {"position": 0}, {"rol": None}, {"role": 5}],
    ids=str,
)
def test_a_connection_that_cannot_be_is_refused(api, things, item):
    path = f"contact-groups/{things.contact_group.pk}/add-connections"
    whole = item if "contact" in item or not item else {"contact": str(things.contact.pk), **item}
    answer = api.post(path, {"connections": [whole]})
    assert answer.status_code == 400
    assert list(answer.json()) == ["connections", "errors"]
    assert ContactConnection.objects.count() == 1
