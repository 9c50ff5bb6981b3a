"""Changes of users, groups, licensees and clients: recorded, and shown to whom they concern."""

from __future__ import annotations

from itertools import count

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from commsapp import clients
from commsapp.admin_changes import AdminChange
from commsapp.current_request import Source, bind, clear
from commsapp.ids import uuid7_of
from commsapp.models import Client, Licensee, Operation, User
from contacts.models import Contact
from tests import factories
from tests.conftest import grant
from tests.faces.staff.conftest import browse, told

ACTIVITY = reverse("admin:commsapp_operation_changelist")
LIST = reverse("admin:commsapp_adminchange_changelist")
ADDRESS = "192.0.2.44"


@pytest.fixture
def chief(db) -> User:
    return factories.UserFactory(username="chief", is_staff=True, is_superuser=True)


@pytest.fixture
def web(chief):
    return browse(chief)


def at(target, name: str = "change") -> str:
    opts = target._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=(target.pk,))


def form_of(user: User, **more) -> dict:
    """What the form of a user sends, with these differences."""
    sent = {
        "username": user.username, "first_name": user.first_name, "last_name": user.last_name,
        "email": user.email,
        "licensees": [str(pk) for pk in user.licensees.values_list("pk", flat=True)],
        "groups": [str(pk) for pk in user.groups.values_list("pk", flat=True)],
        "user_permissions": [*user.user_permissions.values_list("pk", flat=True)],
    }  # fmt: skip
    flags = ("is_active", "is_staff", "is_superuser")
    return {**sent, **{flag: "on" for flag in flags if getattr(user, flag)}, **more}


def change(web, target: User, **more) -> AdminChange:
    """Change a user by the form, and return what was recorded."""
    answer = web.post(at(target), form_of(target, **more), REMOTE_ADDR=ADDRESS)
    assert answer.status_code == 302, answer.context["errors"]
    recorded = AdminChange.objects.first()
    assert recorded.request_id == answer["X-Request-Id"]
    return recorded


def listed(client, url: str = ACTIVITY, **query) -> list:
    answer = client.get(url, query)
    assert answer.status_code == 200
    return [*answer.context["cl"].result_list]


def changes_in(client, url: str = ACTIVITY, **query) -> list[str]:
    return [str(row) for row in listed(client, url, **query) if isinstance(row, AdminChange)]


# --- What is recorded -----------------------------------------------------------------------------


def test_rights_that_are_given_and_taken_are_recorded_with_before_and_after(web, chief, charlie):
    sellers = Group.objects.create(name="Sellers")
    grant(charlie, "contacts.view_contact")
    recorded = change(web, charlie, groups=[sellers.pk], user_permissions=[], is_superuser="on")
    assert recorded.changes == {
        "is_superuser": {"before": False, "after": True},
        "groups": {"added": ["Sellers"], "removed": []},
        "user_permissions": {"added": [], "removed": ["contacts.view_contact"]},
    }
    assert (recorded.user, recorded.address, recorded.channel) == (chief, ADDRESS, "staff")
    assert (recorded.target_type, recorded.target_id) == ("commsapp.user", str(charlie.pk))


def test_a_form_that_changes_nothing_records_nothing(web, charlie):
    assert web.post(at(charlie), form_of(charlie)).status_code == 302
    assert not AdminChange.objects.exists()


def test_a_form_that_is_refused_records_nothing(web, charlie):
    assert web.post(at(charlie), form_of(charlie, username="")).status_code == 200
    assert not AdminChange.objects.exists()
    charlie.refresh_from_db()
    assert charlie.username == "charlie"


def test_a_new_user_is_recorded_with_the_licensee_and_without_the_password(web, licensee):
    sent = {
        "username": "dora", "usable_password": "true", "licensees": [str(licensee.pk)],
        "password1": "canary horse staple", "password2": "canary horse staple",
    }  # fmt: skip
    assert web.post(reverse("admin:commsapp_user_add"), sent).status_code == 302
    [recorded] = AdminChange.objects.all()
    assert recorded.action == "created"
    assert recorded.changes["username"] == {"before": None, "after": "dora"}
    assert recorded.changes["licensees"] == {"added": [str(licensee.pk)], "removed": []}
    assert "canary" not in str(recorded.changes)
    assert "pbkdf2" not in str(recorded.changes)


