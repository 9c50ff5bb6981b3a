"""Reading XLSX: the first sheet that is shown, as a person sees it.

Formulas are the results that the file keeps, a merged range has its value in each of its cells,
dates are written as ISO 8601 does, and whole numbers without a point. What a file claims to be
when unpacked is looked at before anything is parsed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile

from django.utils.translation import gettext as _
from openpyxl.utils.cell import range_boundaries

from commsapp.staff.tables import xlsx_cells
from commsapp.staff.tables.cells import MAX_COLUMNS, Unreadable
from commsapp.staff.tables.reading_limits import ReadingLimits
from commsapp.staff.tables.xlsx_workbook import MAX_SHARED, MAX_SHEET, Sheet, Workbook

MAX_MERGED_RANGES = 10_000

_WHOLE = 65_536  # bytes that any single element we look for fits in
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^<>]*?\bref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')

# What reading raises for a file that is no workbook, or is broken somewhere.
_BROKEN = (
    BadZipFile, ExpatError, zlib.error, ArithmeticError, AttributeError, EOFError, LookupError,
    OSError, RuntimeError, StopIteration, TypeError, ValueError,
)  # fmt: skip

Merged = tuple[int, int, int, int]  # first column, first row, last column, last row: from 1


def records(content: bytes, limits: ReadingLimits) -> Iterator[xlsx_cells.Row]:
    """The rows of the first sheet that is shown, each with its number. Raises Unreadable."""
    try:
        yield from _rows_of(Workbook(content, limits))
    except _BROKEN as error:
        raise Unreadable(
            _("The file cannot be read as a spreadsheet: it is damaged, protected or no XLSX.")
        ) from error


def _rows_of(book: Workbook) -> Iterator[xlsx_cells.Row]:
    sheet = next((sheet for sheet in book.sheets() if sheet.is_visible), None)
    if sheet is None:
        raise Unreadable(_("The file has no sheet with cells."))
    texts: list[str] = []
    if book.texts_part is not None:
        with book.open(book.texts_part, MAX_SHARED) as part:
            texts = xlsx_cells.texts_of(part, book.limits)
    meaning = xlsx_cells.WorkbookContext(texts, book.epoch, *book.date_styles())
    book.limits.sheet = sheet.name[:31]  # all that a sheet's name has
    filled = _MergedCellFiller(_merged_in(book, sheet), book.limits)
    faults = xlsx_cells.SheetErrors()
    with book.open(sheet.part, MAX_SHEET) as part:
        for line, cells in filled.all(xlsx_cells.rows_of(part, meaning, faults, book.limits)):
            if len(cells) > MAX_COLUMNS:
                message = _("Row %(line)d has %(columns)d columns; at most %(most)d can be read.")
                numbers = {"line": line, "columns": len(cells), "most": MAX_COLUMNS}
                raise Unreadable(message % numbers)
            yield line, cells
    faults.refuse()


class _MergedCellFiller:
    """Merged ranges, as the rows pass by: each of their cells gets the value of the first."""

    def __init__(self, merged: Sequence[Merged], limits: ReadingLimits) -> None:
        self.limits = limits
        self.waiting = sorted(merged, key=lambda one: one[1], reverse=True)
        self.values: list[tuple[Merged, str]] = []

    def all(self, rows: Iterable[xlsx_cells.Row]) -> Iterator[xlsx_cells.Row]:
        """The rows, and those between them that have nothing but a part of a range."""
        last = 0
        for line, cells in rows:
            while self.values and last + 1 < line:
                last += 1
                between: list[str] = []
                self._fill(last, between)
                yield last, between
            last = line
            if self.values or self.waiting:
                self._fill(line, cells)
            yield line, cells

    def _fill(self, line: int, cells: list[str]) -> None:
        while self.waiting and self.waiting[-1][1] <= line:
            one = self.waiting.pop()
            value = cells[one[0] - 1] if one[3] >= line and one[0] <= len(cells) else ""
            if value and one[0] <= MAX_COLUMNS:
                self.values.append((one, value))
        for (left, _top, right, _bottom), value in self.values:
            right = min(right, MAX_COLUMNS)
            self.limits.count_merged(line, right - left + 1)
            cells.extend([""] * (right - len(cells)))
            cells[left - 1 : right] = [value] * (right - left + 1)
        self.values = [one for one in self.values if one[0][3] > line]


def _merged_in(book: Workbook, sheet: Sheet) -> list[Merged]:
    """The merged ranges of a sheet: they stand behind the rows that need them."""
    merged: dict[Merged, None] = {}
    for count, text in enumerate(_merge_cells(book, sheet), 1):
        if count > MAX_MERGED_RANGES:  # those that are named twice, too
            book.limits.refuse(_("It has too many merged cells. Unmerge them."))
        left, top, right, bottom = range_boundaries(text)
        if left and top and right and bottom:
            merged[left, top, right, bottom] = None
    return [*merged]


def _merge_cells(book: Workbook, sheet: Sheet) -> Iterator[str]:
    """The texts of the merged ranges."""
    rest = b""
    with book.open(sheet.part, MAX_SHEET) as part:
        while chunk := part.read(2**20):
            text = rest + chunk
            if b"mergeCell" in text:
                found = _MERGED.finditer(text)
                yield from (match[1].decode() for match in found if match.end() > len(rest))
            rest = text[-_WHOLE:]
            book.limits.check_time()
