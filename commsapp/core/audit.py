"""The history of business records: a change and its Operation are written together, or not at all.

Operations can be undone.

Every operation of every app has the same shape: `recording()` opens one transaction, `lock()`
reads what will change, the app decides and writes, and the transaction's operations are written
with it. To refuse, at whatever point, raise `Refused`: all is taken back.
"""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.apps import apps
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commsapp.core.actors import Actor, has_permission, require
from commsapp.core.number_format import format_counts
from commsapp.db.bulk import insert_values, write_rows
from commsapp.db.commits import OutcomeUnknown, PartlySaved, count_commits, mark_transaction
from commsapp.db.errors import Reason, reason_of
from commsapp.db.ids import new_id, uuid7_of
from commsapp.db.waits import TooManyWaitForLocks
from commsapp.models import Channel, Operation, Record

log = logging.getLogger(__name__)
R = TypeVar("R", bound=Record)
P = ParamSpec("P")
T = TypeVar("T")

# --- Saying no ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refusal:
    """Why something is refused: a sentence with a code. Each adapter spells the place itself."""

    code: str
    message: str
    field: str = ""
    index: int | None = None
    record_id: str = ""


class Refused(Exception):  # noqa: N818  (not an error: an answer)
    """Nothing was done, for all these reasons. May be raised at any point of an operation."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__(refusals[0].message)
        self.refusals = refusals


class Busy(Exception):  # noqa: N818
    """A lock was not to be had in time. Nothing was changed; the same call may succeed later."""

    reason = Reason.BUSY


class TimedOut(Busy):
    """A statement took longer than a request's may. Nothing was changed."""

    reason = Reason.TIMED_OUT


def unavailable_reason(error: BaseException | None) -> Reason | None:
    """Return why the database cannot do now what an operation asked; None for any other error."""
    return error.reason if isinstance(error, Busy) else reason_of(error)


# --- Kinds of operations --------------------------------------------------------------------


MAX_RETAINED_LISTED = 50  # of each kind of record, of those that an undo left alone


@dataclass
class Undoing:
    """One operation being undone: what became of the records it had touched."""

    operation: Operation
    reversal: Operation
    reversed: int = 0
    kept: int = 0  # changed since, so left as they are
    failed: list[Refusal] = field(default_factory=list)
    retained_by_model: dict[str, list[str]] = field(default_factory=dict)

    def list_retained(self, model: type[Record], ids: Iterable[str]) -> None:
        """Which records those are that were kept (32 hex digits each), for people to read."""
        named = self.retained_by_model.setdefault(model._meta.label_lower, [])
        named += islice(ids, MAX_RETAINED_LISTED - len(named))


Numbers = dict[str, Any]
Sentence = Callable[[Numbers, bool], str]
Inverse = Callable[[Sequence[Undoing], Actor], None]

_kinds: dict[str, Kind] = {}


class Kind:
    """A kind of operation: its label and sentences, the permission it takes, and its undo."""

    def __init__(
        self,
        name: str,
        label: Promise,
        *,
        verb: str = "change",
        sentence: Sentence,
        batch_sentence: Promise | str = "",
        verbs_of: Callable[[Operation], Sequence[str]] | None = None,
        names: Sequence[str] = (),
    ) -> None:
        """Register the kind.

        `sentence(numbers, planned)` returns what was done, or, planned, what would be done.
        `batch_sentence` is said of a whole batch that begins with this kind, with the `count`
        of its `things`; without one, the batch's first operation is described.
        `verbs_of` returns the permissions of an operation, where not all of the kind take `verb`.
        `names` are the models, besides the target's, whose records the sentence names.
        """
        self.name, self.label, self.names = name, label, names
        self.sentence, self.batch_sentence = sentence, batch_sentence
        self.verbs_of = verbs_of or (lambda operation: (verb,))
        self._inverse: Inverse | None = None
        _kinds[name] = self

    def undone_by(self, inverse: Inverse) -> Inverse:
        """Decorator: this function undoes operations of this kind, several at once."""
        self._inverse = inverse
        return inverse

    @property
    def is_undoable(self) -> bool:
        return self._inverse is not None

    def undo(self, undoings: Sequence[Undoing], by: Actor) -> None:
        """Reverse what these operations did, as far as it still stands, and count it in each."""
        if self._inverse is None:
            raise Refused(Refusal("INVALID_STATUS", _("This kind of change cannot be undone.")))
        self._inverse(undoings, by)


def for_each(inverse: Callable[[Undoing, Actor], None]) -> Inverse:
    """Decorator, below `undone_by`: the function undoes one operation at a time."""

    @functools.wraps(inverse)
    def undo_each(undoings: Sequence[Undoing], by: Actor) -> None:
        for undoing in undoings:
            inverse(undoing, by)

    return undo_each


def kinds() -> list[Kind]:
    """Return all kinds of operations, by their names."""
    return [_kinds[name] for name in sorted(_kinds)]


def kind_of(operation: Operation) -> Kind:
    return _kinds[operation.kind]


