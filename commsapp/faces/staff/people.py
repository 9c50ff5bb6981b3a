"""Who may manage whom: nobody reaches by another account, or gives another, what is not theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import ReadOnlyPasswordHashField, UserChangeForm
from django.contrib.auth.hashers import is_password_usable
from django.contrib.auth.models import Group, Permission
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from commsapp.faces.staff.actors import actor_of
from commsapp.models import User


class PasswordTold(forms.Widget):
    """Whether there is a password, and the way to another; of its hash nothing."""

    read_only = True

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        is_set = bool(value) and is_password_usable(value)
        context = {"is_set": is_set, "may_change": attrs is not None, **(attrs or {})}
        return render_to_string("staff/password.html", context)


if TYPE_CHECKING:
    _UserForm = UserChangeForm[User]
else:
    _UserForm = UserChangeForm


class UserForm(_UserForm):
    """Django's, less the hash."""

    password = ReadOnlyPasswordHashField(
        label=_("Password"),
        widget=PasswordTold,
        help_text=_("Only its hash is kept, so nobody can show it."),
    )


def may_manage(request: HttpRequest, user: User) -> bool:
    """Whether one may change a user: of one's own licensees, and without rights that one lacks."""
    by = actor_of(request)
    if by.user.is_superuser or user.pk == by.user.pk:
        return bool(by.user.is_superuser)
    rights, licensees = user.get_all_permissions(), user.licensees.values_list("pk", flat=True)
    return (
        not user.is_superuser
        and rights <= by.user.get_all_permissions()
        and all(by.sees(pk) for pk in licensees)
    )


def colleagues(request: HttpRequest, users: QuerySet[User]) -> QuerySet[User]:
    """The users that one may see: of one's own licensees, and oneself."""
    by = actor_of(request)
    if by.licensees is None:
        return users
    works_for = User.licensees.through.objects.filter(
        user=OuterRef("pk"), licensee__in=by.licensees
    )
    return users.filter(Exists(works_for) | Q(pk=by.user.pk))


def groups_within(user: User) -> QuerySet[Group]:
    """The groups that give nothing the user lacks."""
    has = user.get_all_permissions()
    lacking = [
        pk
        for pk, app, codename in Permission.objects.values_list(
            "pk", "content_type__app_label", "codename"
        )
        if f"{app}.{codename}" not in has
    ]
    given = Group.permissions.through.objects.filter(group=OuterRef("pk"), permission__in=lacking)
    return Group.objects.exclude(Exists(given))
