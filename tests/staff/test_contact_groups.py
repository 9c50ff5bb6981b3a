"""Pages of contact groups: their keys, and archive, restore, delete."""

from __future__ import annotations

import pytest
from django.urls import reverse

from commsapp.models import Operation
from contacts.models import ContactGroup
from tests import factories
from tests.staff.conftest import content_of, last_message, page

# --- Alternate keys -------------------------------------------------------------------------


def test_keys_tell_what_became_of_the_last_save(web, customer):
    same = {"licensee": customer.licensee, "contact_group": customer}
    factories.AlternateKeyFactory(
        **same, value="ACC-1", last_outcome="Updated", last_saved_at="2026-11-21T10:00Z"
    )
    factories.AlternateKeyFactory(**same, value="ACC-2")
    shown = content_of(web.get(page(customer)))
    assert "Updated" in shown.split("ACC-1")[1].split("</tr>")[0]
    assert "21 Nov 2026" in shown.split("ACC-1")[1].split("</tr>")[0]
    assert "Never" in shown.split("ACC-2")[1].split("</tr>")[0]


# --- Archive, restore, delete ---------------------------------------------------------------


def test_one_is_named_before_it_is_archived_restored_and_deleted(web, customer):
    for name, verb in (
        ("archive", "archived"),
        ("restore", "restored"),
        ("delete-group", "deleted"),
    ):
        shown = content_of(web.post(page(customer, name)))
        assert f"“Sample Bakeries” would be {verb}." in shown, name
        web.post(page(customer, name), {"confirm": "1"})
    customer.refresh_from_db()
    assert customer.status == "deleted"


@pytest.mark.parametrize(
    ("action", "told_before", "status"),
    [
        ("archive_selected", "3 would be archived.", "archived"),
        ("delete_groups", "3 would be deleted.", "deleted"),
    ],
)
def test_many_are_moved_at_once_and_undone_at_once(web, licensee, action, told_before, status):
    groups = factories.ContactGroupFactory.create_batch(3, licensee=licensee)
    url = reverse("admin:contacts_contactgroup_changelist")
    ticked = {"action": action, "_selected_action": [str(group.pk) for group in groups]}
    assert told_before in content_of(web.post(url, ticked))
    web.post(url, {**ticked, "confirm": "1"})
    assert ContactGroup.objects.filter(status=status).count() == 3
    [batch] = {*Operation.objects.values_list("batch", flat=True)}
    undo = reverse("admin:commsapp_operation_undo_batch", args=(batch,))
    assert last_message(web, web.post(undo)) == "Undone: 3 reversed."
    assert ContactGroup.objects.filter(status="active").count() == 3


def test_lists_tell_how_many_are_archived(web, licensee):
    factories.ContactFactory.create_batch(2, licensee=licensee, archived_at="2026-01-01T00:00Z")
    factories.ContactFactory(archived_at="2026-01-01T00:00Z")  # another licensee's
    factories.ContactGroupFactory.create_batch(3, licensee=licensee, status="deleted")
    factories.RecipientGroupFactory.create_batch(4, licensee=licensee, status="archived")
    factories.RecipientFactory.create_batch(5, licensee=licensee, archived_at="2026-01-01T00:00Z")
    for name, label, count in (
        ("contacts_contact", "Archived", 2),
        ("contacts_contactgroup", "Deleted", 3),
        ("groups_recipientgroup", "Archived", 4),
        ("groups_recipient", "Archived", 5),
    ):
        shown = content_of(web.get(reverse(f"admin:{name}_changelist")))
        assert f'{label} <span class="count">{count}</span>' in shown, name
        state = web.get(reverse(f"admin:{name}_changelist"), {"state": label.lower()})
        assert state.context["cl"].result_count == count
