"""SaveContactGroup: an external suite tells a contact group, in part or whole, again and again.

Source: Platform Subscription API, "SaveContactGroup"; contract 3.4. What some saves speak of is
read, they are decided in memory one after the other, and all is written: in a number of statements
that does not grow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from uuid import UUID

from django.db import IntegrityError
from django.utils import timezone
from django.utils.translation import gettext as _

from commsapp.access import Actor, may
from commsapp.ids import uuid7
from commsapp.ledger import Ledger, Refusal, Refused, operation, recording
from commsapp.models import Operation
from commsapp.sql import insert_values
from contacts.connections import counts, write_connections
from contacts.known import Group, Key, KeyName, Known, Source, look_up
from contacts.models import AlternateKey, ContactGroup
from contacts.ordering import Connections
from contacts.outcomes import (
    SAVED,
    Differences,
    Outcome,
    Saved,
    asked_for,
    differences_of,
    outcome_of,
)
from contacts.saves import (
    ContactGroupSave,
    content_hash,
    faults,
    first_of_each_field,
)
from contacts.targets import (
    Asked,
    Target,
    find_target,
    has_nothing_to_delete,
    is_as_saved,
    resolve,
)


def save_contact_group(save: ContactGroupSave, *, by: Actor, dry_run: bool = False) -> Saved:
    """Save one group; see save_contact_groups(). Raises Refused."""
    [answer] = save_contact_groups([save], by=by, dry_run=dry_run)
    if isinstance(answer, Refused):
        raise answer
    return answer


@operation(again_on=IntegrityError)
def save_contact_groups(
    saves: Sequence[ContactGroupSave], *, by: Actor, dry_run: bool = False
) -> list[Saved | Refused]:
    """Create or change a group for each save, in their order; each succeeds or fails by itself.

    All that is wrong with a save is told at once; its refusals carry the Message face's codes, and
    their fields are the paths in the request. Asks the actor's permissions, for the data decide
    which are needed. Keep chunks small (500): all is in memory and under one transaction.
    """
    settled, to_lock = _settle_unchanged(saves, by)
    answers: dict[int, Saved | Refused] = {**settled}
    rest = {place: save for place, save in enumerate(saves) if place not in settled}
    if rest:
        batch = uuid7() if len(saves) > 1 else None
        with recording(by=by, dry_run=dry_run, batch=batch) as ledger:
            if to_lock:
                _lock(to_lock)
            saving = _Saving(look_up(rest.values(), whole=True), to_lock, ledger, dry_run)
            answers |= {place: saving.answer(save) for place, save in rest.items()}
            saving.write()
    return [answers[place] for place in range(len(saves))]


def _settle_unchanged(
    saves: Sequence[ContactGroupSave], by: Actor
) -> tuple[dict[int, Saved], set[str]]:
    """Answer what would change nothing, from one look, without a lock or a transaction; and tell
    which groups the others may change.

    All that the look says is true at one moment. A save has to wait for one before it that may
    change the same group.
    """
    known = look_up(saves, whole=False)
    may_do = _rights(by)
    settled: dict[int, Saved] = {}
    to_lock: set[str] = set()
    claimed: set[KeyName] = set()
    for place, save in enumerate(saves):
        try:
            target = find_target(save, known, by)
        except Refused:
            continue
        group = target.group and target.group.id
        waits = target.key_name in claimed or group in to_lock
        if not waits and may_do(_verb(save, target)) and _changes_nothing(save, target):
            settled[place] = _unchanged(target)
            continue
        if target.key_name:
            claimed.add(target.key_name)
        if group:
            to_lock.add(group)
    return settled, to_lock


def _lock(groups: set[str]) -> None:
    rows = ContactGroup.objects.among(groups).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))


def _rights(by: Actor) -> Callable[[str], bool]:
    return cache(lambda verb: may(by, verb, ContactGroup))


def _verb(save: ContactGroupSave, target: Target) -> str:
    """The permission that a save takes."""
    if save.content.mark_as_deleted:
        return "delete"
    return "change" if target.group or save.object_id else "add"


def _changes_nothing(save: ContactGroupSave, target: Target) -> bool:
    if target.faults or save.unread:
        return False
    # What has the hash of a save that was applied is in order, as that was.
    if is_as_saved(save, target):
        return True
    return has_nothing_to_delete(save, target) and not faults(save)


def _unchanged(target: Target) -> Saved:
    return Saved(target.group.id if target.group else None, Outcome.UNCHANGED)


# --- Deciding -------------------------------------------------------------------------------


class _Saving:
    """Some saves of one transaction: decided one after the other, written together."""

    def __init__(self, known: Known, locked: set[str], ledger: Ledger, planned: bool) -> None:
        self.known, self.ledger, self.planned = known, ledger, planned
        self.now = timezone.now()
        self.may_do = _rights(ledger.by)
        self.ours = {*locked}  # the groups that may be changed: locked, or made here
        self.stood: dict[str, Connections] = {}  # of the groups that change, at first
        self.keys: dict[str, Key] = {}  # those that change, by id

    def answer(self, save: ContactGroupSave) -> Saved | Refused:
        try:
            return self._save(save)
        except Refused as refused:
            return refused

    def _save(self, save: ContactGroupSave) -> Saved:
        target = find_target(save, self.known, self.ledger.by)
        if target.source and not self.may_do(_verb(save, target)):
            raise _forbidden()
        if target.group and target.group.id not in self.ours:
            raise IntegrityError("The key was bound meanwhile.")  # so that all is tried again
        if _changes_nothing(save, target):
            return _unchanged(target)
        asked = resolve(save, target, self.known)
        wrong = [*faults(save), *target.faults, *asked.faults]
        if wrong or target.source is None:  # without which there is a fault, too
            raise Refused(*first_of_each_field(wrong))
        return self._apply(save, target.source, target, asked)

    def _apply(self, save: ContactGroupSave, source: Source, target: Target, asked: Asked) -> Saved:
        before = target.group
        after = asked_for(save.content, asked, before or _new_group(source))
        differences = differences_of(before, after)
        changes_more = save.content.mark_as_deleted and differences.keys() - {"status"}
        if changes_more and not self.may_do("change"):
            raise _forbidden()
        outcome = outcome_of(before, after)
        key = target.key
        if target.key_name and not key:
            key = Key(uuid7().hex, target.key_name, after.id)
            after.keys.append(key)
            self.known.keys[key.name] = key
            differences["alternate_key"] = (None, save.key)
        self._keep_hash(key, after, content_hash(save.content, source.bindings), outcome)
        if not differences:
            return Saved(after.id, outcome, None, self.planned)
        self.ours.add(after.id)
        self.stood.setdefault(after.id, before.connections if before else {})
        self.known.groups[after.id] = after
        entry = self._note(before, after, differences)
        contacts = [wish.contact for wish in asked.wishes]
        entry.numbers = {
            "outcome": outcome.value,
            **counts(before.connections if before else {}, after.connections, contacts),
        }
        return Saved(after.id, outcome, entry, self.planned)

    def _keep_hash(self, key: Key | None, group: Group, asked: str, outcome: Outcome) -> None:
        """The key that the save came by remembers it; all others of the group are to forget."""
        for other in group.keys:
            if other is not key and other.content_hash:
                other.content_hash = ""
                self.keys[other.id] = other
        if key:
            key.content_hash, key.last_outcome, key.last_saved_at = asked, outcome, self.now
            self.keys[key.id] = key

    def _note(self, before: Group | None, after: Group, differences: Differences) -> Operation:
        """The entry of a changed group, with all that an undo will need."""
        record = ContactGroup(id=UUID(after.id), licensee_id=after.licensee, name=after.name)
        entry = self.ledger.open(SAVED, record)
        entry.touched = 1
        entry.effects = {
            "before": {name: was for name, (was, _is) in differences.items()} if before else {},
            "after": {name: now for name, (_was, now) in differences.items()},
        }
        return entry

    def write(self) -> None:
        """Write all that changed: four statements."""
        changed = [self.known.groups[id] for id in sorted(self.stood)]
        insert_values(
            ContactGroup,
            ("id", "licensee", "name", "role", "status", "created_at", "updated_at"),
            [(g.id, g.licensee, g.name, g.role, g.status, self.now, self.now) for g in changed],
            unique=("id",),
            update=("name", "role", "status", "updated_at"),
        )
        write_connections((g.id, self.stood[g.id], g.connections) for g in changed)
        self._write_keys()

    def _write_keys(self) -> None:
        # In one order, so that two chunks with the same new keys do not wait for each other.
        keys = sorted(self.keys.values(), key=lambda key: key.name)
        groups = self.known.groups
        insert_values(
            AlternateKey,
            ("id", "licensee", "data_source", "kind", "value", "contact_group", "content_hash",
             "last_outcome", "last_saved_at", "created_at", "updated_at"),
            [
                (key.id, groups[key.target].licensee, *key.name, key.target, key.content_hash,
                 key.last_outcome, key.last_saved_at, self.now, self.now)
                for key in keys
            ],
            unique=("id",),
            update=("content_hash", "last_outcome", "last_saved_at", "updated_at"),
        )  # fmt: skip


def _forbidden() -> Refused:
    return Refused(Refusal("Forbidden", _("You lack the permission for this save.")))


def _new_group(source: Source) -> Group:
    return Group(uuid7().hex, source.licensee, "", "", ContactGroup.Status.ACTIVE.value)
