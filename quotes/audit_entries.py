"""How the ledger tells of quotes: of a line with its quote, and of what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from commsapp.core.audit import AuditLog, Kind
from commsapp.models import Operation
from quotes.models import Quote, QuoteLineItem, Totals


def open_line(audit_log: AuditLog, kind: Kind, line: QuoteLineItem) -> Operation:
    """Begin the entry of a line whose quote is at hand: “3. Guest Wi-Fi” alone says of which
    quote to nobody who reads it among other entries."""
    entry = audit_log.open(kind, line)
    entry.target_name = line.name_on_quote[:255]
    return entry


def totals_of(quote: Quote) -> Totals:
    """What the quote costs now, in one statement."""
    totals: Totals = Quote.objects.with_totals().get(pk=quote.pk).totals
    return totals


@contextmanager
def telling_totals(entry: Operation, quote: Quote) -> Iterator[None]:
    """Keep in an entry what the quote costs before and after what is done within."""
    before = totals_of(quote)
    yield
    entry.effects["totals"] = {
        "quote": quote.pk.hex,
        "before": [*before],
        "after": [*totals_of(quote)],
    }
