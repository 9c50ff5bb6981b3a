"""Pages by number of what a confirmation shows: its page is the answer to a POST, so its buttons
send all of it again, and ask for another number besides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from commsapp.staff.request import parse_digits


@dataclass(frozen=True)
class Numbered:
    """One page of some rows, of however many there are."""

    rows: Sequence[Any]
    number: int
    size: int
    count: int

    @classmethod
    def of(cls, rows: Any, asked: str | None, size: int, count: int) -> Numbered:
        """The page that was asked for, or the first. Rows are a queryset or a sequence."""
        last = max(-(-count // size), 1)
        number = min(max(parse_digits(asked, 6) or 1, 1), last)
        return cls([*rows[(number - 1) * size : number * size]], number, size, count)

    @property
    def first(self) -> int:
        return (self.number - 1) * self.size + 1

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def more(self) -> int:
        """How many stand behind this page."""
        return max(self.count - self.last, 0)

    @property
    def previous(self) -> int:
        """The number of the page before; 0 before the first."""
        return self.number - 1

    @property
    def next(self) -> int:
        """The number of the page behind; 0 behind the last."""
        return self.number + 1 if self.more else 0
