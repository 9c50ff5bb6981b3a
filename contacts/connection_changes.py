"""A contact's place and role in its group; and how changes of connections are undone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commsapp.core.actors import Actor
from commsapp.core.audit import (
    Kind,
    Numbers,
    Refusal,
    RefusalCode,
    Refused,
    Undoing,
    for_each,
    operation,
    recording,
)
from commsapp.core.number_format import format_count
from commsapp.db.expressions import missing_ids
from commsapp.db.ids import dashed, read_guid, read_guids
from contacts.connection_order import Connections, revert_merge
from contacts.connections import (
    ADDED,
    REMOVED,
    REORDERED,
    ConnectionsChange,
    connections_of,
    lock_not_deleted,
    replace_connections,
    write_group,
)
from contacts.models import Contact, ContactGroup, Role


@operation()
def move_connection(
    group_id: UUID | str, contact_id: str, *, by: Actor, to: int | None = None, step: int = 0
) -> ConnectionsChange:
    """Put one contact at a place (1 is the primary one), or some steps from where it stands now.

    What is before the first or behind the last place is that place. Raises DoesNotExist for the
    group, Refused if it is deleted or the contact is not connected.
    """
    with recording(by=by) as audit_log:
        group = lock_not_deleted(group_id, by=by)
        before = connections_of(group)
        moved = read_guid(contact_id) or ""
        if moved not in before:
            raise Refused(_not_connected(moved, 0))
        order = [*before]
        at = order.index(moved)
        place = min(max(at + 1 + step if to is None else to, 1), len(order))
        order.insert(place - 1, order.pop(at))
        after = {contact: before[contact] for contact in order}
        change = replace_connections(audit_log.open(MOVED, group), before, after, [moved])
        name = Contact.objects.values_list("name", flat=True).get(pk=moved)
        change.operation.numbers |= {"name": name, "place": place, "of": len(order)}
    return change


@operation()
def change_roles(
    group_id: UUID | str, roles: Mapping[str, str | None], *, by: Actor
) -> ConnectionsChange:
    """Give connected contacts another role, or none: ids of roles by ids of contacts.

    Raises DoesNotExist for the group, Refused if it is deleted and for each contact that is not
    connected or role that is none of connections, told with its index.
    """
    with recording(by=by) as audit_log:
        group = lock_not_deleted(group_id, by=by)
        before = connections_of(group)
        wanted = {
            read_guid(contact) or contact: read_guid(role) or "" if role else None
            for contact, role in roles.items()
        }
        unknown = _unknown_roles(group, wanted.values())
        unfit = [*_unfit(wanted, before, unknown)]
        if unfit:
            raise Refused(*unfit)
        return replace_connections(
            audit_log.open(ROLES_CHANGED, group), before, {**before, **wanted}, wanted
        )


def _unfit(
    wanted: Mapping[str, str | None], before: Connections, unknown: set[str]
) -> Iterator[Refusal]:
    for place, (contact, role) in enumerate(wanted.items()):
        if contact not in before:
            yield _not_connected(contact, place)
        elif role in unknown:
            message = _("There is no such role of connections.")
            yield Refusal(RefusalCode.INVALID_CROSS_REFERENCE_KEY, message, "connections", place)


def _unknown_roles(group: ContactGroup, roles: Any) -> set[str]:
    """Those that are no role of connections of the group's licensee."""
    named = read_guids(role for role in roles if role).ids
    ours = Role.objects.filter(licensee=group.licensee_id, kind=Role.Kind.CONNECTION)
    return {*missing_ids(ours, named), ""} if named else {""}


def _not_connected(contact: str, place: int) -> Refusal:
    message = _("The contact is not connected to the group any more.")
    id = dashed(contact) if read_guid(contact) else ""
    return Refusal(RefusalCode.INVALID_CROSS_REFERENCE_KEY, message, "connections", place, id)


# --- What was done, in words ------------------------------------------------------------------


def _moved_sentence(numbers: Numbers, planned: bool) -> str:
    if not numbers["changed"]:
        return _("“%(name)s” stays at place %(place)d of %(of)d.") % numbers
    if numbers["place"] == 1:
        return _("“%(name)s” is now the primary contact, place 1 of %(of)d.") % numbers
    return _("“%(name)s” is now at place %(place)d of %(of)d.") % numbers


def _roles_sentence(numbers: Numbers, planned: bool) -> str:
    changed: int = numbers["changed"]
    return ngettext("%s role changed.", "%s roles changed.", changed) % format_count(changed)


MOVED = Kind(
    "contacts.connection_moved",
    gettext_lazy("Connection moved"),
    sentence=_moved_sentence,
    names=("contacts.contact",),
)
ROLES_CHANGED = Kind(
    "contacts.roles_changed", gettext_lazy("Roles changed"), sentence=_roles_sentence
)


# --- Undo -------------------------------------------------------------------------------------


@ADDED.undone_by
@REMOVED.undone_by
@REORDERED.undone_by
@MOVED.undone_by
@ROLES_CHANGED.undone_by
@for_each
def _restore(one: Undoing, by: Actor) -> None:
    """Connections as before the operation, where they still are as it left them."""
    effects = one.operation.effects
    group = lock_not_deleted(one.operation.target_id, by=by)
    was = dict(effects["before"]["connections"])
    became = dict(effects["after"]["connections"])
    unknown = _unknown_roles(group, was.values())
    for contact, role in [*was.items()]:
        if role in unknown and (contact, role) not in became.items():
            message = _("The role of a contact is there no more.")
            one.failed.append(
                Refusal(RefusalCode.NOT_FOUND, message, "connections", None, dashed(contact))
            )
            if contact in became:
                was[contact] = became[contact]
            else:
                del was[contact]
    now = connections_of(group)
    unmerged = revert_merge(now, was, became)
    one.reversed, one.kept = unmerged.reversed, unmerged.kept
    one.list_retained(Contact, unmerged.kept_contacts)
    if unmerged.reversed:
        write_group(group.pk.hex, now, unmerged.connections)
