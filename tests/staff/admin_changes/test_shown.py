"""Who sees changes of users, groups, licensees and clients, and where."""

from __future__ import annotations

import re
from itertools import count

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from commsapp.core.credentials import api_clients
from commsapp.db.ids import uuid7_of
from commsapp.models import AdminChange, Channel, Licensee, Operation, User
from contacts.models import Contact
from tests import factories
from tests.conftest import grant
from tests.staff.admin_changes.conftest import (
    ACTIVITY,
    ADDRESS,
    LIST,
    at,
    change,
    changes_in,
    listed,
)
from tests.staff.conftest import browse, content_of

# --- Who sees it ----------------------------------------------------------------------------------


def test_an_administrator_sees_changes_of_the_users_of_the_licensee_alone(
    web, keeper, alice, bob, chief
):
    for user in (alice, bob, chief):
        change(web, user, first_name="New")
    assert changes_in(browse(keeper)) == changes_in(browse(keeper), LIST) == ["alice: Changed"]
    assert {*changes_in(web)} == {"alice: Changed", "bob: Changed", "chief: Changed"}
    foreign = AdminChange.objects.get(target_name="bob")
    page = reverse("admin:commsapp_adminchange_page", args=(foreign.pk,))
    assert browse(keeper).get(page).status_code == 404
    assert web.get(page).status_code == 200


def test_who_leaves_a_licensee_is_seen_leaving_and_the_other_licensee_is_not_named(
    web, keeper, alice, bob
):
    other = bob.licensees.get()
    recorded = change(web, alice, licensees=[str(other.pk)])
    page = reverse("admin:commsapp_adminchange_page", args=(recorded.pk,))
    shown = content_of(browse(keeper).get(page))
    assert "Northwind Networks" in shown
    assert "Southwind Systems" not in shown
    assert "Southwind Systems" in content_of(web.get(page))
    change(web, alice, first_name="Later")
    assert changes_in(browse(keeper)) == ["alice: Changed"]


def test_who_may_see_operations_but_no_users_sees_no_changes_of_users(web, alice, charlie):
    grant(charlie, "commsapp.view_operation")
    recorded = change(web, alice, first_name="New")
    chris = browse(charlie)
    assert changes_in(chris) == []
    assert chris.get(LIST).status_code == 403
    page = reverse("admin:commsapp_adminchange_page", args=(recorded.pk,))
    assert chris.get(page).status_code == 403
    assert "sers and rights" not in content_of(chris.get(ACTIVITY))


def test_who_may_see_clients_alone_sees_no_changes_of_users(web, alice, charlie):
    grant(charlie, "commsapp.view_client")
    change(web, alice, first_name="New")
    api_clients.create_client("Sync", alice)
    assert changes_in(browse(charlie), LIST) == ["Sync: Created"]


# --- Where it is shown ----------------------------------------------------------------------------


def operations(licensee: Licensee, user: User, number: int) -> list[Operation]:
    contact = factories.ContactFactory(licensee=licensee)
    return Operation.objects.bulk_create(
        Operation(
            licensee=licensee, user=user, channel="staff", kind="edited", touched=1,
            target_type=Contact._meta.label_lower, target_id=contact.pk, target_name=str(contact),
            numbers={"fields": ["name"]},
        )
        for _ in range(number)
    )  # fmt: skip


def recorded_at(moment, target: User) -> AdminChange:
    return AdminChange.objects.create(
        id=uuid7_of(moment), at=moment, channel="staff", action="changed",
        target_type="commsapp.user", target_id=str(target.pk), target_name=str(target),
    )  # fmt: skip


def test_activity_shows_them_among_the_operations_in_the_order_of_time(web, alice, licensee):
    first = operations(licensee, alice, 1)
    between = change(web, alice, first_name="New")
    last = operations(licensee, alice, 1)
    assert [row.pk for row in listed(web)] == [last[0].pk, between.pk, first[0].pk]
    shown = content_of(web.get(ACTIVITY))
    assert "Changed: first name." in shown
    assert at(alice) in shown


def test_each_is_on_one_page_of_activity_however_many_pages_there_are(web, alice, licensee):
    made: list[AdminChange] = []
    for _ in range(4):
        for _ in range(3):
            made.append(change(web, alice, first_name=f"New {len(made)}"))
        operations(licensee, alice, 40)
    made.append(change(web, alice, first_name="Last"))
    seen = [
        row.pk
        for page in range(1, 5)
        for row in listed(web, p=page)
        if isinstance(row, AdminChange)
    ]
    assert seen == [row.pk for row in reversed(made)]


