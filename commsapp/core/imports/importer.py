"""Records from a table: many rows at once, each created, changed, left as it is, or refused.

A row names an existing record by its id or, for the kinds that have one, by its key; any other row
makes a new one. The rules are the model's own, asked row by row; what lies in other rows (ids,
keys, what is referred to) is read for all of them: the number of statements does not grow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError
from django.db.models import BooleanField, ForeignKey
from django.utils.translation import gettext as _

from commsapp.core.actors import Actor, has_permission, missing_permission_message
from commsapp.core.audit import Refusal, RefusalCode, operation, recording
from commsapp.core.imports.references import References
from commsapp.core.records import CREATED, EDITED, note_edit, values_of
from commsapp.db.bulk import write_rows
from commsapp.db.ids import NIL, read_guid
from commsapp.models import Licensee, Record

Row = Mapping[str, str]  # the row's texts, by field: "" is a blank cell, what is not there stays

_TRUE = {"true", "yes", "y", "1", "on", "x", "ja", "wahr"}
_FALSE = {"false", "no", "n", "0", "off", "nein", "falsch"}


@dataclass
class Pending:
    """A row that shall be written: its record, filled in, and how that stood before, if it did."""

    index: int
    record: Any
    before: dict[str, Any] | None = None

    @property
    def changed(self) -> set[str]:
        """The columns that become another value."""
        before, after = self.before or {}, values_of(self.record)
        return {name for name in after if after[name] != before.get(name)}


Objection = tuple[Pending, str, str]  # a row that must not be written: the field, the sentence


@dataclass(frozen=True)
class Importable:
    """What a table may say of a kind of record.

    `key`: the field that tells which record a row without an id means. `choices`: of those that a
    field may refer to, which. `check`: the app's say about rows that change a record. `after`:
    what else a change takes, by the ids of the changed records.
    """

    model: type[Record]
    fields: tuple[str, ...]
    key: str = ""
    choices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    check: Callable[[Sequence[Pending]], Iterable[Objection]] = lambda changing: ()
    after: Callable[[Sequence[str]], None] = lambda ids: None


@dataclass(frozen=True)
class Imported:
    """How many rows became what. A refusal's index is the row's place; `batch` is of what was done,
    if anything was."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refusals: Sequence[Refusal] = ()
    batch: UUID | None = None

    @property
    def refused(self) -> int:
        return len({refusal.index for refusal in self.refusals})

    @property
    def numbers(self) -> dict[str, int]:
        """The four counts."""
        return {
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": self.refused,
        }


@operation(again_on=IntegrityError)
def import_records(
    what: Importable,
    rows: Sequence[Row],
    *,
    by: Actor,
    licensee_id: UUID,
    dry_run: bool = False,
    batch: UUID | bool = True,
) -> Imported:
    """Create and change records of one licensee; each row succeeds or fails by itself.

    One transaction, and one Operation for each record that changed, all of one batch or, given its
    batch, of one that goes on: see recording(). Whether the actor may add or change is asked here,
    for the rows decide which is needed. Raises DoesNotExist for a licensee that is not the
    actor's. Keep chunks small (1,000).
    """
    if not by.can_access(licensee_id):
        raise Licensee.DoesNotExist
    with recording(by=by, dry_run=dry_run, batch=batch) as audit_log:
        work = _Import(what, rows, by, licensee_id)
        for pending in work.accepted():
            if pending.before is None:
                entry = audit_log.open(CREATED, pending.record)
                entry.touched, entry.effects = 1, {"after": values_of(pending.record)}
            else:
                entry = audit_log.open(EDITED, pending.record)
                note_edit(entry, pending.before, values_of(pending.record))
        work.write()
    return replace(work.imported(), batch=audit_log.batches.get(licensee_id))


