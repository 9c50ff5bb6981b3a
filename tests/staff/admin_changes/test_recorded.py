"""What is recorded of changes of users, groups, licensees and clients."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.urls import reverse

from commsapp.logs.request_context import Source, bind, clear
from commsapp.models import Client
from commsapp.models.admin_changes import AdminChange
from tests.conftest import grant
from tests.staff.admin_changes.conftest import ADDRESS, LIST, at, change, form_of
from tests.staff.conftest import browse, content_of


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
    page = content_of(web.get(reverse("admin:commsapp_adminchange_page", args=(rows[3].pk,))))
    assert "Night sync" in page


def test_a_command_leaves_an_entry_that_says_which(alice, web, capsys):
    bind(Source(client="manage.py api_client"))
    call_command("api_client", "Sync", "--user", "alice")
    clear()
    [recorded] = AdminChange.objects.all()
    assert (recorded.user, recorded.channel, recorded.client) == (
        None, "command", "manage.py api_client",
    )  # fmt: skip
    assert "Command line · manage.py api_client" in content_of(web.get(LIST))
