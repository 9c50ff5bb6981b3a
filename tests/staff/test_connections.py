"""Who is connected to a contact group: order, roles, adding and removing."""

from __future__ import annotations

import re

import pytest

from commsapp.core.audit import Refused
from commsapp.models import Operation
from contacts import operations
from contacts.models import ContactConnection, ContactGroup
from tests import factories
from tests.conftest import grant
from tests.staff.conftest import again, browse, content_of, last_message, page, statements


def names(customer) -> list[str]:
    rows = customer.connections.order_by("position")
    return [*rows.values_list("contact__name", flat=True)]


def positions(customer) -> list[int]:
    return [*customer.connections.order_by("position").values_list("position", flat=True)]


# --- Order ----------------------------------------------------------------------------------


def test_a_moved_contact_leads_back_to_the_button_that_moved_it(web, customer, connect):
    _anna, _ben, clara = connect("Anna", "Ben", "Clara")
    moved = clara.pk.hex
    up = web.post(page(customer, "move-connection"), {"contact": moved, "to": "up"})
    assert up.url == f"{page(customer)}#up-{moved}"
    assert names(customer) == ["Anna", "Clara", "Ben"]
    first = web.post(page(customer, "move-connection"), {"contact": moved, "to": "first"})
    assert first.url == f"{page(customer)}#place-{moved}"  # "first" does nothing any more
    assert last_message(web, first) == "“Clara” is now the primary contact, place 1 of 3."
    shown = content_of(web.get(page(customer)))
    assert f'id="place-{moved}"' in shown
    assert "Primary" in shown.split(f'id="contact-{moved}"')[1].split("</tr>")[0]
    assert shown.count("Primary") == 1


def test_a_contact_is_moved_by_its_number_also_to_another_page(web, customer, crowd):
    crowd(450)
    moved = customer.connections.get(position=2).contact
    values = {"contact": moved.pk.hex, "to": "place", "place": "430"}
    answer = web.post(page(customer, "move-connection"), values)
    assert answer.url == f"{page(customer)}?p=3#place-{moved.pk.hex}"
    assert last_message(web, answer) == f"“{moved}” is now at place 430 of 450."
    assert positions(customer) == [*range(1, 451)]
    assert customer.connections.get(contact=moved).position == 430


@pytest.mark.parametrize("place", ["", "0x2", "-1", "١", "9" * 40])
def test_what_is_no_number_moves_nothing(web, customer, connect, place):
    [anna, _ben] = connect("Anna", "Ben")
    values = {"contact": anna.pk.hex, "to": "place", "place": place}
    answer = web.post(page(customer, "move-connection"), values)
    assert "as a number" in last_message(web, answer)
    assert names(customer) == ["Anna", "Ben"]


def test_a_place_behind_the_last_is_the_last(web, customer, connect):
    anna, *_others = connect("Anna", "Ben", "Clara")
    values = {"contact": anna.pk.hex, "to": "place", "place": "99"}
    web.post(page(customer, "move-connection"), values)
    assert names(customer) == ["Ben", "Clara", "Anna"]


def test_a_move_is_undone_and_keeps_who_came_since(web, customer, connect, by_alice):
    _anna, _ben, clara = connect("Anna", "Ben", "Clara")
    web.post(page(customer, "move-connection"), {"contact": clara.pk.hex, "to": "first"})
    moved = Operation.objects.get(kind="contacts.connection_moved")
    connect("Dora")
    undone = web.post(page(moved, "undo"))
    assert last_message(web, undone) == "Undone: 1 reversed."
    assert names(customer) == ["Anna", "Ben", "Dora", "Clara"]  # behind whom she stood
    assert positions(customer) == [1, 2, 3, 4]


def test_a_contact_that_is_not_connected_is_not_moved(by_alice, customer, connect):
    connect("Anna")
    stranger = factories.ContactFactory(licensee=customer.licensee)
    with pytest.raises(Refused):
        operations.move_connection(customer.pk, stranger.pk.hex, by=by_alice, to=1)
    assert names(customer) == ["Anna"]
    assert not Operation.objects.exists()


# --- Roles ----------------------------------------------------------------------------------


def test_only_roles_that_were_changed_on_the_page_are_changed(web, customer, connect):
    anna, ben, clara = connect("Anna", "Ben", "Clara")
    same = {"licensee": customer.licensee, "kind": "connection"}
    billing = factories.RoleFactory(**same, name="Billing contact")
    manager = factories.RoleFactory(**same, name="Site manager")
    customer.connections.filter(contact=ben).update(role=manager)
    customer.connections.filter(contact=clara).update(role=manager)  # since the page was shown
    values = {
        f"role.{anna.pk.hex}": billing.pk.hex, f"was.{anna.pk.hex}": "",
        f"role.{ben.pk.hex}": "", f"was.{ben.pk.hex}": manager.pk.hex,
        f"role.{clara.pk.hex}": "", f"was.{clara.pk.hex}": "",
    }  # fmt: skip
    answer = web.post(page(customer, "change-roles"), values)
    assert last_message(web, answer) == "2 roles changed."
    roles = dict(customer.connections.values_list("contact__name", "role__name"))
    assert roles == {"Anna": "Billing contact", "Ben": None, "Clara": "Site manager"}
    changed = Operation.objects.get(kind="contacts.roles_changed")
    web.post(page(changed, "undo"))
    roles = dict(customer.connections.values_list("contact__name", "role__name"))
    assert roles == {"Anna": None, "Ben": "Site manager", "Clara": "Site manager"}


