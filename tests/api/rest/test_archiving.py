"""Archive, restore and delete: what they do and answer."""

from __future__ import annotations

import pytest

from commsapp.models import Operation
from contacts.models import ContactConnection, ContactGroup
from groups.models import RecipientGroup
from tests.api.rest.conftest import ids
from tests.groups.many_recipients import members_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("resource", ["contacts", "recipients", "recipient-groups"])
def test_archiving_and_restoring_answer_what_happened(api, things, resource):
    path = f"{resource}/{getattr(things, resource.removesuffix('s').replace('-', '_')).pk}"
    archived = api.post(f"{path}/archive")
    assert archived.status_code == 200
    assert archived.json()["message"] == "Archived."
    assert archived.json()["already"] == 0
    assert Operation.objects.get(pk=archived.json()["operation"]).kind == "archived"
    again = api.post(f"{path}/archive", {}).json()
    assert (again["already"], again["operation"]) == (1, None)
    record = api.get(path).json()
    assert record["archived_at"] if "archived_at" in record else record["status"] == "archived"
    assert api.post(f"{path}/restore").json()["message"] == "Restored."
    record = api.get(path).json()
    assert not record.get("archived_at")
    assert record.get("status", "active") == "active"
    assert api.post(f"{path}/archive", {"dry_run": True}).status_code == 400


def test_an_archived_group_refuses_recipients(api, group, sites):
    RecipientGroup.objects.update(status="archived")
    answer = api.post(
        f"recipient-groups/{group.pk}/add-recipients", {"recipients": ids(sites)}
    )  # fmt: skip
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["code"] == "INVALID_STATUS"
    assert members_of(group) == set()


def test_a_contact_group_is_archived_deleted_and_restored(api, things):
    path = f"contact-groups/{things.contact_group.pk}"
    for verb, status in [("archive", "archived"), ("delete", "deleted"), ("restore", "active")]:
        answer = api.post(f"{path}/{verb}")
        assert answer.status_code == 200
        assert answer.json()["operation"]
        assert api.get(path).json()["status"] == status
    api.post(f"{path}/delete")
    refused = api.post(f"{path}/archive")
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["code"] == "INVALID_STATUS"
    assert ContactGroup.objects.get().status == "deleted"
    assert ContactConnection.objects.count() == 1
