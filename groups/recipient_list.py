"""A list of recipients that somebody brought, pasted or in a file: its rows, and in which column
the recipients stand."""

from __future__ import annotations

import base64
import csv
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import IO, Self

import orjson

from commsapp.core.json_size import Limits, TooComplex
from commsapp.core.spreadsheet_formulas import escape_formula, unescape_formula
from commsapp.db.ids import read_guid
from commsapp.staff.tables.reader import Table

_SEPARATORS = re.compile(r"[,;\t]")
_SAMPLE = 200  # rows that the guess looks at
_TITLES = re.compile(
    r"msisdn|mobile|phone|e-?mail|reference|recipient|subscriber|guid|uuid|^id$", re.IGNORECASE
)
_NUMBER = re.compile(r"(?:\+|00)?[0-9][0-9\s()/.-]{5,}")

MAX_CARRIED = 2_000  # rows that travel with a form; a longer list is kept as a draft
MAX_SIGNS = 1_000_000  # separators and line breaks of a text: ten for each of the most entries
_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"  # where str.splitlines() breaks
_MAX_UNPACKED = 16 * 1024 * 1024
_LIMITS = Limits(containers=200_000, items=1_000_000, names=1_000_000)  # also within texts
_MAX_BLANK = 1_000  # lines, between two entries

Row = tuple[int, tuple[str, ...]]


@dataclass(frozen=True)
class RecipientListEntry:
    """One value as it was written, and the line it stands on."""

    line: int
    value: str


@dataclass(frozen=True)
class RecipientList:
    """Rows with their line numbers; `at` is the column that names the recipients."""

    columns: tuple[str, ...]
    rows: Sequence[Row]
    at: int = 0
    is_file: bool = False

    @classmethod
    def pasted(cls, text: str, title: str) -> Self:
        """One entry a line, or several separated by comma, semicolon or tab.

        Raises ValueError for a text that is mostly separators: they would be split one by one.
        """
        if sum(map(text.count, ",;\t" + _LINE_BREAKS)) > MAX_SIGNS:
            raise ValueError("more separators than entries could need")
        rows = [(entry.line, (entry.value,)) for entry in _entries(text)]
        return cls((title,), rows)

    @classmethod
    def of_table(cls, table: Table, known: Callable[[Sequence[str]], set[str]]) -> Self:
        """A file's rows. `known(values)` tells which values name a recipient: the column in which
        most do is taken, or else the one whose title sounds like it."""
        rows: list[Row] = [(row.line, row.cells) for row in table.rows]
        listed = cls(table.columns, rows, is_file=True)
        return listed.reading(listed._guess(known))

    def reading(self, at: int) -> Self:
        """The same list, its recipients in another column."""
        return replace(self, at=at if 0 <= at < len(self.columns) else 0)

    @property
    def column(self) -> str:
        return self.columns[self.at]

    @property
    def entries(self) -> list[RecipientListEntry]:
        """What names a recipient, empty cells left out. A file without a header begins with one."""
        first = [RecipientListEntry(1, self.columns[self.at])] if self._has_no_header() else []
        rows = (
            RecipientListEntry(line, cells[self.at]) for line, cells in self.rows if cells[self.at]
        )
        return [*first, *rows]

    def as_pasted(self) -> str:
        """The entries as a text that is pasted, each on its line."""
        text, before = "", 1
        for line, rows in groupby(self.rows, key=lambda row: row[0]):
            text += "\n" * min(max(line - before, 0), _MAX_BLANK)
            text += ", ".join(cells[self.at] for _line, cells in rows)
            before = line
        return text

    def _has_no_header(self) -> bool:
        title = self.columns[self.at]
        return self.is_file and bool(read_guid(title) or "@" in title or _NUMBER.fullmatch(title))

    def _guess(self, known: Callable[[Sequence[str]], set[str]]) -> int:
        sample = [cells for _line, cells in self.rows[:_SAMPLE]]
        named = known([value for cells in sample for value in cells if value])
        scores = [
            (
                sum(cells[at] in named or bool(read_guid(cells[at])) for cells in sample),
                bool(_TITLES.search(title)),
                -at,
            )
            for at, title in enumerate(self.columns)
        ]
        return max(range(len(scores)), key=scores.__getitem__)

    # --- To the browser and back --------------------------------------------------------------

    def dumps(self) -> str:
        """In letters and digits, a third as long as the texts themselves."""
        packed = zlib.compress(orjson.dumps([self.columns, self.rows, self.at, self.is_file]))
        return base64.urlsafe_b64encode(packed).decode()

    @classmethod
    def loads(cls, text: str) -> Self:
        """What dumps() wrote. Raises ValueError for anything else."""
        try:
            unpacking = zlib.decompressobj()
            unpacked = unpacking.decompress(base64.urlsafe_b64decode(text), _MAX_UNPACKED)
            _LIMITS.check(unpacked)
            columns, rows, at, is_file = orjson.loads(unpacked)
            if len(rows) > MAX_CARRIED or not _are_texts(columns, *(row[1] for row in rows)):
                raise ValueError("more rows than travel, or cells that are no texts")
            listed = cls(
                tuple(columns),
                [(int(line), tuple(cells)) for line, cells in rows],
                int(at),
                is_file is True,
            )
        except (LookupError, TooComplex, TypeError, ValueError, zlib.error) as error:
            raise ValueError("no list that dumps() wrote") from error
        width = len(listed.columns)
        if not 0 <= listed.at < width or any(len(cells) != width for _line, cells in listed.rows):
            raise ValueError("The rows are not as wide as their header.")
        return listed

    def write_failed(
        self, file: IO[str], reasons: Mapping[tuple[int, str], str], title: str
    ) -> None:
        """The rows at fault as a CSV that can be brought again as it is: its columns, and why.

        `reasons` by line and value.
        """
        out = csv.writer(file)
        out.writerow([*map(_safe, self.columns), title])
        for line, cells in self.rows:
            if reason := reasons.get((line, cells[self.at])):
                out.writerow([*map(_safe, cells), _safe(reason)])


def _are_texts(*rows: Sequence[object]) -> bool:
    return all(isinstance(cell, str) for row in rows for cell in row)


def _safe(cell: str) -> str:
    """No spreadsheet takes it for a formula; a number with its plus is none."""
    return cell if _NUMBER.fullmatch(cell) else escape_formula(cell)


def _entries(text: str) -> Iterator[RecipientListEntry]:
    for number, line in enumerate(text.splitlines(), 1):
        for value in _SEPARATORS.split(line):
            if value := unescape_formula(value.strip().strip('"').strip()).strip():
                yield RecipientListEntry(number, value)
