"""What every record knows: being created, edited, archived and restored, each as an operation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from django.apps import apps
from django.db import IntegrityError
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commsapp.core.actors import Actor
from commsapp.core.audit import (
    Kind,
    Numbers,
    Refusal,
    RefusalCode,
    Refused,
    Undoing,
    lock,
    operation,
    recording,
)
from commsapp.core.number_format import format_count
from commsapp.models import Operation, Record

R = TypeVar("R", bound=Record)
Check = Callable[[Any, frozenset[str]], None]
Expected = Mapping[str, Any] | None

CREATED = Kind(
    "created",
    gettext_lazy("Created"),
    batch_sentence=gettext_lazy("%(count)s %(things)s created or changed."),
    verb="add",
    sentence=lambda numbers, planned: _("Created."),
)
EDITED = Kind(
    "edited",
    gettext_lazy("Edited"),
    batch_sentence=gettext_lazy("%(count)s %(things)s created or changed."),
    sentence=lambda numbers, planned: _("Changed: %s.") % ", ".join(numbers["fields"]),
)
DELETED = Kind(
    "removed",
    gettext_lazy("Removed"),
    verb="delete",
    sentence=lambda numbers, planned: _("Deleted."),
)

_UNTOLD = {"id", "created_at", "updated_at"}  # what before / after leave out


def values_of(record: Record) -> dict[str, Any]:
    """What a record says, by column: the before and after of the ledger."""
    return {
        field.attname: getattr(record, field.attname)
        for field in record._meta.concrete_fields
        if field.name not in _UNTOLD
    }


@operation(again_on=IntegrityError)
def create(record: R, *, by: Actor) -> R:
    """Save a new record. Raises ValidationError, naming the fields, for what may not be."""
    with recording(by=by) as audit_log:
        record.full_clean()
        record.save(force_insert=True)
        entry = audit_log.open(CREATED, record)
        entry.touched, entry.effects = 1, {"after": values_of(record)}
    return record


@operation(again_on=IntegrityError)
def edit(
    model: type[R],
    pk: UUID | str,
    values: Mapping[str, Any],
    *,
    by: Actor,
    check: Check | None = None,
    expected: Expected = None,
) -> R:
    """Change some fields of a record; what is equal already is no change.

    `check(record, changed)` is the app's say about the other rows: it raises to refuse.
    `expected` is what the caller read in these fields; see refuse_overwriting().
    Raises ValidationError, naming the fields, for what may not be.
    """
    with recording(by=by) as audit_log:
        record = lock(model, pk, by=by)
        refuse_overwriting(record, values, expected)
        before = values_of(record)
        for name, value in values.items():
            setattr(record, name, value)
        record.full_clean()
        after = values_of(record)
        changed = frozenset(name for name in after if after[name] != before[name])
        if changed:
            if check:
                check(record, changed)
            record.save(force_update=True)
            note_edit(audit_log.open(EDITED, record), before, after)
    return record


def refuse_overwriting(record: Record, values: Mapping[str, Any], expected: Expected) -> None:
    """Two people who change one field do not overwrite each other silently.

    To be called under the record's lock, with the values asked for and those that the caller had
    read, by field. Refused for each field that is neither as it was read nor as it is wanted. What
    was not read, as by a machine that sends values only, is not compared.
    """
    message = _("It was changed by somebody else meanwhile.")
    refuse = [
        Refusal(RefusalCode.CHANGED_MEANWHILE, message, name)
        for name, value in values.items()
        if expected and name in expected and _stored_value(record, name) not in (
            _key(expected[name]), _key(value)
        )
    ]  # fmt: skip
    if refuse:
        raise Refused(*refuse)


def _stored_value(record: Record, name: str) -> Any:
    return getattr(record, record._meta.get_field(name).attname)  # type: ignore[union-attr]


def _key(value: Any) -> Any:
    """A record as its column keeps it."""
    return value.pk if isinstance(value, Model) else value


def is_referred_to(record: Record) -> bool:
    """Whether any row of any app refers to the record."""
    return any(
        related.related_model._base_manager.filter(**{related.field.name: record.pk}).exists()
        for related in record._meta.related_objects
    )


def note_edit(entry: Operation, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Tell an entry which fields changed, from what to what."""
    changed = [name for name in after if after[name] != before[name]]
    entry.touched = 1
    entry.numbers = {"fields": [name.removesuffix("_id") for name in changed]}
    entry.effects = {
        "before": {name: before[name] for name in changed},
        "after": {name: after[name] for name in changed},
    }


# --- Archive and restore --------------------------------------------------------------------


