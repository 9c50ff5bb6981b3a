"""What a save makes of a group, what became of it, and how that is told. No database here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from typing import Any

from django.utils.translation import get_language, gettext_lazy

from commsapp.ids import dashed
from commsapp.ledger import Kind, Numbers, sentence
from commsapp.models import Operation
from contacts.connections import compact, says_connections
from contacts.known import Group
from contacts.models import ContactGroup
from contacts.ordering import merge
from contacts.saves import GroupContent
from contacts.targets import Asked

Status = ContactGroup.Status


class Outcome(StrEnum):
    CREATED = "Created"
    UPDATED = "Updated"
    UNCHANGED = "Unchanged"
    ARCHIVED = "Archived"
    RESTORED = "Restored"
    DELETED = "Deleted"


@dataclass(frozen=True)
class Saved:
    """What a save did, or, planned, would do. No object id: there was nothing to delete."""

    object_id: str | None  # 32 hex digits
    outcome: Outcome
    operation: Operation | None = None  # none where nothing changed
    planned: bool = False

    @property
    def message(self) -> str:
        if self.operation:
            return sentence(self.operation, planned=self.planned)
        return _plainly(self.outcome, self.planned, get_language())


def asked_for(content: GroupContent, asked: Asked, group: Group) -> Group:
    """The group as it will be."""
    status = group.status
    if content.mark_as_deleted:
        status = Status.DELETED.value
    elif content.mark_as_archived:
        status = Status.ARCHIVED.value
    elif content.mark_as_restored:
        status = Status.ACTIVE.value
    return replace(
        group,
        name=content.contact_group_name or "",
        role=asked.role or group.role,
        status=status,
        connections=merge(group.connections, asked.wishes),
    )


def outcome_of(before: Group | None, after: Group) -> Outcome:
    if before is None:
        return Outcome.CREATED
    if before.status == after.status:
        return Outcome.UPDATED
    return {
        Status.ACTIVE.value: Outcome.RESTORED,
        Status.ARCHIVED.value: Outcome.ARCHIVED,
        Status.DELETED.value: Outcome.DELETED,
    }[after.status]


Differences = dict[str, tuple[Any, Any]]  # by column: what was, what is


def differences_of(before: Group | None, after: Group) -> Differences:
    is_, was = told(after), told(before) if before else {}
    return {name: (was.get(name), is_[name]) for name in is_ if was.get(name) != is_[name]}


def told(group: Group) -> dict[str, Any]:
    """A group as the ledger keeps it."""
    return {
        "name": group.name,
        "role_id": dashed(group.role),
        "status": group.status,
        "connections": compact(group.connections),
    }


# --- What was done, in words ------------------------------------------------------------------


# Lazy, so that of a thousand lines each looks up but the one that it tells.
_DONE = {
    Outcome.CREATED: gettext_lazy("Created"),
    Outcome.UPDATED: gettext_lazy("Updated"),
    Outcome.UNCHANGED: gettext_lazy("Nothing has changed"),
    Outcome.ARCHIVED: gettext_lazy("Archived"),
    Outcome.RESTORED: gettext_lazy("Restored"),
    Outcome.DELETED: gettext_lazy("Deleted"),
}
_WOULD = {
    Outcome.CREATED: gettext_lazy("Would be created"),
    Outcome.UPDATED: gettext_lazy("Would be updated"),
    Outcome.UNCHANGED: gettext_lazy("Nothing would change"),
    Outcome.ARCHIVED: gettext_lazy("Would be archived"),
    Outcome.RESTORED: gettext_lazy("Would be restored"),
    Outcome.DELETED: gettext_lazy("Would be deleted"),
}


def _says_saved(numbers: Numbers, planned: bool) -> str:
    told = (_WOULD if planned else _DONE)[Outcome(numbers["outcome"])]
    connections = says_connections(numbers) if "added" in numbers else ""
    return f"{told}: {connections}." if connections else f"{told}."


@cache
def _plainly(outcome: Outcome, planned: bool, _language: str | None) -> str:
    """What is said of most lines of a stream, in each language once."""
    return _says_saved({"outcome": outcome.value}, planned)


def _verbs_of(saved: Operation) -> tuple[str, ...]:
    """The permissions that a save took: see saving."""
    verb = {Outcome.CREATED: "add", Outcome.DELETED: "delete"}.get(saved.numbers["outcome"])
    changes = not verb or saved.numbers.get("changes_more", False)
    return tuple(filter(None, (verb, "change" if changes else None)))


SAVED = Kind("contacts.group_saved", says=_says_saved, verbs_of=_verbs_of)
