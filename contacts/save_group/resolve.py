"""What a save means, told from what is known: which group, which role, which contacts.

Contract 3.4. Reads and decides; writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _

from commsapp.core.actors import Actor
from commsapp.core.audit import Refusal, RefusalCode, Refused
from contacts.connection_order import ConnectionChange
from contacts.models import AlternateKey, Role
from contacts.save_group.lookup import Group, Key, KeyName, LookupResult, Source
from contacts.save_group.request import (
    SaveContactGroup,
    SubscriptionContactGroupConnectionModel,
    key_of,
    path,
    same_contact_again,
)

Kind = AlternateKey.Kind


@dataclass(slots=True)
class Target:
    """Where a save goes, and what is wrong with that."""

    source: Source | None = None
    group: Group | None = None  # none yet
    key: Key | None = None  # the one whose hash counts
    key_name: KeyName | None = None  # as it was given: the name of `key`, or to be bound
    faults: list[Refusal] = field(default_factory=list)


@dataclass(slots=True)
class ResolvedContent:
    """What a save asks for, by ids, and what is wrong with that."""

    role: str | None = None  # as it is
    wishes: list[ConnectionChange] = field(default_factory=list)
    faults: list[Refusal] = field(default_factory=list)


# --- Which group ----------------------------------------------------------------------------


def find_target(save: SaveContactGroup, known: LookupResult, by: Actor) -> Target:
    """The group that a save is about. Raises Refused where the actor may not even ask."""
    source = known.sources.get(save.suite_data_source_instance_id or "")
    if save.licensee_id:
        is_theirs = source and source.licensee != save.licensee_id
        if is_theirs or not by.can_access(UUID(save.licensee_id)):
            message = _("This licensee is not yours, or not the data source's.")
            raise Refused(Refusal(RefusalCode.FORBIDDEN, message, "LicenseeId"))
    target = Target(source)
    at = "SuiteDataSourceInstanceId"
    if not source:
        target.faults.append(Refusal(RefusalCode.NOT_FOUND, _("There is no such data source."), at))
        return target
    if not source.is_active:
        target.faults.append(
            Refusal(RefusalCode.PREDICATE, _("The data source is not active."), at)
        )
    _find_group(target, source, save, known)
    return target


def _find_group(
    target: Target, source: Source, save: SaveContactGroup, known: LookupResult
) -> None:
    key = save.key
    if key:
        target.key_name = source.id, Kind.CONTACT_GROUP.value, key
        target.key = known.keys.get(target.key_name)
    if save.object_id:
        _find_group_by_id(target, source, save, known)
    elif target.key:
        target.group = known.groups[target.key.target]
    if target.group and target.group.is_deleted and not _may_be_deleted(save):
        at = "ObjectId" if save.object_id else "AlternateKey"
        target.faults.append(Refusal(RefusalCode.DELETED, _("The contact group is deleted."), at))


def _find_group_by_id(
    target: Target, source: Source, save: SaveContactGroup, known: LookupResult
) -> None:
    group = known.groups.get(save.object_id or "")
    if not group or group.licensee != source.licensee:
        message = _("There is no such contact group.")
        target.faults.append(Refusal(RefusalCode.NOT_FOUND, message, "ObjectId"))
        return
    target.group = group
    if target.key and target.key.target != group.id:
        message = _("The alternate key names another contact group.")
        target.faults.append(Refusal(RefusalCode.CONFLICT, message, "AlternateKey"))
    if not save.key:
        own = [key for key in group.keys if key.name[0] == source.id]
        target.key = own[0] if len(own) == 1 else None


def _may_be_deleted(save: SaveContactGroup) -> bool:
    return save.content.mark_as_restored or save.content.mark_as_deleted


# --- Which role, which contacts -------------------------------------------------------------


def resolve(save: SaveContactGroup, target: Target, known: LookupResult) -> ResolvedContent:
    """The ids behind what a save names."""
    asked = ResolvedContent()
    if target.source is None or save.contact_group is None:
        return asked
    resolver = _Resolver(target.source, known, asked.faults.append)
    content = save.content
    asked.role = resolver.role(content.group_role_id, content.role_alternate_key, _GROUP)
    names_role = content.group_role_id or key_of(content.role_alternate_key)
    if not names_role and not target.group and not save.object_id:
        message = _("A new contact group needs a role.")
        asked.faults.append(Refusal(RefusalCode.NOT_EMPTY, message, "ContactGroup.GroupRoleId"))
    asked.wishes = [
        resolver.wish(place, one) for place, one in enumerate(content.contact_connections)
    ]
    contacts = [wish.contact for wish in asked.wishes if wish.contact]
    if len({*contacts}) < len(contacts):
        asked.faults += _named_twice(content.contact_connections, asked.wishes)
    return asked


def _named_twice(
    connections: Sequence[SubscriptionContactGroupConnectionModel],
    wishes: Sequence[ConnectionChange],
) -> Iterator[Refusal]:
    seen: set[str] = set()
    for place, (one, wish) in enumerate(zip(connections, wishes, strict=True)):
        if wish.contact in seen:
            yield same_contact_again(place, one)
        elif wish.contact:
            seen.add(wish.contact)


class _Resolver:
    """What is named by id, by key, or by both if they agree. Told of where in the request: with a
    place, in that connection, else in the group itself."""

    def __init__(
        self, source: Source, known: LookupResult, tell: Callable[[Refusal], None]
    ) -> None:
        self.source, self.known, self._tell = source, known, tell
        self.contacts, self.licensee = known.contacts, source.licensee

    def wish(self, place: int, one: SubscriptionContactGroupConnectionModel) -> ConnectionChange:
        role, contact = None, one.contact_id
        is_ours = self.contacts.get(contact or "") == self.licensee
        if one.role_id or one.role_alternate_key:
            role = self.role(one.role_id, one.role_alternate_key, _CONNECTION, place)
        if one.contact_alternate_key or not is_ours:
            at = "ContactId", "ContactAlternateKey"
            contact = self._one(
                Kind.CONTACT, contact, is_ours, one.contact_alternate_key, place, at
            )
        return ConnectionChange(contact or "", role, one.index, one.mark_as_deleted)

    def role(
        self, id: str | None, key: str | None, kind: str, place: int | None = None
    ) -> str | None:
        """The role of the kind."""
        licensee, _kind = self.known.roles.get(id or "", _NO_ROLE)
        at = "GroupRoleId" if place is None else "RoleId", "RoleAlternateKey"
        role = self._one(Kind.ROLE, id, licensee == self.source.licensee, key, place, at)
        if role and self.known.roles[role][1] != kind:
            message = (
                _("This is a role of connections, not of groups.")
                if kind == _GROUP
                else _("This is a role of groups, not of connections.")
            )
            self._tell(Refusal(RefusalCode.PREDICATE, message, _path(place, at[0 if id else 1])))
        return role

    def _one(
        self,
        kind: Kind,
        id: str | None,
        is_ours: bool,
        key: str | None,
        place: int | None,
        at: tuple[str, str],
    ) -> str | None:
        """None, and told, where there is none. `at` are the fields that hold id and key."""
        if id and not is_ours:
            message = _("There is none with this id.")
            self._tell(Refusal(RefusalCode.NOT_FOUND, message, _path(place, at[0])))
            id = None
        if value := key_of(key):
            named = self.known.keys.get((self.source.id, kind.value, value))
            if named is None:
                message = _("The data source has no such key.")
                self._tell(Refusal(RefusalCode.NOT_FOUND, message, _path(place, at[1])))
            elif id and named.target != id:
                message = _("Id and key name different ones.")
                self._tell(Refusal(RefusalCode.PREDICATE, message, _path(place, at[1])))
            else:
                id = named.target
        return id


_NO_ROLE = "", ""
_GROUP, _CONNECTION = Role.Kind.GROUP.value, Role.Kind.CONNECTION.value


def _path(place: int | None, name: str) -> str:
    return f"ContactGroup.{name}" if place is None else path(place, name)
