"""Splitting a line, as the ledger sees it: the locks, the refusals, the sentences and the undo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commsapp.core.actors import Actor
from commsapp.core.audit import (
    MAX_RETAINED_LISTED,
    Busy,
    Kind,
    Numbers,
    Refusal,
    Refused,
    Undoing,
    for_each,
)
from commsapp.core.number_format import format_count, format_counts
from commsapp.db.expressions import missing_ids, planned_for
from commsapp.db.ids import dashed
from commsapp.models import Operation
from groups.models import Recipient, RecipientGroup
from quotes import audit_entries, parts, validation
from quotes.models import QuoteLineItem


def lock_group_line(
    line_id: UUID | str | None, *, by: Actor
) -> tuple[QuoteLineItem, RecipientGroup]:
    """Lock a line's recipient group, its quote and the line, in this order, and read all three.

    PostgreSQL locks the rows of a join in the order in which the tables are named. Raises
    DoesNotExist, and Refused for a line without a group.
    """
    visible = QuoteLineItem.objects.visible_to(by).order_by()
    lines = visible.filter(recipient_group__isnull=False)  # an outer join could not be locked
    lines = lines.select_related("recipient_group", "quote", "product")
    locked = lines.select_for_update(no_key=True, of=("recipient_group", "quote", "self"))
    line: QuoteLineItem | None = next(iter(locked.filter(pk=line_id)), None)
    if line and line.recipient_group:
        return line, line.recipient_group
    line = visible.get(pk=line_id)
    if line.recipient_group_id:  # since a moment ago, or until then another
        raise Busy
    message = _("The line has no recipient group.")
    raise Refused(
        Refusal("REQUIRED_FIELD_MISSING", message, "recipient_group", record_id=str(line.pk))
    )


def mark(line: QuoteLineItem, *, split_at: datetime | None, at: datetime) -> None:
    """Say that the line is split, or that it no longer is."""
    QuoteLineItem.objects.filter(pk=line.pk).update(split_at=split_at, updated_at=at)
    line.split_at, line.updated_at = split_at, at


def amounts(line: QuoteLineItem, count: int) -> tuple[Decimal, Decimal]:
    """What so many parts cost, as they are made."""
    return line.one_time_amount * count, line.recurring_amount * count


# --- Why not --------------------------------------------------------------------------------


def split_refusals(line: QuoteLineItem, group: RecipientGroup) -> Iterator[Refusal]:
    """Contract 2.4."""
    yield from _refuse_without_members(line)
    yield from validation.refuse_archived(group)
    if not group.member_count:
        message = _("The recipient group has no members.")
        yield Refusal("INVALID_STATUS", message, "recipient_group", record_id=str(group.pk))


def unsplit_refusals(line: QuoteLineItem) -> Iterator[Refusal]:
    """Contract 2.4: only while no part was edited and the quote is open."""
    yield from _refuse_without_members(line)
    if line.is_split:
        edited = parts.edited(line).order_by("line_number")
        for pk, number in edited.values_list("pk", "line_number"):
            message = _("Line %d was edited.") % number
            yield Refusal("INVALID_STATUS", message, "split_at", record_id=str(pk))


def refuse_archived(line: QuoteLineItem, group: RecipientGroup) -> Iterator[Refusal]:
    """Who is archived gets no new part."""
    newcomers = parts.newcomers(line).exclude(archived_at=None).order_by("name", "pk")
    with planned_for(group.member_count):
        archived = [*newcomers.values_list("pk", "name")]
    for pk, name in archived:
        text = _("The recipient “%(name)s” (%(id)s) is archived.") % {"name": name, "id": pk}
        yield Refusal("ENTITY_IS_DELETED", text, "recipient", record_id=str(pk))


def _refuse_without_members(line: QuoteLineItem) -> Iterator[Refusal]:
    """Only a line of an open quote that is no part itself has parts."""
    yield from validation.refuse_closed(line.quote)
    if line.is_part:
        message = _("The line is itself a part of a split line.")
        yield Refusal("INVALID_STATUS", message, "split_from", record_id=str(line.pk))


# --- What was done, in words ----------------------------------------------------------------


def _split_sentence(numbers: Numbers, planned: bool) -> str:
    created, departed = numbers["created"], numbers["departed"]
    message = (
        ngettext("%s line would be created", "%s lines would be created", created)
        if planned
        else ngettext("%s line created", "%s lines created", created)
    ) % format_count(created)
    left = ngettext(
        ", %s line of a recipient who left the group stays",
        ", %s lines of recipients who left the group stay",
        departed,
    )
    if departed:
        message += left % format_count(departed)
    return f"{message}.{_unexpected_count_sentence(numbers)}"


def _unexpected_count_sentence(numbers: Numbers) -> str:
    if numbers["expected"] in (None, numbers["members"]):
        return ""
    message = ngettext(
        "The recipient group has %(members)s member, %(expected)s expected.",
        "The recipient group has %(members)s members, %(expected)s expected.",
        numbers["members"],
    )
    return f" {message % format_counts(numbers)}"


def _unsplit_sentence(numbers: Numbers, planned: bool) -> str:
    removed: int | None = numbers["removed"]
    if removed is None:
        return _("The line is not split.")
    message = (
        ngettext("%s line would be removed.", "%s lines would be removed.", removed)
        if planned
        else ngettext("%s line removed.", "%s lines removed.", removed)
    )
    return message % format_count(removed)


LINE_SPLIT = Kind("quotes.line_split", gettext_lazy("Line split"), sentence=_split_sentence)
LINE_UNSPLIT = Kind("quotes.line_unsplit", gettext_lazy("Line unsplit"), sentence=_unsplit_sentence)


# --- Undo -----------------------------------------------------------------------------------


@LINE_SPLIT.undone_by
@for_each
def _undo_split(undoing: Undoing, by: Actor) -> None:
    """Remove the parts that this very operation made, as long as they are as it made them."""
    entry = undoing.operation
    standing = _lock_standing(entry, by)
    if standing is not None:
        line, _group = standing
        with audit_entries.telling_totals(undoing.reversal, line.quote):
            made = parts.as_made(line).filter(created_at=entry.at)
            undoing.reversed = parts.remove(made)
            validation.tally(line.quote, -undoing.reversed, *amounts(line, -undoing.reversed))
            if undoing.reversed and not line.parts.exists():
                mark(line, split_at=None, at=timezone.now())
    undoing.kept = entry.numbers["created"] - undoing.reversed
    if undoing.kept and standing is not None:
        left = standing[0].parts.filter(created_at=entry.at).order_by("line_number")
        named = left.values_list("pk", flat=True)[:MAX_RETAINED_LISTED]
        undoing.list_retained(QuoteLineItem, (pk.hex for pk in named))


@LINE_UNSPLIT.undone_by
@for_each
def _undo_unsplit(undoing: Undoing, by: Actor) -> None:
    """Put the same parts back, if the line is as the operation left it."""
    entry = undoing.operation
    standing = _lock_standing(entry, by)
    if standing is None or standing[0].updated_at != entry.at:
        undoing.kept = entry.touched
        undoing.list_retained(QuoteLineItem, [entry.target_id.hex])
        return
    line, group = standing
    kept = {part.recipient: part for part in parts.read_snapshots(entry.effects["parts"])}
    undoing.kept = entry.numbers["removed"] - len(kept)
    undoing.failed += _why_not_back(group, [*kept])
    for refusal in undoing.failed:
        del kept[refusal.record_id.replace("-", "")]
    at = timezone.now()
    with audit_entries.telling_totals(undoing.reversal, line.quote):
        back = parts.restore_parts(line, [*kept.values()], at=at)
        mark(line, split_at=datetime.fromisoformat(entry.effects["split_at"]), at=at)
        validation.tally(line.quote, back, *amounts(line, back))
    undoing.reversed = back or 1  # the line itself


def _lock_standing(entry: Operation, by: Actor) -> tuple[QuoteLineItem, RecipientGroup] | None:
    """Lock the line that an entry is about, if it still is a group's. Refused on a closed quote."""
    try:
        line, group = lock_group_line(entry.target_id, by=by)
    except (QuoteLineItem.DoesNotExist, Refused):
        return None
    validation.refuse(validation.refuse_closed(line.quote))
    return line, group


def _why_not_back(group: RecipientGroup, recipients: Sequence[str]) -> Iterator[Refusal]:
    """Whose recipient became another customer's meanwhile has no way back."""
    ours = Recipient.objects.belonging_to(group)
    for id in missing_ids(ours, recipients) if recipients else ():
        message = _("The recipient is none of the group's customer any more.")
        yield Refusal("INVALID_CROSS_REFERENCE_KEY", message, "recipient", record_id=dashed(id))
