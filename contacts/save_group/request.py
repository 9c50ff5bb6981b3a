"""SaveContactGroup's request as it was read, and what is wrong with it before anybody looks it up.

Source: Platform Subscription API, "SaveContactGroup"; contract 3.4. Pure: no database.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import orjson
from django.utils.translation import gettext as _
from msgspec import Struct
from msgspec.structs import astuple

from commsapp.core.audit import Refusal

MAX_TEXT_LENGTH = 255  # characters of a name or a key


class ConnectionSave(Struct):
    """SubscriptionContactGroupConnectionModel. Ids are 32 hex digits, here and below."""

    contact_id: str | None = None
    contact_alternate_key: str | None = None
    role_id: str | None = None
    role_alternate_key: str | None = None
    index: int = 0
    mark_as_deleted: bool = False

    @property
    def named_by(self) -> str:
        """The name of the field that says which contact is meant."""
        by_key = not self.contact_id and key_of(self.contact_alternate_key)
        return "ContactAlternateKey" if by_key else "ContactId"


class GroupContent(Struct):
    """SubscriptionContactGroupModel: what the group shall be. The hash is of this."""

    contact_group_name: str | None = None
    group_role_id: str | None = None
    role_alternate_key: str | None = None
    contact_connections: tuple[ConnectionSave, ...] = ()
    mark_as_deleted: bool = False
    mark_as_archived: bool = False
    mark_as_restored: bool = False

    def canonical_bytes(self) -> bytes:
        """All that is asked for. A null, a blank or a default says no more than what is not given:
        either way the same stands here."""
        name, role, role_key, connections, *flags = astuple(self)
        told = orjson.dumps([name, role, role_key, *map(astuple, connections), flags])
        return _BLANK.sub(b"null", told) if b'""' in told else told

    def flags(self) -> list[str]:
        """The flags that are set, by their names on the wire."""
        if not (self.mark_as_deleted or self.mark_as_archived or self.mark_as_restored):
            return []
        flags = (
            ("MarkAsDeleted", self.mark_as_deleted),
            ("MarkAsArchived", self.mark_as_archived),
            ("MarkAsRestored", self.mark_as_restored),
        )
        return [name for name, is_set in flags if is_set]


_BLANK = re.compile(rb'(?<=[\[,])""')  # not the end of a text: there a quote has a \ before it


class ContactGroupSave(Struct):
    """SaveContactGroup. `unread` tells what could not even be read; its fields are empty here.

    `line` is its place in a batch or the line in a stream, from 1; 0 if it came alone.
    """

    suite_data_source_instance_id: str | None = None
    alternate_key: str | None = None
    object_id: str | None = None
    licensee_id: str | None = None
    ignore_hash: bool = False
    contact_group: GroupContent | None = None
    unread: tuple[Refusal, ...] = ()
    line: int = 0
    text: bytes = b""  # of the line that it came as, if it may be known again by that
    hashed: tuple[int, str] = -1, ""  # see content_hash()

    @property
    def key(self) -> str:
        """The alternate key, or nothing."""
        return key_of(self.alternate_key)

    @property
    def content(self) -> GroupContent:
        return self.contact_group or GroupContent()

    def content_hash(self, bindings: int) -> str:
        """SHA-256 of what is asked for, in 64 hex digits.

        `bindings` is the data source's: what a key of a contact or a role means is part of it.
        """
        if self.hashed[0] != bindings:
            digest = hashlib.sha256(
                b"%d %b" % (bindings, self.content.canonical_bytes())
            ).hexdigest()
            self.hashed = bindings, digest
        return self.hashed[1]


class RawSave(NamedTuple):
    """A save that came as a line, and seems to name its group so. It may turn out to be the same
    line as last time, before it is read."""

    suite_data_source_instance_id: str
    key: str
    text: bytes
    line: int
    make: Callable[[bytes, int], ContactGroupSave]

    def read(self) -> ContactGroupSave:
        save = self.make(self.text, self.line)
        # What says more about itself than its key is looked at each time.
        if not (
            save.object_id or save.licensee_id or save.ignore_hash or save.content.mark_as_deleted
        ):
            save.text = self.text
        return save


def key_of(text: str | None) -> str:
    """An alternate key as it is compared and kept: trimmed. Blank is none."""
    return text.strip() if text else ""


def text_hash(text: bytes, bindings: int) -> str:
    """What tells quickly that a line is the same as the last one, in 32 hex digits; no text, none.

    The same line asks for the same, so that this never says "the same" where content_hash() would
    not.
    """
    return hashlib.blake2b(b"%d %b" % (bindings, text), digest_size=16).hexdigest() if text else ""


# --- What is wrong ----------------------------------------------------------------------------


def path(place: int, name: str) -> str:
    """Where a field of a connection stands in the request."""
    return f"ContactGroup.ContactConnections[{place}].{name}"


MAX_FAULTS = 1_000  # listed of one save: 200,000 take seconds to find and tens of megabytes to send


def faults(save: ContactGroupSave) -> list[Refusal]:
    """All that can be told to be wrong without looking anything up; each field once. Connections
    are not looked at beyond MAX_FAULTS."""
    found = [*save.unread]
    _check_request(save, found.append)
    if save.contact_group is not None:
        _check_group(save.contact_group, found.append)
        connections = _until_full(save.contact_group.contact_connections, found)
        _check_connections(connections, found.append)
    return first_of_each_field(found)


def first_of_each_field(refusals: Iterable[Refusal]) -> list[Refusal]:
    """What is wrong with a field for one reason need not be told for another, nor for its parts."""
    by_field: dict[str, Refusal] = {}
    for refusal in refusals:
        if not any(whole in by_field for whole in _wholes(refusal.field)):
            by_field.setdefault(refusal.field, refusal)
    return [*by_field.values()]


def _wholes(field: str) -> Iterator[str]:
    """`A`, `A.B` and `A.B[0]` of `A.B[0].C`, and before them the request itself."""
    if field:
        yield ""
    for found in _END_OF_PART.finditer(field):
        yield field[: found.start()]


_END_OF_PART = re.compile(r"[.[]")


Tell = Callable[[Refusal], None]


def _check_request(save: ContactGroupSave, tell: Tell) -> None:
    key = save.key
    if not save.suite_data_source_instance_id:
        tell(Refusal("NotEmpty", _("Say which data source."), "SuiteDataSourceInstanceId"))
    if not key and not save.object_id:
        tell(Refusal("NotEmpty", _("Give the alternate key or the object id."), "AlternateKey"))
    if len(key) > MAX_TEXT_LENGTH:
        tell(_too_long("AlternateKey"))
    if save.contact_group is None:
        tell(Refusal("NotNull", _("There is no contact group."), "ContactGroup"))


def _check_group(content: GroupContent, tell: Tell) -> None:
    name = content.contact_group_name or ""
    if not name.strip():
        message = _("The contact group needs a name.")
        tell(Refusal("NotEmpty", message, "ContactGroup.ContactGroupName"))
    if len(name) > MAX_TEXT_LENGTH:
        tell(_too_long("ContactGroup.ContactGroupName"))
    if len(key_of(content.role_alternate_key)) > MAX_TEXT_LENGTH:
        tell(_too_long("ContactGroup.RoleAlternateKey"))
    for flag in content.flags()[1:]:
        message = _("Only one of the three marks can be set.")
        tell(Refusal("Predicate", message, f"ContactGroup.{flag}"))


def _until_full(
    connections: Iterable[ConnectionSave], found: list[Refusal]
) -> Iterator[ConnectionSave]:
    """The connections, up to the first that need not be looked at: enough is wrong already."""
    for connection in connections:
        if len(found) >= MAX_FAULTS:
            return
        yield connection


def _check_connections(connections: Iterable[ConnectionSave], tell: Tell) -> None:
    ids: set[str] = set()
    keys: set[str] = set()
    indexes: set[int] = set()
    for place, one in enumerate(connections):
        id, key, index = one.contact_id, key_of(one.contact_alternate_key), one.index
        if not id and not key:
            tell(Refusal("NotEmpty", _("Say which contact."), path(place, "ContactId")))
        if id in ids or key in keys:
            tell(same_contact_again(place, one))
        if id:
            ids.add(id)
        if key:
            keys.add(key)
        if key or one.role_alternate_key:
            _check_keys(place, one, tell)
        if index < 0:
            message = _("An index is 1 or more, or 0 for none.")
            tell(Refusal("GreaterThanOrEqualTo", message, path(place, "Index")))
        elif index and not one.mark_as_deleted:
            if index in indexes:
                message = _("The index %d is given twice.") % index
                tell(Refusal("Predicate", message, path(place, "Index")))
            indexes.add(index)


def _check_keys(place: int, one: ConnectionSave, tell: Tell) -> None:
    if len(key_of(one.contact_alternate_key)) > MAX_TEXT_LENGTH:
        tell(_too_long(path(place, "ContactAlternateKey")))
    if len(key_of(one.role_alternate_key)) > MAX_TEXT_LENGTH:
        tell(_too_long(path(place, "RoleAlternateKey")))


def same_contact_again(place: int, one: ConnectionSave) -> Refusal:
    return Refusal("Predicate", _("The contact is listed twice."), path(place, one.named_by))


def _too_long(field: str) -> Refusal:
    return Refusal("MaximumLength", _("At most %d characters.") % MAX_TEXT_LENGTH, field)
