"""Every door through which a group changes otherwise than by its key makes the next save count.

Contract 3.4, "Hash". Each is walked through as its caller does: over REST, the staff pages, and
SaveContactGroup itself. What changes no group leaves the next save unchanged.
"""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from django.urls import reverse

from commsapp.models import Operation
from contacts import operations
from contacts.models import ContactGroup
from tests import factories
from tests.api.rest.conftest import Api
from tests.staff.conftest import browse, page

CONFIRM = {"confirm": "1"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def door(suite, alice):
    """A group that the suite saved as K, with the first two contacts, and how to get at it."""
    first = suite.save("K", 0, 1)
    group = ContactGroup.objects.get(pk=first.object_id)
    return SimpleNamespace(
        suite=suite, api=Api(alice), web=browse(alice), group=group, first=first,
        contacts=[str(contact.pk) for contact in suite.contacts],
    )  # fmt: skip


def ask(door, path, body=None, method="POST"):
    response = door.api.ask(method, path.format(group=f"contact-groups/{door.group.pk}"), body)
    assert response.status_code in (200, 201), response.content
    return response.json()


def post(door, record, to, **values):
    response = door.web.post(page(record, to), values)
    assert response.status_code == 302, response.content


def list_action(door, action):
    url = reverse("admin:contacts_contactgroup_changelist") + "?state=all"
    ticked = {"action": action, "_selected_action": [str(door.group.pk)], **CONFIRM}
    assert door.web.post(url, ticked).status_code == 302


def save_by_message(door, source, **more):
    content = {"ContactGroupName": "Else", "GroupRoleId": str(door.suite.role.pk)}
    body = {"SuiteDataSourceInstanceId": str(source.pk), "ContactGroup": content, **more}
    response = door.api.client.post(
        "/json/reply/SaveContactGroup", json.dumps(body), content_type="application/json"
    )
    assert response.status_code == 200, response.content


def connect(*places, door):
    return {"connections": [{"contact": door.contacts[place]} for place in places]}


# --- Over REST ------------------------------------------------------------------------------


def rest_patch(door):
    ask(door, "{group}", {"name": "Else"}, "PATCH")


def rest_archive(door):
    ask(door, "{group}/archive")


def rest_delete_and_restore(door):
    ask(door, "{group}/delete")
    ask(door, "{group}/restore")


def rest_add_connections(door):
    ask(door, "{group}/add-connections", connect(3, door=door))


def rest_remove_connections(door):
    ask(door, "{group}/remove-connections", connect(0, door=door))


def rest_reorder(door):
    ask(door, "{group}/reorder", {"contacts": [door.contacts[1]]})


def rest_undo_of_an_archiving(door):
    operation = ask(door, "{group}/archive")["operation"]
    door.suite.save("K", 0, 1)
    assert door.suite.save("K", 0, 1).outcome == "Unchanged"
    ask(door, f"operations/{operation}/undo")


def rest_rename_of_the_key(door):
    key = f"alternate-keys/{door.suite.key().pk}"
    ask(door, key, {"value": "L"}, "PATCH")
    ask(door, key, {"value": "K"}, "PATCH")


def rest_key_moved_away_and_back(door):
    key = f"alternate-keys/{door.suite.key().pk}"
    other = factories.ContactGroupFactory(licensee=door.suite.licensee)
    ask(door, key, {"contact_group": str(other.pk)}, "PATCH")
    ask(door, key, {"contact_group": str(door.group.pk)}, "PATCH")


def bind(door, **target):
    body = {"data_source": str(door.suite.source.pk), "value": "X", **target}
    return f"alternate-keys/{ask(door, 'alternate-keys', body)['id']}"


def rest_binding_of_a_contacts_key(door):
    bind(door, contact=door.contacts[0])


def rest_binding_of_a_roles_key(door):
    bind(door, role=str(door.suite.role.pk))


def rest_change_of_a_contacts_key(door):
    key = bind(door, contact=door.contacts[0])
    door.suite.save("K", 0, 1)
    ask(door, key, {"contact": door.contacts[1]}, "PATCH")


def rest_unbinding_of_a_contacts_key(door):
    key = bind(door, contact=door.contacts[0])
    door.suite.save("K", 0, 1)
    ask(door, key, method="DELETE")


def rest_unbinding_of_a_roles_key(door):
    key = bind(door, role=str(door.suite.role.pk))
    door.suite.save("K", 0, 1)
    ask(door, key, method="DELETE")


# --- On the staff pages ---------------------------------------------------------------------


def staff_form(door):
    post(door, door.group, "change", name="Else", role=str(door.suite.role.pk))


def staff_archive(door):
    post(door, door.group, "archive", **CONFIRM)


def staff_delete_and_restore(door):
    post(door, door.group, "delete-group", **CONFIRM)
    post(door, door.group, "restore", **CONFIRM)


def staff_archive_from_the_list(door):
    list_action(door, "archive_selected")


def staff_delete_and_restore_from_the_list(door):
    list_action(door, "delete_groups")
    list_action(door, "restore_selected")


def staff_add_connections(door):
    post(door, door.group, "add-connections", contacts=[door.contacts[3]], role="", confirm="1")


def staff_move_connection(door):
    values = {"contact": door.contacts[1], "to": "first"}
    assert door.web.post(page(door.group, "move-connection"), values).status_code == 302


def staff_remove_connections(door):
    post(door, door.group, "remove-connections", contacts=[door.contacts[0]], **CONFIRM)


def staff_undo(door):
    operation = ask(door, "{group}/archive")["operation"]
    door.suite.save("K", 0, 1)
    assert door.suite.save("K", 0, 1).outcome == "Unchanged"
    post(door, Operation.objects.get(pk=operation), "undo")


def staff_form_of_a_contacts_key(door):
    values = {
        "data_source": str(door.suite.source.pk), "value": "X", "contact": door.contacts[0],
        "contact_group": "", "role": "",
    }  # fmt: skip
    added = door.web.post(reverse("admin:contacts_alternatekey_add"), values)
    assert added.status_code == 302, added.content


# --- By another key -------------------------------------------------------------------------


def another_key_of_the_data_source(door):
    save_by_message(
        door, door.suite.source, AlternateKey="L", ObjectId=str(door.group.pk),
    )  # fmt: skip


def a_key_of_another_data_source(door):
    other = factories.DataSourceFactory(licensee=door.suite.licensee)
    save_by_message(door, other, AlternateKey="K", ObjectId=str(door.group.pk))


def no_key_of_another_data_source(door):
    other = factories.DataSourceFactory(licensee=door.suite.licensee)
    save_by_message(door, other, ObjectId=str(door.group.pk))


def no_key_where_there_are_several(door):
    save_by_message(door, door.suite.source, AlternateKey="L", ObjectId=str(door.group.pk))
    door.suite.save("K", 0, 1)
    save_by_message(door, door.suite.source, ObjectId=str(door.group.pk))


CHANGES = [
    rest_patch, rest_archive, rest_delete_and_restore, rest_add_connections,
    rest_remove_connections, rest_reorder, rest_undo_of_an_archiving, rest_rename_of_the_key,
    rest_key_moved_away_and_back, rest_binding_of_a_contacts_key, rest_binding_of_a_roles_key,
    rest_change_of_a_contacts_key, rest_unbinding_of_a_contacts_key, rest_unbinding_of_a_roles_key,
    staff_form, staff_archive, staff_delete_and_restore, staff_archive_from_the_list,
    staff_delete_and_restore_from_the_list, staff_add_connections, staff_move_connection,
    staff_remove_connections, staff_undo, staff_form_of_a_contacts_key,
    another_key_of_the_data_source, a_key_of_another_data_source, no_key_of_another_data_source,
    no_key_where_there_are_several,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_through_this_door_makes_the_next_save_count(door, change):
    assert door.suite.save("K", 0, 1).outcome == "Unchanged"
    change(door)
    assert door.suite.save("K", 0, 1).outcome == "Updated"
    assert door.suite.save("K", 0, 1).outcome == "Unchanged"


def test_an_undone_save_makes_the_next_one_count(door):
    """The undone save itself is applied again: its hash is not taken for what the group says."""
    second = door.suite.save("K", 2, contact_group_name="Else")
    assert door.suite.save("K", 2, contact_group_name="Else").outcome == "Unchanged"
    ask(door, f"operations/{second.operation.pk}/undo")
    assert door.suite.save("K", 2, contact_group_name="Else").outcome == "Updated"


# --- What changes no group ------------------------------------------------------------------


def contact_archived(door):
    ask(door, f"contacts/{door.contacts[0]}/archive")


def contact_edited(door):
    ask(door, f"contacts/{door.contacts[0]}", {"name": "Else"}, "PATCH")


def role_renamed(door):
    ask(door, f"roles/{door.suite.role.pk}", {"name": "Else"}, "PATCH")


def data_source_renamed(door):
    ask(door, f"data-sources/{door.suite.source.pk}", {"name": "Else"}, "PATCH")


def contact_key_of_another_data_source(door):
    other = factories.DataSourceFactory(licensee=door.suite.licensee)
    bind(door, data_source=str(other.pk), contact=door.contacts[0])


def another_group_changed(door):
    other = factories.ContactGroupFactory(licensee=door.suite.licensee)
    ask(door, f"contact-groups/{other.pk}", {"name": "Else"}, "PATCH")


def nothing_changed(door):
    ask(door, "{group}", {"name": door.group.name}, "PATCH")
    ask(door, "{group}/restore")
    ask(door, "{group}/add-connections", connect(0, door=door))
    ask(door, "{group}/reorder", {"contacts": [door.contacts[0]]})


def a_dry_run(door):
    operations.archive_contact_groups([door.group.pk.hex], by=door.suite.by, dry_run=True)
    save = door.suite.request("K", 3)
    operations.save_contact_group(save, by=door.suite.by, dry_run=True)


def a_refused_save(door):
    door.suite.refused("K", 0, 0)


NO_CHANGES = [
    contact_archived, contact_edited, role_renamed, data_source_renamed,
    contact_key_of_another_data_source, another_group_changed, nothing_changed, a_dry_run,
    a_refused_save,
]  # fmt: skip


@pytest.mark.parametrize("change", NO_CHANGES, ids=lambda change: change.__name__)
def test_what_changes_no_group_leaves_the_next_save_unchanged(door, change):
    change(door)
    assert door.suite.save("K", 0, 1).outcome == "Unchanged"


def test_the_same_written_otherwise_is_unchanged(door):
    """Order of the names, their case, and what is left out, null, empty or a default: all one."""
    suite = door.suite
    contact, role = door.contacts[0], str(suite.role.pk)
    written = [
        {
            "ContactGroupName": "Said", "GroupRoleId": role,
            "ContactConnections": [{"Index": 1, "ContactId": contact}],
        },
        {
            "markAsDeleted": False, "contact_connections": [
                {"contactId": f"{{{contact.upper()}}}", "roleId": None, "index": 1,
                 "RoleAlternateKey": "", "MarkAsDeleted": "false"},
            ],
            "GROUPROLEID": role.replace("-", ""), "RoleAlternateKey": "",
            "ContactGroupName": "Said",
        },
    ]  # fmt: skip
    outcomes = []
    for content in written:
        body = {
            "SuiteDataSourceInstanceId": str(suite.source.pk), "AlternateKey": "SAID",
            "ContactGroup": content,
        }  # fmt: skip
        response = door.api.client.post(
            "/json/reply/SaveContactGroup", json.dumps(body), content_type="application/json"
        )
        assert response.status_code == 200, response.content
        outcomes.append(response.json()["Meta"]["Outcome"])
    assert outcomes == ["Created", "Unchanged"]
