"""What the cells of any table may hold, and how what they may not is told."""

from __future__ import annotations

import re
from collections.abc import Sequence

from commsapp.staff.object_pages import Problem

MAX_ROWS = 100_000
MAX_COLUMNS = 200
MAX_CELL_LENGTH = 32_767  # characters: what a spreadsheet's cell holds
MAX_TOTAL_CHARACTERS = 32 * 1024 * 1024  # of all cells
MAX_PROBLEMS = 1_000  # faults of one file
SHOWN = 60  # characters of a value that is told

# Tab and line breaks stand in quoted cells; of the others none is meant.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class Unreadable(Exception):  # noqa: N818  (not an error: an answer)
    """The file is no table that can be taken in. `problems` tell all that was found, by place."""

    def __init__(self, message: str, problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = problems


def column_letters(place: int) -> str:
    """What a spreadsheet calls the column at a place, from 0: A, B … Z, AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def shortened(value: str) -> str:
    """A value as it is told: in one line, and not all of a long one."""
    line = " ".join(value.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"
