"""Records that depend on those which somebody is about to change: shown before it is done.

    class QuoteAdmin(RecordAdmin):
        dependents = [DependentsFinder(quotes_of_customers, on=ContactGroup)]

An admin lists the functions that find its records among the dependents of others; see
`commsapp/staff/contributions.py`. Every confirmation shows all of them in `staff/_standing.html`,
in a number of statements that grows neither with the records nor with their dependents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.utils.translation import gettext_lazy as _

from commsapp.core.actors import Actor
from commsapp.core.audit import Undone
from commsapp.models import Operation
from commsapp.staff.audit.changes import Listing, report_of
from commsapp.staff.changelists import count_up_to
from commsapp.staff.contributions import Contribution, contributions_to
from commsapp.staff.request import can_view

FIRST = 10  # that are told by name

_LEADS = {
    "archive": _("Archiving leaves all of this as it is. What is archived can be restored."),
    "discard": _("Deleting leaves all of this as it is. What is deleted so can be restored."),
}


@dataclass(frozen=True)
class PlannedChange:
    """What somebody is about to do (`archive`; `discard`, to what can be restored; `delete`, for
    good; or a verb of the app's), and to which records. `change` is what a dry run foretold."""

    verb: str
    ids: Sequence[str]  # 32 hex digits each
    by: Actor
    change: Any = None


@dataclass(frozen=True)
class Dependents:
    """The dependents of some records, as far as the actor may see them."""

    listings: Sequence[Listing]
    is_all: bool = True
    lead: str = ""  # what becomes of them


@dataclass(frozen=True)
class DependentsFinder(Contribution):
    """A function that lists dependents of some records, for those who may view the `model`."""

    find: Callable[[PlannedChange], Iterable[Listing]]


def dependents_of(model: type[Model], change: PlannedChange) -> Dependents:
    """Return all dependents of the records that change, as far as the actor may see them."""
    finders = contributions_to(model, "dependents", DependentsFinder)
    allowed = [finder for finder in finders if can_view(change.by, finder.model or model)]
    listings = [listing for finder in allowed for listing in finder.find(change) if listing.count]
    lead = str(_LEADS.get(change.verb, ""))
    return Dependents(listings, is_all=len(allowed) == len(finders), lead=lead)


def effects_of_undo(operation: Operation, undone: Undone, by: Actor) -> Dependents | None:
    """Return what undoing an operation would change, or changed, beyond what it reverses.

    None where no admin reports it.
    """
    report = report_of(operation)
    if report is None or report.undo_effects is None:
        return None
    if not undone.reversed or operation.is_target_hidden:
        return None
    listings = report.undo_effects(operation, undone, by)
    return Dependents([listing for listing in listings if listing.count])


def listed(
    label: str,
    rows: QuerySet[Any],
    name: Callable[[Any], tuple[str, str]],
    *,
    notes: Callable[[Sequence[Any]], Sequence[str]] | None = None,
    hint: str = "",
) -> Listing:
    """Rows by the first of their names, and how many there are, up to a bound: two statements."""
    found = [*rows[: FIRST + 1]]
    count, has_more = (len(found), False) if len(found) <= FIRST else count_up_to(rows)
    first = found[:FIRST]
    return Listing(
        label,
        [name(row) for row in first],
        count,
        notes=notes(first) if notes and first else (),
        has_more=has_more,
        hint=hint,
    )


def each(note: Callable[[Any], str]) -> Callable[[Sequence[Any]], Sequence[str]]:
    """Notes that each row makes by itself."""
    return lambda rows: [note(row) for row in rows]
