"""The ready-made groups of users, and their permissions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps as installed
from django.apps.registry import Apps

SALES_STAFF = "Sales staff"
DATA_ADMINISTRATOR = "Data administrator"
INTEGRATION = "Integration"
READ_ONLY = "Read only"

_CONTACTS = (
    "contacts.datasource",
    "contacts.role",
    "contacts.contact",
    "contacts.contactgroup",
    "contacts.contactconnection",
    "contacts.alternatekey",
)
_GROUPS = ("groups.recipient", "groups.recipientgroup")
_CATALOGUE = ("quotes.product",)
_QUOTES = ("quotes.quote", "quotes.quotelineitem")
_WRITABLE = (*_CONTACTS, *_GROUPS, *_CATALOGUE, *_QUOTES)

_VIEW_ALL: dict[str, tuple[str, ...]] = {
    "view": (*_WRITABLE, "groups.membership", "commsapp.licensee", "commsapp.operation")
}
_MAY_BE_DELETED = ("contacts.alternatekey", "contacts.contactgroup", "contacts.contactconnection")

# Verb → models. Deleting a contact group marks it as deleted; apart from keys, connections and
# lines, other records are archived, never deleted. quotes.approve_quote is in no group of people,
# since a quote is not approved by its author; an integration brings decisions that were made
# elsewhere.
ROLES: dict[str, dict[str, tuple[str, ...]]] = {
    SALES_STAFF: {
        **_VIEW_ALL,
        "add": (*_GROUPS, *_QUOTES),
        "change": (*_GROUPS, *_QUOTES),
        "delete": ("quotes.quotelineitem",),
    },
    DATA_ADMINISTRATOR: {
        **_VIEW_ALL,
        "add": (*_CONTACTS, *_GROUPS, *_CATALOGUE),
        "change": (*_CONTACTS, *_GROUPS, *_CATALOGUE),
        "delete": _MAY_BE_DELETED,
    },
    INTEGRATION: {
        **_VIEW_ALL,
        "add": _WRITABLE,
        "change": _WRITABLE,
        "delete": (*_MAY_BE_DELETED, "quotes.quotelineitem"),
        "approve": ("quotes.quote",),
    },
    READ_ONLY: _VIEW_ALL,
}


def permissions_of(role: str) -> Iterator[str]:
    """Yield the names of a ready-made group's permissions: `groups.change_recipientgroup`."""
    for verb, models in ROLES[role].items():
        for label in models:
            app, model = label.split(".")
            yield f"{app}.{verb}_{model}"


def make_ready_groups(*, apps: Apps = installed, **signal: Any) -> None:  # flush names no apps
    """Create the ready-made groups, and add the permissions that they lack.

    Runs after every migration, so that the groups get the permissions of new models. Permissions
    that an administrator added stay; a group with fewer has to be another group.
    """
    try:
        group, permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    except LookupError:  # migrated to a state before the users
        return
    group.objects.bulk_create((group(name=role) for role in ROLES), ignore_conflicts=True)
    groups = dict(group.objects.filter(name__in=ROLES).values_list("name", "pk"))
    names = permission.objects.values_list("content_type__app_label", "codename", "pk")
    ids = {f"{app}.{codename}": pk for app, codename, pk in names}
    through = group.permissions.through
    through.objects.bulk_create(
        (
            through(group_id=groups[role], permission_id=ids[name])
            for role in ROLES
            for name in permissions_of(role)
            if name in ids
        ),
        ignore_conflicts=True,
    )
