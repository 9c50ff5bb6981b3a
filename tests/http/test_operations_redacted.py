"""Who may see operations reads no more of a record by them than of the record itself."""

from __future__ import annotations

import pytest
from django.test import Client as Browser
from django.urls import reverse

from commsapp.core import audit, records
from commsapp.models import Operation, User
from contacts import connection_changes
from contacts import operations as contacts_operations
from contacts.models import Contact, ContactConnection, ContactGroup
from groups import operations as groups_operations
from groups.models import RecipientGroup
from tests import factories
from tests.conftest import grant, token
from tests.staff.conftest import browse, content_of, page

pytestmark = pytest.mark.django_db
NAME, OLD, NEW = "Hidden Person", "old@secret.example", "new@secret.example"
LIST = reverse("admin:commsapp_operation_changelist")


@pytest.fixture
def auditor(charlie) -> User:
    """May see operations, and no record at all."""
    grant(charlie, "commsapp.view_operation")
    return charlie


@pytest.fixture
def contact(licensee) -> Contact:
    made: Contact = factories.ContactFactory(licensee=licensee, name=NAME, email=OLD)
    return made


@pytest.fixture
def edited(contact, by_alice) -> Operation:
    """The operation that changed the contact's e-mail."""
    records.edit(Contact, contact.pk, {"email": NEW}, by=by_alice)
    operation: Operation = Operation.objects.get()
    return operation


def pages_about(operation: Operation) -> list[str]:
    return [
        reverse("admin:index"), LIST, page(operation), f"{LIST}?kind={operation.kind}",
        f"{LIST}?q={operation.pk}", f"{LIST}?object={operation.target_type}",
    ]  # fmt: skip


def rest(user: User, path: str, **query: str):
    headers = {"Authorization": f"Bearer {token(user)}"}
    answer = Browser().get(f"/api/v1/{path}", query, headers=headers)
    assert answer.status_code == 200
    return answer.json()


def test_pages_about_an_operation_leave_out_what_its_reader_may_not_see(auditor, edited):
    web = browse(auditor)
    for url in pages_about(edited):
        body = content_of(web.get(url))
        assert "Edited" in body, url
        assert "alice" in body, url
        for secret in (NAME, OLD, NEW, "Changed:"):
            assert secret not in body, (url, secret)
    grant(auditor, "contacts.view_contact")
    web = browse(auditor)
    for url in pages_about(edited):
        assert NAME in content_of(web.get(url)), url
    assert NEW in content_of(web.get(page(edited)))


def test_an_operation_and_its_undo_do_not_tell_for_each_other(auditor, contact, by_alice):
    records.archive(Contact, [contact.pk.hex], by=by_alice)
    archived = Operation.objects.get()
    reversal = audit.undo(archived.pk, by=by_alice).operation
    web = browse(auditor)
    for operation in (archived, reversal):
        answer = web.get(page(operation))
        assert answer.status_code == 200
        assert NAME not in content_of(answer)


def test_what_was_done_in_one_go_names_nobody_whom_its_reader_may_not_see(
    auditor, contact, licensee, by_alice
):
    other = factories.ContactFactory(licensee=licensee, name="Hidden Other")
    records.archive(Contact, [contact.pk.hex, other.pk.hex], by=by_alice)
    first = Operation.objects.order_by("id").first()
    web = browse(auditor)
    for url in (LIST, f"{LIST}?batch={first.batch}", page(first), reverse("admin:index")):
        body = content_of(web.get(url))
        assert "rchived" in body, url
        assert "Hidden" not in body, url


def test_a_reader_who_may_not_see_a_record_does_not_find_it_by_its_name(auditor, edited):
    def found(web: Browser, text: str) -> int:
        return len(web.get(LIST, {"q": text}).context["cl"].result_list)

    web = browse(auditor)
    assert found(web, "Hidden") == 0
    assert found(web, "alice") == 1
    assert found(web, str(edited.target_id)) == 1
    grant(auditor, "contacts.view_contact")
    assert found(browse(auditor), "Hidden") == 1


