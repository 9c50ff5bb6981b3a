"""What other systems call a contact or a contact group; and in which groups a contact is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from contacts.models import Contact, ContactGroup
from contacts.pages.data_sources import outcome_label

_SHOWN = 50


def keys_of_group(request: HttpRequest, group: ContactGroup) -> dict[str, Any]:
    return _keys(request, "contact_group", group)


def keys_of_contact(request: HttpRequest, contact: Contact) -> dict[str, Any]:
    return _keys(request, "contact", contact)


def _keys(request: HttpRequest, name: str, record: Any) -> dict[str, Any]:
    """The keys, each with what became of the last save by it."""
    rows = record.alternate_keys.select_related("data_source").order_by("value")[: _SHOWN + 1]
    keys = [(key, outcome_label(key.last_outcome)) for key in rows]
    can_add = request.user.has_perm("contacts.add_alternatekey")
    more = len(keys) > _SHOWN
    return {"keys": keys[:_SHOWN], "more": more, "name": name, "can_add": can_add}


def groups_of_contact(request: HttpRequest, contact: Contact) -> dict[str, Any]:
    rows = contact.connections.select_related("group", "role").order_by("group__name", "id")
    return {"connections": rows[:_SHOWN]}
