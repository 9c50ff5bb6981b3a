"""Drafts: tables that are being imported. Checked part by part, then applied part by part.

A part is at most a thousand rows: one transaction, which also moves the draft on. So nothing is
applied twice, whoever asks twice, and what the draft says was done was done.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from commsapp.core.actors import Actor
from commsapp.core.audit import operation
from commsapp.core.imports.importer import Imported
from commsapp.db.ids import read_guid
from commsapp.models import Draft, DraftPart

PART_ROWS = 1_000
MAX_DRAFTS = 20  # of one user
KEPT = timedelta(days=7)  # after the last use

Run = Callable[..., Imported]  # rows, by=, licensee_id=, dry_run=, batch=
State = Draft.State
_NOTHING = {"created": 0, "updated": 0, "unchanged": 0, "refused": 0}
_MAX_VALUE_LENGTH = 200


class UniqueTogether(NamedTuple):
    """Fields whose values together may stand in a file only once; the last one is never blank.

    Rows with an id of their own are left out unless `with_id`.
    """

    fields: tuple[str, ...]
    with_id: bool = True


class RowProblem(NamedTuple):
    """A reason why a row is not taken in: the row's place in its part, and where to look."""

    row: int
    line: int
    column: str
    value: str
    reason: str


class FailedRow(NamedTuple):
    cells: Sequence[str]
    reasons: Sequence[str]


def drafts_of(by: Actor) -> QuerySet[Any]:
    """The actor's own, the newest first."""
    mine: QuerySet[Any] = Draft.objects.filter(user=by.user).order_by("-id")
    mine = mine.filter(updated_at__gte=timezone.now() - KEPT)
    return mine if by.licensees is None else mine.filter(licensee__in=by.licensees)


def save_draft(
    *,
    by: Actor,
    licensee_id: UUID,
    kind: str,
    file_name: str,
    ending: str,
    columns: Sequence[str],
    rows: Sequence[tuple[int, Sequence[str]]],
) -> Draft:
    """Keep a table that was read: lines and cells. Forgets the oldest of the user's drafts."""
    starts = range(0, len(rows), PART_ROWS)
    draft = Draft(
        user=by.user, licensee_id=licensee_id, kind=kind, file_name=file_name[-255:],
        format=ending, columns=list(columns), row_count=len(rows), part_count=len(starts),
    )  # fmt: skip
    with transaction.atomic():
        _delete_oldest(by)
        draft.save(force_insert=True)
        for number, start in enumerate(starts):  # one by one: each is large
            packed = _pack(rows[start : start + PART_ROWS])
            DraftPart.objects.create(draft=draft, number=number, rows=packed)
    return draft


def _delete_oldest(by: Actor) -> None:
    Draft.objects.filter(updated_at__lt=timezone.now() - KEPT).delete()
    mine = Draft.objects.filter(user=by.user).exclude(state=State.APPLYING).order_by("-id")
    Draft.objects.filter(pk__in=[*mine.values_list("pk", flat=True)[MAX_DRAFTS - 1 :]]).delete()


# --- On its way -----------------------------------------------------------------------------


@operation()
def check(
    draft_id: UUID, mapping: Mapping[str, int], *, once: Sequence[UniqueTogether] = (), by: Actor
) -> Draft:
    """Begin to check, with these columns for these fields; what was checked before is forgotten.

    What the whole file must not say twice is looked for now. One that is being applied, or was,
    stays as it is.
    """
    with transaction.atomic():
        draft: Draft = _lock(draft_id, by)
        if draft.state not in (State.READ, State.CHECKING, State.CHECKED):
            return draft
        draft.mapping, draft.state = dict(mapping), State.CHECKING
        draft.next_part, draft.planned = 0, dict(_NOTHING)
        _note_repeated(draft, once)
        draft.save()
    return draft


@operation()
def confirm(draft_id: UUID, *, by: Actor) -> Draft:
    """Begin to apply what was checked, or go on where it was stopped."""
    with transaction.atomic():
        draft: Draft = _lock(draft_id, by)
        if draft.state == State.CHECKED:
            draft.next_part, draft.counts = 0, dict(_NOTHING)
        if draft.state in (State.CHECKED, State.STOPPED):
            draft.state = State.APPLYING
            draft.save()
    return draft


@operation()
def stop(draft_id: UUID, *, by: Actor) -> Draft:
    """No further part is applied, nor checked."""
    with transaction.atomic():
        draft: Draft = _lock(draft_id, by)
        if draft.is_at_work:
            draft.state = State.STOPPED if draft.state == State.APPLYING else State.READ
            draft.save()
    return draft


@operation()
def delete_draft(draft_id: UUID, *, by: Actor) -> None:
    """Throw a draft away. What was applied stays."""
    with transaction.atomic():
        _lock(draft_id, by).delete()


@operation(again_on=IntegrityError)
def step(draft_id: UUID, number: int, run: Run, *, by: Actor) -> Draft:
    """Check or apply one part, if it is the next one; otherwise nothing is done.

    The part's changes and the draft's word of them are one transaction. Raises Busy.
    """
    with transaction.atomic():
        draft: Draft = _lock(draft_id, by)
        if not draft.is_at_work or draft.next_part != number:
            return draft
        part = draft.parts.get(number=number)
        is_check = draft.state == State.CHECKING
        counted = _run(draft, part, run, by, dry_run=is_check)
        total = draft.planned if is_check else draft.counts
        for name, count in counted.items():
            total[name] += count
        draft.next_part += 1
        if draft.next_part == draft.part_count:
            draft.state = State.CHECKED if is_check else State.DONE
        draft.save()
    return draft


