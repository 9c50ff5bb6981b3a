"""Changing several lines of a quote at once: one statement however many, and one Undo for all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commsapp.core import records
from commsapp.core.actors import Actor, require
from commsapp.core.audit import (
    AuditLog,
    Change,
    Kind,
    Numbers,
    Refusal,
    RefusalCode,
    Undoing,
    lock,
    operation,
    recording,
)
from commsapp.core.number_format import format_count
from commsapp.db.bulk import update_values
from commsapp.models import Operation
from quotes import audit_entries, pricing, validation
from quotes.models import Quote, QuoteLineItem, Totals

# What one form gives to many lines; the first four make their amounts.
EDITABLE = (
    "one_time_price", "recurring_price", "quantity", "discount_percent", "description",
    "requested_date",
)  # fmt: skip
_SEVERAL = "…"  # what the lines had before, where that was not the same


@dataclass(frozen=True)
class LinesChange(Change):
    """How many lines changed and how many were so already; planned, also the quote's totals."""

    changed: int = 0
    already: int = 0
    totals_before: Totals | None = None
    totals_after: Totals | None = None


class _Row(NamedTuple):
    """What an edit reads of a line: where it stands, and its values in the order of EDITABLE."""

    id: UUID
    line_number: int
    split_from: UUID | None
    is_split: bool
    is_counted: bool  # in the quote's stored sums: as a plain line or a part
    amounts: Totals
    values: tuple[Any, ...]