def test_passwords_are_recorded_whoever_changes_them(web, chief, charlie):
    new = {"password1": "canary horse staple", "password2": "canary horse staple"}
    url = reverse("admin:auth_user_password_change", args=(charlie.pk,))
    assert web.post(url, {**new, "usable_password": "true"}).status_code == 302
    own = {"new_password1": "other horse staple", "new_password2": "other horse staple"}
    chris = browse(charlie)
    answer = chris.post(
        reverse("admin:password_change"), {"old_password": "canary horse staple", **own}
    )
    assert answer.status_code == 302
    rows = AdminChange.objects.filter(action="password_changed", target_id=str(charlie.pk))
    assert [row.user for row in rows.order_by("id")] == [chief, charlie]
    assert {str(row.changes) for row in rows} == {"{}"}


def test_groups_and_licensees_are_recorded(web):
    permission = Permission.objects.get(codename="approve_quote")
    sent = {"name": "Approvers", "permissions": [permission.pk]}
    assert web.post(reverse("admin:auth_group_add"), sent).status_code == 302
    group = Group.objects.get(name="Approvers")
    assert web.post(at(group), {"name": "Signers"}).status_code == 302
    assert web.post(at(group, "delete"), {"post": "yes"}).status_code == 302
    assert web.post(reverse("admin:commsapp_licensee_add"), {"name": "New"}).status_code == 302
    rows = [(row.target_name, row.action) for row in AdminChange.objects.order_by("id")]
    assert rows == [
        ("Approvers", "created"), ("Signers", "changed"),
        ("Signers", "deleted"), ("New", "created"),
    ]  # fmt: skip
    edited = AdminChange.objects.get(action="changed")
    assert edited.changes == {
        "name": {"before": "Approvers", "after": "Signers"},
        "permissions": {"added": [], "removed": ["quotes.approve_quote"]},
    }


def test_a_client_is_recorded_from_its_making_to_its_end_without_its_secret(web, alice):
    sent = {"name": "Sync", "user": str(alice.pk)}
    made = web.post(reverse("admin:commsapp_client_add"), sent)
    secret = made.context["client_secret"]
    client = Client.objects.get()
    assert web.post(at(client), {"name": "Night sync"}).status_code == 302
    assert web.post(reverse("staff-end-tokens", args=(client.pk,))).status_code == 302
    assert web.post(at(client, "delete"), {"post": "yes"}).status_code == 302
    rows = AdminChange.objects.order_by("id")
    assert [row.action for row in rows] == ["created", "changed", "tokens_ended", "deleted"]
    assert all(secret not in str(row.changes) for row in rows)
    assert rows[3].changes["user"] == {"before": "alice", "after": None}
    page = told(web.get(reverse("admin:commsapp_adminchange_page", args=(rows[3].pk,))))
    assert "Night sync" in page


def test_a_command_leaves_an_entry_that_says_which(alice, web, capsys):
    bind(Source(client="manage.py api_client"))
    call_command("api_client", "Sync", "--user", "alice")
    clear()
    [recorded] = AdminChange.objects.all()
    assert (recorded.user, recorded.channel, recorded.client) == (
        None, "command", "manage.py api_client",
    )  # fmt: skip
    assert "Command line · manage.py api_client" in told(web.get(LIST))


# --- Who sees it ----------------------------------------------------------------------------------


@pytest.fixture
def keeper(charlie) -> User:
    """Who keeps the users of the one licensee."""
    grant(charlie, "commsapp.view_user", "commsapp.view_operation")
    return charlie


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
    shown = told(browse(keeper).get(page))
    assert "Northwind Networks" in shown
    assert "Southwind Systems" not in shown
    assert "Southwind Systems" in told(web.get(page))
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
    assert "Users and rights" not in told(chris.get(ACTIVITY))


