"""Who may manage whom: nobody reaches by another account, or gives another, what is not theirs."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from commsapp.faces.staff.actors import actor_of
from commsapp.models import User


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