def test_rest_leaves_out_name_summary_and_effects(auditor, edited):
    path = f"operations/{edited.pk}"
    [listed] = rest(auditor, "operations")["results"]
    for row in (listed, rest(auditor, path)):
        assert row["target_name"] == ""
        assert row["summary"] == "Edited"
        assert row.get("effects", {}) == {}
        assert (row["user_name"], row["kind"]) == ("alice", "edited")
    grant(auditor, "contacts.view_contact")
    shown = rest(auditor, path)
    assert (shown["target_name"], shown["effects"]["after"]["email"]) == (NAME, NEW)


@pytest.mark.parametrize("name", ["search", "target_name", "target_name__icontains"])
def test_rest_finds_no_operation_by_a_name_that_the_reader_may_not_see(auditor, edited, name):
    assert rest(auditor, "operations", **{name: NAME})["results"] == []
    grant(auditor, "contacts.view_contact")
    assert len(rest(auditor, "operations", **{name: NAME})["results"]) == 1


@pytest.fixture
def moved(licensee, contact, by_alice) -> Operation:
    """The operation that put the contact first in a group: its sentence names the contact."""
    group = factories.ContactGroupFactory(licensee=licensee)
    others = factories.ContactFactory.create_batch(2, licensee=licensee)
    ContactConnection.objects.bulk_create(
        ContactConnection(group=group, contact=one, position=place)
        for place, one in enumerate((*others, contact), 1)
    )
    operation: Operation = connection_changes.move_connection(
        group.pk, contact.pk.hex, by=by_alice, to=1
    ).operation
    return operation


def test_a_sentence_that_names_another_record_takes_the_right_to_see_that_one(auditor, moved):
    grant(auditor, "contacts.view_contactgroup")
    web = browse(auditor)
    for url in (*pages_about(moved), page(ContactGroup.objects.get(), "history")):
        body = content_of(web.get(url))
        assert NAME not in body, url
        assert moved.target_name in body, url
        assert "Connection moved" in body, url
    assert rest(auditor, f"operations/{moved.pk}")["summary"] == "Connection moved"
    grant(auditor, "contacts.view_contact")
    assert NAME in content_of(browse(auditor).get(page(moved)))


def test_a_changed_reference_names_no_record_that_the_reader_may_not_see(
    auditor, licensee, by_alice
):
    customer = factories.ContactGroupFactory(licensee=licensee, name="Hidden Customer")
    group = factories.RecipientGroupFactory(licensee=licensee)
    records.edit(RecipientGroup, group.pk, {"customer": customer}, by=by_alice)
    grant(auditor, "groups.view_recipientgroup")
    operation = Operation.objects.get()
    answer = browse(auditor).get(page(operation))
    assert "Changed:" in content_of(answer)
    assert "Hidden" not in content_of(answer)
    grant(auditor, "contacts.view_contactgroup")
    assert "Hidden Customer" in content_of(browse(auditor).get(page(operation)))


def test_an_undo_previewed_by_who_may_delete_but_not_see_names_nothing(auditor, licensee, by_alice):
    groups = [
        factories.ContactGroupFactory(licensee=licensee, name=f"Hidden {number}")
        for number in range(2)
    ]
    contacts_operations.delete_contact_groups([group.pk.hex for group in groups], by=by_alice)
    grant(auditor, "contacts.delete_contactgroup")
    deleted = Operation.objects.order_by("id").first()
    web = browse(auditor)
    batch = reverse("admin:commsapp_operation_undo_batch", args=(deleted.batch,))
    for url in (page(deleted, "undo"), batch):
        body = content_of(web.get(url))
        assert "would be reversed" in body, url
        assert "Hidden" not in body, url
    assert web.post(batch).status_code == 302
    assert not ContactGroup.objects.filter(status=ContactGroup.Status.DELETED).exists()


def test_the_members_of_a_group_are_named_to_who_may_see_recipients(auditor, licensee, by_alice):
    group = factories.RecipientGroupFactory(licensee=licensee, name="Shops")
    hidden = factories.RecipientFactory(
        licensee=licensee, customer=group.customer, name="Hidden Site"
    )
    operation = groups_operations.add_recipients(group.pk, [hidden.pk.hex], by=by_alice).operation
    grant(auditor, "groups.view_recipientgroup")
    body = content_of(browse(auditor).get(page(operation)))
    assert "1 recipient added." in body
    assert "Hidden" not in body
    grant(auditor, "groups.view_recipient")
    assert "Hidden Site" in content_of(browse(auditor).get(page(operation)))
