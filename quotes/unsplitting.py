"""Unsplitting a line: its parts are removed, and kept in the audit entry for an undo."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commsapp.core.actors import Actor
from commsapp.core.audit import (
    Kind,
    Numbers,
    Refusal,
    RefusalCode,
    Undoing,
    for_each,
    operation,
    recording,
)
from commsapp.core.number_format import format_count
from commsapp.db.bulk import insert_values
from commsapp.db.expressions import Joined, missing_ids
from commsapp.db.ids import dashed
from groups.models import Recipient, RecipientGroup
from quotes import audit_entries, validation
from quotes.models import QuoteLineItem
from quotes.splitting import (
    SplitChange,
    copied_values,
    lock_group_line,
    lock_line_of,
    non_empty_copied_values,
    parent_refusals,
    remove_lines,
    set_split,
    tally_parts,
)


@operation()
def unsplit_line(line_id: UUID | str, *, by: Actor, dry_run: bool = False) -> SplitChange:
    """Remove all parts of a split line, which then counts by itself again.

    A line that is not split stays so. Raises DoesNotExist, and Refused: REQUIRED_FIELD_MISSING (no
    group), INVALID_STATUS (quote not open, line is a part, some part was edited).
    """
    with recording(by=by, dry_run=dry_run) as audit_log:
        line, _group = lock_group_line(line_id, by=by)
        quote = line.quote
        validation.refuse(_unsplit_refusals(line))
        before = audit_entries.totals_of(quote) if dry_run else None
        entry = audit_entries.open_line(audit_log, LINE_UNSPLIT, line)
        removed = 0
        if line.split_at:
            snapshots = _snapshot(line)
            entry.effects = {"split_at": line.split_at.isoformat(), "parts": snapshots}
            removed = remove_lines(line.parts.all())
            set_split(line, split_at=None, at=entry.at)
            tally_parts(line, -removed)
            entry.touched = removed or 1  # the line itself
        entry.numbers = {"removed": removed if entry.touched else None}
        after = audit_entries.totals_of(quote) if dry_run else None
    return SplitChange(entry, dry_run, removed=removed, totals_before=before, totals_after=after)


def _unsplit_refusals(line: QuoteLineItem) -> Iterator[Refusal]:
    """Contract 2.4: only while no part was edited and the quote is open."""
    yield from parent_refusals(line)
    if line.is_split:
        # Compared row by row: "not among the unedited" is a list in which each part would be looked
        # for, one by one, wherever PostgreSQL guesses that it does not fit into a hash table.
        edited = line.parts.exclude(**copied_values(line)).order_by("line_number")
        for pk, number in edited.values_list("pk", "line_number"):
            message = _("Line %d was edited.") % number
            yield Refusal(RefusalCode.INVALID_STATUS, message, "split_at", record_id=str(pk))


# --- Snapshots of removed parts -------------------------------------------------------------


class PartSnapshot(NamedTuple):
    """The values that an unedited part does not share with its line."""

    id: str
    recipient: str
    line_number: int
    created_at: datetime


_SNAPSHOT = re.compile(r"(?:^|,)([0-9a-f]{32}) ([0-9a-f]{32}) ([0-9]+)(?=,|$)")


def _snapshot(line: QuoteLineItem) -> dict[str, str]:
    """Return what _read_snapshots() reads, as short as can be: created_at → "id recipient n,…".

    A part whose time SQLite cannot read was made when the line was split.
    """
    own = Concat(
        Cast("pk", CharField()), Value(" "), Cast("recipient", CharField()), Value(" "),
        Cast("line_number", CharField()),
    )  # fmt: skip
    texts: dict[Any, list[str]] = {}
    for row in line.parts.order_by().values("created_at").annotate(own=Joined(own)):
        texts.setdefault(row["created_at"] or line.split_at, []).append(row["own"])
    return {created_at.isoformat(): ",".join(own) for created_at, own in texts.items()}


def _read_snapshots(snapshots: Mapping[str, str]) -> Iterator[PartSnapshot]:
    """Yield the parts of a snapshot, without those of which SQLite held no id or number: they
    cannot be made again."""
    for time, texts in snapshots.items():
        created_at = datetime.fromisoformat(time)
        for id, recipient, line_number in _SNAPSHOT.findall(texts.replace("-", "")):
            yield PartSnapshot(id, recipient, int(line_number), created_at)


def _restore_parts(line: QuoteLineItem, parts: Sequence[PartSnapshot], *, at: datetime) -> int:
    """Make parts again as they were; above all lines, if one of their line numbers is taken."""
    in_order = sorted(parts, key=lambda part: part.line_number)
    rows = (
        (part.id, part.recipient, number, part.created_at)
        for part, number in zip(in_order, _free_numbers(line, in_order), strict=True)
    )
    return insert_values(
        QuoteLineItem,
        ("id", "recipient", "line_number", "created_at"),
        rows,
        fixed={**non_empty_copied_values(line), "split_from": line.pk, "updated_at": at},
    )


def _free_numbers(line: QuoteLineItem, in_order: Sequence[PartSnapshot]) -> Sequence[int]:
    numbers = [part.line_number for part in in_order]
    if not numbers:
        return numbers
    later = line.quote.lines.filter(line_number__gte=numbers[0]).order_by("line_number")
    taken = [*later.values_list("line_number", flat=True)]
    if set(taken).isdisjoint(numbers):
        return numbers
    return range(taken[-1] + 1, taken[-1] + 1 + len(numbers))


# --- The audit entry and its undo -----------------------------------------------------------


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


LINE_UNSPLIT = Kind("quotes.line_unsplit", gettext_lazy("Line unsplit"), sentence=_unsplit_sentence)


@LINE_UNSPLIT.undone_by
@for_each
def _undo_unsplit(undoing: Undoing, by: Actor) -> None:
    """Restore the parts, if the line is as the operation left it."""
    entry = undoing.operation
    locked = lock_line_of(entry, by)
    if locked is None or locked[0].updated_at != entry.at:
        undoing.kept = entry.touched
        undoing.list_retained(QuoteLineItem, [entry.target_id.hex])
        return
    line, group = locked
    parts = {part.recipient: part for part in _read_snapshots(entry.effects["parts"])}
    undoing.kept = entry.numbers["removed"] - len(parts)
    undoing.failed += _foreign_recipient_refusals(group, [*parts])
    for refusal in undoing.failed:
        del parts[refusal.record_id.replace("-", "")]
    at = timezone.now()
    with audit_entries.telling_totals(undoing.reversal, line.quote):
        restored = _restore_parts(line, [*parts.values()], at=at)
        set_split(line, split_at=datetime.fromisoformat(entry.effects["split_at"]), at=at)
        tally_parts(line, restored)
    undoing.reversed = restored or 1  # the line itself


def _foreign_recipient_refusals(
    group: RecipientGroup, recipients: Sequence[str]
) -> Iterator[Refusal]:
    """A recipient that became another customer's meanwhile gets no part back."""
    own = Recipient.objects.belonging_to(group)
    for id in missing_ids(own, recipients) if recipients else ():
        message = _("The recipient is none of the group's customer any more.")
        yield Refusal(
            RefusalCode.INVALID_CROSS_REFERENCE_KEY, message, "recipient", record_id=dashed(id)
        )
