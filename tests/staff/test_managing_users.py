"""Who may manage whom: nobody reaches more through another account than they have themselves."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from oauth2_provider.models import get_access_token_model

from commsapp.core.credentials import api_clients
from commsapp.models import Client, User
from tests import factories
from tests.conftest import grant
from tests.staff.conftest import browse, content_of

_RIGHTS = (
    "commsapp.view_user", "commsapp.add_user", "commsapp.change_user",
    "commsapp.view_client", "commsapp.add_client", "commsapp.change_client",
    "commsapp.delete_client", "quotes.view_quote",
)  # fmt: skip
_NEW_PASSWORD = "a-Long-enough-9-password"


@pytest.fixture
def manager(licensee) -> User:
    """Manages the users and clients of one licensee, and approves no quotes."""
    user = factories.UserFactory(username="manager", is_staff=True)
    user.licensees.add(licensee)
    grant(user, *_RIGHTS)
    return user


@pytest.fixture
def web(manager):
    """The manager's browser."""
    return browse(manager)


def _by_group(user: User) -> None:
    group = Group.objects.create(name="Approvers")
    group.permissions.set(Permission.objects.filter(codename="approve_quote"))
    user.groups.add(group)


def _directly(user: User) -> None:
    grant(user, "quotes.approve_quote")


def _superuser(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_superuser=True)


def _another_licensee(user: User) -> None:
    user.licensees.add(factories.LicenseeFactory(name="Southwind Systems"))


@pytest.fixture(params=[_by_group, _directly, _superuser, _another_licensee])
def stronger(request, licensee) -> User:
    """A user of the manager's licensee who has something that the manager lacks."""
    user = factories.UserFactory(username="stronger")
    user.licensees.add(licensee)
    request.param(user)
    return user


@pytest.fixture
def weaker(licensee) -> User:
    user = factories.UserFactory(username="weaker")
    user.licensees.add(licensee)
    grant(user, "quotes.view_quote")
    return user


def _change(user: User, **more: str | list[str]):
    sent: dict[str, str | list[str]] = {
        "username": "renamed",
        "licensees": [str(user.licensees.first().pk)],
        **more,
    }
    return reverse("admin:commsapp_user_change", args=(user.pk,)), sent


def _activate(user: User):
    return _change(user, username=user.username, is_active="on")


def _deactivate(user: User):
    return _change(user, username=user.username)


def _password(user: User):
    url = reverse("admin:auth_user_password_change", args=(user.pk,))
    return url, {
        "usable_password": "true", "password1": _NEW_PASSWORD, "password2": _NEW_PASSWORD,
    }  # fmt: skip


def _new_client(user: User):
    return reverse("admin:commsapp_client_add"), {"name": "Backdoor", "user": str(user.pk)}


def _rename_client(user: User):
    client = Client.objects.get(user=user)
    return reverse("admin:commsapp_client_change", args=(client.pk,)), {"name": "Backdoor"}


def _delete_client(user: User):
    client = Client.objects.get(user=user)
    return reverse("admin:commsapp_client_delete", args=(client.pk,)), {"post": "yes"}


def _end_tokens(user: User):
    return reverse("staff-end-tokens", args=(Client.objects.get(user=user).pk,)), {}


_ACTS = [
    _change, _activate, _deactivate, _password, _new_client, _rename_client, _delete_client,
    _end_tokens,
]  # fmt: skip


def _state(user: User) -> list[object]:
    """All that any of the acts could change."""
    return [
        User.objects.filter(pk=user.pk).values().get(),
        sorted(user.groups.values_list("pk", flat=True)),
        sorted(user.user_permissions.values_list("pk", flat=True)),
        sorted(map(str, user.licensees.values_list("pk", flat=True))),
        [*Client.objects.order_by("pk").values()],
        get_access_token_model().objects.count(),
    ]


def _client_of(user: User) -> None:
    client, _secret = api_clients.create_client("Nightly sync", user)
    api_clients.issue_token(client, days=1)


@pytest.mark.parametrize("act", _ACTS)
@pytest.mark.parametrize("is_active", [True, False], ids=["active", "inactive"])
def test_managing_a_user_with_more_rights_is_403_and_changes_nothing(web, stronger, act, is_active):
    User.objects.filter(pk=stronger.pk).update(is_active=is_active)
    _client_of(stronger)
    before = _state(stronger)
    url, sent = act(stronger)
    assert web.post(url, sent).status_code == 403
    assert _state(stronger) == before


