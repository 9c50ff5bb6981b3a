"""Who may manage which users and API clients: nobody reaches more through another account than
they have themselves. The staff pages ask here, and judge nothing on their own."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db.models import Exists, OuterRef, Q, QuerySet

from commsapp.core.actors import Actor
from commsapp.models import Client, User


def stored_permissions(user: User) -> set[str]:
    """Return what the user's groups and own permissions give, as `quotes.approve_quote`.

    `User.get_all_permissions()` is empty while a user is inactive, but whoever manages the user
    can set a password first and activate it afterwards.
    """
    stored = Permission.objects.filter(Q(user=user) | Q(group__user=user)).order_by()
    names = stored.values_list("content_type__app_label", "codename").distinct()
    return {f"{app}.{codename}" for app, codename in names}


def may_manage(by: Actor, user: User) -> bool:
    """Return whether the actor may change the user, the password included: a user of the actor's
    own licensees alone, with no right that the actor lacks. Nobody but a superuser gives
    themselves anything."""
    if by.licensees is None:
        return True
    if user.is_superuser or user.pk == by.user.pk:
        return False
    licensees = set(user.licensees.values_list("pk", flat=True))
    return (
        bool(licensees)
        and licensees <= by.licensees
        and stored_permissions(user) <= by.user.get_all_permissions()
    )


def may_act_as(by: Actor, user: User) -> bool:
    """Return whether the actor may make a client that acts as the user."""
    return user.pk == by.user.pk or may_manage(by, user)


def may_manage_client(by: Actor, client: Client) -> bool:
    """Return whether the actor may change and delete the client. One without a user is of no
    licensee, so it is for superusers."""
    if client.user is None:
        return by.licensees is None
    return may_manage(by, client.user)


def may_end_tokens(by: Actor, client: Client) -> bool:
    """Return whether the actor may end the client's tokens: also those of one's own client."""
    return client.user_id == by.user.pk or may_manage_client(by, client)


def visible_users(by: Actor, users: QuerySet[User]) -> QuerySet[User]:
    """Return those of the users who work for one of the actor's licensees, and the actor."""
    if by.licensees is None:
        return users
    works_for = User.licensees.through.objects.filter(
        user=OuterRef("pk"), licensee__in=by.licensees
    )
    return users.filter(Exists(works_for) | Q(pk=by.user.pk))


def visible_clients(by: Actor, clients: QuerySet[Client]) -> QuerySet[Client]:
    """Return the clients of visible users; superusers also see those without a user."""
    if by.licensees is None:
        return clients
    return clients.filter(user__in=visible_users(by, User.objects.all()))


def groups_within(by: Actor) -> QuerySet[Group]:
    """Return the groups that give nothing the actor lacks."""
    if by.licensees is None:
        return Group.objects.all()
    permitted = by.user.get_all_permissions()
    names = Permission.objects.values_list("pk", "content_type__app_label", "codename")
    missing = [pk for pk, app, codename in names if f"{app}.{codename}" not in permitted]
    exceeding = Group.permissions.through.objects.filter(
        group=OuterRef("pk"), permission__in=missing
    )
    return Group.objects.exclude(Exists(exceeding))
