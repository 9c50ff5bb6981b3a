"""Undo, of one operation and of a batch. It is an operation itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.apps import apps
from django.utils.translation import gettext as _

from commsapp.core.actors import Actor, require
from commsapp.core.audit.audit_log import AuditLog, lock, recording
from commsapp.core.audit.operation_kinds import (
    Undoing,
    kind_named,
    kind_of,
    undoable_kinds,
    undone_sentence,
)
from commsapp.core.audit.refusals import Refusal, RefusalCode, Refused
from commsapp.core.audit.retrying import operation
from commsapp.models import Operation


@dataclass(frozen=True)
class Undone:
    """How many records were reversed, kept because they changed since, or failed.

    If `planned`: would be.
    """

    operation: Operation  # the reversal
    reversed: int
    kept: int
    failed: Sequence[Refusal]
    planned: bool = False

    @property
    def message(self) -> str:
        return undone_sentence({"reversed": self.reversed, "kept": self.kept}, self.planned)


@operation()
def undo(operation_id: UUID | str, *, by: Actor, dry_run: bool = False) -> Undone:
    """Reverse what an operation did, where nobody changed it since. Itself an operation.

    Contract 5. A dry run returns what would become of the records now. Raises Refused if it cannot
    be undone or already was, PermissionDenied without the permission of the undone verb.
    """
    with recording(by=by, dry_run=dry_run) as audit_log:
        undone = lock(Operation, operation_id, by=by)  # type: ignore[type-var]
        _require_verbs(undone, by)
        if undone.is_undone:
            raise Refused(Refusal(RefusalCode.INVALID_STATUS, _("This was undone already.")))
        [undoing] = _undo([undone], audit_log)
    return _undo_result(undoing, dry_run)


_MAX_IN_MEMORY = 2_000  # entries of a batch in memory, with all that undoing them takes


@operation()
def undo_batch(*batches: UUID, by: Actor, dry_run: bool = False) -> list[Undone]:
    """Undo all operations of a batch, the newest first; those undone already are left out.

    Of several batches where an action was on records of several licensees: each has its own.
    """
    with recording(by=by, batch=True, dry_run=dry_run) as audit_log:
        visible = Operation.objects.visible_to(by).filter(batch__in=batches)
        locked = visible.filter(kind__in=undoable_kinds()).select_for_update(no_key=True)
        ids = [id.hex for id in locked.order_by("-id").values_list("pk", flat=True)]
        results: list[Undone] = []
        for start in range(0, len(ids), _MAX_IN_MEMORY):
            # Read only now: what was read while waiting for the locks is from before the wait.
            rows = Operation.objects.in_ids(ids[start : start + _MAX_IN_MEMORY])
            undoings = _undo([*rows.filter(undone_by=None).order_by("-id")], audit_log)
            results += (_undo_result(undoing, dry_run) for undoing in undoings)
    return results


def _undo_result(undoing: Undoing, planned: bool) -> Undone:
    return Undone(undoing.reversal, undoing.reversed, undoing.kept, undoing.failed, planned)


def _require_verbs(operation: Operation, by: Actor) -> None:
    for verb in kind_of(operation).verbs_of(operation):
        require(by, verb, apps.get_model(operation.target_type))


def _undo(operations: Sequence[Operation], audit_log: AuditLog) -> list[Undoing]:
    by_kind: dict[str, list[Undoing]] = {}
    for entry in operations:
        _require_verbs(entry, audit_log.by)
        undoing = Undoing(entry, audit_log.open_reversal(entry))
        by_kind.setdefault(entry.kind, []).append(undoing)
    for name, undoings in by_kind.items():
        kind_named(name).undo(undoings, audit_log.by)
        for undoing in undoings:
            _report(undoing)
    return [undoing for undoings in by_kind.values() for undoing in undoings]


def _report(undoing: Undoing) -> None:
    """Write into the reversal's entry what became of the records."""
    reversal = undoing.reversal
    reversal.touched = undoing.reversed
    reversal.numbers = {"reversed": undoing.reversed, "kept": undoing.kept}
    if retained := {model: ids for model, ids in undoing.retained_by_model.items() if ids}:
        reversal.effects["kept"] = retained
