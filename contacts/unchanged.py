"""What changes nothing: told from one look, without a lock or a transaction.

Contract 3.4. Of a nightly full run most saves are so; a line that is the same as last time is not
even read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from commsapp.access import Actor, may
from commsapp.ledger import Refused
from contacts.known import KeyName, Known, Named, look_up
from contacts.models import ContactGroup
from contacts.outcomes import Outcome, Saved
from contacts.saves import ContactGroupSave, SentSave, faults
from contacts.targets import Target, find_target, has_nothing_to_delete, is_as_saved

Sent = ContactGroupSave | SentSave


def look(saves: Sequence[Sent], by: Actor) -> tuple[dict[int, str], Known, Sequence[Sent]]:
    """Which lines are the same as last time, each with its group; what is known of all; and the
    saves, of which the others are read by now."""
    named = _named(saves)
    if named:
        source = named.source
        is_open = source and source.is_active and by.sees(source.licensee)
        same = _same(saves, named) if is_open and rights_of(by)("change") else {}
        if len(same) == len(saves):
            return same, Known(), saves
        read = {place: _read(save) for place, save in enumerate(saves) if place not in same}
        if all(map(named.tells_of, read.values())):
            told = [read.get(place, save) for place, save in enumerate(saves)]
            return same, named.known(), told
    whole = [_read(save) for save in saves]
    return {}, look_up(whole, whole=False), whole


def _named(saves: Sequence[Sent]) -> Named | None:
    """The look that does where all name their groups by keys of one data source, as most do."""
    if any(isinstance(save, ContactGroupSave) and save.object_id for save in saves):
        return None
    sources = {save.suite_data_source_instance_id or "" for save in saves} - {""}
    return Named(sources.pop(), {save.key for save in saves}) if len(sources) == 1 else None


def _same(saves: Sequence[Sent], named: Named) -> dict[int, str]:
    return {
        place: group
        for place, save in enumerate(saves)
        if isinstance(save, SentSave) and (group := named.group_of(save))
    }


def _read(save: Sent) -> ContactGroupSave:
    return save.read() if isinstance(save, SentSave) else save


def settle_unchanged(
    saves: Sequence[Sent], same: Mapping[int, str], known: Known, by: Actor
) -> tuple[dict[int, Saved], dict[int, ContactGroupSave], set[str]]:
    """Answer what would change nothing, without a lock or a transaction; and tell the others, and
    which groups those may change.

    All that a look says is true at one moment. A save has to wait for one before it that may
    change the same group.
    """
    may_do = rights_of(by)
    settled: dict[int, Saved] = {}
    rest: dict[int, ContactGroupSave] = {}
    to_lock: set[str] = set()
    claimed: set[KeyName] = set()
    for place, sent in enumerate(saves):
        if (id := same.get(place)) and id not in to_lock:
            settled[place] = Saved(id, Outcome.UNCHANGED)
            continue
        save = rest[place] = _read(sent)
        try:
            target = find_target(save, known, by)
        except Refused:
            continue
        group = target.group and target.group.id
        waits = target.key_name in claimed or group in to_lock
        if not waits and may_do(verb_of(save, target)) and changes_nothing(save, target):
            settled[place] = unchanged(target)
            del rest[place]
            continue
        if target.key_name:
            claimed.add(target.key_name)
        if group:
            to_lock.add(group)
    return settled, rest, to_lock


def rights_of(by: Actor) -> Callable[[str], bool]:
    """Whether the actor may do a verb to contact groups, asked once for each."""
    return cache(lambda verb: may(by, verb, ContactGroup))


def verb_of(save: ContactGroupSave, target: Target) -> str:
    """The permission that a save takes."""
    if save.content.mark_as_deleted:
        return "delete"
    return "change" if target.group or save.object_id else "add"


def changes_nothing(save: ContactGroupSave, target: Target) -> bool:
    """Whether all is as the save asks for. One that has a fault does not count."""
    if target.faults or save.unread:
        return False
    # What has the hash of a save that was applied is in order, as that was.
    if is_as_saved(save, target):
        return True
    return has_nothing_to_delete(save, target) and not faults(save)


def unchanged(target: Target) -> Saved:
    """The answer to such a save."""
    return Saved(target.group.id if target.group else None, Outcome.UNCHANGED)
