"""The messages of SaveContactGroup, and what is wrong with a request before anything is looked up.

Source: Platform Subscription API, "SaveContactGroup"; contract 3.4. No database. Descriptions are
the document's, but for its misspellings and two statements that no longer hold: that a role's
alternate key is not implemented, and that the texts of a RuleValidationResult are Guids.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated

import orjson
from django.utils.translation import gettext as _
from msgspec.structs import astuple

from commsapp.core.audit import Refusal, RefusalCode
from commsapp.core.message_types import Guid, Int32, Message, RequestMessage, documented

MAX_TEXT_LENGTH = 255  # characters of a name or a key


class SubscriptionLinkContact(Message):
    contact_id: Annotated[Guid | None, documented("Guid of the contact object within PSTPF.")] = (
        None
    )
    contact_alternate_key: Annotated[
        str | None,
        documented("The unique key that represents the contact on the external system."),
    ] = None
    role_id: Annotated[
        Guid | None, documented("Guid of the Role List Item object within PSTPF.")
    ] = None
    role_alternate_key: Annotated[
        str | None,
        documented("The unique key that represents the role type on the external system."),
    ] = None


class SubscriptionContactGroupConnectionModel(SubscriptionLinkContact):
    index: Annotated[
        Int32,
        documented(
            "The order this contact is in priority. 1 would be the primary contact, 2 the "
            "secondary and so forth."
        ),
    ] = 0
    mark_as_deleted: Annotated[
        bool,
        documented("Set this to be true if the contact connection to the group is to be deleted"),
    ] = False

    @property
    def contact_field(self) -> str:
        """The name of the field that identifies the contact."""
        by_key = not self.contact_id and key_of(self.contact_alternate_key)
        return "ContactAlternateKey" if by_key else "ContactId"


class SubscriptionContactGroupModel(Message):
    """The content of the group. The content hash is made of it."""

    contact_group_name: Annotated[
        str | None, documented("A name for the contact group.", is_required=True)
    ] = None
    group_role_id: Annotated[
        Guid | None,
        documented(
            "Guid of the Role List Item object within PSTPF that defines the role of the group.",
            is_required=True,
        ),
    ] = None
    role_alternate_key: Annotated[
        str | None,
        documented(
            "The unique key that represents the role type of the group on the external system."
        ),
    ] = None
    contact_connections: Annotated[
        tuple[SubscriptionContactGroupConnectionModel, ...],
        documented(
            "A list of ContactGroupConnection records that link contacts (and their role in the "
            "contact group) to the contact group."
        ),
    ] = ()
    mark_as_deleted: Annotated[
        bool, documented("Set this to be true if the contact group is to be deleted")
    ] = False
    mark_as_archived: Annotated[
        bool, documented("Set this to be true if the contact group is to be archived")
    ] = False
    mark_as_restored: Annotated[
        bool, documented("Set this to be true if the contact group is to be restored")
    ] = False

    def canonical_bytes(self) -> bytes:
        """Return all values as bytes. Nulls, blanks and defaults are the same as absent values."""
        name, role, role_key, connections, *flags = astuple(self)
        values = orjson.dumps([name, role, role_key, *map(astuple, connections), flags])
        return _BLANK.sub(b"null", values) if b'""' in values else values

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


class RuleValidationResult(Message):
    message: Annotated[str | None, documented("Validation/Error message details")] = None
    key: Annotated[str | None, documented("Summary/label of validation/error")] = None
    error_code: Annotated[str | None, documented("Key/code representing validation/error")] = None


class ValidationErrorList(RequestMessage):
    validation_errors: Annotated[
        tuple[RuleValidationResult, ...],
        documented("List of any validation/errors occurring during a method call", is_ignored=True),
    ] = ()


class SaveContactGroup(ValidationErrorList):
    suite_data_source_instance_id: Annotated[
        Guid | None,
        documented(
            "Guid representing the external systems datasource information.", is_required=True
        ),
    ] = None
    alternate_key: Annotated[
        str | None,
        documented(
            "The unique key that represents the contact group on the external system.",
            is_required=True,
        ),
    ] = None
    object_id: Annotated[
        Guid | None,
        documented(
            "Guid of the contact group object within PSTPF. If ObjectId is known, the external "
            "system may pass this instead of the alternate key."
        ),
    ] = None
    ignore_hash: Annotated[
        bool,
        documented(
            "If set to true, the object will be updated/refreshed. If false, the hash "
            "representation of the ContactGroup model and its data will be compared with the "
            "current ContactGroup to determine if there are any changes to save."
        ),
    ] = False
    contact_group: Annotated[
        SubscriptionContactGroupModel | None,
        documented(
            "Object containing all details of the contact group to be inserted or updated.",
            is_required=True,
        ),
    ] = None
    licensee_id: Annotated[
        Guid | None, documented("The data source's licensee.", in_query=True)
    ] = None
    session_id: Annotated[Guid | None, documented("Signs in.", in_query=True, is_ignored=True)] = (
        None
    )

    @property
    def key(self) -> str:
        """The alternate key, or nothing."""
        return key_of(self.alternate_key)

    @property
    def content(self) -> SubscriptionContactGroupModel:
        return self.contact_group or SubscriptionContactGroupModel()

    def content_hash(self, bindings: int) -> str:
        """Return the SHA-256 of the content as 64 hex digits.

        `bindings` is the data source's: the meaning of contacts' and roles' keys is part of it.
        """
        hashes: dict[int, str] = self.__dict__.setdefault("_content_hashes", {})
        if bindings not in hashes:
            content = b"%d %b" % (bindings, self.content.canonical_bytes())
            hashes[bindings] = hashlib.sha256(content).hexdigest()
        return hashes[bindings]


def key_of(text: str | None) -> str:
    """Return an alternate key as it is compared and stored: trimmed. Blank is none."""
    return text.strip() if text else ""


# --- What is wrong ----------------------------------------------------------------------------


def path(place: int, name: str) -> str:
    """Where a field of a connection stands in the request."""
    return f"ContactGroup.ContactConnections[{place}].{name}"


MAX_FAULTS = 1_000  # listed of one save: 200,000 take seconds to find and tens of megabytes to send


def faults(save: SaveContactGroup) -> list[Refusal]:
    """All that can be told to be wrong without looking anything up; each field once. Connections
    are not looked at beyond MAX_FAULTS."""
    found = [*save.shape_faults]
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


def _check_request(save: SaveContactGroup, tell: Tell) -> None:
    key = save.key
    if not save.suite_data_source_instance_id:
        tell(
            Refusal(RefusalCode.NOT_EMPTY, _("Say which data source."), "SuiteDataSourceInstanceId")
        )
    if not key and not save.object_id:
        tell(
            Refusal(
                RefusalCode.NOT_EMPTY, _("Give the alternate key or the object id."), "AlternateKey"
            )
        )
    if len(key) > MAX_TEXT_LENGTH:
        tell(_too_long("AlternateKey"))
    if save.contact_group is None and not any(
        fault.field.startswith("ContactGroup.") for fault in save.shape_faults
    ):
        tell(Refusal(RefusalCode.NOT_NULL, _("There is no contact group."), "ContactGroup"))


def _check_group(content: SubscriptionContactGroupModel, tell: Tell) -> None:
    name = content.contact_group_name or ""
    if not name.strip():
        message = _("The contact group needs a name.")
        tell(Refusal(RefusalCode.NOT_EMPTY, message, "ContactGroup.ContactGroupName"))
    if len(name) > MAX_TEXT_LENGTH:
        tell(_too_long("ContactGroup.ContactGroupName"))
    if len(key_of(content.role_alternate_key)) > MAX_TEXT_LENGTH:
        tell(_too_long("ContactGroup.RoleAlternateKey"))
    for flag in content.flags()[1:]:
        message = _("Only one of the three marks can be set.")
        tell(Refusal(RefusalCode.PREDICATE, message, f"ContactGroup.{flag}"))


def _until_full(
    connections: Iterable[SubscriptionContactGroupConnectionModel], found: list[Refusal]
) -> Iterator[SubscriptionContactGroupConnectionModel]:
    """The connections, up to the first that need not be looked at: enough is wrong already."""
    for connection in connections:
        if len(found) >= MAX_FAULTS:
            return
        yield connection


def _check_connections(
    connections: Iterable[SubscriptionContactGroupConnectionModel], tell: Tell
) -> None:
    ids: set[str] = set()
    keys: set[str] = set()
    indexes: set[int] = set()
    for place, one in enumerate(connections):
        id, key, index = one.contact_id, key_of(one.contact_alternate_key), one.index
        if not id and not key:
            tell(Refusal(RefusalCode.NOT_EMPTY, _("Say which contact."), path(place, "ContactId")))
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
            tell(Refusal(RefusalCode.GREATER_THAN_OR_EQUAL_TO, message, path(place, "Index")))
        elif index and not one.mark_as_deleted:
            if index in indexes:
                message = _("The index %d is given twice.") % index
                tell(Refusal(RefusalCode.PREDICATE, message, path(place, "Index")))
            indexes.add(index)


def _check_keys(place: int, one: SubscriptionContactGroupConnectionModel, tell: Tell) -> None:
    if len(key_of(one.contact_alternate_key)) > MAX_TEXT_LENGTH:
        tell(_too_long(path(place, "ContactAlternateKey")))
    if len(key_of(one.role_alternate_key)) > MAX_TEXT_LENGTH:
        tell(_too_long(path(place, "RoleAlternateKey")))


def same_contact_again(place: int, one: SubscriptionContactGroupConnectionModel) -> Refusal:
    return Refusal(
        RefusalCode.PREDICATE, _("The contact is listed twice."), path(place, one.contact_field)
    )


def _too_long(field: str) -> Refusal:
    return Refusal(RefusalCode.MAXIMUM_LENGTH, _("At most %d characters.") % MAX_TEXT_LENGTH, field)
