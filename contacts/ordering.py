"""In which order a group's contacts stand. Pure: names in, names out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

# The contacts of one group, the primary one first, each with its role: ids as 32 hex digits.
Connections = dict[str, str | None]


@dataclass(frozen=True)
class Wish:
    """What is asked for one contact. No role: as it is; no index: where it is, or last."""

    contact: str
    role: str | None = None
    index: int = 0
    remove: bool = False


def merge(connections: Mapping[str, str | None], wishes: Iterable[Wish]) -> Connections:
    """The connections after the wishes, each about another contact; who has none stays untouched.

    Contract 3.4, "Connections merge by contact" and "Index".
    """
    merged = dict(connections)
    placed: dict[str, int] = {}
    for wish in wishes:
        if wish.remove:
            merged.pop(wish.contact, None)
            continue
        merged[wish.contact] = wish.role or merged.get(wish.contact)
        if wish.index:
            placed[wish.contact] = wish.index
    others = [contact for contact in merged if contact not in placed]
    return {contact: merged[contact] for contact in arrange(others, placed)}


def arrange(others: Sequence[T], placed: Mapping[T, int]) -> list[T]:
    """The others in their order, with each of the placed at its index, from 1, in ascending order,
    or at the end where the list is shorter. No index may come twice."""
    arranged: list[T] = []
    waiting = iter(others)
    for item, index in sorted(placed.items(), key=lambda pair: pair[1]):
        arranged += islice(waiting, index - 1 - len(arranged))
        arranged.append(item)
    return [*arranged, *waiting]
