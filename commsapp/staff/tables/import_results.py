"""What came of an import, as its pages and files tell it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from commsapp.core.actors import Actor
from commsapp.core.audit import unavailable_reason
from commsapp.core.imports import drafts
from commsapp.db.commits import OutcomeUnknown
from commsapp.db.errors import Reason, message_of
from commsapp.models import Draft, Operation
from commsapp.staff.audit import batches
from commsapp.staff.changelists import Slice
from commsapp.staff.request import can_view, parse_digits

FILES = ("csv", "xlsx")
_SHOWN = 500  # problems on a page
State = Draft.State


def import_summary(draft: Draft) -> str:
    """What would be done, or was, in one sentence of exact numbers."""
    if draft.state in (State.CHECKED, State.CHECKING):
        message = _(
            "%(created)s would be created, %(updated)s updated, %(unchanged)s unchanged,"
            " %(refused)s refused."
        )
        counts = draft.planned
    elif draft.counts:
        message = _(
            "%(created)s created, %(updated)s updated, %(unchanged)s unchanged,"
            " %(refused)s refused."
        )
        counts = draft.counts
    else:
        return _("Nothing was imported yet.")
    return message % {
        name: number_format(count, force_grouping=True) for name, count in counts.items()
    }  # fmt: skip


def interruption_of(draft: Draft, error: Exception) -> str:
    """Say why a part of an import failed, which rows are done, and how to go on.

    `draft` as it was before the part: each part is one transaction, with the draft's own progress.
    """
    first = 0 if draft.state == State.CHECKED else draft.next_part * drafts.PART_ROWS
    numbers = {
        name: number_format(number, force_grouping=True)
        for name, number in {
            "done": first,
            "next": first + 1,
            "last": min(first + drafts.PART_ROWS, draft.row_count),
            "all": draft.row_count,
        }.items()
    }
    is_unknown = isinstance(error, OutcomeUnknown)
    reason = unavailable_reason(error) or Reason.AWAY
    if is_unknown:
        text = _("It is not known whether the rows %(next)s to %(last)s were imported.")
    elif first:
        text = _("The first %(done)s of %(all)s rows are done, the others are not.")
    else:
        text = _("No row is imported yet.")
    advice = _("Continue: no row is imported twice.")
    return f"{message_of(reason)} {text % numbers} {advice}"


def done_by(draft: Draft, by: Actor) -> dict[str, Any]:
    """Where all that the import did is told, and undone as far as that can be."""
    if draft.batch is None or not can_view(by, Operation):
        return {}
    go = batches.found([draft.batch], least=1)[draft.batch]
    return {"did": go, "can_undo": go.may_undo(by)}


def problems_on(draft: Draft, request: HttpRequest) -> Slice:
    """A page of what was wrong, the one that the address asks for."""
    number = parse_digits(request.GET.get("p"), 6) or 1
    found = drafts.problems(draft, (number - 1) * _SHOWN, _SHOWN + 1)
    return Slice(
        found[:_SHOWN],
        f"?p={number - 1}" if number > 1 else "",
        f"?p={number + 1}" if len(found) > _SHOWN else "",
    )


def formats_of(draft: Draft) -> tuple[str, ...]:
    """In which formats to have the failed rows: the file's own first."""
    return (draft.format, *(one for one in FILES if one != draft.format))


def failed_rows(draft: Draft, kept: Sequence[int]) -> Iterator[list[str]]:
    """The rows that were not taken in, of each the columns that are kept, and the reasons."""
    for row in drafts.failed_rows(draft):
        yield [*(row.cells[place] for place in kept), " ".join(row.reasons)]
