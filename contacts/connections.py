"""Who is connected to a contact group, and in which order: what may be done through any API or
page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commsapp.core.actors import Actor
from commsapp.core.audit import (
    Change,
    Kind,
    Numbers,
    Refusal,
    RefusalCode,
    Refused,
    lock,
    operation,
    recording,
)
from commsapp.core.number_format import format_count
from commsapp.db.bulk import delete_values, insert_values
from commsapp.db.expressions import missing_ids
from commsapp.db.ids import Guids, dashed, new_id, read_guid, read_guids
from commsapp.models import Operation
from contacts.alternate_keys import clear_hashes
from contacts.connection_order import ConnectionChange, Connections, merge
from contacts.models import Contact, ContactConnection, ContactGroup, Role


@dataclass(frozen=True)
class NewConnection:
    """A contact to be connected. No role, no position: as they are, or none and last."""

    contact_id: str
    role_id: str | None = None
    position: int | None = None


@dataclass(frozen=True)
class ConnectionsChange(Change):
    """Counts of contacts: added, changed (role or place), removed, `already` as asked."""

    added: int = 0
    changed: int = 0
    removed: int = 0
    already: int = 0


@operation()
def add_connections(
    group_id: UUID | str,
    connections: Sequence[NewConnection],
    *,
    by: Actor,
    dry_run: bool = False,
) -> ConnectionsChange:
    """Connect contacts, each at its position (1 is the primary) or last.

    Who is connected already keeps what is not given. Raises DoesNotExist for the group, Refused if
    it is deleted or for what is wrong with the connections, each told with its index.
    """
    with recording(by=by, dry_run=dry_run) as audit_log:
        group = lock_not_deleted(group_id, by=by)
        wishes = _connection_changes(group, connections)
        before = connections_of(group)
        after, asked = merge(before, wishes), [wish.contact for wish in wishes]
        return replace_connections(
            audit_log.open(ADDED, group), before, after, asked, planned=dry_run
        )


@operation()
def remove_connections(
    group_id: UUID | str, contact_ids: Sequence[str], *, by: Actor, dry_run: bool = False
) -> ConnectionsChange:
    """Make sure that none of the contacts is connected. Raises as add_connections() does."""
    with recording(by=by, dry_run=dry_run) as audit_log:
        group = lock_not_deleted(group_id, by=by)
        given = read_guids(contact_ids)
        unfit = [*_no_ids(given.malformed), *_unknown_contacts(group, given)]
        if unfit:
            raise Refused(*unfit)
        before = connections_of(group)
        going = {*given.ids}
        after = {contact: role for contact, role in before.items() if contact not in going}
        return replace_connections(
            audit_log.open(REMOVED, group), before, after, given.ids, planned=dry_run
        )


@operation()
def reorder_connections(
    group_id: UUID | str, contact_ids: Sequence[str], *, by: Actor
) -> ConnectionsChange:
    """Put these contacts first, in this order; the others follow in theirs.

    Raises DoesNotExist for the group, Refused if it is deleted or a contact is not connected.
    """
    with recording(by=by) as audit_log:
        group = lock_not_deleted(group_id, by=by)
        before = connections_of(group)
        given = read_guids(contact_ids)
        strangers = {id: place for id, place in given.places().items() if id not in before}
        unfit = [*_no_ids(given.malformed), *(_stranger(*item) for item in strangers.items())]
        if unfit:
            raise Refused(*unfit)
        after = {contact: before[contact] for contact in [*given.ids, *before]}
        return replace_connections(audit_log.open(REORDERED, group), before, after, given.ids)


def connections_of(group: ContactGroup) -> Connections:
    """The contacts of a group in their order, each with its role: one statement."""
    rows = ContactConnection.objects.filter(group=group).order_by("position")
    pairs = rows.values_list("contact_id", "role_id")
    return {contact.hex: getattr(role, "hex", None) for contact, role in pairs.iterator()}


def write_connections(changes: Iterable[tuple[str, Connections, Connections]]) -> None:
    """Bring the rows of groups (ids as 32 hex digits) from before to after: two statements."""
    gone: list[tuple[str, str]] = []
    rows: list[tuple[object, ...]] = []
    is_any_there = False
    for group, before, after in changes:
        if before is after:
            continue
        if before:
            is_any_there = True
            gone += ((group, contact) for contact in before if contact not in after)
        stood = _numbered(before)
        rows += [
            (new_id(), group, contact, role, position)
            for position, (contact, role) in enumerate(after.items(), 1)
            if stood.get(contact) != (position, role)
        ]
    delete_values(ContactConnection, ("group", "contact"), gone)
    insert_values(
        ContactConnection,
        ("id", "group", "contact", "role", "position"),
        rows,
        unique=("group", "contact") if is_any_there else (),
        update=("role", "position"),
    )


def write_group(group: str, before: Connections, after: Connections) -> None:
    """Bring one group's rows from before to after, and let the next save by a key be applied."""
    write_connections([(group, before, after)])
    ContactGroup.objects.in_ids([group]).change()
    clear_hashes([group])