@operation()
def edit_lines(
    quote_id: UUID | str,
    line_ids: Sequence[str],
    values: Mapping[str, Any],
    *,
    by: Actor,
    expected: records.Expected = None,
    dry_run: bool = False,
) -> LinesChange:
    """Give lines of one open quote the same new values; their amounts and the quote's sums follow.

    Ids as 32 hex digits; values of EDITABLE fields. All or nothing; what is so already is no
    change. `expected` is what the caller read in these fields, as records.refuse_overwriting()
    takes it. Raises DoesNotExist if a line is not on the quote, ValidationError, naming the fields,
    for what no line may have, and Refused: INVALID_STATUS (quote not open, a line is split),
    LIMIT_EXCEEDED (an amount or the sums would be more than can be held).
    """
    wanted = {*line_ids}
    with recording(by=by, dry_run=dry_run) as audit_log:
        quote = lock(Quote, quote_id, by=by)
        validation.refuse(validation.refuse_closed(quote))
        given = _cleaned(values)
        before = audit_entries.totals_of(quote) if dry_run else None
        rows = _locked(quote, wanted)
        if len(rows) < len(wanted):
            raise QuoteLineItem.DoesNotExist
        validation.refuse(_refuse_split(rows))
        validation.refuse(_refuse_overwriting(rows, given, expected or {}))
        changing = [(row, new) for row in rows if (new := _with(row, given)) != row.values]
        entry = _open(audit_log, quote, [row for row, _new in changing])
        _note(entry, quote, changing, given)
        _write(quote, changing, entry)
        after = audit_entries.totals_of(quote) if dry_run else None
    return LinesChange(
        entry, dry_run, changed=len(changing), already=len(rows) - len(changing),
        totals_before=before, totals_after=after,
    )  # fmt: skip


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as their fields keep them. Raises ValidationError with all that may not be."""
    cleaned, errors = {}, {}
    for name, value in values.items():
        if name not in EDITABLE:
            raise ValueError(name)
        try:
            cleaned[name] = QuoteLineItem._meta.get_field(name).clean(value, None)  # type: ignore[union-attr]
        except ValidationError as error:
            errors[name] = error
    if errors:
        raise ValidationError(errors)
    return cleaned


def _locked(quote: Quote, ids: Iterable[str]) -> list[_Row]:
    """Those of the lines that are on the quote, under their locks."""
    lines = quote.lines.in_ids(ids).order_by("pk").select_for_update(no_key=True, of=("self",))
    places = ("pk", "line_number", "split_from", "split_at", "recipient_group", "recipient")
    found = lines.values_list(*places, "one_time_amount", "recurring_amount", *EDITABLE)
    return [
        _Row(
            pk, number, parent, split_at is not None,
            group is None or recipient is not None, Totals(one_time, recurring), tuple(values),
        )
        for pk, number, parent, split_at, group, recipient, one_time, recurring, *values in found
    ]  # fmt: skip


def _with(row: _Row, given: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(given.get(name, old) for name, old in zip(EDITABLE, row.values, strict=True))


def _refuse_split(rows: Iterable[_Row]) -> Iterator[Refusal]:
    for row in rows:
        if row.is_split:
            message = _("Line %d is split: change its parts instead.") % row.line_number
            yield Refusal(RefusalCode.INVALID_STATUS, message, "split_at", record_id=str(row.id))


def _refuse_overwriting(
    rows: Iterable[_Row], given: Mapping[str, Any], expected: Mapping[str, Any]
) -> Iterator[Refusal]:
    for row in rows:
        stands = dict(zip(EDITABLE, row.values, strict=True))
        for name in given.keys() & expected.keys():
            if stands[name] not in (expected[name], given[name]):
                message = _("It was changed by somebody else meanwhile.")
                yield Refusal(RefusalCode.CHANGED_MEANWHILE, message, name, record_id=str(row.id))


# --- Writing --------------------------------------------------------------------------------

Changing = Sequence[tuple[_Row, tuple[Any, ...]]]  # lines, and what they become


def _write(quote: Quote, changing: Changing, entry: Operation) -> None:
    """Write the lines' new values, the amounts that these make, and the quote's sums."""

    @cache  # of a hundred thousand parts, most cost the same
    def amounts(one_time: Decimal, recurring: Decimal, count: Decimal, less: Decimal) -> Totals:
        return Totals(
            pricing.amount(one_time, count, less, quote.currency),
            pricing.amount(recurring, count, less, quote.currency),
        )

    new_amounts = [amounts(*new[:4]) for _row, new in changing]
    validation.refuse(_refuse_amount_overflow(changing, new_amounts))
    _update(changing, new_amounts, entry)
    totals_of_each = [
        (row.amounts, new)
        for (row, _new), new in zip(changing, new_amounts, strict=True)
        if row.is_counted
    ]
    zero = Decimal(0)
    one_time = sum((new.one_time - old.one_time for old, new in totals_of_each), zero)
    recurring = sum((new.recurring - old.recurring for old, new in totals_of_each), zero)
    validation.tally(quote, 0, one_time, recurring)


def _update(changing: Changing, amounts: Iterable[Totals], entry: Operation) -> None:
    """Write what the lines become: once what all of them get, for each what is its own."""
    columns = ("one_time_amount", "recurring_amount", *EDITABLE)
    old = [(*row.amounts, *row.values) for row, _new in changing]
    new = [(*amount, *values) for (_row, values), amount in zip(changing, amounts, strict=True)]
    all_get: dict[str, Any] = {"updated_at": entry.at}
    own = []
    for place, name in enumerate(columns):
        values = {line[place] for line in new}
        if len(values) == 1:
            all_get[name] = values.pop()
        elif any(is_now[place] != was[place] for was, is_now in zip(old, new, strict=True)):
            own.append(place)
    rows = (
        (row.id.hex, *(line[place] for place in own))
        for (row, _new), line in zip(changing, new, strict=True)
    )
    update_values(QuoteLineItem, ("id", *(columns[at] for at in own)), rows, fixed=all_get)


def _refuse_amount_overflow(changing: Changing, amounts: Iterable[Totals]) -> Iterator[Refusal]:
    for (row, _new), amount in zip(changing, amounts, strict=True):
        if max(amount) > pricing.MAX_AMOUNT:
            message = _("Line %d: price × quantity is more than a line can hold.") % row.line_number
            yield Refusal(RefusalCode.LIMIT_EXCEEDED, message, "quantity", record_id=str(row.id))


# --- Telling, and taking back ---------------------------------------------------------------


def _edited_sentence(numbers: Numbers, planned: bool) -> str:
    count = numbers["count"]
    if not count:
        return _("The lines have these values already.")
    message = (
        ngettext("%s line would be changed", "%s lines would be changed", count)
        if planned
        else ngettext("%s line changed", "%s lines changed", count)
    ) % format_count(count)
    fields = (QuoteLineItem._meta.get_field(name) for name in numbers["fields"])
    names = ", ".join(str(getattr(field, "verbose_name", field.name)) for field in fields)
    return f"{message}: {names}."


LINES_EDITED = Kind("quotes.lines_edited", gettext_lazy("Lines edited"), sentence=_edited_sentence)


def _open(audit_log: AuditLog, quote: Quote, rows: Sequence[_Row]) -> Operation:
    """The entry of the one line that changes, or of the line whose parts do, or of the quote."""
    about = {row.id for row in rows} if len(rows) == 1 else {row.split_from for row in rows}
    if len(about) == 1 and (id := about.pop()):
        line: QuoteLineItem = quote.lines.select_related("product").get(pk=id)
        return audit_entries.open_line(audit_log, LINES_EDITED, line)
    return audit_log.open(LINES_EDITED, quote)


def _note(entry: Operation, quote: Quote, changing: Changing, given: Mapping[str, Any]) -> None:
    """What an undo reads: which lines had which values, each combination once."""
    places = {name: place for place, name in enumerate(EDITABLE)}
    names = [
        name
        for name in given
        if any(row.values[places[name]] != new[places[name]] for row, new in changing)
    ]
    before: dict[tuple[Any, ...], list[str]] = {}
    for row, _new in changing:
        before.setdefault(tuple(row.values[places[name]] for name in names), []).append(row.id.hex)
    only = next(iter(before)) if len(before) == 1 else None
    entry.touched = len(changing)
    entry.numbers = {"count": len(changing), "fields": names}
    entry.effects = {
        "quote": str(quote.pk),
        "before": dict(zip(names, only or [_SEVERAL] * len(names), strict=True)),
        "after": {name: given[name] for name in names},
        "lines": [[values, ",".join(ids)] for values, ids in before.items()],
    }


@LINES_EDITED.undone_by
def _undo_edits(undoings: Sequence[Undoing], by: Actor) -> None:
    require(by, "change", QuoteLineItem)  # the entry may be the quote's
    for undoing in undoings:
        _undo_edit(undoing, by)


def _undo_edit(undoing: Undoing, by: Actor) -> None:
    """Give the lines back what they had, where they still have what the operation gave them."""
    effects = undoing.operation.effects
    quote = lock(Quote, effects["quote"], by=by)
    validation.refuse(validation.refuse_closed(quote))
    names = undoing.operation.numbers["fields"]  # in order: an object's keys are in none
    given = _read(names, (effects["after"][name] for name in names))
    before = {id: _read(names, values) for values, ids in effects["lines"] for id in ids.split(",")}
    rows = [row for row in _locked(quote, before) if not row.is_split]
    standing = [row for row in rows if _with(row, given) == row.values]
    with audit_entries.telling_totals(undoing.reversal, quote):
        _write(quote, [(row, _with(row, before[row.id.hex])) for row in standing], undoing.reversal)
    undoing.reversed = len(standing)
    undoing.kept = undoing.operation.touched - len(standing)
    given_back = {row.id.hex for row in standing}
    undoing.list_retained(QuoteLineItem, (id for id in before if id not in given_back))


def _read(names: Iterable[str], values: Iterable[Any]) -> dict[str, Any]:
    """Values as the ledger keeps them, as their fields have them."""
    return {
        name: QuoteLineItem._meta.get_field(name).to_python(value)  # type: ignore[union-attr]
        for name, value in zip(names, values, strict=True)
    }