class _Import:
    def __init__(self, what: Importable, rows: Sequence[Row], by: Actor, licensee_id: UUID) -> None:
        self.what, self.rows, self.by, self.licensee_id = what, rows, by, licensee_id
        self.model: Any = what.model
        self.refusals: dict[int, list[Refusal]] = defaultdict(list)
        self.creating: list[Pending] = []
        self.changing: list[Pending] = []
        self.unchanged = 0
        fields = {one.name: one for one in self.model._meta.concrete_fields}
        self.fields = {name: fields[name] for name in what.fields}
        self.links = {
            name: References(one.related_model, licensee_id, what.choices.get(name, {}))
            for name, one in self.fields.items()
            if isinstance(one, ForeignKey)
        }
        self.unasked = {  # of what full_clean() would ask the database row by row
            one.name for one in fields.values() if isinstance(one, ForeignKey)
        }

    def refuse(self, index: int, code: RefusalCode, told: str, field: str = "") -> None:
        self.refusals[index].append(Refusal(code, str(told), field, index))

    def accepted(self) -> Sequence[Pending]:
        """The rows that shall be written. Reads and locks, in a fixed number of statements."""
        named = self._named()
        stored = self._lock({id for id in named.values() if id})
        for name, link in self.links.items():
            link.find(row[name] for row in self.rows if row.get(name))
        for index, row in enumerate(self.rows):
            if index not in self.refusals:
                self._take(index, row, named.get(index), stored)
        for pending, name, told in self.what.check(self.changing):
            self.refuse(pending.index, RefusalCode.FIELD_INTEGRITY_EXCEPTION, told, name)
        self.changing = [one for one in self.changing if one.index not in self.refusals]
        return [*self.creating, *self.changing]

    # --- Which record a row means ---------------------------------------------------------------

    def _named(self) -> dict[int, str | None]:
        """The id of the record that each row means, by the row's place; None for a new one."""
        named: dict[int, str | None] = {}
        owners = self._owners()
        seen: dict[str, int] = {}
        for index, row in enumerate(self.rows):
            given, key = row.get("id", ""), row.get(self.what.key, "") if self.what.key else ""
            guid = read_guid(given)
            if given and (guid is None or guid == NIL):
                self.refuse(index, RefusalCode.MALFORMED_ID, _("“%s” is no id.") % given[:64], "id")
                continue
            if not guid and len(owners.get(key, ())) > 1:
                message = _("Several have “%s”: give the id of the one that is meant.")
                self.refuse(index, RefusalCode.DUPLICATE_VALUE, message % key, self.what.key)
                continue
            named[index] = guid or next(iter(owners.get(key, ())), None)
            counts = key if self._is_unique or not guid else ""
            for once in filter(None, (named[index], counts and f"key:{counts}")):
                if seen.setdefault(once, index) != index:
                    message = _("Another row says something of the same one.")
                    self.refuse(
                        index, RefusalCode.DUPLICATE_VALUE, message, "id" if guid else self.what.key
                    )
                    break
            if guid and self._is_unique and owners.get(key, [guid]) != [guid]:
                message = _("Another one has “%s” already.") % key
                self.refuse(index, RefusalCode.DUPLICATE_VALUE, message, self.what.key)
        return named

    @property
    def _is_unique(self) -> bool:
        """Whether no two records of a licensee may have the same key."""
        pairs = (constraint.fields for constraint in self.model._meta.total_unique_constraints)
        return any({*pair} == {"licensee", self.what.key} for pair in pairs)

    def _owners(self) -> dict[str, list[str]]:
        """Who has the keys that the rows name. Of several, those that are not archived."""
        key = self.what.key
        keys = sorted({row[key] for row in self.rows if row.get(key)}) if key else []
        if not keys:
            return {}
        ours = self.model.objects.filter(licensee=self.licensee_id)
        ours = ours.filter(**{f"{key}__in_ids": keys})
        owners: dict[str, list[str]] = defaultdict(list)
        active: dict[str, list[str]] = defaultdict(list)
        # That a key is not blank is said for the index, which leaves the blank ones out.
        states = tuple(self.model.ACTIVE.items())
        found = ours.exclude(**{key: ""}).values_list("pk", key, *(name for name, _v in states))
        for pk, value, *state in found:
            owners[value].append(pk.hex)
            if state == [wanted for _name, wanted in states]:
                active[value].append(pk.hex)
        return {value: active[value] or ids for value, ids in owners.items()}

    def _lock(self, ids: set[str]) -> dict[str, Any]:
        ours = self.model.objects.filter(licensee=self.licensee_id).in_ids(sorted(ids))
        joined = ours.select_related(*(name for name in self.unasked if name != "licensee"))
        locked = joined.order_by("pk").select_for_update(no_key=True, of=("self",))
        return {record.pk.hex: record for record in locked} if ids else {}

    # --- What it says -----------------------------------------------------------------------------

    def _take(self, index: int, row: Row, id: str | None, stored: Mapping[str, Any]) -> None:
        record = stored.get(id or "")
        if id and record is None:
            message = _("There is no %s with this id.") % self.model._meta.verbose_name
            self.refuse(index, RefusalCode.NOT_FOUND, message, "id")
            return
        verb = "change" if record else "add"
        if not has_permission(self.by, verb, self.model):
            self.refuse(index, RefusalCode.FORBIDDEN, missing_permission_message(verb, self.model))
            return
        before = values_of(record) if record else None
        record = record or self.model(licensee_id=self.licensee_id)
        for name, one in self.fields.items():
            if name in row:
                self._set(index, record, one, row[name], is_new=before is None)
            elif before is None and name in self.links and not one.null:
                self.refuse(
                    index,
                    RefusalCode.REQUIRED_FIELD_MISSING,
                    str(one.error_messages["blank"]),
                    name,
                )
        self._validate(index, record)
        if index in self.refusals:
            return
        pending = Pending(index, record, before)
        if before is None:
            self.creating.append(pending)
        elif pending.changed:
            self.changing.append(pending)
        else:
            self.unchanged += 1

    def _set(self, index: int, record: Any, one: Any, text: str, *, is_new: bool) -> None:
        name = one.name
        if name in self.links:
            self._refer(index, record, one, text)
        elif not text and not one.blank and one.has_default():
            pass  # a new one has the default, and one that is there keeps what it has
        elif not text:
            setattr(record, name, None if one.null else "")
        elif is_new or str(getattr(record, name)).strip() != text:
            setattr(record, name, _meant(one, text))

    def _refer(self, index: int, record: Any, one: Any, text: str) -> None:
        if not text:
            if not one.null:
                self.refuse(
                    index, RefusalCode.REQUIRED_FIELD_MISSING, one.error_messages["blank"], one.name
                )
            elif getattr(record, one.attname):
                setattr(record, one.name, None)
            return
        try:
            setattr(record, one.name, self.links[one.name][text])
        except LookupError as error:
            self.refuse(
                index, RefusalCode.INVALID_CROSS_REFERENCE_KEY, str(error.args[0]), one.name
            )

    def _validate(self, index: int, record: Any) -> None:
        """The model's rules. Uniqueness and references are looked after for all rows together."""
        try:
            record.full_clean(self.unasked, validate_unique=False, validate_constraints=False)
        except ValidationError as error:
            for name, told in error.message_dict.items():
                for one in told:
                    at = "" if name == NON_FIELD_ERRORS else name
                    self.refuse(index, RefusalCode.FIELD_INTEGRITY_EXCEPTION, one, at)

    # --- Writing ----------------------------------------------------------------------------------

    def write(self) -> None:
        """Two statements, and what the app adds."""
        write_rows(one.record for one in self.creating)
        changing = [one.record for one in self.changing]
        if changing:
            write_rows(changing, unique=("id",), update=(*self.fields, "updated_at"))
            self.what.after([record.pk.hex for record in changing])

    def imported(self) -> Imported:
        told = [refusal for index in sorted(self.refusals) for refusal in self.refusals[index]]
        return Imported(len(self.creating), len(self.changing), self.unchanged, told)


def _meant(one: Any, text: str) -> Any:
    """A cell as the field's value. What it is not, the field's own rules will say."""
    folded = text.casefold()
    if isinstance(one, BooleanField):
        return True if folded in _TRUE else False if folded in _FALSE else text
    for value, label in one.flatchoices:
        if folded in (str(value).casefold(), str(label).casefold()):
            return value
    return text
