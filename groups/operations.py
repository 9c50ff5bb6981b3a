"""What may be done to recipients and their groups, through any API or page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commsapp.core import records
from commsapp.core.actors import Actor
from commsapp.core.audit import (
    Change,
    Kind,
    Numbers,
    Refusal,
    RefusalCode,
    Refused,
    Undoing,
    for_each,
    lock,
    operation,
    recording,
)
from commsapp.core.number_format import format_count, format_counts
from commsapp.db.bulk import insert_values
from commsapp.db.expressions import (
    Joined,
    Now,
    insert_select,
    lock_table,
    missing_ids,
    planned_for,
)
from commsapp.db.ids import Guids, read_guids
from commsapp.models import Operation
from groups import validation
from groups.models import Membership, Recipient, RecipientGroup

MAX_MEMBERS = 100_000


@dataclass(frozen=True)
class RecipientsChange(Change):
    """Counts of recipients: added, removed, and `already` as they were asked to be."""

    added: int = 0
    removed: int = 0
    already: int = 0


# --- Members --------------------------------------------------------------------------------


@operation()
def add_recipients(
    group_id: UUID | str,
    recipient_ids: Sequence[str] | Guids,
    *,
    by: Actor,
    all_or_none: bool = True,
    dry_run: bool = False,
) -> RecipientsChange:
    """Make each recipient a member of the group; those that are already stay as they are.

    Developer Guide v64.0, "Recipient Group"; contract 2.3. Raises DoesNotExist for the group,
    Refused if it is archived or would be too large and, with all_or_none, if any recipient may not
    be a member; without it they are told as `skipped`.
    """
    requested = read_guids(recipient_ids)
    with recording(by=by, dry_run=dry_run) as audit_log:
        group = _lock_active(group_id, by=by)
        entry = audit_log.open(RECIPIENTS_ADDED, group)
        ineligible = validation.ineligible_recipients(group, requested)
        refusals = validation.in_order(requested.malformed, ineligible)
        if refusals and all_or_none:
            raise Refused(*refusals)
        added = _add_members(group, requested.ids, entry)
        _update_member_count(group, added=added)
        already = len(requested.ids) + len(requested.malformed) - len(refusals) - added
        entry.touched = added
        entry.numbers = {"added": added, "already": already, "refused": len(refusals)}
    return RecipientsChange(entry, dry_run, refusals, added=added, already=already)


@operation()
def remove_recipients(
    group_id: UUID | str,
    recipient_ids: Sequence[str] | Guids,
    *,
    by: Actor,
    all_or_none: bool = True,
    dry_run: bool = False,
) -> RecipientsChange:
    """Make sure that none of the recipients is a member; those that are none stay so.

    Developer Guide v64.0, "Recipient Group"; contract 2.3. Any known recipient may be removed,
    archived or of whatever customer. Raises as add_recipients() does.
    """
    requested = read_guids(recipient_ids)
    with recording(by=by, dry_run=dry_run) as audit_log:
        group = _lock_active(group_id, by=by)
        entry = audit_log.open(RECIPIENTS_REMOVED, group)
        removed = remove_memberships(
            group.memberships.filter(recipient__in_ids=requested.ids), entry
        )
        all_known = removed == len(requested.ids)  # as members are
        refusals = validation.in_order(
            requested.malformed, () if all_known else validation.unknown(group, requested)
        )
        if refusals and all_or_none:
            raise Refused(*refusals)
        _update_member_count(group, removed=removed)
        already = len(requested.ids) + len(requested.malformed) - len(refusals) - removed
        entry.touched = removed
        entry.numbers = {"removed": removed, "already": already, "refused": len(refusals)}
    return RecipientsChange(entry, dry_run, refusals, removed=removed, already=already)


@operation()
def set_recipients(
    group_id: UUID | str,
    recipient_ids: Sequence[str] | Guids,
    *,
    by: Actor,
    all_or_none: bool = True,
    dry_run: bool = False,
) -> RecipientsChange:
    """Make the recipients, and nobody else, members of the group: adds and removes in one.

    Raises as add_recipients() does. Without all_or_none, who may not be a member is left out, and
    the others become the whole group.
    """
    requested = read_guids(recipient_ids)
    with recording(by=by, dry_run=dry_run) as audit_log:
        group = _lock_active(group_id, by=by)
        entry = audit_log.open(RECIPIENTS_SET, group)
        ineligible = validation.ineligible_recipients(group, requested)
        refusals = validation.in_order(requested.malformed, ineligible)
        if refusals and all_or_none:
            raise Refused(*refusals)
        removed = remove_memberships(
            group.memberships.exclude(recipient__in_ids=requested.ids), entry
        )
        added = _add_members(group, requested.ids, entry)
        _update_member_count(group, added=added, removed=removed)
        already = group.member_count - removed
        entry.touched = added + removed
        entry.numbers = {
            "added": added, "removed": removed, "already": already, "refused": len(refusals),
        }  # fmt: skip
    return RecipientsChange(entry, dry_run, refusals, added=added, removed=removed, already=already)


def _lock_active(group_id: UUID | str | None, *, by: Actor) -> RecipientGroup:
    group = lock(RecipientGroup, group_id, by=by)
    if group.is_archived:
        raise Refused(
            Refusal(RefusalCode.INVALID_STATUS, _("The recipient group is archived."), "group")
        )
    return group


def _add_members(group: RecipientGroup, ids: Sequence[str], entry: Operation) -> int:
    """Add those of the ids that may be members and are none."""
    member = Membership.objects.filter(group=group, recipient=OuterRef("pk"))
    newcomers = Recipient.objects.eligible_for(group).in_ids(ids).exclude(Exists(member))
    with planned_for(len(ids)):
        return insert_select(
            Membership, newcomers.order_by("pk"), group=group, recipient=F("pk"), operation=entry
        )


def remove_memberships(memberships: QuerySet[Membership], entry: Operation) -> int:
    """Remove memberships, keeping in the entry who they were and which operation had made each."""
    by_origin = memberships.order_by().values("operation").annotate(gone=Joined("recipient"))
    entry.effects["removed"] = {row["operation"].hex: row["gone"] for row in by_origin}
    removed, _by_model = memberships.delete()
    return removed


def _update_member_count(group: RecipientGroup, *, added: int = 0, removed: int = 0) -> None:
    """Keep member_count true, and within what a group may hold."""
    if added and group.member_count + added - removed > MAX_MEMBERS:
        message = _("A recipient group has at most %s members.") % format_count(MAX_MEMBERS)
        raise Refused(Refusal(RefusalCode.LIMIT_EXCEEDED, message, "recipients"))
    if added or removed:
        rows = RecipientGroup.objects.filter(pk=group.pk)
        rows.update(member_count=F("member_count") + added - removed, updated_at=Now())


# --- What was done, in words ----------------------------------------------------------------


def _added_sentence(numbers: Numbers, planned: bool) -> str:
    added, already = numbers["added"], numbers["already"]
    if planned:
        message = ngettext("%s recipient would be added", "%s recipients would be added", added)
        known = ngettext(", %s is already in the group", ", %s are already in the group", already)
    else:
        message = ngettext("%s recipient added", "%s recipients added", added)
        known = ngettext(", %s was already in the group", ", %s were already in the group", already)
    also = known % format_count(already) if already else ""
    return f"{message % format_count(added)}{also}{_refused_sentence(numbers)}."


def _removed_sentence(numbers: Numbers, planned: bool) -> str:
    removed, already = numbers["removed"], numbers["already"]
    if planned:
        message = ngettext(
            "%s recipient would be removed", "%s recipients would be removed", removed
        )
        known = ngettext(", %s is not in the group", ", %s are not in the group", already)
    else:
        message = ngettext("%s recipient removed", "%s recipients removed", removed)
        known = ngettext(", %s was not in the group", ", %s were not in the group", already)
    also = known % format_count(already) if already else ""
    return f"{message % format_count(removed)}{also}{_refused_sentence(numbers)}."


def _set_sentence(numbers: Numbers, planned: bool) -> str:
    message = (
        _("%(added)s would be added, %(removed)s removed, %(already)s stay")
        if planned
        else _("%(added)s added, %(removed)s removed, %(already)s stayed")
    )
    return f"{message % format_counts(numbers)}{_refused_sentence(numbers)}."


def _refused_sentence(numbers: Numbers) -> str:
    refused = numbers["refused"]
    message = ngettext(", %s refused", ", %s refused", refused)
    return message % format_count(refused) if refused else ""


RECIPIENTS_ADDED = Kind(
    "groups.recipients_added", gettext_lazy("Recipients added"), sentence=_added_sentence
)
RECIPIENTS_REMOVED = Kind(
    "groups.recipients_removed", gettext_lazy("Recipients removed"), sentence=_removed_sentence
)
RECIPIENTS_SET = Kind(
    "groups.recipients_set", gettext_lazy("Recipients set"), sentence=_set_sentence
)


# --- Undo -----------------------------------------------------------------------------------


@RECIPIENTS_ADDED.undone_by
@RECIPIENTS_REMOVED.undone_by
@RECIPIENTS_SET.undone_by
@for_each
def _undo_membership_change(undoing: Undoing, by: Actor) -> None:
    """Take out those that this very operation put in, and put back those it had taken out.

    Who left and came back since, or came back since, is kept. Who changed the customer meanwhile
    has no way back.
    """
    entry = undoing.operation
    group = _lock_active(entry.target_id, by=by)
    gone = remove_memberships(group.memberships.filter(operation=entry), undoing.reversal)
    origins = {
        recipient.replace("-", ""): origin
        for origin, recipients in entry.effects.get("removed", {}).items()
        for recipient in recipients.split(",")
    }
    places = {id: place for place, id in enumerate(origins)}
    strangers = missing_ids(Recipient.objects.belonging_to(group), [*origins]) if origins else []
    undoing.failed += (validation.no_way_back(id, places) for id in strangers)
    for id in strangers:
        del origins[id]
    back = insert_values(
        Membership,
        ("group", "recipient", "operation"),
        ((group.pk, recipient, origin) for recipient, origin in origins.items()),
        unique=("group", "recipient"),
    )
    _update_member_count(group, added=back, removed=gone)
    undoing.reversed = gone + back
    undoing.kept = entry.numbers.get("added", 0) - gone + len(origins) - back


# --- The records themselves -----------------------------------------------------------------


def edit_recipient(
    recipient_id: UUID | str,
    values: Mapping[str, Any],
    *,
    by: Actor,
    expected: records.Expected = None,
) -> Recipient:
    """Change a recipient's fields. Its customer stays while memberships or lines depend on it."""
    return records.edit(
        Recipient, recipient_id, values, by=by, check=_check_customer, expected=expected
    )


def edit_recipient_group(
    group_id: UUID | str,
    values: Mapping[str, Any],
    *,
    by: Actor,
    expected: records.Expected = None,
) -> RecipientGroup:
    """Change a group's fields. Its customer stays while memberships or lines depend on it."""
    return records.edit(
        RecipientGroup, group_id, values, by=by, check=_check_customer, expected=expected
    )


def _check_customer(record: Recipient | RecipientGroup, changed: frozenset[str]) -> None:
    if "customer_id" not in changed:
        return
    lock_table(Membership)  # else one could be added between this look and the commit
    if records.is_referred_to(record):
        message = _("The customer cannot be changed while memberships or quote lines depend on it.")
        raise Refused(Refusal(RefusalCode.FIELD_INTEGRITY_EXCEPTION, message, "customer"))
