"""The parts of a split line: what becomes of each field, and how parts come, compare and go.

Whoever calls holds the locks of the line, its quote and its recipient group.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import CharField, Count, Exists, F, OuterRef, QuerySet, Value, Window
from django.db.models.functions import Cast, Concat, RowNumber

from commsapp.db.bulk import insert_values
from commsapp.db.expressions import UUID7, Joined, insert_select, planned_for
from groups.models import Membership, Recipient
from quotes.models import LineQuerySet, QuoteLineItem

# One fate for every field (contract 2.4). A part copies these from its line; it gets an id, a
# line number, a recipient and the line it was split from; the rest stays empty.
COPIED = (
    "licensee", "quote", "product", "description", "quantity", "one_time_price",
    "recurring_price", "discount_percent", "configuration", "requested_date", "recipient_group",
    "one_time_amount", "recurring_amount",
)  # fmt: skip


def _copied(line: QuoteLineItem) -> dict[str, Any]:
    return {
        field.name: getattr(line, field.attname)
        for field in QuoteLineItem._meta.concrete_fields
        if field.name in COPIED
    }


def _given(line: QuoteLineItem) -> dict[str, Any]:
    """What a part copies, without the fields that are empty."""
    return {name: value for name, value in _copied(line).items() if value is not None}


def _member_count(line: QuoteLineItem) -> int:
    return line.recipient_group.member_count if line.recipient_group else 0


def newcomers(line: QuoteLineItem) -> QuerySet[Recipient]:
    """The members of the line's group that have no part of it."""
    members = Recipient.objects.filter(memberships__group=line.recipient_group_id)
    # Asked of every line: SQLite may hold a `split_at` that reads as missing, beside parts.
    return members.exclude(Exists(line.parts.filter(recipient=OuterRef("pk")).order_by()))


def make(line: QuoteLineItem, *, above: int, at: datetime) -> int:
    """Make a part for each newcomer who is not archived, in the order of their names.

    `above` is the quote's highest line number; `at` says of which split a part is.
    """
    with planned_for(_member_count(line)):
        return insert_select(
            QuoteLineItem,
            newcomers(line).filter(archived_at=None),
            id=UUID7(),
            line_number=above + Window(RowNumber(), order_by=("name", "pk")),
            recipient=F("pk"),
            split_from=line,
            created_at=at,
            updated_at=at,
            **_given(line),
        )


def count(line: QuoteLineItem) -> tuple[int, int]:
    """How many parts the line has, and how many of them have a recipient who left the group."""
    member = Membership.objects.filter(
        group=line.recipient_group_id, recipient=OuterRef("recipient")
    )
    with planned_for(_member_count(line)):
        counted = line.parts.aggregate(
            all=Count("pk"), departed=Count("pk", filter=~Exists(member))
        )
    return counted["all"], counted["departed"]


def as_made(line: QuoteLineItem) -> LineQuerySet:
    """The parts that are what a split makes of the line: nobody changed them, or to no effect."""
    parts: LineQuerySet = line.parts.filter(**_copied(line))
    return parts


def edited(line: QuoteLineItem) -> LineQuerySet:
    """The other parts: removing one would lose what somebody entered."""
    # Compared row by row: "not among those as made" is a list that each part would be looked for
    # in, one by one, wherever PostgreSQL guesses that the list does not fit into a hash table.
    parts: LineQuerySet = line.parts.exclude(**_copied(line))
    return parts


def remove(parts: LineQuerySet) -> int:
    """Delete parts in one statement. QuerySet.delete() would read them all, for parts of parts."""
    return parts.order_by()._raw_delete(parts.db)


# --- Keeping them for an undo ---------------------------------------------------------------


class PartSnapshot(NamedTuple):
    """What a part that nobody changed has of its own."""

    id: str
    recipient: str
    line_number: int
    created_at: datetime


_SNAPSHOT = re.compile(r"(?:^|,)([0-9a-f-]{32,36}) ([0-9a-f-]{32,36}) ([0-9]+)(?=,|$)")


def snapshot(line: QuoteLineItem) -> dict[str, str]:
    """Return the line's parts as read_snapshots() reads them, as short as it can be: made when →
    "id recipient line,…". A part whose time cannot be read was made when the line was split."""
    own = Concat(
        Cast("pk", CharField()), Value(" "), Cast("recipient", CharField()), Value(" "),
        Cast("line_number", CharField()),
    )  # fmt: skip
    by_time = line.parts.order_by().values("created_at").annotate(own=Joined(own))
    texts: dict[Any, list[str]] = {}
    for row in by_time:
        texts.setdefault(row["created_at"] or line.split_at, []).append(row["own"])
    return {made_at.isoformat(): ",".join(own) for made_at, own in texts.items()}


def read_snapshots(kept: Mapping[str, str]) -> Iterator[PartSnapshot]:
    """Read the parts that snapshot() returned, without those of which SQLite held no id or number:
    they cannot be made again."""
    for made_at, texts in kept.items():
        created_at = datetime.fromisoformat(made_at)
        for id, recipient, line_number in _SNAPSHOT.findall(texts):
            yield PartSnapshot(_bare(id), _bare(recipient), int(line_number), created_at)


def restore_parts(line: QuoteLineItem, kept: Sequence[PartSnapshot], *, at: datetime) -> int:
    """Make parts again as they were; above all lines, if one of their line numbers is taken."""
    in_order = sorted(kept, key=lambda part: part.line_number)
    rows = (
        (part.id, part.recipient, number, part.created_at)
        for part, number in zip(in_order, _free_numbers(line, in_order), strict=True)
    )
    return insert_values(
        QuoteLineItem,
        ("id", "recipient", "line_number", "created_at"),
        rows,
        fixed={**_given(line), "split_from": line.pk, "updated_at": at},
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


def _bare(id: str) -> str:
    return id.replace("-", "")