def test_who_may_see_clients_alone_sees_no_changes_of_users(web, alice, charlie):
    grant(charlie, "commsapp.view_client")
    change(web, alice, first_name="New")
    clients.create_client("Sync", alice)
    assert changes_in(browse(charlie), LIST) == ["Sync: Created"]


# --- Where it is shown ----------------------------------------------------------------------------


def operations(licensee: Licensee, user: User, number: int) -> list[Operation]:
    contact = factories.ContactFactory(licensee=licensee)
    return Operation.objects.bulk_create(
        Operation(
            licensee=licensee, user=user, face="staff", kind="edited", touched=1,
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
    shown = told(web.get(ACTIVITY))
    assert "Changed: first name." in shown
    assert at(alice) in shown


def test_each_is_on_one_page_of_activity_however_many_pages_there_are(web, alice, licensee):
    made = []
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
    assert "There is nothing here yet." not in told(web.get(ACTIVITY))


def test_filters_of_activity_hold_for_them_too(web, alice, chief, charlie):
    change(web, alice, first_name="New")
    today = str(timezone.localdate())
    both = ({"user": str(chief.pk)}, {"from": today, "to": today}, {"face__exact": "staff"})
    for query in both:
        assert changes_in(web, **query) == ["alice: Changed"], query
    none = (
        {"user": str(alice.pk)}, {"to": "2020-01-01"}, {"face__exact": "rest"},
        {"kind": "edited"}, {"object": "contacts.contact"},
    )  # fmt: skip
    for query in none:
        assert changes_in(web, **query) == [], query


def test_filters_and_search_of_their_own_list_find_them(web, alice, chief, licensee):
    recorded = change(web, alice, first_name="New")
    Licensee.objects.create(name="Elsewhere")
    for query in (
        {"user": str(chief.pk)}, {"face": "staff"}, {"object": "commsapp.user"}, {"q": "ali"},
        {"q": ADDRESS}, {"q": recorded.request_id}, {"q": str(alice.pk)}, {"q": str(recorded.pk)},
    ):  # fmt: skip
        assert changes_in(web, LIST, **query) == ["alice: Changed"], query
    for query in ({"face": "command"}, {"object": "auth.group"}, {"q": "nobody"}):
        assert changes_in(web, LIST, **query) == [], query


def test_more_changes_than_a_page_takes_lead_to_their_own_list(web, alice):
    for _ in range(52):
        recorded_at(timezone.now(), alice)
    assert len(changes_in(web)) == 50
    assert f'href="{LIST}' in told(web.get(ACTIVITY))


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
    shown = told(web.get(reverse("admin:commsapp_adminchange_page", args=(recorded.pk,))))
    for text in (ADDRESS, recorded.request_id, "new@commsapp.example", "<del>Yes</del>"):
        assert text in shown, text


def test_histories_of_user_group_licensee_and_client_show_their_own(web, alice, licensee):
    client, _secret = clients.create_client("Sync", alice)
    group = Group.objects.create(name="Sellers")
    numbers = count()
    for target, sent in ((group, {}), (licensee, {}), (client, {})):
        sent = {"name": f"New name {next(numbers)}", **sent}
        assert web.post(at(target), sent).status_code == 302
    change(web, alice, first_name="Adele")
    for target in (group, licensee, client, alice):
        shown = told(web.get(at(target, "history")))
        assert shown.count("Changed:") == 1, target
        assert "chief" in shown
    assert web.get(at(client, "history").replace(str(client.pk), str(alice.pk))).status_code == 404


def test_a_history_is_refused_to_who_may_not_see_its_user(web, alice, bob, keeper, charlie):
    assert browse(keeper).get(at(alice, "history")).status_code == 200
    assert browse(keeper).get(at(bob, "history")).status_code == 404
    charlie.user_permissions.clear()
    assert browse(charlie).get(at(alice, "history")).status_code in (403, 404)
