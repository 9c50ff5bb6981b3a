"""SaveContactGroup: an external suite tells a contact group, in part or whole, again and again.

Source: Platform Subscription API, "SaveContactGroup"; contract 3.4. What some saves speak of is
read, they are decided in memory one after the other, and all is written: in a number of statements
that does not grow.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import datetime
from functools import cache
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from commsapp.core.actors import Actor, has_permission
from commsapp.core.audit import (
    AuditLog,
    Numbers,
    Refusal,
    RefusalCode,
    Refused,
    operation,
    recording,
)
from commsapp.db.bulk import upsert_values
from commsapp.db.ids import new_id
from contacts.connection_order import Connections
from contacts.connections import counts, write_connections
from contacts.models import AlternateKey, ContactGroup, Outcome
from contacts.save_group.failures import Failures, keep_failures
from contacts.save_group.lookup import Group, Key, LookupResult, Source, load, lock_groups
from contacts.save_group.outcome import (
    SAVED,
    Differences,
    Saved,
    asked_for,
    differences_of,
    outcome_of,
)
from contacts.save_group.request import (
    SaveContactGroup,
    faults,
    first_of_each_field,
)
from contacts.save_group.resolve import ResolvedContent, Target, find_target, resolve
from contacts.save_group.statistics import count_outcomes
from contacts.save_group.unchanged import skip_unchanged


def save_contact_group(save: SaveContactGroup, *, by: Actor, dry_run: bool = False) -> Saved:
    """Save one group; see save_contact_groups(). Raises Refused."""
    [answer] = save_contact_groups([save], by=by, dry_run=dry_run)
    if isinstance(answer, Refused):
        raise answer
    return answer


@operation(again_on=IntegrityError)
def save_contact_groups(
    saves: Sequence[SaveContactGroup],
    *,
    by: Actor,
    until_refused: bool = False,
    dry_run: bool = False,
    batch: UUID | bool = False,
) -> list[Saved | Refused]:
    """Create or change a group for each save, in their order; each succeeds or fails by itself.

    All that is wrong with a save is told at once; its refusals carry the Message API's codes, and
    their fields are the paths in the request. Asks the actor's permissions, for the data decide
    which are needed. With `until_refused` those after the first refusal are neither done nor
    answered. Several are one batch of their own, or go on with that of `batch`: see recording().
    Keep chunks small (500): all is in memory and under one transaction.
    """
    unchanged, rest, to_lock = skip_unchanged(saves, by)
    answers: dict[int, Saved | Refused] = {**unchanged}
    failures: Failures = {}
    if rest:
        with recording(by=by, dry_run=dry_run, batch=batch or len(saves) > 1) as audit_log:
            if to_lock:
                lock_groups(to_lock, by)
            saving = _Saving(load(rest.values()), to_lock, audit_log, dry_run)
            for place, save in rest.items():
                answers[place] = saving.answer(save)
                if until_refused and isinstance(answers[place], Refused):
                    saves = saves[: place + 1]
                    break
            saving.write()
            failures = saving.failures
    results = [answers[place] for place in range(len(saves))]
    if not dry_run:
        count_outcomes(saves, results, failures, at=by.at or timezone.now())
    return results


# --- Deciding -------------------------------------------------------------------------------


class _Saving:
    """Some saves of one transaction: decided one after the other, written together."""

    def __init__(
        self, known: LookupResult, locked: set[str], audit_log: AuditLog, planned: bool
    ) -> None:
        self.known, self.audit_log, self.planned = known, audit_log, planned
        self.now = audit_log.at
        by = audit_log.by
        sources = known.sources.items()
        known.sources = {id: one for id, one in sources if by.can_access(UUID(one.licensee))}
        self.may_do = cache(lambda verb: has_permission(by, verb, ContactGroup))
        self.ours = {*locked}  # the groups that may be changed: locked, or made here
        self.stood: dict[str, Connections] = {}  # of the groups that change, at first
        self.fields: set[str] = set()  # those of groups that change
        self.keys: dict[str, Key] = {}  # those that change, by id
        self.made: set[str] = set()  # ids that are not in the database yet
        self.failures: Failures = {}

    def answer(self, save: SaveContactGroup) -> Saved | Refused:
        try:
            return self._save(save)
        except Refused as refused:
            source = self.known.sources.get(save.suite_data_source_instance_id or "")
            if source:
                self.failures.setdefault(source.id, []).append((save, refused))
            # An answer from now on: its traceback would keep the frames of all callers, in a cycle.
            return refused.with_traceback(None)

    def _save(self, save: SaveContactGroup) -> Saved:
        target = find_target(save, self.known, self.audit_log.by)
        source, group = target.source, target.group
        if source and not self.may_do(_verb_of(save, target)):
            raise _forbidden()
        if group and group.id not in self.ours:
            raise IntegrityError("The key was bound meanwhile.")  # so that all is tried again
        wrong = [*faults(save), *target.faults]
        content_hash = save.content_hash(source.bindings) if source else ""
        if not wrong and _changes_nothing(save, target, content_hash):
            return Saved(group.id if group else None, Outcome.UNCHANGED)
        asked = resolve(save, target, self.known)
        wrong += asked.faults
        if wrong or source is None:  # without which there is a fault, too
            raise Refused(*first_of_each_field(wrong))
        return self._apply(save, source, target, asked, content_hash)

    def _apply(
        self,
        save: SaveContactGroup,
        source: Source,
        target: Target,
        asked: ResolvedContent,
        content_hash: str,
    ) -> Saved:
        before, key = target.group, target.key
        after = asked_for(save.content, asked, before or self._new_group(source))
        differences = differences_of(before, after)
        changes_more = save.content.mark_as_deleted and bool(differences.keys() - {"status"})
        if changes_more and not self.may_do("change"):
            raise _forbidden()
        outcome = outcome_of(before, after)
        if target.key_name and not key:
            key = Key(self._new_id(), target.key_name, after.id)
            after.keys.append(key)
            self.known.keys[key.name] = key
            differences["alternate_key"] = (None, save.key)
        if key:
            key.content_hash = content_hash
            key.last_outcome, key.last_saved_at = str(outcome), self.now
            self.keys[key.id] = key
        self._forget(after, but=key)
        if not differences:
            return Saved(after.id, outcome, planned=self.planned)
        stood = before.connections if before else {}
        self.ours.add(after.id)
        self.stood.setdefault(after.id, stood)
        self.fields |= differences.keys()
        self.known.groups[after.id] = after
        numbers = counts(stood, after.connections, [wish.contact for wish in asked.wishes])
        numbers["outcome"] = outcome
        if "alternate_key" in differences and key:
            numbers["key"] = key.id
        if changes_more:
            numbers["changes_more"] = True
        entry = self._note(before, after, differences, numbers)
        return Saved(after.id, outcome, numbers, entry, self.planned)

    def _forget(self, group: Group, *, but: Key | None) -> None:
        """What the group's other keys remember is of no account any more."""
        for key in group.keys:
            if key is not but and key.content_hash:
                key.content_hash = ""
                self.keys[key.id] = key

    def _new_group(self, source: Source) -> Group:
        return Group(self._new_id(), source.licensee, "", "", ContactGroup.Status.ACTIVE.value)

    def _new_id(self) -> str:
        id = new_id()
        self.made.add(id)
        return id

    def _note(
        self, before: Group | None, after: Group, differences: Differences, numbers: Numbers
    ) -> str:
        """The entry of a changed group, with all that an undo will need. Returns its id."""
        effects = {
            "before": {name: was for name, (was, _is) in differences.items()} if before else {},
            "after": {name: now for name, (_was, now) in differences.items()},
        }
        return self.audit_log.note(
            SAVED, ContactGroup, after.id, after.licensee, after.name,
            numbers=numbers, effects=effects,
        )  # fmt: skip

    def write(self) -> None:
        """Write all that changed: four statements, and two more for what was refused."""
        write_groups(self.known, self.stood, self.fields, at=self.now, made=self.made)
        self._write_keys()
        if self.failures and not self.planned:
            keep_failures(self.failures, at=self.now)

    def _write_keys(self) -> None:
        # In one order, so that two chunks with the same new keys do not wait for each other.
        keys = sorted(self.keys.values(), key=lambda key: key.name)
        groups = self.known.groups
        upsert_values(
            AlternateKey,
            ("id", "licensee", "data_source", "kind", "value", "contact_group", "content_hash",
             "last_outcome", "last_saved_at"),
            [
                (key.id, groups[key.target].licensee, *key.name, key.target, key.content_hash,
                 key.last_outcome, key.last_saved_at)
                for key in keys
            ],
            fixed={"created_at": self.now, "updated_at": self.now},
            update=("content_hash", "last_outcome", "last_saved_at", "updated_at"),
            are_there=self.made.isdisjoint(self.keys),
        )  # fmt: skip