def test_a_role_of_groups_is_refused_for_a_connection(web, customer, connect):
    [anna] = connect("Anna")
    values = {f"role.{anna.pk.hex}": customer.role.pk.hex, f"was.{anna.pk.hex}": ""}
    answer = web.post(page(customer, "change-roles"), values)
    assert "no such role" in last_message(web, answer)
    assert customer.connections.get().role is None
    assert not Operation.objects.exists()


# --- Add and remove -------------------------------------------------------------------------


def test_the_picker_offers_who_is_not_connected_and_not_archived(web, customer, connect):
    connect("Anna Berger")
    same = {"licensee": customer.licensee}
    ben = factories.ContactFactory(**same, name="Ben Berger", email="ben@example.com")
    factories.ContactFactory(**same, name="Carl Berger", archived_at="2026-01-01T00:00Z")
    factories.ContactFactory(name="Foreign Berger")
    options = web.get(page(customer, "contact-options"), {"term": "berger"}).json()["results"]
    assert options == [{"id": str(ben.pk), "text": "Ben Berger", "hint": "ben@example.com"}]


def test_added_contacts_are_taken_out_by_the_undo(web, customer, connect):
    connect("Anna")
    ben = factories.ContactFactory(licensee=customer.licensee, name="Ben")
    chosen = {"contacts": [str(ben.pk)], "role": ""}
    preview = web.post(page(customer, "add-connections"), chosen)
    assert "1 contact would be added." in content_of(preview)
    assert f'<a href="{page(ben)}">Ben</a>' in content_of(preview)
    assert names(customer) == ["Anna"]
    answer = web.post(page(customer, "add-connections"), again(preview))
    assert names(customer) == ["Anna", "Ben"]
    followed = web.get(answer.url)
    assert "Undo" in content_of(followed).split("messagelist")[1].split("</ul>")[0]
    web.post(page(Operation.objects.get(kind="contacts.connections_added"), "undo"))
    assert names(customer) == ["Anna"]


def test_removing_is_previewed_by_the_operation_itself_and_names_the_heir(web, customer, connect):
    anna, ben, _clara = connect("Anna", "Ben", "Clara")
    ticked = {"contacts": [anna.pk.hex, ben.pk.hex]}
    preview = web.post(page(customer, "remove-connections"), ticked)
    shown = content_of(preview)
    assert "2 contacts would be removed." in shown
    assert "“Clara” would become the primary contact." in shown
    assert names(customer) == ["Anna", "Ben", "Clara"]
    assert not Operation.objects.exists()
    done = web.post(page(customer, "remove-connections"), again(preview))
    assert last_message(web, done) == "2 contacts removed."
    assert names(customer) == ["Clara"]
    web.post(page(Operation.objects.get(), "undo"))
    assert names(customer) == ["Anna", "Ben", "Clara"]


def test_a_long_list_of_the_removed_is_told_in_short(web, customer, crowd):
    crowd(40)
    hexes = [pk.hex for pk in customer.connections.values_list("contact_id", flat=True)]
    shown = content_of(web.post(page(customer, "remove-connections"), {"contacts": hexes[1:36]}))
    assert "35 contacts would be removed." in shown
    assert "and 15 more" in shown


def test_what_is_not_connected_any_more_is_no_error_when_removed(web, customer, connect):
    _anna, ben = connect("Anna", "Ben")
    ContactConnection.objects.filter(contact=ben).delete()
    shown = content_of(web.post(page(customer, "remove-connections"), {"contacts": [ben.pk.hex]}))
    assert "0 contacts would be removed, 1 is not connected." in shown
    assert "There is nothing to do." in shown


def test_who_may_only_look_sees_the_order_and_moves_nothing(charlie, customer, connect):
    anna, _ben = connect("Anna", "Ben")
    grant(charlie, "contacts.view_contactgroup", "contacts.view_contact")
    reader = browse(charlie)
    shown = content_of(reader.get(page(customer)))
    assert "Primary" in shown
    assert "data-move" not in shown
    assert "ticked-contacts" not in shown
    for name in ("move-connection", "change-roles", "remove-connections", "contact-options"):
        assert reader.post(page(customer, name), {"contacts": [anna.pk.hex]}).status_code == 403
    assert reader.post(page(customer, "make-group"), {"name": "X"}).status_code == 403
    assert names(customer) == ["Anna", "Ben"]


def test_a_deleted_group_is_not_changed(web, customer, connect):
    _anna, ben = connect("Anna", "Ben")
    ContactGroup.objects.filter(pk=customer.pk).update(status="deleted")
    answer = web.post(page(customer, "move-connection"), {"contact": ben.pk.hex, "to": "up"})
    assert last_message(web, answer) == "The contact group is deleted."
    assert names(customer) == ["Anna", "Ben"]


# --- Many -----------------------------------------------------------------------------------


def test_a_group_of_1000_is_paged_and_takes_as_many_statements_as_one_of_10(web, customer, crowd):
    for number in range(4):
        factories.RoleFactory(licensee=customer.licensee, kind="connection", name=f"R{number}")
    crowd(10)
    web.get(page(customer))
    few = statements(web, page(customer))
    assert 'rel="next"' not in content_of(web.get(page(customer)))
    crowd(990)
    assert statements(web, page(customer)) == few
    shown = content_of(web.get(page(customer)))
    assert shown.count("data-place=") == 200
    assert 'rel="next"' in shown
    last = content_of(web.get(page(customer), {"p": "5"}))
    assert 'data-place="1000"' in last
    assert re.search(r"id=\"down-\w+\" class=\"quiet\" formnovalidate disabled", last)
