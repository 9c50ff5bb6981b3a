"""What of recipients and their groups stands on records that are archived or deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commsapp.core.actors import Actor
from commsapp.core.audit import Undone
from commsapp.core.number_format import format_count
from commsapp.models import Operation
from commsapp.staff.audit.changes import Listing
from commsapp.staff.dependents import (
    PlannedChange,
    dependents_of,
    each,
    listed,
)
from contacts.pages.dependents import named
from groups.models import Membership, Recipient, RecipientGroup


def groups_of_customers(touch: PlannedChange) -> Iterator[Listing]:
    rows = RecipientGroup.objects.filter(customer__in_ids=touch.ids, **RecipientGroup.ACTIVE)
    yield listed(_("Recipient groups"), rows.order_by("name", "pk"), named, notes=each(_members))


def recipients_of_customers(touch: PlannedChange) -> Iterator[Listing]:
    rows = Recipient.objects.filter(customer__in_ids=touch.ids, archived_at=None)
    yield listed(_("Recipients"), rows.order_by("name", "pk"), named)


def recipients_of_contacts(touch: PlannedChange) -> Iterator[Listing]:
    rows = Recipient.objects.filter(contact__in_ids=touch.ids, archived_at=None)
    hint = _("They stay active.")
    yield listed(_("Recipients that stand for them"), rows.order_by("name", "pk"), named, hint=hint)


def groups_of_recipients(touch: PlannedChange) -> Iterator[Listing]:
    memberships = Membership.objects.filter(recipient__in_ids=touch.ids)
    rows = RecipientGroup.objects.filter(pk__in=memberships.order_by().values("group"))
    hint = _(
        "They stay members, and count as such. As long as they are archived, no split gives them"
        " a part, and one that would is refused."
    )
    yield listed(
        _("In recipient groups"),
        rows.order_by("name", "pk"),
        named,
        notes=each(_members),
        hint=hint,
    )


def members_of_groups(touch: PlannedChange) -> Iterator[Listing]:
    rows = Membership.objects.filter(group__in_ids=touch.ids)
    in_order = rows.select_related("recipient").order_by("group", "recipient")
    hint = _("They stay members; nobody comes or goes while the group is archived.")
    yield listed(_("Members"), in_order, lambda row: named(row.recipient), hint=hint)


@dataclass(frozen=True)
class _Moving:
    """How many come and go, as a change of members counts them."""

    added: int
    removed: int


def touched_by_undone_members(operation: Operation, undone: Undone, by: Actor) -> Sequence[Listing]:
    """What stands on a group that would get its members back, or lose them again."""
    if not undone.planned:
        return []
    removed = sum(
        len(ids.split(",")) for ids in undone.operation.effects.get("removed", {}).values()
    )
    moving = _Moving(added=undone.reversed - removed, removed=removed)
    return dependents_of(
        Membership, PlannedChange("undo", [operation.target_id.hex], by, moving)
    ).listings


def _members(group: RecipientGroup) -> str:
    count = group.member_count
    return ngettext("%s member", "%s members", count) % format_count(count)
