"""Every adapter through which a group changes otherwise than by its key makes the next save count.

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
def adapter(suite, alice):
    """A group that the suite saved as K, with the first two contacts, and how to get at it."""
    first = suite.save("K", 0, 1)
    group = ContactGroup.objects.get(pk=first.object_id)
    return SimpleNamespace(
        suite=suite, api=Api(alice), web=browse(alice), group=group, first=first,
        contacts=[str(contact.pk) for contact in suite.contacts],
    )  # fmt: skip


def ask(adapter, path, body=None, method="POST"):
    response = adapter.api.ask(
        method, path.format(group=f"contact-groups/{adapter.group.pk}"), body
    )
    assert response.status_code in (200, 201), response.content
    return response.json()


def post(adapter, record, to, **values):
    response = adapter.web.post(page(record, to), values)
    assert response.status_code == 302, response.content


def list_action(adapter, action):
    url = reverse("admin:contacts_contactgroup_changelist") + "?state=all"
    ticked = {"action": action, "_selected_action": [str(adapter.group.pk)], **CONFIRM}
    assert adapter.web.post(url, ticked).status_code == 302


def save_by_message(adapter, source, **more):
    content = {"ContactGroupName": "Else", "GroupRoleId": str(adapter.suite.role.pk)}
    body = {"SuiteDataSourceInstanceId": str(source.pk), "ContactGroup": content, **more}
    response = adapter.api.client.post(
        "/json/reply/SaveContactGroup", json.dumps(body), content_type="application/json"
    )
    assert response.status_code == 200, response.content


def connect(*places, adapter):
    return {"connections": [{"contact": adapter.contacts[place]} for place in places]}


# --- Over REST ------------------------------------------------------------------------------


def rest_patch(adapter):
    ask(adapter, "{group}", {"name": "Else"}, "PATCH")


def rest_archive(adapter):
    ask(adapter, "{group}/archive")


def rest_delete_and_restore(adapter):
    ask(adapter, "{group}/delete")
    ask(adapter, "{group}/restore")


def rest_add_connections(adapter):
    ask(adapter, "{group}/add-connections", connect(3, adapter=adapter))


def rest_remove_connections(adapter):
    ask(adapter, "{group}/remove-connections", connect(0, adapter=adapter))


def rest_reorder(adapter):
    ask(adapter, "{group}/reorder", {"contacts": [adapter.contacts[1]]})


def rest_undo_of_an_archiving(adapter):
    operation = ask(adapter, "{group}/archive")["operation"]
    adapter.suite.save("K", 0, 1)
    assert adapter.suite.save("K", 0, 1).outcome == "Unchanged"
    ask(adapter, f"operations/{operation}/undo")


def rest_rename_of_the_key(adapter):
    key = f"alternate-keys/{adapter.suite.key().pk}"
    ask(adapter, key, {"value": "L"}, "PATCH")
    ask(adapter, key, {"value": "K"}, "PATCH")


def rest_key_moved_away_and_back(adapter):
    key = f"alternate-keys/{adapter.suite.key().pk}"
    other = factories.ContactGroupFactory(licensee=adapter.suite.licensee)
    ask(adapter, key, {"contact_group": str(other.pk)}, "PATCH")
    ask(adapter, key, {"contact_group": str(adapter.group.pk)}, "PATCH")


def bind(adapter, **target):
    body = {"data_source": str(adapter.suite.source.pk), "value": "X", **target}
    return f"alternate-keys/{ask(adapter, 'alternate-keys', body)['id']}"


def rest_binding_of_a_contacts_key(adapter):
    bind(adapter, contact=adapter.contacts[0])


def rest_binding_of_a_roles_key(adapter):
    bind(adapter, role=str(adapter.suite.role.pk))


def rest_change_of_a_contacts_key(adapter):
    key = bind(adapter, contact=adapter.contacts[0])
    adapter.suite.save("K", 0, 1)
    ask(adapter, key, {"contact": adapter.contacts[1]}, "PATCH")


def rest_unbinding_of_a_contacts_key(adapter):
    key = bind(adapter, contact=adapter.contacts[0])
    adapter.suite.save("K", 0, 1)
    ask(adapter, key, method="DELETE")


def rest_unbinding_of_a_roles_key(adapter):
    key = bind(adapter, role=str(adapter.suite.role.pk))
    adapter.suite.save("K", 0, 1)
    ask(adapter, key, method="DELETE")


# --- On the staff pages ---------------------------------------------------------------------


def staff_form(adapter):
    post(adapter, adapter.group, "change", name="Else", role=str(adapter.suite.role.pk))


def staff_archive(adapter):
    post(adapter, adapter.group, "archive", **CONFIRM)


def staff_delete_and_restore(adapter):
    post(adapter, adapter.group, "delete-group", **CONFIRM)
    post(adapter, adapter.group, "restore", **CONFIRM)


def staff_archive_from_the_list(adapter):
    list_action(adapter, "archive_selected")


def staff_delete_and_restore_from_the_list(adapter):
    list_action(adapter, "delete_groups")
    list_action(adapter, "restore_selected")


def staff_add_connections(adapter):
    post(
        adapter,
        adapter.group,
        "add-connections",
        contacts=[adapter.contacts[3]],
        role="",
        confirm="1",
    )


def staff_move_connection(adapter):
    values = {"contact": adapter.contacts[1], "to": "first"}
    assert adapter.web.post(page(adapter.group, "move-connection"), values).status_code == 302


def staff_remove_connections(adapter):
    post(adapter, adapter.group, "remove-connections", contacts=[adapter.contacts[0]], **CONFIRM)


def staff_undo(adapter):
    operation = ask(adapter, "{group}/archive")["operation"]
    adapter.suite.save("K", 0, 1)
    assert adapter.suite.save("K", 0, 1).outcome == "Unchanged"
    post(adapter, Operation.objects.get(pk=operation), "undo")


def staff_form_of_a_contacts_key(adapter):
    values = {
        "data_source": str(adapter.suite.source.pk), "value": "X", "contact": adapter.contacts[0],
        "contact_group": "", "role": "",
    }  # fmt: skip
    added = adapter.web.post(reverse("admin:contacts_alternatekey_add"), values)
    assert added.status_code == 302, added.content


# --- By another key -------------------------------------------------------------------------


def another_key_of_the_data_source(adapter):
    save_by_message(
        adapter, adapter.suite.source, AlternateKey="L", ObjectId=str(adapter.group.pk),
    )  # fmt: skip


def a_key_of_another_data_source(adapter):
    other = factories.DataSourceFactory(licensee=adapter.suite.licensee)
    save_by_message(adapter, other, AlternateKey="K", ObjectId=str(adapter.group.pk))


def no_key_of_another_data_source(adapter):
    other = factories.DataSourceFactory(licensee=adapter.suite.licensee)
    save_by_message(adapter, other, ObjectId=str(adapter.group.pk))


def no_key_where_there_are_several(adapter):
    save_by_message(adapter, adapter.suite.source, AlternateKey="L", ObjectId=str(adapter.group.pk))
    adapter.suite.save("K", 0, 1)
    save_by_message(adapter, adapter.suite.source, ObjectId=str(adapter.group.pk))


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
def test_a_change_through_this_door_makes_the_next_save_count(adapter, change):
    assert adapter.suite.save("K", 0, 1).outcome == "Unchanged"
    change(adapter)
    assert adapter.suite.save("K", 0, 1).outcome == "Updated"
    assert adapter.suite.save("K", 0, 1).outcome == "Unchanged"


def test_an_undone_save_makes_the_next_one_count(adapter):
    """The undone save itself is applied again: its hash is not taken for what the group says."""
    second = adapter.suite.save("K", 2, contact_group_name="Else")
    assert adapter.suite.save("K", 2, contact_group_name="Else").outcome == "Unchanged"
    ask(adapter, f"operations/{second.operation.pk}/undo")
    assert adapter.suite.save("K", 2, contact_group_name="Else").outcome == "Updated"


# --- What changes no group ------------------------------------------------------------------


def contact_archived(adapter):
    ask(adapter, f"contacts/{adapter.contacts[0]}/archive")


def contact_edited(adapter):
    ask(adapter, f"contacts/{adapter.contacts[0]}", {"name": "Else"}, "PATCH")


def role_renamed(adapter):
    ask(adapter, f"roles/{adapter.suite.role.pk}", {"name": "Else"}, "PATCH")


def data_source_renamed(adapter):
    ask(adapter, f"data-sources/{adapter.suite.source.pk}", {"name": "Else"}, "PATCH")


def contact_key_of_another_data_source(adapter):
    other = factories.DataSourceFactory(licensee=adapter.suite.licensee)
    bind(adapter, data_source=str(other.pk), contact=adapter.contacts[0])


def another_group_changed(adapter):
    other = factories.ContactGroupFactory(licensee=adapter.suite.licensee)
    ask(adapter, f"contact-groups/{other.pk}", {"name": "Else"}, "PATCH")


def nothing_changed(adapter):
    ask(adapter, "{group}", {"name": adapter.group.name}, "PATCH")
    ask(adapter, "{group}/restore")
    ask(adapter, "{group}/add-connections", connect(0, adapter=adapter))
    ask(adapter, "{group}/reorder", {"contacts": [adapter.contacts[0]]})


def a_dry_run(adapter):
    operations.archive_contact_groups([adapter.group.pk.hex], by=adapter.suite.by, dry_run=True)
    save = adapter.suite.request("K", 3)
    operations.save_contact_group(save, by=adapter.suite.by, dry_run=True)


def a_refused_save(adapter):
    adapter.suite.refused("K", 0, 0)


NO_CHANGES = [
    contact_archived, contact_edited, role_renamed, data_source_renamed,
    contact_key_of_another_data_source, another_group_changed, nothing_changed, a_dry_run,
    a_refused_save,
]  # fmt: skip


@pytest.mark.parametrize("change", NO_CHANGES, ids=lambda change: change.__name__)
def test_what_changes_no_group_leaves_the_next_save_unchanged(adapter, change):
    change(adapter)
    assert adapter.suite.save("K", 0, 1).outcome == "Unchanged"


def test_the_same_written_otherwise_is_unchanged(adapter):
    """Order of the names, their case, and what is left out, null, empty or a default: all one."""
    suite = adapter.suite
    contact, role = adapter.contacts[0], str(suite.role.pk)
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
        response = adapter.api.client.post(
            "/json/reply/SaveContactGroup", json.dumps(body), content_type="application/json"
        )
        assert response.status_code == 200, response.content
        outcomes.append(response.json()["Meta"]["Outcome"])
    assert outcomes == ["Created", "Unchanged"]