@pytest.mark.parametrize("act", _ACTS)
@pytest.mark.parametrize("is_active", [True, False], ids=["active", "inactive"])
def test_managing_a_user_with_fewer_rights_is_allowed(web, weaker, act, is_active):
    User.objects.filter(pk=weaker.pk).update(is_active=is_active)
    _client_of(weaker)
    before = _state(weaker)
    url, sent = act(weaker)
    answer = web.post(url, sent)
    assert answer.status_code == (200 if act is _new_client else 302)
    is_same_already = (act is _activate and is_active) or (act is _deactivate and not is_active)
    assert (_state(weaker) == before) == is_same_already


def test_an_inactive_superuser_stays_out_of_reach_without_any_stored_permission(web, weaker):
    weaker.user_permissions.clear()
    User.objects.filter(pk=weaker.pk).update(is_superuser=True, is_active=False)
    before = _state(weaker)
    url, sent = _password(weaker)
    assert web.post(url, sent).status_code == 403
    assert _state(weaker) == before


def test_saving_an_inactive_user_keeps_all_of_its_groups(web, weaker):
    group = Group.objects.create(name="Readers")
    group.permissions.set(Permission.objects.filter(codename="view_quote"))
    weaker.groups.add(group)
    User.objects.filter(pk=weaker.pk).update(is_active=False)
    form = web.get(reverse("admin:commsapp_user_change", args=(weaker.pk,))).context["adminform"]
    assert group in form.form.fields["groups"].queryset
    url, sent = _change(weaker, groups=[str(group.pk)])
    assert web.post(url, sent).status_code == 302
    assert [*weaker.groups.all()] == [group]


@pytest.mark.parametrize("name", ["groups", "licensees", "user_permissions", "is_superuser"])
def test_nobody_gives_away_what_they_lack(web, weaker, name):
    group = Group.objects.create(name="Approvers")
    group.permissions.set(Permission.objects.filter(codename="approve_quote"))
    other = factories.LicenseeFactory(name="Southwind Systems")
    values: dict[str, str | list[str]] = {
        "groups": [str(group.pk)],
        "licensees": [str(weaker.licensees.get().pk), str(other.pk)],
        "user_permissions": [str(Permission.objects.get(codename="approve_quote").pk)],
        "is_superuser": "on",
    }
    url, sent = _change(weaker, username="weaker", is_active="on", **{name: values[name]})
    before = _state(weaker)
    web.post(url, sent)
    assert _state(weaker) == before


def test_nobody_changes_themselves(web, manager):
    before = _state(manager)
    url, sent = _change(manager)
    assert web.post(url, sent).status_code == 403
    assert _state(manager) == before


@pytest.mark.parametrize("name", ["add", "change", "delete"])
def test_a_group_of_users_is_for_superusers_to_change(web, manager, name):
    grant(manager, "auth.view_group", "auth.add_group", "auth.change_group", "auth.delete_group")
    group = Group.objects.create(name="Readers")
    args = () if name == "add" else (group.pk,)
    approve = Permission.objects.get(codename="approve_quote").pk
    sent = {"name": "Mine", "permissions": [approve], "post": "yes"}
    assert web.post(reverse(f"admin:auth_group_{name}", args=args), sent).status_code == 403
    assert Group.objects.get(pk=group.pk).name == "Readers"
    assert not Group.objects.filter(name="Mine").exists()
    assert not group.permissions.exists()


# --- Clients without a user -----------------------------------------------------------------


@pytest.fixture
def userless(db) -> Client:
    """A client that asks people for consent, as `manage.py createapplication` makes it."""
    return Client.objects.create(
        name="Mail merge",
        client_type=Client.CLIENT_PUBLIC,
        authorization_grant_type=Client.GRANT_AUTHORIZATION_CODE,
        redirect_uris="https://suite.example/callback",
    )


_CLIENT_PAGES = ["admin:commsapp_client_changelist", "staff-integrations"]


@pytest.mark.parametrize("name", _CLIENT_PAGES)
def test_a_client_without_a_user_is_listed_for_superusers_alone(web, manager, userless, name):
    assert "Mail merge" not in content_of(web.get(reverse(name)))
    _superuser(manager)
    assert "Mail merge" in content_of(browse(manager).get(reverse(name)))


@pytest.mark.parametrize("name", ["admin:commsapp_client_delete", "staff-end-tokens"])
def test_a_client_without_a_user_is_ended_by_superusers_alone(web, manager, weaker, userless, name):
    token = get_access_token_model()(user=weaker, application=userless, token="t")
    token.expires = "2100-01-01T00:00:00Z"
    token.save()
    url = reverse(name, args=(userless.pk,))
    assert web.post(url, {"post": "yes"}).status_code == 404
    assert get_access_token_model().objects.count() == 1
    _superuser(manager)
    assert browse(manager).post(url, {"post": "yes"}).status_code == 302
    assert not get_access_token_model().objects.exists()
