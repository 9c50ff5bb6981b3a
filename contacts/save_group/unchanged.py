"""What asks for the same as last time: told from one look, without a lock or a transaction.

Contract 3.4. Of a nightly full run most saves are so; a line that is the same as last time is not
even read. What changes nothing for another reason, as a deletion of what is deleted, or is named by
its id alone, the others' way tells: see saving.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from commsapp.core.actors import Actor, has_permission
from contacts.models import ContactGroup
from contacts.save_group.lookup import KeyIndex, KeySnapshot, Source
from contacts.save_group.outcome import Outcome, Saved
from contacts.save_group.request import ContactGroupSave, RawSave, text_hash

Sent = ContactGroupSave | RawSave


class SkipResult(NamedTuple):
    """The saves, of which those that had to be are read; and by their places the answers to those
    that change nothing, and the others."""

    saves: Sequence[Sent]
    answers: dict[int, Saved]
    rest: dict[int, ContactGroupSave]
    to_lock: set[str]  # the groups that the others may change


def skip_unchanged(saves: Sequence[Sent], by: Actor) -> SkipResult:
    """Answer each that asks for just what its key's last save asked for, if nothing changed the
    group since.

    All that a look says is true at one moment. A save has to wait for one before it that may
    change the same group.
    """
    named = KeyIndex(saves)
    sources = _open_sources(named, by)
    answers: dict[int, Saved] = {}
    rest: dict[int, ContactGroupSave] = {}
    to_lock: set[str] = set()
    for place, sent in enumerate(saves):
        name = _name(sent)
        source, last = sources.get(name[0]), named.as_saved.get(name)
        stands = last if last and last.group not in to_lock else None
        if stands and _same_text(sent, stands, source):
            answers[place] = Saved(stands.group, Outcome.UNCHANGED)
            continue
        save = _read(sent)
        if _name(save) != name:  # it only seemed so
            return skip_unchanged([_read(each) for each in saves], by)
        if stands and _same_content(save, stands, source):
            answers[place] = Saved(stands.group, Outcome.UNCHANGED)
            continue
        rest[place] = save
        to_lock |= {id for id in (last and last.group, save.object_id) if id}
    told = [rest.get(place, sent) for place, sent in enumerate(saves)]
    return SkipResult(told, answers, rest, to_lock)


def _name(sent: Sent) -> tuple[str, str]:
    """The data source, and what that calls the group."""
    return sent.suite_data_source_instance_id or "", sent.key


def _read(sent: Sent) -> ContactGroupSave:
    return sent.read() if isinstance(sent, RawSave) else sent


def _open_sources(named: KeyIndex, by: Actor) -> Mapping[str, Source]:
    """The data sources by which the actor may change groups."""
    if not has_permission(by, "change", ContactGroup):
        return {}
    sources = named.sources.items()
    return {id: one for id, one in sources if one.is_active and by.can_access(UUID(one.licensee))}


def _same_text(sent: Sent, last: KeySnapshot, source: Source | None) -> bool:
    """Whether it is the same line."""
    if source is None or not isinstance(sent, RawSave) or not last.content_hash:
        return False
    return last.text_hash == text_hash(sent.text, source.bindings)


def _same_content(save: ContactGroupSave, last: KeySnapshot, source: Source | None) -> bool:
    """Whether it asks for the same, of the same group. What has the hash of a save that was applied
    is in order, as that was; whether a group is deleted already, the hash does not say."""
    if source is None or save.ignore_hash or save.unread or save.content.mark_as_deleted:
        return False
    if save.object_id not in (None, last.group) or save.licensee_id not in (None, source.licensee):
        return False
    return last.content_hash == save.content_hash(source.bindings)
