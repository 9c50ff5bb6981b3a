"""Tables that people bring: CSV and XLSX files as texts, or refused with the place at fault.

    table = tables.read(request.FILES["file"])   # raises Unreadable
    for row in table.rows:                       # row.line, row.cells (as many as table.columns)

What an export wrote is read back as it was: see commsapp.core.spreadsheet_formulas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from commsapp.core.spreadsheet_formulas import unescape_formula
from commsapp.staff.object_pages import Problem
from commsapp.staff.tables import csv_reader, xlsx_reader
from commsapp.staff.tables.cells import (
    FORBIDDEN,
    MAX_CELL_LENGTH,
    MAX_COLUMNS,
    MAX_PROBLEMS,
    MAX_ROWS,
    MAX_TOTAL_CHARACTERS,
    column_letters,
    shortened,
)
from commsapp.staff.tables.cells import Unreadable as Unreadable
from commsapp.staff.tables.reading_limits import ReadingLimits


class Row(NamedTuple):
    """A row of the file: the line (or the sheet's row) on which it begins, and its texts."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """A header and the rows below it, each with as many cells as there are columns.

    Cells are trimmed; blank rows and columns without header and content are left out.
    """

    columns: tuple[str, ...]
    rows: Sequence[Row]
    format: str  # csv, xlsx


def read(upload: Any) -> Table:
    """Read an uploaded CSV (UTF-8) or XLSX file; its kind is told by its first bytes.

    Raises Unreadable for what is neither, is too large, or holds what no cell may hold: a sentence
    and, where cells are at fault, each with line, column and value.
    """
    most = settings.MAX_BODY_BYTES
    if upload.size > most:
        message = _(
            "The file is larger than %d MiB. Split it, and upload one part after the other."
        )
        raise Unreadable(message % (most // 2**20))
    upload.seek(0)
    content, limits = upload.read(), ReadingLimits(upload.size)
    if content.startswith(b"PK"):
        return _assemble(xlsx_reader.records(content, limits), "xlsx", limits)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise Unreadable(_("This is an old Excel file (.xls). Save it as .xlsx or as CSV UTF-8."))
    return _assemble(csv_reader.records(content, limits), "csv", limits)


# --- From records to a table ------------------------------------------------------------------


@dataclass
class _Assembly:
    """A table in the making: header, rows, and what is wrong with them."""

    header: list[str]
    limits: ReadingLimits
    rows: list[Row] = field(default_factory=list)
    faults: list[Problem] = field(default_factory=list)
    characters: int = 0

    def name_of(self, place: int) -> str:
        named = self.header[place] if place < len(self.header) else ""
        return named or _("Column %s") % column_letters(place)

    def take(self, line: int, cells: list[str]) -> None:
        """One row: its cells are looked at and brought to the header's length."""
        self._count(cells)
        if self._is_plain(cells):
            cells = [cell.strip() for cell in cells]
        else:
            cells = [self._clean(line, place, cell) for place, cell in enumerate(cells)]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            return
        if len(cells) > len(self.header):
            message = _("The row has %(cells)d cells, but the header has %(columns)d.")
            numbers = {"cells": len(cells), "columns": len(self.header)}
            self.fault(message % numbers, line, len(self.header), cells[len(self.header)])
        if len(self.rows) >= MAX_ROWS:
            message = _("The file has more than %d rows. Split it into several files.")
            raise Unreadable(message % MAX_ROWS)
        padding = [""] * (len(self.header) - len(cells))
        self.limits.count_cells(len(padding))  # they take as much memory as the others
        self.rows.append(Row(line, tuple((cells + padding)[: len(self.header)])))

    def _count(self, cells: list[str]) -> None:
        """Before anything is done with the cells: of texts that cells share, some MiB are many."""
        self.limits.count_cells(len(cells))
        self.characters += sum(map(len, cells))
        if self.characters > MAX_TOTAL_CHARACTERS:
            self.limits.refuse(_("The file holds too much text. Split it into several files."))

    def _is_plain(self, cells: list[str]) -> bool:
        """Whether there is nothing to look at in any cell, as mostly: asked of all at once."""
        together = "\n".join(cells)
        return len(together) <= MAX_CELL_LENGTH and not (
            "'" in together or FORBIDDEN.search(together)
        )

    def _clean(self, line: int, place: int, cell: str) -> str:
        if len(cell) > MAX_CELL_LENGTH:
            message = _("The cell has more than %d characters.") % MAX_CELL_LENGTH
            self.fault(message, line, place, cell)
        elif found := FORBIDDEN.search(cell):
            message = _("The cell holds a character that cannot be meant: U+%s.")
            self.fault(message % f"{ord(found[0]):04X}", line, place, FORBIDDEN.sub("\ufffd", cell))
        return unescape_formula(cell).strip()

    def fault(self, reason: str, line: int, place: int, value: str) -> None:
        self.faults.append(
            Problem(reason, line, shortened(value), column=shortened(self.name_of(place)))
        )
        if len(self.faults) >= MAX_PROBLEMS:
            self.refuse()

    def refuse(self) -> None:
        first = self.faults[0]
        message = _("Line %(line)d, column “%(column)s”: %(reason)s")
        raise Unreadable(message % vars(first), self.faults)


def _assemble(
    records: Iterable[tuple[int, list[str]]], ending: str, limits: ReadingLimits
) -> Table:
    """The first record that says anything is the header; a row is what stands below it."""
    going: Iterator[tuple[int, list[str]]] = iter(records)
    assembly = _begin(going, limits)
    for line, cells in going:
        if cells:
            assembly.take(line, cells)
    if assembly.faults:
        assembly.refuse()
    if not assembly.rows:
        raise Unreadable(_("The file has a header, but no row below it."))
    return _without_blank_columns(assembly, ending)


def _begin(records: Iterator[tuple[int, list[str]]], limits: ReadingLimits) -> _Assembly:
    assembly = _Assembly([], limits)
    for line, cells in records:
        assembly._count(cells)
        width = len(cells)
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            continue
        if len(cells) > MAX_COLUMNS:
            message = _("The file has %(columns)d columns; at most %(most)d can be read.")
            raise Unreadable(message % {"columns": len(cells), "most": MAX_COLUMNS})
        limits.cells -= width
        assembly.header = cells
        assembly.header = [assembly._clean(line, at, cell) for at, cell in enumerate(cells)]
        return assembly
    raise Unreadable(_("The file is empty."))


def _without_blank_columns(assembly: _Assembly, ending: str) -> Table:
    header, rows = assembly.header, assembly.rows
    nameless = [place for place, name in enumerate(header) if not name]
    blank = {place for place in nameless if not any(row.cells[place] for row in rows)}
    kept = [place for place in range(len(header)) if place not in blank]
    columns = tuple(assembly.name_of(place) for place in kept)
    if blank:
        rows = [Row(row.line, tuple(row.cells[place] for place in kept)) for row in rows]
    return Table(columns, rows, ending)
