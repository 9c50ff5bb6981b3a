"""What stands on records that somebody is about to change: told before it is done.

    @stands_on(ContactGroup, sees=Quote)
    def quotes_of(touch: Touch) -> Iterator[Listing]: …

An app tells what of it stands on a lower app's records, without that one knowing, in a module of
its pages. Every confirmation shows all of that in `staff/_standing.html`, in a number of statements
that grows neither with the records nor with what stands on them.
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
from commsapp.staff.audit.changes import Listing
from commsapp.staff.changelists import count_up_to
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
    """What stands on some records, as far as one may see it."""

    listings: Sequence[Listing]
    is_all: bool = True
    lead: str = ""  # what becomes of it


DependentsReporter = Callable[[PlannedChange], Iterable[Listing]]
UndoReporter = Callable[[Operation, Undone, Actor], Iterable[Listing]]
_reporters: dict[type[Model], list[tuple[type[Model], DependentsReporter]]] = {}
_undo_reporters: dict[str, UndoReporter] = {}


def reports_dependents(
    model: type[Model], *, sees: type[Model]
) -> Callable[[DependentsReporter], DependentsReporter]:
    """Decorator: the function tells what of the `sees` model stands on some of these records."""

    def register(tell: DependentsReporter) -> DependentsReporter:
        _reporters.setdefault(model, []).append((sees, tell))
        return tell

    return register


def dependents_of(model: type[Model], touch: PlannedChange) -> Dependents:
    """All that stands on the touched records, of what the actor may see."""
    tellers = _reporters.get(model, ())
    seen = [tell for sees, tell in tellers if can_view(touch.by, sees)]
    listings = [one for tell in seen for one in tell(touch) if one.count]
    lead = str(_LEADS.get(touch.verb, ""))
    return Dependents(listings, is_all=len(seen) == len(tellers), lead=lead)


def reports_undo_effects(*kinds: str) -> Callable[[UndoReporter], UndoReporter]:
    """Decorator: the function tells what else undoing operations of these kinds would touch;
    asked of an undo that is no plan but done, what it touched, as far as that can still be told."""

    def register(foretell: UndoReporter) -> UndoReporter:
        _undo_reporters.update(dict.fromkeys(kinds, foretell))
        return foretell

    return register


def effects_of_undo(operation: Operation, undone: Undone, by: Actor) -> Dependents | None:
    """What undoing an operation would touch, or touched, besides what it reverses, where an app
    tells it."""
    foretell = _undo_reporters.get(operation.kind)
    if foretell is None or not undone.reversed or operation.is_target_hidden:
        return None
    return Dependents([one for one in foretell(operation, undone, by) if one.count])


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
