"""In which order a group's contacts stand. Pure: names in, names out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import itemgetter
from typing import TypeVar

T = TypeVar("T")

# The contacts of one group, the primary one first, each with its role: ids as 32 hex digits.
Connections = dict[str, str | None]


@dataclass(slots=True)
class ConnectionChange:
    """What is asked for one contact. No role: as it is; no index: where it is, or last."""

    contact: str
    role: str | None = None
    index: int = 0
    remove: bool = False


def merge(connections: Mapping[str, str | None], wishes: Iterable[ConnectionChange]) -> Connections:
    """The connections after the wishes, each about another contact; who has none stays untouched.

    Contract 3.4, "Connections merge by contact" and "Index".
    """
    merged = dict(connections)
    placed: dict[str, int] = {}
    for wish in wishes:
        contact = wish.contact
        if wish.remove:
            merged.pop(contact, None)
            continue
        merged[contact] = wish.role or merged.get(contact)
        if wish.index:
            placed[contact] = wish.index
    if not placed or [*map(placed.get, merged)] == [*range(1, len(merged) + 1)]:
        return merged  # where they stand already, as most often
    others = [contact for contact in merged if contact not in placed]
    return {contact: merged[contact] for contact in arrange(others, placed)}


def arrange(others: Sequence[T], placed: Mapping[T, int]) -> list[T]:
    """The others in their order, with each of the placed at its index, from 1, in ascending order,
    or at the end where the list is shorter. No index may come twice."""
    arranged: list[T] = []
    waiting = iter(others)
    for item, index in sorted(placed.items(), key=itemgetter(1)):
        if index - 1 > len(arranged):
            arranged += islice(waiting, index - 1 - len(arranged))
        arranged.append(item)
    return [*arranged, *waiting]


@dataclass(frozen=True)
class RevertedMerge:
    """Connections as they stood before a merge, as far as they can; and how many of its changes
    were put back, or kept because another came since. That it moved contacts is one change."""

    connections: Connections
    reversed: int
    kept: int
    kept_contacts: Sequence[str] = ()


def revert_merge(
    now: Mapping[str, str | None],
    before: Mapping[str, str | None],
    after: Mapping[str, str | None],
) -> RevertedMerge:
    """Put back what a merge made of `before`, where it still is as in `after`.

    Whoever came since stays behind whom they stand; whoever was put in order since keeps it.
    """
    back, put_back = dict(now), 0
    kept_contacts = []
    for contact in {**before, **after}:
        was, became, stands = (each.get(contact, _GONE) for each in (before, after, now))
        if was == became or stands == was:
            continue
        if stands != became:
            kept_contacts.append(contact)
            continue
        put_back += 1
        if isinstance(was, str) or was is None:
            back[contact] = was
        else:
            del back[contact]
    order = (
        _order_before(back, now, before) if _agree(now, after) else _order_now(back, now, before)
    )
    kept = len(kept_contacts)
    if not _agree(before, after):
        put_back += not _agree(order, now)
        kept += _agree(order, now) and not _agree(now, before)
    connections = {contact: back[contact] for contact in order}
    return RevertedMerge(connections, put_back, kept, kept_contacts)


_GONE = object()


def _agree(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether the contacts that are in both stand in the same order."""
    one, other = dict.fromkeys(one), dict.fromkeys(other)
    return [each for each in one if each in other] == [each for each in other if each in one]


def _order_before(back: Connections, now: Iterable[str], before: Iterable[str]) -> list[str]:
    """That of before, with each of the others behind whom it stands now."""
    order = [contact for contact in before if contact in back]
    known = {*order}
    place = 0
    for contact in now:
        if contact not in back:
            continue
        if contact in known:
            place = order.index(contact) + 1
        else:
            order.insert(place, contact)
            place += 1
    return order


def _order_now(back: Connections, now: Mapping[str, object], before: Iterable[str]) -> list[str]:
    """That of now, with each of those who come back at its old place."""
    staying = [contact for contact in back if contact in now]
    old_places = enumerate(before, 1)
    return arrange(staying, {c: place for place, c in old_places if c in back and c not in now})
