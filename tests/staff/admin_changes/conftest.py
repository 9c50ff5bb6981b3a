"""Who changes users here, how, and what a list shows of it."""

from __future__ import annotations

import pytest
from django.urls import reverse

from commsapp.models import User
from commsapp.models.admin_changes import AdminChange
from tests import factories
from tests.conftest import grant
from tests.staff.conftest import browse

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


@pytest.fixture
def keeper(charlie) -> User:
    """Who keeps the users of the one licensee."""
    grant(charlie, "commsapp.view_user", "commsapp.view_operation")
    return charlie
