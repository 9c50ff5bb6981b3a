"""Undo of saved contact groups: what a save made is put back, where nothing else came since.

Contract 5. Counted are records: the group (its name, role and status are one), each connection,
their order, and the key that the save bound. A group that a save made is marked deleted and its
key unbound, so that the suite's next save makes one anew; all that, or nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from commsapp.core.actors import Actor
from commsapp.core.audit import Refusal, RefusalCode, Undoing
from commsapp.db.bulk import delete_values
from commsapp.db.ids import dashed, read_guid
from contacts.alternate_keys import clear_hashes
from contacts.connection_order import Connections, revert_merge
from contacts.models import AlternateKey, Contact, ContactGroup, Outcome, Role
from contacts.save_group.lookup import Group, Key, LookupKeys, LookupResult, lock_groups, read
from contacts.save_group.outcome import SAVED, state_of
from contacts.save_group.save import write_groups

Effects = dict[str, Any]  # by column, as the ledger keeps them
_FIELDS = ("name", "role_id", "status")


@SAVED.undone_by
def undo_saves(undoings: Sequence[Undoing], by: Actor) -> None:
    """Undo saves, the newest first: in a number of statements that does not grow."""
    lock_groups((undoing.operation.target_id.hex for undoing in undoings), by)
    reversals = _Reversals(read(_wanted(undoings)))
    for undoing in undoings:
        reversals.add(undoing)
    reversals.write()


def _wanted(undoings: Sequence[Undoing]) -> LookupKeys:
    """The groups, and whom and which roles they may get back."""
    wanted = LookupKeys()
    for undoing in undoings:
        before = undoing.operation.effects["before"]
        wanted.groups.add(undoing.operation.target_id.hex)
        wanted.roles |= {role for role in [read_guid(before.get("role_id"))] if role}
        for contact, role in before.get("connections", ()):
            wanted.contacts.add(contact)
            wanted.roles |= {role} - {None}
    return wanted


class _Reversals:
    """Saves being undone: decided one after the other, written together."""

    def __init__(self, known: LookupResult) -> None:
        self.known = known
        self.stood: dict[str, Connections] = {}  # of the groups that change, at first
        self.unbound: list[Key] = []

    def add(self, one: Undoing) -> None:
        group = self.known.groups[one.operation.target_id.hex]
        before, after = one.operation.effects["before"], one.operation.effects["after"]
        if one.operation.numbers["outcome"] == Outcome.CREATED:
            self._unmake(one, group, after)
        elif group.is_deleted and after.get("status") != group.status:
            one.kept += 1  # as a whole: a deleted group takes nothing
            one.list_retained(ContactGroup, [group.id])
        else:
            self._put_back(one, group, before, after)

    def _unmake(self, one: Undoing, group: Group, after: Effects) -> None:
        key = _bound(one, group)
        others = [each for each in group.keys if each is not key]
        if others or any(after[name] != stands for name, stands in state_of(group).items()):
            one.kept += 1
            one.list_retained(ContactGroup, [group.id])
            return
        self._change(replace(group, status=ContactGroup.Status.DELETED.value), group)
        one.reversed += 1
        self._unbind(one, group)

    def _put_back(self, one: Undoing, group: Group, before: Effects, after: Effects) -> None:
        becomes = self._fields(one, group, before, after)
        if "connections" in after:
            becomes["connections"] = self._connections(one, group, before, after)
        if "alternate_key" in after:
            self._unbind(one, group)
        if one.reversed:
            self._change(replace(group, **becomes), group)

    def _fields(self, one: Undoing, group: Group, before: Effects, after: Effects) -> Effects:
        """The group's own fields of before, if they still are as the save left them."""
        was = {name: before[name] for name in _FIELDS if name in after}
        stands = {name: state_of(group)[name] for name in was}
        if stands == was:
            return {}
        if any(stands[name] != after[name] for name in was):
            one.kept += 1
            one.list_retained(ContactGroup, [group.id])
            return {}
        becomes = {name.removesuffix("_id"): value for name, value in was.items()}
        if "role" in becomes:
            becomes["role"] = read_guid(becomes["role"])
            if not self._fits(becomes["role"], Role.Kind.GROUP, group):
                one.failed.append(_gone(_("The role is there no more."), "role", becomes["role"]))
                return {}
        one.reversed += 1
        return becomes

    def _connections(
        self, one: Undoing, group: Group, before: Effects, after: Effects
    ) -> Connections:
        was, became = dict(before["connections"]), dict(after["connections"])
        one.failed += self._lost(group, was, became)
        for failed in one.failed:  # what cannot come back is as if it had never been otherwise
            contact = failed.record_id.replace("-", "")
            if contact in became:
                was[contact] = became[contact]
            else:
                was.pop(contact, None)
        unmerged = revert_merge(group.connections, was, became)
        one.reversed += unmerged.reversed
        one.kept += unmerged.kept
        one.list_retained(Contact, unmerged.kept_contacts)
        return unmerged.connections

    def _lost(self, group: Group, was: Connections, became: Connections) -> Iterator[Refusal]:
        """Of the connections that the save took or changed: those that cannot be made again."""
        for contact, role in was.items():
            if contact in became and became[contact] == role:
                continue
            if self.known.contacts.get(contact) != group.licensee:
                yield _gone(_("The contact is there no more."), "connections", contact)
            elif role and not self._fits(role, Role.Kind.CONNECTION, group):
                yield _gone(_("The role is there no more."), "connections", contact)

    def _fits(self, role: str | None, kind: str, group: Group) -> bool:
        return self.known.roles.get(role or "") == (group.licensee, kind)

    def _unbind(self, one: Undoing, group: Group) -> None:
        key = _bound(one, group)
        if key:
            group.keys.remove(key)
            self.unbound.append(key)
            one.reversed += 1
        elif any(key.id == one.operation.numbers.get("key") for key in group.keys):
            one.kept += 1  # it was renamed since

    def _change(self, becomes: Group, group: Group) -> None:
        self.stood.setdefault(group.id, group.connections)
        self.known.groups[group.id] = becomes

    def write(self) -> None:
        delete_values(AlternateKey, ("id",), [(key.id,) for key in self.unbound])
        write_groups(self.known, self.stood, at=timezone.now())
        if self.stood:
            clear_hashes(self.stood)


def _bound(one: Undoing, group: Group) -> Key | None:
    """The key that the save bound, if it still names the group."""
    value = one.operation.effects["after"].get("alternate_key")
    id = one.operation.numbers.get("key")
    return next((key for key in group.keys if id in (key.id, None) and key.name[2] == value), None)


def _gone(message: str, field: str, id: str | None) -> Refusal:
    return Refusal(RefusalCode.NOT_FOUND, message, field, record_id=dashed(id or ""))
