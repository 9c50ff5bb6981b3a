"""Splitting a group line: one part for each member of its recipient group (contract 2.4).

Taking a split back is in unsplitting.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, Max, OuterRef, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commsapp.core.actors import Actor
from commsapp.core.audit import (
    MAX_RETAINED_LISTED,
    Busy,
    Change,
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
from commsapp.core.number_format import format_count, format_counts
from commsapp.db.expressions import UUID7, insert_select, planned_for
from commsapp.models import Operation
from groups.models import Membership, Recipient, RecipientGroup
from quotes import audit_entries, validation
from quotes.models import LineQuerySet, Quote, QuoteLineItem, Totals

MAX_PREVIEWED = 200  # parts that a preview shows

# Every field of a line is decided on here: a part copies these from its line; it gets an id, a line
# number, a recipient and the line that it was split from; all others stay empty.
COPIED = (
    "licensee", "quote", "product", "description", "quantity", "one_time_price",
    "recurring_price", "discount_percent", "configuration", "requested_date", "recipient_group",
    "one_time_amount", "recurring_amount",
)  # fmt: skip


@dataclass(frozen=True)
class SplitChange(Change):
    """How many parts were created and removed, and how many remain of recipients who left.

    A dry run also returns the first new parts, and the quote's totals before and after.
    """

    created: int = 0
    removed: int = 0
    departed: int = 0
    preview: Sequence[QuoteLineItem] = ()
    totals_before: Totals | None = None
    totals_after: Totals | None = None


@operation()
def split_line(line_id: UUID | str, *, by: Actor, dry_run: bool = False) -> SplitChange:
    """Make one part of a group line for every member that has none yet.

    Developer Guide v64.0, "Split Quote Line Item"; contract 2.4. The line stays as the parts'
    parent, read-only and out of the totals. Raises DoesNotExist, and Refused:
    REQUIRED_FIELD_MISSING (no group), INVALID_STATUS (quote not open, group archived or empty, line
    is a part), ENTITY_IS_DELETED (an archived member would get a part), LIMIT_EXCEEDED.
    """
    with recording(by=by, dry_run=dry_run) as audit_log:
        line, group = lock_group_line(line_id, by=by)
        quote = line.quote
        validation.refuse(_split_refusals(line, group))
        highest, before = _numbers_and_totals(quote, with_totals=dry_run)
        existing, departed = _count_parts(line, group) if line.is_split else (0, 0)
        entry = audit_entries.open_line(audit_log, LINE_SPLIT, line)
        created = _make_parts(line, group, above=highest, at=entry.at)
        if existing + created < group.member_count + departed:  # not all members are active
            validation.refuse(_archived_member_refusals(line, group))
        if not line.is_split:
            set_split(line, split_at=entry.at, at=entry.at)
        tally_parts(line, created)
        entry.touched = created
        entry.numbers = {
            "created": created, "departed": departed,
            "members": group.member_count, "expected": group.expected_member_count,
        }  # fmt: skip
        preview = _preview_parts(quote, above=highest) if dry_run else ()
        after = audit_entries.totals_of(quote) if dry_run else None
    return SplitChange(
        entry, dry_run, created=created, departed=departed,
        preview=preview, totals_before=before, totals_after=after,
    )  # fmt: skip


# --- Lock and refuse ------------------------------------------------------------------------


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
    if line.recipient_group_id:  # it got its group, or another one, a moment ago
        raise Busy
    message = _("The line has no recipient group.")
    raise Refused(
        Refusal(
            RefusalCode.REQUIRED_FIELD_MISSING, message, "recipient_group", record_id=str(line.pk)
        )
    )


def lock_line_of(entry: Operation, by: Actor) -> tuple[QuoteLineItem, RecipientGroup] | None:
    """Lock the line of an entry that is to be undone; None if it is gone or has no group any more.

    Raises Refused on a quote that is not open.
    """
    try:
        line, group = lock_group_line(entry.target_id, by=by)
    except (QuoteLineItem.DoesNotExist, Refused):
        return None
    validation.refuse(validation.refuse_closed(line.quote))
    return line, group


def parent_refusals(line: QuoteLineItem) -> Iterator[Refusal]:
    """Only a line of an open quote that is not itself a part can have parts."""
    yield from validation.refuse_closed(line.quote)
    if line.is_part:
        message = _("The line is itself a part of a split line.")
        yield Refusal(RefusalCode.INVALID_STATUS, message, "split_from", record_id=str(line.pk))


def _split_refusals(line: QuoteLineItem, group: RecipientGroup) -> Iterator[Refusal]:
    yield from parent_refusals(line)
    yield from validation.refuse_archived(group)
    if not group.member_count:
        message = _("The recipient group has no members.")
        yield Refusal(
            RefusalCode.INVALID_STATUS, message, "recipient_group", record_id=str(group.pk)
        )


def _archived_member_refusals(line: QuoteLineItem, group: RecipientGroup) -> Iterator[Refusal]:
    """An archived recipient gets no new part."""
    members = _members_without_part(line).exclude(archived_at=None).order_by("name", "pk")
    with planned_for(group.member_count):
        archived = [*members.values_list("pk", "name")]
    for pk, name in archived:
        text = _("The recipient “%(name)s” (%(id)s) is archived.") % {"name": name, "id": pk}
        yield Refusal(RefusalCode.ENTITY_IS_DELETED, text, "recipient", record_id=str(pk))


# --- Parts ----------------------------------------------------------------------------------


def _make_parts(line: QuoteLineItem, group: RecipientGroup, *, above: int, at: datetime) -> int:
    """Make a part for each active member without one, in the order of their names.

    `above` is the quote's highest line number; `at` tells which split a part is of.
    """
    with planned_for(group.member_count):
        return insert_select(
            QuoteLineItem,
            _members_without_part(line).filter(archived_at=None),
            id=UUID7(),
            line_number=above + Window(RowNumber(), order_by=("name", "pk")),
            recipient=F("pk"),
            split_from=line,
            created_at=at,
            updated_at=at,
            **non_empty_copied_values(line),
        )


def _members_without_part(line: QuoteLineItem) -> QuerySet[Recipient]:
    members = Recipient.objects.filter(memberships__group=line.recipient_group_id)
    # Asked of every line: SQLite may hold a `split_at` that reads as missing, beside parts.
    return members.exclude(Exists(line.parts.filter(recipient=OuterRef("pk")).order_by()))


def _count_parts(line: QuoteLineItem, group: RecipientGroup) -> tuple[int, int]:
    """Count the line's parts, and those of recipients who left the group."""
    member = Membership.objects.filter(group=group, recipient=OuterRef("recipient"))
    with planned_for(group.member_count):
        counts = line.parts.aggregate(all=Count("pk"), departed=Count("pk", filter=~Exists(member)))
    return counts["all"], counts["departed"]