def test_activity_shows_them_where_there_is_no_operation_at_all(web, alice):
    change(web, alice, first_name="New")
    assert changes_in(web) == ["alice: Changed"]
    assert "There is nothing here yet." not in content_of(web.get(ACTIVITY))


def test_filters_of_activity_hold_for_them_too(web, alice, chief, charlie):
    change(web, alice, first_name="New")
    today = str(timezone.localdate())
    both = ({"user": str(chief.pk)}, {"from": today, "to": today}, {"channel__exact": "staff"})
    for query in both:
        assert changes_in(web, **query) == ["alice: Changed"], query
    none = (
        {"user": str(alice.pk)}, {"to": "2020-01-01"}, {"channel__exact": "rest"},
        {"kind": "edited"}, {"object": "contacts.contact"},
    )  # fmt: skip
    for query in none:
        assert changes_in(web, **query) == [], query


def test_filters_and_search_of_their_own_list_find_them(web, alice, chief, licensee):
    recorded = change(web, alice, first_name="New")
    Licensee.objects.create(name="Elsewhere")
    for query in (
        {"user": str(chief.pk)}, {"channel": "staff"}, {"object": "commsapp.user"}, {"q": "ali"},
        {"q": ADDRESS}, {"q": recorded.request_id}, {"q": str(alice.pk)}, {"q": str(recorded.pk)},
    ):  # fmt: skip
        assert changes_in(web, LIST, **query) == ["alice: Changed"], query
    for query in ({"channel": "command"}, {"object": "auth.group"}, {"q": "nobody"}, {"user": "x"}):
        assert changes_in(web, LIST, **query) == [], query


@pytest.mark.parametrize(
    "query", [*({"channel__exact": channel.value} for channel in Channel), {"user": ""}]
)
def test_the_filters_of_activity_hold_where_its_link_to_their_own_list_leads(web, alice, query):
    change(web, alice, first_name="New")
    filters = {name: value or str(alice.pk) for name, value in query.items()}
    page = content_of(web.get(ACTIVITY, filters))
    [link] = re.findall(rf'href="({LIST}[^"]*)"[^>]*>\s*Only changes', page)
    answer = web.get(link)
    assert answer.status_code == 200
    assert answer.context["cl"].has_active_filters


def test_a_count_of_them_names_changes(web, alice):
    change(web, alice, first_name="New")
    shown = content_of(web.get(LIST))
    assert "1 change of users and rights" in shown
    assert "<h1>Users and rights</h1>" in shown


def test_more_changes_than_a_page_takes_lead_to_their_own_list(web, alice):
    for _ in range(52):
        recorded_at(timezone.now(), alice)
    assert len(changes_in(web)) == 50
    assert f'href="{LIST}' in content_of(web.get(ACTIVITY))


def test_activity_takes_as_many_statements_however_many_changes_there_are(web, alice, licensee):
    operations(licensee, alice, 60)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert web.get(ACTIVITY, {"p": "1"}).status_code == 200
        return len(captured)

    change(web, alice, first_name="New")
    statements()
    few = statements()
    for _ in range(30):
        recorded_at(timezone.now(), alice)
    assert statements() == few


def test_a_page_tells_address_request_and_values(web, alice):
    recorded = change(web, alice, email="new@commsapp.example", is_staff="")
    shown = content_of(web.get(reverse("admin:commsapp_adminchange_page", args=(recorded.pk,))))
    for text in (ADDRESS, recorded.request_id, "new@commsapp.example", "<del>Yes</del>"):
        assert text in shown, text


def test_histories_of_user_group_licensee_and_client_show_their_own(web, alice, licensee):
    client, _secret = api_clients.create_client("Sync", alice)
    group = Group.objects.create(name="Sellers")
    numbers = count()
    for target in (group, licensee, client):
        sent = {"name": f"New name {next(numbers)}"}
        assert web.post(at(target), sent).status_code == 302
    change(web, alice, first_name="Adele")
    for target in (group, licensee, client, alice):
        shown = content_of(web.get(at(target, "history")))
        assert f'<a href="{at(target)}">' in shown
        assert shown.count("Changed:") == 1, target
        assert "chief" in shown
    assert web.get(at(client, "history").replace(str(client.pk), str(alice.pk))).status_code == 404


def test_a_history_is_refused_to_who_may_not_see_its_user(web, alice, bob, keeper, charlie):
    assert browse(keeper).get(at(alice, "history")).status_code == 200
    assert browse(keeper).get(at(bob, "history")).status_code == 404
    charlie.user_permissions.clear()
    assert browse(charlie).get(at(alice, "history")).status_code in (403, 404)