def undoable_kinds() -> list[str]:
    """Return the names of the kinds that can be undone."""
    return [kind.name for kind in kinds() if kind.is_undoable]


def sentence(operation: Operation, *, planned: bool = False) -> str:
    """What the operation did, in one sentence in the reader's language."""
    if operation.replacement_sentence:
        return operation.replacement_sentence
    return kind_of(operation).sentence(operation.numbers, planned)


def headline(operation: Operation) -> str:
    """The sentence with the name of what was changed, as far as the reader may know it."""
    text = sentence(operation)
    return text if operation.is_target_hidden else f"{operation.target_name}: {text}"


def named_models(operation: Operation) -> Sequence[str]:
    """The labels of the models, beside the target's, whose records the sentence names."""
    return kind_of(operation).names


def is_undoable(operation: Operation) -> bool:
    """Whether undo() would try: the kind has an inverse and nobody has undone it yet."""
    return kind_of(operation).is_undoable and not operation.is_undone


def may_undo(operation: Operation, by: Actor) -> bool:
    """Whether undo() would try, and the actor has the permission that it takes."""
    model = apps.get_model(operation.target_type)
    verbs = kind_of(operation).verbs_of(operation)
    return is_undoable(operation) and all(has_permission(by, verb, model) for verb in verbs)


# --- Recording ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """What an operation did, or, planned, would do: the one thing every API and page shows."""

    operation: Operation
    planned: bool = False
    skipped: Sequence[Refusal] = ()

    @property
    def message(self) -> str:
        return sentence(self.operation, planned=self.planned)


@dataclass
class AuditLog:
    """The entries of one transaction.

    `batch`: whether all are one batch, or the id of the batch that they continue. A
    batch's batch is the id of its first entry, of each licensee: who may see one of them sees that.
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
        """The whole entry of one changed record of a stream's thousands: neither record nor entry
        is at hand, for to make them costs more than all else. Returns its id."""
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

    def _enter(self, **what: Any) -> Operation:
        entry = Operation(id=UUID(self._new_id()), **self._same(), **what)
        self.operations.append(entry)
        return entry

    def _new_id(self) -> str:
        return uuid7_of(self.by.at).hex if self.by.at else new_id()

    def _same(self) -> dict[str, Any]:
        """What all entries say."""
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
            fixed = self._same() | {"user": self.by.user.pk, "kind": kind.name, "touched": 1}
            fixed |= {"target_type": model._meta.label_lower, "licensee": licensee_id}
            fixed["undoes"], fixed["batch"] = None, self.batches.get(UUID(licensee_id))
            insert_values(Operation, names, notes, fixed=fixed)
        written = [entry.pk for entry in entries[:1]]
        written += [notes[0][0] for notes in self._notes.values()]
        if written:
            mark_transaction(functools.partial(_operation_with_id, written[0]))

    def _batches(self, entries: Iterable[Operation]) -> dict[UUID, UUID]:
        """Each licensee's first entry, unless what they go on with has one."""
        firsts: dict[UUID, UUID] = {}
        for entry in entries:
            firsts.setdefault(entry.licensee_id, entry.pk)
        for (_kind, _model, licensee_id), notes in self._notes.items():
            firsts.setdefault(UUID(licensee_id), UUID(notes[0][0]))
        return dict.fromkeys(firsts, self.batch) if isinstance(self.batch, UUID) else firsts


def _operation_with_id(pk: UUID | str) -> Operation:
    """An entry that the database takes, but for an id that is there already."""
    return Operation(pk=pk, licensee_id=pk, target_id=pk, channel=Channel.COMMAND, touched=1)


@contextmanager
def recording(
    *, by: Actor, dry_run: bool = False, batch: UUID | bool = False
) -> Iterator[AuditLog]:
    """One transaction and what is told of it: one Operation, or one for each line of a stream.

    `batch`: whether they are one batch; or the id of the batch that they continue, which is
    of their licensee. A dry run does everything but tell, and takes it back, so its numbers are the
    real ones.
    """
    with transaction.atomic():
        audit_log = AuditLog(by, batch, by.at or timezone.now())
        yield audit_log
        if dry_run:
            transaction.set_rollback(True)
        else:
            audit_log.write()


def lock(model: type[R], pk: UUID | str | None, *, by: Actor) -> R:
    """Read a record under its lock. Another licensee's is as good as not there: DoesNotExist."""
    visible = model.objects.visible_to(by)
    record: R = visible.select_for_update(no_key=True, of=("self",)).get(pk=pk)
    return record


_DEADLOCK, _SERIALIZATION, _NO_LOCK = "40P01", "40001", "55P03"
_WAITS = (0.01, 0.05, 0.25)  # seconds before each further try


Errors = type[DatabaseError] | tuple[type[DatabaseError], ...]