def copied_values(line: QuoteLineItem) -> dict[str, Any]:
    """Return what a part copies: a part that differs was edited."""
    return {
        field.name: getattr(line, field.attname)
        for field in QuoteLineItem._meta.concrete_fields
        if field.name in COPIED
    }


def non_empty_copied_values(line: QuoteLineItem) -> dict[str, Any]:
    return {name: value for name, value in copied_values(line).items() if value is not None}


def remove_lines(lines: LineQuerySet) -> int:
    """Delete lines in one statement. QuerySet.delete() would read them all, for parts of parts."""
    return lines.order_by()._raw_delete(lines.db)


def set_split(line: QuoteLineItem, *, split_at: datetime | None, at: datetime) -> None:
    """Store since when the line is split; None: it no longer is."""
    QuoteLineItem.objects.filter(pk=line.pk).update(split_at=split_at, updated_at=at)
    line.split_at, line.updated_at = split_at, at


def tally_parts(line: QuoteLineItem, count: int) -> None:
    """Add so many unedited parts to the quote's sums, or take them out if negative."""
    one_time, recurring = line.one_time_amount * count, line.recurring_amount * count
    validation.tally(line.quote, count, one_time, recurring)


def highest_line_number(quote: Quote) -> int:
    highest: int | None = quote.lines.aggregate(highest=Max("line_number"))["highest"]
    return highest or 0


def _numbers_and_totals(quote: Quote, *, with_totals: bool) -> tuple[int, Totals | None]:
    """Return the quote's highest line number and, for a preview, its totals: one statement."""
    if not with_totals:
        return highest_line_number(quote), None
    highest = quote.lines.order_by("-line_number").values("line_number")[:1]
    found = Quote.objects.with_totals().annotate(highest=Subquery(highest)).get(pk=quote.pk)
    return found.highest, found.totals


def _preview_parts(quote: Quote, *, above: int) -> Sequence[QuoteLineItem]:
    """Return the first new parts, with all that showing them takes."""
    new = quote.lines.filter(line_number__gt=above).select_related("recipient", "quote")
    return [*new.order_by("line_number")[:MAX_PREVIEWED]]


# --- The audit entry and its undo -----------------------------------------------------------


def _split_sentence(numbers: Numbers, planned: bool) -> str:
    created, departed = numbers["created"], numbers["departed"]
    message = (
        ngettext("%s line would be created", "%s lines would be created", created)
        if planned
        else ngettext("%s line created", "%s lines created", created)
    ) % format_count(created)
    if departed:
        message += ngettext(
            ", %s line of a recipient who left the group stays",
            ", %s lines of recipients who left the group stay",
            departed,
        ) % format_count(departed)
    message += "."
    if numbers["expected"] not in (None, numbers["members"]):
        unexpected = ngettext(
            "The recipient group has %(members)s member, %(expected)s expected.",
            "The recipient group has %(members)s members, %(expected)s expected.",
            numbers["members"],
        )
        message += f" {unexpected % format_counts(numbers)}"
    return message


LINE_SPLIT = Kind("quotes.line_split", gettext_lazy("Line split"), sentence=_split_sentence)


@LINE_SPLIT.undone_by
@for_each
def _undo_split(undoing: Undoing, by: Actor) -> None:
    """Remove the parts that this operation made, unless they were edited."""
    entry = undoing.operation
    locked = lock_line_of(entry, by)
    if locked is None:
        undoing.kept = entry.numbers["created"]
        return
    line, _group = locked
    parts = line.parts.filter(created_at=entry.at)
    with audit_entries.telling_totals(undoing.reversal, line.quote):
        undoing.reversed = remove_lines(parts.filter(**copied_values(line)))
        tally_parts(line, -undoing.reversed)
        if undoing.reversed and not line.parts.exists():
            set_split(line, split_at=None, at=timezone.now())
    undoing.kept = entry.numbers["created"] - undoing.reversed
    if undoing.kept:
        retained = parts.order_by("line_number").values_list("pk", flat=True)[:MAX_RETAINED_LISTED]
        undoing.list_retained(QuoteLineItem, (pk.hex for pk in retained))
