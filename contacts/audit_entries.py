"""Numbers and effects of the audit entries of contact groups, as JSON stores them."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

StoredConnections = list[Any]  # pairs of a contact and its role or None, in their order


class Status(TypedDict):
    status: str


class StatusEffects(TypedDict):
    before: Status
    after: Status


class ConnectionNumbers(TypedDict):
    """How many contacts were added, removed, changed in role or place, or not changed."""

    added: int
    changed: int
    removed: int
    already: int


class MoveNumbers(ConnectionNumbers):
    """And where the contact is now."""

    name: str  # of the contact
    place: int
    of: int


class SaveNumbers(ConnectionNumbers):
    outcome: str
    key: NotRequired[str]  # id of the alternate key that was bound
    changes_more: NotRequired[bool]  # than the status, which takes the permission to change


class ConnectionsState(TypedDict):
    connections: StoredConnections


class ConnectionEffects(TypedDict):
    before: ConnectionsState
    after: ConnectionsState


class SaveEffects(TypedDict):
    """What a save changed: columns, `connections`, and the value of the `alternate_key`."""

    before: dict[str, Any]
    after: dict[str, Any]
