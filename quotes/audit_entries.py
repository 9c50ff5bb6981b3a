"""Numbers and effects of the audit entries of quotes, as JSON stores them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, TypedDict

from commsapp.core.audit import AuditLog, Kind
from commsapp.models import Operation
from quotes.models import Quote, QuoteLineItem, Totals

# From one status to another; a class cannot have a field named `from`.
StatusNumbers = TypedDict("StatusNumbers", {"from": str, "to": str})


class EditedNumbers(TypedDict):
    count: int
    fields: list[str]


class EditedEffects(TypedDict):
    quote: str
    before: dict[str, Any]  # by field: the value of all lines, or that they had several
    after: dict[str, Any]
    lines: list[tuple[Sequence[Any], str]]  # values, and the ids that had them with commas


class SplitNumbers(TypedDict):
    created: int
    departed: int  # recipients who left the group and keep their part
    members: int
    expected: int | None


class UnsplitNumbers(TypedDict):
    removed: int | None  # None: the line was not split


class UnsplitEffects(TypedDict):
    split_at: str
    parts: dict[str, str]  # see quotes.unsplitting


class TotalsChange(TypedDict):
    quote: str
    before: list[Decimal]  # as texts, once stored
    after: list[Decimal]


class TotalsEffects(TypedDict, total=False):
    """Of an undo that changes what a quote costs."""

    totals: TotalsChange


def open_line(audit_log: AuditLog, kind: Kind, line: QuoteLineItem) -> Operation:
    """Begin the entry of a line, named with its quote: “3. Guest Wi-Fi” alone says nothing to
    whoever reads it among other entries."""
    entry = audit_log.open(kind, line)
    entry.target_name = line.name_on_quote[:255]
    return entry


def totals_of(quote: Quote) -> Totals:
    """Return what the quote costs now, in one statement."""
    totals: Totals = Quote.objects.with_totals().get(pk=quote.pk).totals
    return totals


@contextmanager
def telling_totals(entry: Operation, quote: Quote) -> Iterator[None]:
    """Store in an entry what the quote costs before and after the block."""
    before = totals_of(quote)
    yield
    effects: TotalsEffects = entry.effects
    effects["totals"] = TotalsChange(
        quote=quote.pk.hex, before=[*before], after=[*totals_of(quote)]
    )