def operation(*, again_on: Errors = ()) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorator of every operation: a deadlock or lost race is tried again, a few times.

    `again_on` names further errors that mean "another was quicker", as a unique constraint's does.
    Inside an outer transaction nothing is retried: only that one's start could be. Raises Busy
    where a lock was not to be had in time, or every race was lost; TimedOut for a statement that
    took too long. Both mean that the operation has changed nothing: where a transaction of it was
    committed before, nothing is retried either, and PartlySaved is raised.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def attempt(*args: P.args, **kwargs: P.kwargs) -> T:
            waits, commits = iter(_WAITS), count_commits()
            while True:
                try:
                    return function(*args, **kwargs)
                except (Busy, DatabaseError, InterfaceError) as error:
                    if count_commits() > commits and not isinstance(error, OutcomeUnknown):
                        raise PartlySaved(*error.args) from error
                    _raise_unless_lost_race(error, again_on)
                    wait = next(waits, None)
                    if wait is None:
                        log.warning("%s lost every race", function.__qualname__, exc_info=error)
                        raise Busy from error
                time.sleep(wait)

        return attempt

    return decorate


def _raise_unless_lost_race(error: Exception, again_on: Errors) -> None:
    """Return where to try again may help; else raise the error, as Busy if it means that."""
    if not isinstance(error, DatabaseError):
        raise error
    if reason_of(error) is Reason.TIMED_OUT:
        raise TimedOut from error
    if _is_busy(error):
        raise Busy from error
    if connection.in_atomic_block or not _is_lost_race(error, again_on):
        raise error


def _is_busy(error: DatabaseError) -> bool:
    if isinstance(error, TooManyWaitForLocks):
        return True
    code = getattr(error.__cause__, "sqlite_errorname", "") or _sqlstate(error)
    return code in ("SQLITE_BUSY", "SQLITE_LOCKED", _NO_LOCK)


def _is_lost_race(error: DatabaseError, again_on: Errors) -> bool:
    return isinstance(error, again_on) or _sqlstate(error) in (_DEADLOCK, _SERIALIZATION)


def _sqlstate(error: DatabaseError) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)


# --- Undo -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Undone:
    """What became of the records, or, planned, would: reversed, kept because they changed since,
    or failed."""

    operation: Operation  # the reversal
    reversed: int
    kept: int
    failed: Sequence[Refusal]
    planned: bool = False

    @property
    def message(self) -> str:
        return _undone_sentence({"reversed": self.reversed, "kept": self.kept}, self.planned)


def _undone_sentence(numbers: Numbers, planned: bool) -> str:
    counts = format_counts(numbers)
    text = _("%(reversed)s would be reversed") if planned else _("Undone: %(reversed)s reversed")
    text %= counts
    if numbers["kept"]:
        text += _(", %(kept)s kept because changed since") % counts
    return text + "."


UNDONE = Kind(
    "undone",
    gettext_lazy("Undone"),
    batch_sentence=gettext_lazy("Undone: %(count)s %(things)s."),
    sentence=_undone_sentence,
)


@operation()
def undo(operation_id: UUID | str, *, by: Actor, dry_run: bool = False) -> Undone:
    """Reverse what an operation did, as far as it still stands. Itself an operation.

    Contract 5. A dry run tells what would become of the records now. Raises Refused if it cannot
    be undone or already was, PermissionDenied without the permission of the undone verb.
    """
    with recording(by=by, dry_run=dry_run) as audit_log:
        undone = lock(Operation, operation_id, by=by)  # type: ignore[type-var]
        _require_verbs(undone, by)
        if undone.is_undone:
            raise Refused(Refusal("INVALID_STATUS", _("This was undone already.")))
        [undoing] = _undo([undone], audit_log)
    return _undo_result(undoing, dry_run)


_AT_ONCE = 2_000  # entries of a batch in memory, with all that undoing them takes


@operation()
def undo_batch(*batches: UUID, by: Actor, dry_run: bool = False) -> list[Undone]:
    """Undo all operations of a batch, the newest first; those undone already are left out.

    Of several where one batch was of several licensees: each has a batch of its own.
    """
    with recording(by=by, batch=True, dry_run=dry_run) as audit_log:
        visible = Operation.objects.visible_to(by).filter(batch__in=batches)
        locked = visible.filter(kind__in=undoable_kinds()).select_for_update(no_key=True)
        ids = [id.hex for id in locked.order_by("-id").values_list("pk", flat=True)]
        told: list[Undone] = []
        for start in range(0, len(ids), _AT_ONCE):
            # Asked only now: what one reads while waiting for a lock is from before the wait.
            some = Operation.objects.in_ids(ids[start : start + _AT_ONCE]).filter(undone_by=None)
            told += (
                _undo_result(one, dry_run) for one in _undo([*some.order_by("-id")], audit_log)
            )
    return told


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
        _kinds[name].undo(undoings, audit_log.by)
        for one in undoings:
            one.reversal.touched = one.reversed
            one.reversal.numbers = {"reversed": one.reversed, "kept": one.kept}
            if named := {model: ids for model, ids in one.retained_by_model.items() if ids}:
                one.reversal.effects["kept"] = named
    return [one for undoings in by_kind.values() for one in undoings]
