"""Changes of users, rights and clients in the audit log, by commands and by pages."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.urls import reverse

from commsapp.models import User
from tests.conftest import grant
from tests.logs.conftest import ADDRESS
from tests.staff.conftest import browse

pytestmark = pytest.mark.django_db


def test_a_client_made_by_command_is_told_without_its_secrets(alice, audit):
    out = io.StringIO()
    call_command(
        "api_client", "Sync", "--user", "alice", "--json", stdout=out, stderr=io.StringIO()
    )
    shown = json.loads(out.getvalue())
    [made] = audit.of("client_created")
    assert (made["target"], made["channel"], made["user"]) == ("Sync", "command", None)
    assert audit.of("client_secret_made")[0]["target"] == "Sync"
    assert audit.of("token_issued")[0]["target"] == "Sync"
    assert shown["client_secret"] not in audit.text
    assert shown["access_token"] not in audit.text


def test_a_superuser_made_by_command_is_told(db, audit, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "canary-password")
    call_command(
        "createsuperuser", "--noinput", "--username", "root", "--email", "", stdout=io.StringIO()
    )
    [line] = audit.of("user_created")
    assert line["changes"]["is_superuser"] == {"before": None, "after": True}
    assert line["target"] == "root"
    assert "canary-password" not in audit.text


def test_a_right_that_is_given_is_told_with_before_and_after(alice, charlie, audit):
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    grant(charlie, "contacts.view_contact")
    page = browse(alice)
    url = reverse("admin:commsapp_user_change", args=(charlie.pk,))
    audit.clear()
    permission = charlie.user_permissions.get()
    licensees = [str(pk) for pk in charlie.licensees.values_list("pk", flat=True)]
    sent = {
        "username": "charlie", "is_active": "on", "is_superuser": "on", "licensees": licensees,
    }  # fmt: skip
    assert page.post(url, sent, REMOTE_ADDR=ADDRESS).status_code == 302
    [line] = audit.of("user_changed")
    assert (line["user"], line["target"], line["address"]) == ("alice", "charlie", ADDRESS)
    assert line["changes"] == {
        "is_staff": {"before": True, "after": False},
        "is_superuser": {"before": False, "after": True},
        "user_permissions": {"added": [], "removed": [f"contacts.{permission.codename}"]},
    }