GROUP_FIELDS = {"name": "name", "role_id": "role", "status": "status"}  # by the ledger's names


def write_groups(
    known: LookupResult,
    stood: Mapping[str, Connections],
    fields: Collection[str] = GROUP_FIELDS,
    *,
    at: datetime,
    made: Set[str] = frozenset(),
) -> None:
    """Write the groups that changed, by their ids, from the connections they had: three
    statements. `fields` are those that changed in some, by the ledger's names: to write the
    others as they are costs as much. Those that were `made` are not in the database yet."""
    changed = [known.groups[id] for id in sorted(stood)]
    upsert_values(
        ContactGroup,
        ("id", "licensee", "name", "role", "status"),
        [(group.id, group.licensee, group.name, group.role, group.status) for group in changed],
        fixed={"created_at": at, "updated_at": at},
        update=[*(own for name, own in GROUP_FIELDS.items() if name in fields), "updated_at"],
        are_there=made.isdisjoint(stood),
    )
    write_connections((group.id, stood[group.id], group.connections) for group in changed)


def _verb_of(save: SaveContactGroup, target: Target) -> str:
    """The permission that a save takes."""
    if save.content.mark_as_deleted:
        return "delete"
    return "change" if target.group or save.object_id else "add"


def _changes_nothing(save: SaveContactGroup, target: Target, content_hash: str) -> bool:
    """Whether the key's last save asked for just the same, and nothing changed the group since; or
    what it asks to delete is not there, or deleted already."""
    group, key = target.group, target.key
    if group is None or group.is_deleted:
        return save.content.mark_as_deleted
    return key is not None and key.content_hash == content_hash and not save.ignore_hash


def _forbidden() -> Refused:
    return Refused(Refusal(RefusalCode.FORBIDDEN, _("You lack the permission for this save.")))
