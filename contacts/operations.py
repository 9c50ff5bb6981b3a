"""The operations of the app: contact groups, and the other modules' operations by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commsapp.core import records
from commsapp.core.actors import Actor
from commsapp.core.audit import (
    Kind,
    Numbers,
    Refusal,
    RefusalCode,
    Refused,
    Undoing,
    operation,
    recording,
)
from commsapp.core.records import ArchiveResult
from commsapp.db.expressions import lock_table
from commsapp.db.ids import dashed
from contacts.alternate_keys import clear_hashes
from contacts.alternate_keys import create_alternate_key as create_alternate_key
from contacts.alternate_keys import delete_alternate_key as delete_alternate_key
from contacts.alternate_keys import edit_alternate_key as edit_alternate_key
from contacts.connection_changes import change_roles as change_roles
from contacts.connection_changes import move_connection as move_connection
from contacts.connections import ConnectionsChange as ConnectionsChange
from contacts.connections import NewConnection as NewConnection
from contacts.connections import add_connections as add_connections
from contacts.connections import remove_connections as remove_connections
from contacts.connections import reorder_connections as reorder_connections
from contacts.models import ContactConnection, ContactGroup, Role
from contacts.models import Outcome as Outcome
from contacts.save_group import undo as undo  # tells the ledger how saves are undone
from contacts.save_group.outcome import Saved as Saved
from contacts.save_group.request import SaveContactGroup as SaveContactGroup
from contacts.save_group.request import (
    SubscriptionContactGroupConnectionModel as SubscriptionContactGroupConnectionModel,
)
from contacts.save_group.request import (
    SubscriptionContactGroupModel as SubscriptionContactGroupModel,
)
from contacts.save_group.save import save_contact_group as save_contact_group
from contacts.save_group.save import save_contact_groups as save_contact_groups

Status = ContactGroup.Status

# --- Contact groups -------------------------------------------------------------------------


def edit_contact_group(
    pk: UUID | str, values: Mapping[str, Any], *, by: Actor, expected: records.Expected = None
) -> ContactGroup:
    """Change a group's fields. Raises Refused if it is deleted, ValidationError, DoesNotExist."""

    def check(group: ContactGroup, changed: frozenset[str]) -> None:
        if group.status == Status.DELETED:
            raise Refused(_deleted(group))
        clear_hashes([group.pk.hex])

    return records.edit(ContactGroup, pk, values, by=by, check=check, expected=expected)


@operation()
def archive_contact_groups(
    ids: Iterable[str], *, by: Actor, dry_run: bool = False
) -> ArchiveResult:
    """Archive groups; their connections stay. Those that are archived already stay so.

    Ids as 32 hex digits. Raises DoesNotExist if one is not there, Refused if one is deleted. One
    operation for each group, under one batch id.
    """
    return _move(GROUP_ARCHIVED, ids, by, dry_run)


@operation()
def restore_contact_groups(
    ids: Iterable[str], *, by: Actor, dry_run: bool = False
) -> ArchiveResult:
    """Bring groups back, from the archive and from being deleted; see archive_contact_groups()."""
    return _move(GROUP_RESTORED, ids, by, dry_run)


@operation()
def delete_contact_groups(ids: Iterable[str], *, by: Actor, dry_run: bool = False) -> ArchiveResult:
    """Mark groups as deleted: they leave all lists. See archive_contact_groups()."""
    return _move(GROUP_DELETED, ids, by, dry_run)


def _move(kind: Kind, ids: Iterable[str], by: Actor, dry_run: bool) -> ArchiveResult:
    wanted, status = {*ids}, _BECOMES[kind]
    with recording(by=by, dry_run=dry_run, batch=True) as audit_log:
        visible = ContactGroup.objects.visible_to(by).in_ids(wanted).order_by("pk")
        groups = list(visible.select_for_update(no_key=True, of=("self",)))
        if len(groups) < len(wanted):
            raise ContactGroup.DoesNotExist
        deleted = [group for group in groups if group.status == Status.DELETED]
        if deleted and kind is GROUP_ARCHIVED:
            raise Refused(*(_deleted(group) for group in deleted))
        moving = [group for group in groups if group.status != status]
        for group in moving:
            entry = audit_log.open(kind, group)
            entry.touched, entry.numbers = 1, {"count": 1}
            entry.effects = {"before": {"status": group.status}, "after": {"status": status}}
        _set_status({group.pk.hex: status for group in moving})
    message = kind.sentence(records.archive_numbers(moving), dry_run)
    return ArchiveResult(
        [] if dry_run else audit_log.operations, message, len(groups) - len(moving)
    )