def counts(before: Connections, after: Connections, asked: Iterable[str]) -> Numbers:
    """Of the contacts that were asked about: how many came, changed role or place, left, stayed."""
    if before is after:
        return {"added": 0, "changed": 0, "removed": 0, "already": len([*asked])}
    if not before:
        added = len(after)
        return {"added": added, "changed": 0, "removed": 0, "already": len([*asked]) - added}
    was, becomes = _numbered(before), _numbered(after)
    context = {"added": 0, "changed": 0, "removed": 0, "already": 0}
    for contact in asked:
        if was.get(contact) == becomes.get(contact):
            context["already"] += 1
        elif contact not in was:
            context["added"] += 1
        else:
            context["changed" if contact in becomes else "removed"] += 1
    return context


def close_gaps(connections: Connections) -> list[list[str | None]]:
    """The connections as the ledger keeps them: contact and role, in their order."""
    return [[*pair] for pair in connections.items()]


def _numbered(connections: Connections) -> dict[str, tuple[int, str | None]]:
    return {
        contact: (position, role) for position, (contact, role) in enumerate(connections.items(), 1)
    }


def lock_not_deleted(group_id: UUID | str, *, by: Actor) -> ContactGroup:
    """The group under its lock. Raises DoesNotExist, or Refused if it is deleted."""
    group = lock(ContactGroup, group_id, by=by)
    if group.status == ContactGroup.Status.DELETED:
        raise Refused(
            Refusal(RefusalCode.INVALID_STATUS, _("The contact group is deleted."), "group")
        )
    return group


def replace_connections(
    entry: Operation,
    before: Connections,
    after: Connections,
    asked: Iterable[str],
    *,
    planned: bool = False,
) -> ConnectionsChange:
    """Write the connections of the entry's group and tell of it, if there is a difference."""
    numbers: dict[str, Any] = counts(before, after, asked)
    entry.numbers = numbers
    if [*before.items()] != [*after.items()]:
        write_group(entry.target_id.hex, before, after)
        entry.touched = numbers["added"] + numbers["changed"] + numbers["removed"]
        entry.effects = {
            "before": {"connections": close_gaps(before)},
            "after": {"connections": close_gaps(after)},
        }
    return ConnectionsChange(entry, planned, **numbers)


# --- What is wrong ----------------------------------------------------------------------------


def _connection_changes(
    group: ContactGroup, connections: Sequence[NewConnection]
) -> list[ConnectionChange]:
    """What is asked for, by ids. Raises Refused for all that is wrong with it."""
    contacts = [read_guid(one.contact_id) or "" for one in connections]
    roles = [read_guid(one.role_id) or "" if one.role_id else None for one in connections]
    given = read_guids(one.contact_id for one in connections)
    unfit = [*_no_ids(given.malformed), *_unknown_contacts(group, given)]
    unfit += _unfit_roles(group, roles)
    unfit += _unfit_places(connections, contacts)
    if unfit:
        raise Refused(*sorted(unfit, key=lambda refusal: refusal.index or 0))
    return [
        ConnectionChange(contact, role, one.position or 0)
        for one, contact, role in zip(connections, contacts, roles, strict=True)
    ]


def _no_ids(malformed: Mapping[int, str]) -> Iterator[Refusal]:
    for place, text in malformed.items():
        yield Refusal(
            RefusalCode.MALFORMED_ID, _("“%s” is no id.") % text[:64], "connections", place
        )


