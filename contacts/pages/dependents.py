"""What of contacts stands on records that are archived or deleted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from commsapp.staff.audit.changes import Listing
from commsapp.staff.dependents import PlannedChange, each, listed
from commsapp.staff.object_pages import url_of
from contacts.models import AlternateKey, ContactConnection, ContactGroup


def named(record: Any) -> tuple[str, str]:
    """A record as a listing names it."""
    return str(record), url_of(record)


def contacts_of(touch: PlannedChange) -> Iterator[Listing]:
    rows = ContactConnection.objects.filter(group__in_ids=touch.ids)
    in_order = rows.select_related("contact").order_by("group", "position")
    yield listed(_("Connected contacts"), in_order, lambda row: named(row.contact))


def keys_of_groups(touch: PlannedChange) -> Iterator[Listing]:
    hint = _("What is saved under them goes on changing the archived group.")
    if touch.verb == "discard":
        hint = _("What is saved under them is refused until the group is restored.")
    yield _keys("contact_group", touch, hint)


def groups_of(touch: PlannedChange) -> Iterator[Listing]:
    """Where they are connected, and at which place."""
    rows = ContactConnection.objects.filter(contact__in_ids=touch.ids)
    visible = rows.exclude(group__status=ContactGroup.Status.DELETED)
    yield listed(
        _("Connected to contact groups"),
        visible.select_related("group").order_by("position", "id"),
        lambda row: named(row.group),
        notes=each(lambda row: _("primary contact") if row.position == 1 else ""),
        hint=_("They stay connected, at their place."),
    )


def keys_of_contacts(touch: PlannedChange) -> Iterator[Listing]:
    yield _keys("contact", touch)


def named_by_keys(touch: PlannedChange) -> Iterator[Listing]:
    """What external suites do not find any more by a key that is deleted."""
    for field, label, hint in (
        ("contact_group", _("Contact group"), _("The next save under the key makes a new group.")),
        ("contact", _("Contact"), _("What names the contact by the key is refused.")),
        ("role", _("Role"), _("What names the role by the key is refused.")),
    ):
        rows = AlternateKey.objects.filter(pk__in_ids=touch.ids, **{f"{field}__isnull": False})
        joined = rows.select_related(field, "data_source").order_by("pk")
        yield listed(label, joined, _target, notes=each(_data_source), hint=hint)


def _target(key: AlternateKey) -> tuple[str, str]:
    return named(key.target)


def _data_source(key: AlternateKey) -> str:
    return str(key.data_source)


def _keys(names: str, touch: PlannedChange, hint: str = "") -> Listing:
    rows = AlternateKey.objects.filter(**{f"{names}__in_ids": touch.ids})
    found = rows.select_related("data_source").order_by("pk")
    return listed(_("Alternate keys"), found, named, notes=each(_data_source), hint=hint)
