"""When a recipient came into groups and left them, out of the operations on the groups.

An operation names the group that it changed, not each of up to 100,000 recipients: that would cost
more than the change. Who came in is told by the memberships; who left stands in the effects of the
operation that took them out, and is looked for there: a bounded search, see departures_of().
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from uuid import UUID

from django.db import connection

from commsapp.core.audit import UNDONE
from commsapp.db.expressions import KeyHolding
from commsapp.db.ids import dashed
from commsapp.models import Operation
from groups.models import Membership, Recipient, RecipientGroup
from groups.operations import RECIPIENTS_REMOVED, RECIPIENTS_SET

_REMOVING = (RECIPIENTS_REMOVED.name, RECIPIENTS_SET.name, UNDONE.name)
MAX_SEARCHED = 1_000  # operations of each kind
MAX_READ = 1_000_000  # recipients that they name: some 40 MB of text
MAX_FOUND = 100
_FEW_GROUPS = 100


@dataclass(frozen=True)
class Departure:
    """A recipient that left a group: by which operation, and by which it had come in."""

    operation_id: UUID
    group_id: UUID
    origin_id: UUID


@dataclass(frozen=True)
class Departures:
    """Those that were found, the newest first, and whether all operations were searched."""

    found: Sequence[Departure]
    is_complete: bool = True

    def __iter__(self) -> Iterator[Departure]:
        return iter(self.found)


def departures_of(recipient: Recipient) -> Departures:
    """By which operations a recipient left groups, in five statements whatever was done since.

    Searched are operations since the recipient was made, the newest first: those on the groups of
    its customer and of nobody, or of the whole licensee where these are none or very many; as many
    as name MAX_READ recipients, and no more than MAX_SEARCHED of a kind, or on the groups.
    """
    searched: list[tuple[UUID, int]] = []
    is_complete = True
    for operations in _candidates(recipient):
        rows = [*operations.order_by("-id").values_list("pk", "touched")[: MAX_SEARCHED + 1]]
        is_complete &= len(rows) <= MAX_SEARCHED
        searched += rows[:MAX_SEARCHED]
    searched.sort(reverse=True)
    sums = accumulate(touched for _pk, touched in searched)
    readable = [
        pk.hex for (pk, _touched), so_far in zip(searched, sums, strict=True) if so_far <= MAX_READ
    ]
    # The largest alone may pass the bound: it is read all the same, or it could never be found.
    readable = readable or [pk.hex for pk, _touched in searched[:1]]
    is_complete &= len(readable) == len(searched)
    return Departures([*_naming(recipient, readable)], is_complete)


def _candidates(recipient: Recipient) -> list[Any]:
    """Where to look: by the index on the changed object, or by the one on the kind."""
    operations = Operation.objects.filter(
        licensee=recipient.licensee_id,
        id__gt=recipient.pk,  # ids grow with time: what was done before cannot name it
    )
    groups = _groups_for(recipient)
    if groups and len(groups) <= _FEW_GROUPS:
        return [operations.filter(target_id__in=groups, kind__in=_REMOVING)]
    return [operations.filter(kind=kind) for kind in _REMOVING]


def _groups_for(recipient: Recipient) -> list[UUID]:
    if not recipient.customer_id:
        return []
    groups = RecipientGroup.objects.filter(licensee=recipient.licensee_id)
    fit = groups.filter(customer=recipient.customer_id) | groups.filter(customer=None)
    return [*fit.order_by().values_list("pk", flat=True)[: _FEW_GROUPS + 1]]


def _naming(recipient: Recipient, operations: Sequence[str]) -> Iterator[Departure]:
    """Of the operations, those that took the recipient out."""
    if not operations:
        return
    # As the database wrote it when it joined the ids.
    text = recipient.pk.hex if connection.vendor == "sqlite" else dashed(recipient.pk.hex)
    origin = KeyHolding(Operation, "effects", "removed", text)
    rows = Operation.objects.filter(pk__in_ids=operations).annotate(origin=origin)
    found = rows.exclude(origin=None).order_by("-id")
    for pk, group, origin_id in found.values_list("pk", "target_id", "origin")[:MAX_FOUND]:
        yield Departure(pk, group, UUID(origin_id))


def joined_at(recipient: Recipient) -> dict[UUID, UUID]:
    """In which groups a recipient is, and the operation that put it into each."""
    rows = Membership.objects.filter(recipient=recipient).order_by("-operation_id")
    return dict(rows.values_list("group_id", "operation_id")[:MAX_FOUND])
