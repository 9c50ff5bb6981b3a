"""All that was done: found, read and undone; also by one of those that it was done to."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from commsapp.core import records
from commsapp.core.audit import undo
from commsapp.db.ids import uuid7
from commsapp.models import Operation
from contacts import operations as contacts_operations
from contacts.models import Contact
from groups import operations
from groups.models import Recipient
from tests import factories
from tests.staff.conftest import content_of, last_message, page

LIST = reverse("admin:commsapp_operation_changelist")


def listed(client, **query) -> list[str]:
    """The kinds of the operations that the list shows."""
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return [one.kind for one in answer.context["cl"].result_list]


# --- Found --------------------------------------------------------------------------------------


def test_operations_are_found_by_their_id_their_objects_their_batchs_and_the_requests(
    web, group, join, sync
):
    [one] = join(1)
    change = operations.remove_recipients(group.pk, [one.pk.hex], by=sync)
    moved = records.archive(Recipient, [one.pk.hex], by=replace(sync, request_id=""))
    removed = "groups.recipients_removed"
    assert listed(web, q=str(change.operation.pk)) == [removed]
    assert listed(web, q=str(one.pk)) == ["archived"]
    assert listed(web, q=str(moved.operations[0].batch)) == ["archived"]
    assert listed(web, q=sync.request_id) == [removed]
    assert listed(web, q="Nightly") == ["archived", removed]
    assert listed(web, q="Shops") == [removed, "groups.recipients_added"]
    assert listed(web, q=str(uuid7())) == []
    assert listed(web, q="ffffffff-ffff-ffff-ffff-ffffffffffff") == []


def test_operations_are_narrowed_down(web, alice, group, join, sync, licensee):
    [one] = join(1)
    operations.remove_recipients(group.pk, [one.pk.hex], by=sync)
    added, removed = "groups.recipients_added", "groups.recipients_removed"
    dora = factories.UserFactory(username="dora", is_staff=True)
    dora.licensees.add(licensee)
    assert listed(web, channel__exact="rest") == [removed, added]
    assert listed(web, kind=added) == [added]
    assert listed(web, object="groups.recipientgroup") == [removed, added]
    assert listed(web, object="contacts.contact") == []
    assert listed(web, user=str(alice.pk)) == [removed, added]
    assert listed(web, user=str(dora.pk)) == []
    assert listed(web, user="nobody") == []


def test_operations_are_narrowed_down_to_days(web, group, join):
    join(1)
    today = timezone.localdate()
    day = datetime.timedelta(1)
    older = Operation.objects.get()
    Operation.objects.create(
        id=str(uuid7()).replace(str(uuid7())[:8], "019a0000", 1), licensee=group.licensee,
        at="2025-10-20T06:00Z", user=older.user, channel="staff", kind="archived", touched=1,
        numbers={"count": 1}, target_type="groups.recipientgroup", target_id=group.pk,
    )  # fmt: skip
    added = "groups.recipients_added"
    assert listed(web, **{"from": str(today)}) == [added]
    assert listed(web, to=str(today - day)) == ["archived"]
    assert listed(web, **{"from": str(today - day), "to": str(today)}) == [added]
    assert listed(web, **{"from": str(today + day)}) == []
    assert listed(web, **{"from": "2025-13-77", "to": "x"}) == [added, "archived"]
    assert listed(web, to="0001-01-01") == [added, "archived"]
    shown = content_of(web.get(LIST, {"from": str(today), "kind": added}))
    assert f'name="kind" value="{added}"' in shown.split('class="days"')[1]
    assert f'value="{today}"' in shown


# --- Read ---------------------------------------------------------------------------------------


def test_an_operations_page_tells_who_when_and_through_what(web, group, join, sync):
    [one] = join(1)
    change = operations.remove_recipients(group.pk, [one.pk.hex], by=sync)
    shown = content_of(web.get(page(change.operation)))
    for text in (
        "Shops: 1 recipient removed", "alice", "REST", "Nightly sync", sync.request_id,
        f'href="{page(group)}"', f'href="{page(one)}"',
    ):  # fmt: skip
        assert text in shown, text


def test_fields_before_and_after_are_told_by_names(web, by_alice, licensee):
    old, new = (factories.RoleFactory(licensee=licensee, name=name) for name in ("Old", "New"))
    customer = factories.ContactGroupFactory(licensee=licensee, role=old)
    contacts_operations.edit_contact_group(customer.pk, {"role": new}, by=by_alice)
    shown = content_of(web.get(page(Operation.objects.get())))
    assert "<del>Old</del>" in shown
    assert "<ins>New</ins>" in shown
    assert str(old.pk) not in shown


def test_connections_before_and_after_are_told_by_names(web, by_alice, licensee):
    customer = factories.ContactGroupFactory(licensee=licensee)
    role = factories.RoleFactory(licensee=licensee, kind="connection", name="Site manager")
    anna, ben = (factories.ContactFactory(licensee=licensee, name=n) for n in ("Anna", "Ben"))
    new = [contacts_operations.NewConnection(one.pk.hex) for one in (anna, ben)]
    added = contacts_operations.add_connections(customer.pk, new, by=by_alice)
    contacts_operations.move_connection(customer.pk, ben.pk.hex, by=by_alice, to=1)
    contacts_operations.change_roles(customer.pk, {ben.pk.hex: role.pk.hex}, by=by_alice)
    gone = contacts_operations.remove_connections(customer.pk, [anna.pk.hex], by=by_alice)
    shown = content_of(web.get(page(added.operation)))
    assert "Added" in shown.split('class="listing"')[1]
    assert ">Anna</a>" in shown
    assert "Removed" in content_of(web.get(page(gone.operation))).split('class="listing"')[1]
    moved = Operation.objects.get(kind="contacts.connection_moved")
    assert "Place 2 → 1" in content_of(web.get(page(moved)))
    roles = Operation.objects.get(kind="contacts.roles_changed")
    assert "— → Site manager" in content_of(web.get(page(roles)))


def test_long_lists_are_bounded(web, group, join, by_alice):
    everybody = join(120)
    ids = [one.pk.hex for one in everybody]
    change = operations.remove_recipients(group.pk, ids, by=by_alice)
    shown = content_of(web.get(page(change.operation)))
    listing = shown.split('class="listing"')[1]
    assert listing.count("<li") == 51
    assert "and 70 more" in listing


def test_siblings_are_told_and_undone_together(web, by_alice, licensee):
    contacts = factories.ContactFactory.create_batch(30, licensee=licensee)
    moved = records.archive(Contact, [contact.pk.hex for contact in contacts], by=by_alice)
    Contact.objects.filter(pk=contacts[0].pk).update(archived_at=None)
    first = moved.operations[0]
    shown = content_of(web.get(page(first)))
    assert "Done in one go with it" in shown
    assert f"{LIST}?batch={first.batch}" in shown
    assert len(listed(web, q=str(first.batch))) == 30
    undo_all = reverse("admin:commsapp_operation_undo_batch", args=(first.batch,))
    answer = web.post(undo_all, {"next": page(first)})
    assert answer.url == page(first)
    spoken = [strip_tags(str(one)) for one in web.get(answer.url).context["messages"]]
    assert spoken == [
        f"Kept because changed since: “{contacts[0]}”.",
        "Undone: 29 reversed, 1 kept because changed since.",
    ]
    assert Contact.objects.filter(archived_at=None).count() == 30


def test_who_left_before_the_undo_is_named(web, group, join):
    gone, staying = join(2)
    added = Operation.objects.get(kind="groups.recipients_added")
    web.post(page(group, "remove-recipients"), {"pasted": str(gone.pk), "confirm": "1"})
    undone = web.post(page(added, "undo"))
    assert last_message(web, undone) == "Undone: 1 reversed, 1 kept because changed since."
    shown = content_of(web.get(page(added)))
    assert "Kept: left since" in shown
    assert f">{gone}</a>" in shown.split("Kept: left since")[1]
    assert f">{staying}</a>" not in shown.split("Kept: left since")[1]


def test_the_number_of_statements_of_an_operations_page_does_not_grow(web, group, join, by_alice):
    def count(number: int) -> int:
        made = join(number)
        change = operations.remove_recipients(group.pk, [o.pk.hex for o in made], by=by_alice)
        with CaptureQueriesContext(connection) as captured:
            assert web.get(page(change.operation)).status_code == 200
        return len(captured)

    count(1)
    assert count(10) == count(1000)


def test_every_kind_of_operation_has_a_page(web, world_of_operations):
    for operation in Operation.objects.all():
        assert web.get(page(operation)).status_code == 200, operation.kind


@pytest.fixture
def world_of_operations(group, join, line, by_alice, sync):
    from quotes import operations as quotes_operations

    [one, _two] = join(2)
    change = quotes_operations.split_line(line.pk, by=by_alice)
    undo(change.operation.pk, by=by_alice)
    records.edit(Recipient, one.pk, {"name": "Other"}, by=by_alice)
    contacts_operations.archive_contact_groups([group.customer.pk.hex], by=by_alice)
    records.create(factories.ContactFactory.build(licensee=group.licensee), by=sync)
