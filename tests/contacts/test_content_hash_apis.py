"""Each API and page that changes a group, otherwise than by its key, makes the next save count.

Contract 3.4, "Hash". What changes no group leaves the next save unchanged.
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
def clients(suite, alice):
    """A group that the suite saved as K, with the first two contacts, and how to get at it."""
    first = suite.save("K", 0, 1)
    group = ContactGroup.objects.get(pk=first.object_id)
    return SimpleNamespace(
        suite=suite, api=Api(alice), web=browse(alice), group=group, first=first,
        contacts=[str(contact.pk) for contact in suite.contacts],
    )  # fmt: skip


def ask(clients, path, body=None, method="POST"):
    response = clients.api.ask(
        method, path.format(group=f"contact-groups/{clients.group.pk}"), body
    )
    assert response.status_code in (200, 201), response.content
    return response.json()


def post(clients, record, to, **values):
    response = clients.web.post(page(record, to), values)
    assert response.status_code == 302, response.content


def list_action(clients, action):
    url = reverse("admin:contacts_contactgroup_changelist") + "?state=all"
    ticked = {"action": action, "_selected_action": [str(clients.group.pk)], **CONFIRM}
    assert clients.web.post(url, ticked).status_code == 302


def save_by_message(clients, source, **more):
    content = {"ContactGroupName": "Else", "GroupRoleId": str(clients.suite.role.pk)}
    body = {"SuiteDataSourceInstanceId": str(source.pk), "ContactGroup": content, **more}
    response = clients.api.client.post(
        "/json/reply/SaveContactGroup", json.dumps(body), content_type="application/json"
    )
    assert response.status_code == 200, response.content


def connect(*places, clients):
    return {"connections": [{"contact": clients.contacts[place]} for place in places]}


# --- Over REST ------------------------------------------------------------------------------


def rest_patch(clients):
    ask(clients, "{group}", {"name": "Else"}, "PATCH")


def rest_archive(clients):
    ask(clients, "{group}/archive")


def rest_delete_and_restore(clients):
    ask(clients, "{group}/delete")
    ask(clients, "{group}/restore")


def rest_add_connections(clients):
    ask(clients, "{group}/add-connections", connect(3, clients=clients))


def rest_remove_connections(clients):
    ask(clients, "{group}/remove-connections", connect(0, clients=clients))


def rest_reorder(clients):
    ask(clients, "{group}/reorder", {"contacts": [clients.contacts[1]]})


def rest_undo_of_an_archiving(clients):
    operation = ask(clients, "{group}/archive")["operation"]
    clients.suite.save("K", 0, 1)
    assert clients.suite.save("K", 0, 1).outcome == "Unchanged"
    ask(clients, f"operations/{operation}/undo")


def rest_rename_of_the_key(clients):
    key = f"alternate-keys/{clients.suite.key().pk}"
    ask(clients, key, {"value": "L"}, "PATCH")
    ask(clients, key, {"value": "K"}, "PATCH")


def rest_key_moved_away_and_back(clients):
    key = f"alternate-keys/{clients.suite.key().pk}"
    other = factories.ContactGroupFactory(licensee=clients.suite.licensee)
    ask(clients, key, {"contact_group": str(other.pk)}, "PATCH")
    ask(clients, key, {"contact_group": str(clients.group.pk)}, "PATCH")


def bind(clients, **target):
    body = {"data_source": str(clients.suite.source.pk), "value": "X", **target}
    return f"alternate-keys/{ask(clients, 'alternate-keys', body)['id']}"


def rest_binding_of_a_contacts_key(clients):
    bind(clients, contact=clients.contacts[0])


def rest_binding_of_a_roles_key(clients):
    bind(clients, role=str(clients.suite.role.pk))


def rest_change_of_a_contacts_key(clients):
    key = bind(clients, contact=clients.contacts[0])
    clients.suite.save("K", 0, 1)
    ask(clients, key, {"contact": clients.contacts[1]}, "PATCH")


def rest_unbinding_of_a_contacts_key(clients):
    key = bind(clients, contact=clients.contacts[0])
    clients.suite.save("K", 0, 1)
    ask(clients, key, method="DELETE")


def rest_unbinding_of_a_roles_key(clients):
    key = bind(clients, role=str(clients.suite.role.pk))
    clients.suite.save("K", 0, 1)
    ask(clients, key, method="DELETE")


# --- On the staff pages ---------------------------------------------------------------------


def staff_form(clients):
    post(clients, clients.group, "change", name="Else", role=str(clients.suite.role.pk))


def staff_archive(clients):
    post(clients, clients.group, "archive", **CONFIRM)


def staff_delete_and_restore(clients):
    post(clients, clients.group, "delete-group", **CONFIRM)
    post(clients, clients.group, "restore", **CONFIRM)


def staff_archive_from_the_list(clients):
    list_action(clients, "archive_selected")


def staff_delete_and_restore_from_the_list(clients):
    list_action(clients, "delete_groups")
    list_action(clients, "restore_selected")


def staff_add_connections(clients):
    post(
        clients,
        clients.group,
        "add-connections",
        contacts=[clients.contacts[3]],
        role="",
        confirm="1",
    )


def staff_move_connection(clients):
    values = {"contact": clients.contacts[1], "to": "first"}
    assert clients.web.post(page(clients.group, "move-connection"), values).status_code == 302


def staff_remove_connections(clients):
    post(clients, clients.group, "remove-connections", contacts=[clients.contacts[0]], **CONFIRM)


def staff_undo(clients):
    operation = ask(clients, "{group}/archive")["operation"]
    clients.suite.save("K", 0, 1)
    assert clients.suite.save("K", 0, 1).outcome == "Unchanged"
    post(clients, Operation.objects.get(pk=operation), "undo")


def staff_form_of_a_contacts_key(clients):
    values = {
        "data_source": str(clients.suite.source.pk), "value": "X", "contact": clients.contacts[0],
        "contact_group": "", "role": "",
    }  # fmt: skip
    added = clients.web.post(reverse("admin:contacts_alternatekey_add"), values)
    assert added.status_code == 302, added.content


# --- By another key -------------------------------------------------------------------------


def another_key_of_the_data_source(clients):
    save_by_message(
        clients, clients.suite.source, AlternateKey="L", ObjectId=str(clients.group.pk),
    )  # fmt: skip


def a_key_of_another_data_source(clients):
    other = factories.DataSourceFactory(licensee=clients.suite.licensee)
    save_by_message(clients, other, AlternateKey="K", ObjectId=str(clients.group.pk))


def no_key_of_another_data_source(clients):
    other = factories.DataSourceFactory(licensee=clients.suite.licensee)
    save_by_message(clients, other, ObjectId=str(clients.group.pk))


def no_key_where_there_are_several(clients):
    save_by_message(clients, clients.suite.source, AlternateKey="L", ObjectId=str(clients.group.pk))
    clients.suite.save("K", 0, 1)
    save_by_message(clients, clients.suite.source, ObjectId=str(clients.group.pk))


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
def test_a_change_through_this_door_makes_the_next_save_count(clients, change):
    assert clients.suite.save("K", 0, 1).outcome == "Unchanged"
    change(clients)
    assert clients.suite.save("K", 0, 1).outcome == "Updated"
    assert clients.suite.save("K", 0, 1).outcome == "Unchanged"


def test_an_undone_save_makes_the_next_one_count(clients):
    """The undone save itself is applied again: its hash is not taken for what the group says."""
    second = clients.suite.save("K", 2, contact_group_name="Else")
    assert clients.suite.save("K", 2, contact_group_name="Else").outcome == "Unchanged"
    ask(clients, f"operations/{second.operation.pk}/undo")
    assert clients.suite.save("K", 2, contact_group_name="Else").outcome == "Updated"


# --- What changes no group ------------------------------------------------------------------


def contact_archived(clients):
    ask(clients, f"contacts/{clients.contacts[0]}/archive")


def contact_edited(clients):
    ask(clients, f"contacts/{clients.contacts[0]}", {"name": "Else"}, "PATCH")


def role_renamed(clients):
    ask(clients, f"roles/{clients.suite.role.pk}", {"name": "Else"}, "PATCH")


def data_source_renamed(clients):
    ask(clients, f"data-sources/{clients.suite.source.pk}", {"name": "Else"}, "PATCH")


def contact_key_of_another_data_source(clients):
    other = factories.DataSourceFactory(licensee=clients.suite.licensee)
    bind(clients, data_source=str(other.pk), contact=clients.contacts[0])


def another_group_changed(clients):
    other = factories.ContactGroupFactory(licensee=clients.suite.licensee)
    ask(clients, f"contact-groups/{other.pk}", {"name": "Else"}, "PATCH")


def nothing_changed(clients):
    ask(clients, "{group}", {"name": clients.group.name}, "PATCH")
    ask(clients, "{group}/restore")
    ask(clients, "{group}/add-connections", connect(0, clients=clients))
    ask(clients, "{group}/reorder", {"contacts": [clients.contacts[0]]})


def a_dry_run(clients):
    operations.archive_contact_groups([clients.group.pk.hex], by=clients.suite.by, dry_run=True)
    save = clients.suite.request("K", 3)
    operations.save_contact_group(save, by=clients.suite.by, dry_run=True)


def a_refused_save(clients):
    clients.suite.refused("K", 0, 0)


NO_CHANGES = [
    contact_archived, contact_edited, role_renamed, data_source_renamed,
    contact_key_of_another_data_source, another_group_changed, nothing_changed, a_dry_run,
    a_refused_save,
]  # fmt: skip


@pytest.mark.parametrize("change", NO_CHANGES, ids=lambda change: change.__name__)
def test_what_changes_no_group_leaves_the_next_save_unchanged(clients, change):
    change(clients)
    assert clients.suite.save("K", 0, 1).outcome == "Unchanged"


def test_the_same_written_otherwise_is_unchanged(clients):
    """Order of the names, their case, and what is left out, null, empty or a default: all one."""
    suite = clients.suite
    contact, role = clients.contacts[0], str(suite.role.pk)
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
        response = clients.api.client.post(
            "/json/reply/SaveContactGroup", json.dumps(body), content_type="application/json"
        )
        assert response.status_code == 200, response.content
        outcomes.append(response.json()["Meta"]["Outcome"])
    assert outcomes == ["Created", "Unchanged"]