def _unknown_contacts(group: ContactGroup, given: Guids) -> Iterator[Refusal]:
    known = Contact.objects.filter(licensee=group.licensee_id)
    places = given.places()
    for id in missing_ids(known, given.ids):
        message = _("There is no contact %s.") % dashed(id)
        yield _no_such(message, id, places[id])


def _stranger(id: str, place: int) -> Refusal:
    return _no_such(_("The contact %s is not connected.") % dashed(id), id, place)


def _no_such(told: str, id: str, place: int) -> Refusal:
    return Refusal(RefusalCode.INVALID_CROSS_REFERENCE_KEY, told, "connections", place, dashed(id))


def _unfit_roles(group: ContactGroup, roles: Sequence[str | None]) -> Iterator[Refusal]:
    ours = Role.objects.filter(licensee=group.licensee_id, kind=Role.Kind.CONNECTION)
    unknown = {*missing_ids(ours, [*{role for role in roles if role}]), ""}
    for place, role in enumerate(roles):
        if role in unknown:
            message = _("There is no such role of connections.")
            yield Refusal(RefusalCode.INVALID_CROSS_REFERENCE_KEY, message, "connections", place)


def _unfit_places(
    connections: Sequence[NewConnection], contacts: Sequence[str]
) -> Iterator[Refusal]:
    listed: set[str] = set()
    taken: set[int | None] = set()
    for place, (one, contact) in enumerate(zip(connections, contacts, strict=True)):
        if contact and contact in listed:
            message = _("The contact is listed twice.")
            yield Refusal(RefusalCode.DUPLICATE_VALUE, message, "connections", place)
        if one.position is not None and one.position < 1:
            message = _("A position is 1 or more.")
            yield Refusal(RefusalCode.NUMBER_OUTSIDE_VALID_RANGE, message, "connections", place)
        elif one.position and one.position in taken:
            message = _("The position %d is given twice.") % one.position
            yield Refusal(RefusalCode.DUPLICATE_VALUE, message, "connections", place)
        listed.add(contact)
        taken.add(one.position)


# --- What was done, in words ------------------------------------------------------------------


def connections_sentence(numbers: Numbers) -> str:
    """How many connections came, changed and went: the end of a sentence."""
    told = []
    if added := numbers["added"]:
        told.append(
            ngettext("%s connection added", "%s connections added", added) % format_count(added)
        )
    if changed := numbers["changed"]:
        told.append(
            ngettext("%s connection changed", "%s connections changed", changed)
            % format_count(changed)
        )
    if removed := numbers["removed"]:
        told.append(
            ngettext("%s connection removed", "%s connections removed", removed)
            % format_count(removed)
        )
    return ", ".join(told)


def _changed_sentence(numbers: Numbers, planned: bool) -> str:
    told = connections_sentence(numbers) or _("No connection changed")
    return f"{told}."


def _added_sentence(numbers: Numbers, planned: bool) -> str:
    if not planned:
        return _changed_sentence(numbers, planned)
    added, changed, already = numbers["added"], numbers["changed"], numbers["already"]
    message = ngettext("%s contact would be added", "%s contacts would be added", added)
    message %= format_count(added)
    if changed:
        also = ngettext(", %s would be changed", ", %s would be changed", changed)
        message += also % format_count(changed)
    if already:
        known = ngettext(", %s is connected already", ", %s are connected already", already)
        message += known % format_count(already)
    return f"{message}."


def _removed_sentence(numbers: Numbers, planned: bool) -> str:
    removed, already = numbers["removed"], numbers["already"]
    if planned:
        message = ngettext("%s contact would be removed", "%s contacts would be removed", removed)
        known = ngettext(", %s is not connected", ", %s are not connected", already)
    else:
        message = ngettext("%s contact removed", "%s contacts removed", removed)
        known = ngettext(", %s was not connected", ", %s were not connected", already)
    return f"{message % format_count(removed)}{known % format_count(already) if already else ''}."


ADDED = Kind(
    "contacts.connections_added", gettext_lazy("Connections added"), sentence=_added_sentence
)
REMOVED = Kind(
    "contacts.connections_removed", gettext_lazy("Connections removed"), sentence=_removed_sentence
)
REORDERED = Kind(
    "contacts.connections_reordered",
    gettext_lazy("Connections reordered"),
    sentence=lambda numbers, planned: (
        _("Connections put in order.") if numbers["changed"] else _("No connection changed.")
    ),
)