def _set_status(status_of: Mapping[str, str]) -> None:
    """Give groups their new status, in a statement for each status there is."""
    for status in Status.values:
        if ids := [id for id, becomes in status_of.items() if becomes == status]:
            ContactGroup.objects.in_ids(ids).change(status=status)
    if status_of:
        clear_hashes(status_of)


def _deleted(group: ContactGroup) -> Refusal:
    message = _("The contact group “%s” is deleted.") % group
    return Refusal(RefusalCode.INVALID_STATUS, message, "group", record_id=dashed(group.pk.hex))


def _deleted_sentence(numbers: Numbers, planned: bool) -> str:
    return records.archive_sentence(
        numbers,
        planned,
        one=(_("Deleted."), _("“%s” would be deleted.")),
        many=(_("%s deleted."), _("%s would be deleted.")),
    )


GROUP_ARCHIVED = Kind(
    "contacts.group_archived",
    gettext_lazy("Group archived"),
    batch_sentence=gettext_lazy("%(count)s %(things)s archived."),
    sentence=records.ARCHIVED.sentence,
)
GROUP_RESTORED = Kind(
    "contacts.group_restored",
    gettext_lazy("Group restored"),
    batch_sentence=gettext_lazy("%(count)s %(things)s restored."),
    sentence=records.RESTORED.sentence,
)
GROUP_DELETED = Kind(
    "contacts.group_deleted",
    gettext_lazy("Group deleted"),
    batch_sentence=gettext_lazy("%(count)s %(things)s deleted."),
    verb="delete",
    sentence=_deleted_sentence,
)

_BECOMES = {
    GROUP_ARCHIVED: Status.ARCHIVED.value,
    GROUP_RESTORED: Status.ACTIVE.value,
    GROUP_DELETED: Status.DELETED.value,
}


@GROUP_ARCHIVED.undone_by
@GROUP_RESTORED.undone_by
@GROUP_DELETED.undone_by
def _move_back(undoings: Sequence[Undoing], by: Actor) -> None:
    """Give back the status of before to those that still have the one the operation gave them."""
    rows = ContactGroup.objects.in_ids(undoing.operation.target_id.hex for undoing in undoings)
    locked = rows.order_by("pk").select_for_update(no_key=True)
    status_of = {group.pk: group.status for group in locked}
    back = {}
    for undoing in undoings:
        effects, group = undoing.operation.effects, undoing.operation.target_id
        undoing.reversed = int(status_of.get(group) == effects["after"]["status"])
        undoing.kept = 1 - undoing.reversed
        if undoing.reversed:
            back[group.hex] = effects["before"]["status"]
        else:
            undoing.list_retained(ContactGroup, [group.hex])
    _set_status(back)


# --- Roles ----------------------------------------------------------------------------------


def edit_role(
    pk: UUID | str, values: Mapping[str, Any], *, by: Actor, expected: records.Expected = None
) -> Role:
    """Change a role's fields. Its kind stays while groups or connections have it."""
    return records.edit(Role, pk, values, by=by, check=_check_kind, expected=expected)


def _check_kind(role: Role, changed: frozenset[str]) -> None:
    if "kind" not in changed:
        return
    for model in (ContactGroup, ContactConnection):
        lock_table(model)  # else one could get the role between this look and the commit
    if any(model.objects.filter(role=role).exists() for model in (ContactGroup, ContactConnection)):
        message = _("The kind cannot be changed while groups or connections have the role.")
        raise Refused(Refusal(RefusalCode.FIELD_INTEGRITY_EXCEPTION, message, "kind"))
