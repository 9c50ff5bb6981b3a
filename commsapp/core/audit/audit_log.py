"""The transaction of an operation, with the entries that are written at its end."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from commsapp.core.actors import Actor
from commsapp.core.audit.operation_kinds import UNDONE, Kind, Numbers, sentence
from commsapp.core.audit.refusals import Refusal
from commsapp.db.bulk import insert_values, write_rows
from commsapp.db.commits import mark_transaction
from commsapp.db.ids import new_id, uuid7_of
from commsapp.models import Channel, Operation, Record

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Change:
    """What an operation did, or, planned, would do: the result that every API and page shows."""

    operation: Operation
    planned: bool = False
    skipped: Sequence[Refusal] = ()

    @property
    def message(self) -> str:
        return sentence(self.operation, planned=self.planned)


@dataclass
class AuditLog:
    """The entries of one transaction.

    `batch`: whether all are one batch, or the id of the batch that they continue. The id of a
    batch is that of its first entry, for each licensee: whoever may see one of them sees that.
    """

    by: Actor
    batch: UUID | bool
    at: datetime
    operations: list[Operation] = field(default_factory=list)
    batches: Mapping[UUID, UUID] = field(default_factory=dict)  # by licensee, once written
    _notes: dict[tuple[Kind, type[Record], str], list[Sequence[Any]]] = field(default_factory=dict)

    def open(self, kind: Kind, target: Record, /) -> Operation:
        """Begin the entry of one changed record. Only what touched something is written."""
        return self._enter(
            kind=kind.name,
            licensee_id=target.licensee_id,
            target_type=type(target)._meta.label_lower,
            target_id=target.pk,
            target_name=str(target)[:255],
        )

    def note(
        self,
        kind: Kind,
        model: type[Record],
        id: str,
        licensee_id: str,
        name: str,
        *,
        numbers: Numbers,
        effects: dict[str, Any],
    ) -> str:
        """Note the whole entry of one changed record of a stream, and return the entry's id.

        A stream has thousands, and to make model instances would cost more than all else.
        """
        entry = self._new_id()
        notes = self._notes.setdefault((kind, model, licensee_id), [])
        notes.append((entry, id, name[:255], numbers, effects))
        return entry

    def open_reversal(self, undone: Operation) -> Operation:
        """Begin the entry that undoes another."""
        return self._enter(
            kind=UNDONE.name,
            licensee_id=undone.licensee_id,
            target_type=undone.target_type,
            target_id=undone.target_id,
            target_name=undone.target_name,
            undoes_id=undone.pk,
        )

    def _enter(self, **values: Any) -> Operation:
        entry = Operation(id=UUID(self._new_id()), **self._common_values(), **values)
        self.operations.append(entry)
        return entry

    def _new_id(self) -> str:
        return uuid7_of(self.by.at).hex if self.by.at else new_id()

    def _common_values(self) -> dict[str, Any]:
        """Return the values that all entries have."""
        by = self.by
        return {
            "at": self.at,
            "user": by.user,
            "channel": by.channel,
            "client": by.client,
            "request_id": by.request_id,
        }

    def write(self) -> None:
        """Write the entries of what touched something."""
        entries = [entry for entry in self.operations if entry.touched]
        self.batches = self._batches(entries) if self.batch else {}
        for entry in entries:
            entry.batch = self.batches.get(entry.licensee_id)
        write_rows(entries)
        names = ("id", "target_id", "target_name", "numbers", "effects")
        for (kind, model, licensee_id), notes in self._notes.items():
            fixed = self._common_values() | {"user": self.by.user.pk}
            fixed |= {"kind": kind.name, "touched": 1}
            fixed |= {"target_type": model._meta.label_lower, "licensee": licensee_id}
            fixed["undoes"], fixed["batch"] = None, self.batches.get(UUID(licensee_id))
            insert_values(Operation, names, notes, fixed=fixed)
        written = [entry.pk for entry in entries[:1]]
        written += [notes[0][0] for notes in self._notes.values()]
        if written:
            mark_transaction(functools.partial(_operation_with_id, written[0]))

    def _batches(self, entries: Iterable[Operation]) -> dict[UUID, UUID]:
        """Return each licensee's batch: its first entry, or the batch that is continued."""
        firsts: dict[UUID, UUID] = {}
        for entry in entries:
            firsts.setdefault(entry.licensee_id, entry.pk)
        for (_kind, _model, licensee_id), notes in self._notes.items():
            firsts.setdefault(UUID(licensee_id), UUID(notes[0][0]))
        return dict.fromkeys(firsts, self.batch) if isinstance(self.batch, UUID) else firsts


def _operation_with_id(pk: UUID | str) -> Operation:
    """Return an entry that the database accepts unless its id exists already."""
    return Operation(pk=pk, licensee_id=pk, target_id=pk, channel=Channel.COMMAND, touched=1)


@contextmanager
def recording(
    *, by: Actor, dry_run: bool = False, batch: UUID | bool = False
) -> Iterator[AuditLog]:
    """Run one transaction, and write its entries at the end.

    `batch`: whether they are one batch; or the id of the batch that they continue, which is
    of their licensee. A dry run does everything, writes no entries and rolls back, so its numbers
    are the real ones.
    """
    with transaction.atomic():
        audit_log = AuditLog(by, batch, by.at or timezone.now())
        yield audit_log
        if dry_run:
            transaction.set_rollback(True)
        else:
            audit_log.write()


def lock(model: type[R], pk: UUID | str | None, *, by: Actor) -> R:
    """Lock a record and return it. Raise DoesNotExist also for one of another licensee."""
    visible = model.objects.visible_to(by)
    record: R = visible.select_for_update(no_key=True, of=("self",)).get(pk=pk)
    return record
