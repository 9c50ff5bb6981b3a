"""What a save makes of a group, what became of it, and how that is told: by what is known alone."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy

from commsapp.core.audit import Kind, Numbers
from commsapp.db.ids import dashed
from commsapp.models import Operation
from contacts.connection_order import merge
from contacts.connections import close_gaps, connections_sentence
from contacts.models import ContactGroup, Outcome
from contacts.save_group.lookup import Group
from contacts.save_group.request import SubscriptionContactGroupModel
from contacts.save_group.resolve import ResolvedContent

Status = ContactGroup.Status


_COUNTED = ("added", "changed", "removed")
Counts = tuple[int, int, int]  # of connections


class Saved(NamedTuple):
    """What a save did, or, planned, would do. No object id: there was nothing to delete."""

    object_id: str | None  # 32 hex digits
    outcome: Outcome
    numbers: Numbers | None = None  # of its operation; none where nothing changed
    operation_id: str | None = None
    planned: bool = False

    @property
    def operation(self) -> Operation | None:
        """The ledger's entry, if anything changed. One statement."""
        return Operation.objects.filter(pk=self.operation_id).first() if self.operation_id else None

    @property
    def message(self) -> str:
        return sentence(self.outcome, self.counts, planned=self.planned)

    @property
    def counts(self) -> Counts:
        """How many connections were added, changed and removed."""
        return _counts_in(self.numbers) if self.numbers else (0, 0, 0)


def asked_for(
    content: SubscriptionContactGroupModel, asked: ResolvedContent, group: Group
) -> Group:
    """The group as it will be; with the very same connections, if those stay as they are."""
    status = group.status
    if content.mark_as_deleted:
        status = Status.DELETED.value
    elif content.mark_as_archived:
        status = Status.ARCHIVED.value
    elif content.mark_as_restored:
        status = Status.ACTIVE.value
    connections = merge(group.connections, asked.wishes)
    if [*connections.items()] == [*group.connections.items()]:
        connections = group.connections
    return Group(
        group.id,
        group.licensee,
        content.contact_group_name or "",
        asked.role or group.role,
        status,
        connections,
        group.keys,
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
    if before is None:
        return {name: (None, value) for name, value in state_of(after).items()}
    differences: Differences = {}
    if before.name != after.name:
        differences["name"] = before.name, after.name
    if before.role != after.role:
        differences["role_id"] = dashed(before.role), dashed(after.role)
    if before.status != after.status:
        differences["status"] = before.status, after.status
    if before.connections is not after.connections:
        differences["connections"] = close_gaps(before.connections), close_gaps(after.connections)
    return differences


def state_of(group: Group) -> dict[str, Any]:
    """A group as the ledger keeps it."""
    return {
        "name": group.name,
        "role_id": dashed(group.role),
        "status": group.status,
        "connections": close_gaps(group.connections),
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


def sentence(outcome: Outcome, counts: Counts, *, planned: bool = False) -> str:
    """What a save did, in the reader's language."""
    state_of = (_WOULD if planned else _DONE)[outcome]
    connections = connections_sentence(dict(zip(_COUNTED, counts, strict=True)))
    return f"{state_of}: {connections}." if connections else f"{state_of}."


def _saved_sentence(numbers: Numbers, planned: bool) -> str:
    return sentence(Outcome(numbers["outcome"]), _counts_in(numbers), planned=planned)


def _counts_in(numbers: Numbers) -> Counts:
    count = numbers.get
    return count("added", 0), count("changed", 0), count("removed", 0)


def _verbs_of(saved: Operation) -> tuple[str, ...]:
    """The permissions that a save took: see saving."""
    verb = {Outcome.CREATED: "add", Outcome.DELETED: "delete"}.get(saved.numbers["outcome"])
    changes = not verb or saved.numbers.get("changes_more", False)
    return tuple(filter(None, (verb, "change" if changes else None)))


SAVED = Kind(
    "contacts.group_saved",
    gettext_lazy("Group saved"),
    batch_sentence=gettext_lazy("%(count)s %(things)s saved."),
    sentence=_saved_sentence,
    verbs_of=_verbs_of,
)