@dataclass(frozen=True)
class ArchiveResult:
    """Which records were archived or restored, one operation each, and how many were so already."""

    operations: Sequence[Operation]
    message: str
    already: int = 0

    @property
    def operation(self) -> Operation | None:
        """The entry, where one record was asked for and it changed."""
        return self.operations[0] if self.operations else None


def archive_numbers(moving: Sequence[Record]) -> Numbers:
    """What is said of records that move: their number, and the name where it is one."""
    return {"count": len(moving), **({"name": str(moving[0])} if len(moving) == 1 else {})}


def archive_sentence(
    numbers: Numbers, planned: bool, *, one: tuple[str, str], many: tuple[str, str]
) -> str:
    """The sentence of records that move: done and planned, of one (by its name) and of many."""
    count: int = numbers["count"]
    if count != 1 or (planned and "name" not in numbers):
        return many[planned] % format_count(count)
    return one[1] % numbers["name"] if planned else one[0]


def _archived_sentence(numbers: Numbers, planned: bool) -> str:
    return archive_sentence(
        numbers,
        planned,
        one=(_("Archived."), _("“%s” would be archived.")),
        many=(_("%s archived."), _("%s would be archived.")),
    )


def _restored_sentence(numbers: Numbers, planned: bool) -> str:
    return archive_sentence(
        numbers,
        planned,
        one=(_("Restored."), _("“%s” would be restored.")),
        many=(_("%s restored."), _("%s would be restored.")),
    )


ARCHIVED = Kind(
    "archived",
    gettext_lazy("Archived"),
    batch_sentence=gettext_lazy("%(count)s %(things)s archived."),
    sentence=_archived_sentence,
)
RESTORED = Kind(
    "restored",
    gettext_lazy("Restored"),
    batch_sentence=gettext_lazy("%(count)s %(things)s restored."),
    sentence=_restored_sentence,
)


@operation()
def archive(
    model: type[Record], ids: Iterable[str], *, by: Actor, dry_run: bool = False
) -> ArchiveResult:
    """Archive records of one model; those that are archived already stay so.

    Ids as 32 hex digits. Raises DoesNotExist if one is not there. One operation for each record,
    under one batch id: undo works for one and for all.
    """
    return _move(ARCHIVED, model, ids, by, dry_run)


@operation()
def restore(
    model: type[Record], ids: Iterable[str], *, by: Actor, dry_run: bool = False
) -> ArchiveResult:
    """The opposite of archive()."""
    return _move(RESTORED, model, ids, by, dry_run)


def _move(
    kind: Kind, model: type[Record], ids: Iterable[str], by: Actor, dry_run: bool
) -> ArchiveResult:
    wanted = {UUID(id) for id in ids}
    to_archive = kind is ARCHIVED
    with recording(by=by, dry_run=dry_run, batch=True) as audit_log:
        visible = model.objects.visible_to(by).in_ids(id.hex for id in wanted).order_by("pk")
        there = list(visible.select_for_update(no_key=True, of=("self",)))
        if len(there) < len(wanted):
            raise model.DoesNotExist
        moving = [record for record in there if record.is_archived != to_archive]
        for record in moving:
            entry = audit_log.open(kind, record)
            entry.touched, entry.numbers = 1, {"count": 1}
        if moving:
            rows = model.objects.in_ids(record.pk.hex for record in moving)
            rows.change(**(model.ARCHIVED if to_archive else model.ACTIVE))
    message = kind.sentence(archive_numbers(moving), dry_run)
    return ArchiveResult([] if dry_run else audit_log.operations, message, len(there) - len(moving))


@ARCHIVED.undone_by
def _undo_archive(undoings: Sequence[Undoing], by: Actor) -> None:
    _move_back(undoings, were_archived=True)


@RESTORED.undone_by
def _undo_restore(undoings: Sequence[Undoing], by: Actor) -> None:
    _move_back(undoings, were_archived=False)


def _move_back(undoings: Sequence[Undoing], *, were_archived: bool) -> None:
    """Move back those that still are as the operation left them."""
    by_model: dict[str, list[Undoing]] = {}
    for undoing in undoings:
        by_model.setdefault(undoing.operation.target_type, []).append(undoing)
    for name, ones in by_model.items():
        model = apps.get_model(name)
        rows = model.objects.in_ids(one.operation.target_id.hex for one in ones)
        locked = rows.order_by("pk").select_for_update(no_key=True)
        standing = {row.pk for row in locked if row.is_archived == were_archived}
        model.objects.in_ids(pk.hex for pk in standing).change(
            **(model.ACTIVE if were_archived else model.ARCHIVED)
        )
        for one in ones:
            one.reversed = int(one.operation.target_id in standing)
            one.kept = 1 - one.reversed
            if one.kept:
                one.list_retained(model, [one.operation.target_id.hex])