def _run(draft: Draft, part: DraftPart, run: Run, by: Actor, *, dry_run: bool) -> dict[str, int]:
    rows = _unpack(part.rows)
    places = [place for place in range(len(rows)) if str(place) not in part.repeated]
    given = [texts_of(draft, rows[place][1]) for place in places]
    imported = run(
        given, by=by, licensee_id=draft.licensee_id, dry_run=dry_run, batch=draft.batch or True
    )  # fmt: skip
    draft.batch = draft.batch or imported.batch
    told = [
        _row_problem(draft, places[refusal.index or 0], rows, refusal.field, refusal.message)
        for refusal in imported.refusals
    ]
    told += (
        _row_problem(draft, int(place), rows, field, reason)
        for place, (field, reason) in part.repeated.items()
    )
    told.sort(key=lambda one: one.row)
    part.problems, part.problem_count = _pack(told), len(told)
    part.save(update_fields=("problems", "problem_count"))
    counted = imported.numbers
    return {**counted, "refused": counted["refused"] + len(part.repeated)}


def texts_of(draft: Draft, cells: Sequence[str]) -> dict[str, str]:
    """A row's texts by field, as the draft's columns are mapped."""
    return {field: cells[place] for field, place in draft.mapping.items()}


def _row_problem(
    draft: Draft, place: int, rows: Sequence[Any], field: str, reason: str
) -> RowProblem:
    line, cells = rows[place]
    at = draft.mapping.get(field)
    if at is None:
        return RowProblem(place, line, field, "", reason)
    return RowProblem(place, line, draft.columns[at], cells[at][:_MAX_VALUE_LENGTH], reason)


def _note_repeated(draft: Draft, once: Sequence[UniqueTogether]) -> None:
    """Tell each part which of its rows say again what another row said."""
    mapped = [one for one in once if {*one.fields} <= draft.mapping.keys()]
    seen: dict[tuple[str, ...], int] = {}
    for part in _parts(draft):
        repeated: dict[str, tuple[str, str]] = {}
        for place, (line, cells) in enumerate(_unpack(part.rows)):
            row = texts_of(draft, cells)
            for one in mapped:
                said = _said(one, row)
                first = seen.setdefault(said, line) if said else line
                if first != line:
                    message = _("Line %d says something of the same one already.") % first
                    repeated.setdefault(str(place), (one.fields[-1], message))
        if repeated != part.repeated:
            part.repeated = repeated
            part.save(update_fields=("repeated",))


def _said(one: UniqueTogether, row: Mapping[str, str]) -> tuple[str, ...]:
    """What a row says that may be said once; nothing, if it does not say it."""
    if not row[one.fields[-1]] or (not one.with_id and row.get("id")):
        return ()
    values = (row[name] for name in one.fields)
    return (*one.fields, *(read_guid(value) or value for value in values))


def _lock(draft_id: UUID, by: Actor) -> Any:
    return drafts_of(by).select_for_update(no_key=True, of=("self",)).get(pk=draft_id)


# --- What was wrong -------------------------------------------------------------------------


def problem_count(draft: Draft) -> int:
    """How many reasons were told, of the parts that are done with."""
    return sum(_done_with(draft).values_list("problem_count", flat=True))


def problems(draft: Draft, start: int, most: int) -> list[RowProblem]:
    """The reasons from a place on: all of those parts that are done with, in the file's order."""
    found: list[RowProblem] = []
    for part in _done_with(draft).exclude(problem_count=0).defer("rows").iterator(chunk_size=8):
        if start < part.problem_count:
            found += islice(_reasons(part), start, start + most - len(found))
        start = max(0, start - part.problem_count)
        if len(found) >= most:
            break
    return found


def failed_rows(draft: Draft) -> Iterator[FailedRow]:
    """The rows that were not taken in, each with its reasons."""
    for part in _done_with(draft).exclude(problem_count=0).iterator(chunk_size=8):
        rows = _unpack(part.rows)
        reasons: dict[int, list[str]] = {}
        for told in _reasons(part):
            where = f"{told.column}: " if told.column else ""
            reasons.setdefault(told.row, []).append(f"{where}{told.reason}")
        for place, why in reasons.items():
            yield FailedRow(rows[place][1], why)


def samples(draft: Draft, most: int = 3) -> list[Sequence[str]]:
    """The cells of the first rows."""
    first = draft.parts.get(number=0)
    return [cells for _line, cells in _unpack(first.rows)[:most]]


def every_row(draft: Draft) -> Iterator[tuple[int, Sequence[str]]]:
    """The rows as they were kept: line and cells."""
    for part in _parts(draft):
        yield from _unpack(part.rows)


def _parts(draft: Draft) -> Iterable[Any]:
    return draft.parts.order_by("number").iterator(chunk_size=8)


def _done_with(draft: Draft) -> QuerySet[Any]:
    parts = draft.parts.order_by("number")
    whole = draft.state in (State.CHECKED, State.DONE)
    return parts if whole else parts.filter(number__lt=draft.next_part)


def _reasons(part: Any) -> Iterator[RowProblem]:
    return (RowProblem(*one) for one in _unpack(part.problems))


def _pack(value: Any) -> bytes:
    return zlib.compress(orjson.dumps(value, default=tuple), 3)  # named tuples as plain ones


def _unpack(packed: Any) -> Any:
    return orjson.loads(zlib.decompress(packed))
