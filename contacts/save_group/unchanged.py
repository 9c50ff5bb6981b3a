"""Saves that ask for the same as the last save of their key: found by one query, without a lock or
a transaction.

Contract 3.4. Of a nightly full run most saves are so. Saves that change nothing for another
reason, such as the deletion of a deleted group, or that name their group by its id alone are left
to save.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from commsapp.core.actors import Actor, has_permission
from contacts.models import ContactGroup, Outcome
from contacts.save_group.lookup import KeyIndex, KeySnapshot, Source
from contacts.save_group.outcome import Saved
from contacts.save_group.request import SaveContactGroup


class SkipResult(NamedTuple):
    """The answers to the saves that change nothing, and the other saves, both by their places."""

    answers: dict[int, Saved]
    rest: dict[int, SaveContactGroup]
    to_lock: set[str]  # the groups that the others may change


def skip_unchanged(saves: Sequence[SaveContactGroup], by: Actor) -> SkipResult:
    """Answer each save that asks for the same as its key's last save, if nothing changed the group
    since.

    The query sees one moment. A save is left to the others' way if one before it may change the
    same group.
    """
    index = KeyIndex(saves)
    sources = _open_sources(index, by)
    answers: dict[int, Saved] = {}
    rest: dict[int, SaveContactGroup] = {}
    to_lock: set[str] = set()
    for place, save in enumerate(saves):
        name = save.suite_data_source_instance_id or "", save.key
        source, last = sources.get(name[0]), index.as_saved.get(name)
        if last and last.group not in to_lock and _is_same(save, last, source):
            answers[place] = Saved(last.group, Outcome.UNCHANGED)
            continue
        rest[place] = save
        to_lock |= {id for id in (last and last.group, save.object_id) if id}
    return SkipResult(answers, rest, to_lock)


def _open_sources(index: KeyIndex, by: Actor) -> Mapping[str, Source]:
    """The data sources by which the actor may change groups."""
    if not has_permission(by, "change", ContactGroup):
        return {}
    return {
        id: source
        for id, source in index.sources.items()
        if source.is_active and by.can_access(UUID(source.licensee))
    }


def _is_same(save: SaveContactGroup, last: KeySnapshot, source: Source | None) -> bool:
    """Whether the save asks for the same content of the same group.

    A save with the hash of an applied one is as valid as that was. The hash does not say whether a
    group is deleted.
    """
    if source is None or save.ignore_hash or save.shape_faults or save.content.mark_as_deleted:
        return False
    if save.object_id not in (None, last.group) or save.licensee_id not in (None, source.licensee):
        return False
    return last.content_hash == save.content_hash(source.bindings)
