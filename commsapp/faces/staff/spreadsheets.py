"""Reading XLSX: the first sheet that is shown, as a person sees it.

Formulas are the results that the file keeps, a merged range has its value in each of its cells,
dates are written as ISO 8601 does, and whole numbers without a point. What a file claims to be
when unpacked is looked at before anything is parsed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml.constants import SHARED_STRINGS

from commsapp.faces.staff import sheets
from commsapp.faces.staff.cells import MOST_COLUMNS, Unreadable

MOST_UNPACKED = 256 * 2**20  # bytes of all parts
MOST_SHARED = 64 * 2**20  # of the texts that cells share, which are held in memory
MOST_OTHER = 16 * 2**20  # of any other part that is read as a whole
MOST_PARTS = 2_000
MOST_MERGED = 10_000

_WHOLE = 65_536  # bytes that any single element we look for fits in
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^<>]*?\bref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')

# What the reader of workbooks raises for a file that is none, or is broken somewhere.
_BROKEN = (
    BadZipFile, ExpatError, InvalidFileException, SyntaxError, zlib.error, ArithmeticError,
    AttributeError, EOFError, LookupError, OSError, RuntimeError, TypeError, ValueError,
)  # fmt: skip

Merged = tuple[int, int, int, int]  # first column, first row, last column, last row: from 1


def records(upload: IO[bytes]) -> Iterator[sheets.Row]:
    """The rows of the first sheet that is shown, each with its number. Raises Unreadable."""
    try:
        _check_sizes(upload)
        upload.seek(0)
        yield from _rows_of(upload)
    except _BROKEN as error:
        raise Unreadable(
            _("The file cannot be read as a spreadsheet: it is damaged, protected or no XLSX.")
        ) from error


def _rows_of(upload: IO[bytes]) -> Iterator[sheets.Row]:
    # Piece by piece: as a whole, it would read its texts and each sheet in its own slow way.
    book: Any = ExcelReader(upload, read_only=True, data_only=True, keep_links=False)
    book.read_manifest()
    book.read_workbook()
    apply_stylesheet(book.archive, book.wb)
    path = next(_shown_in(book), None)
    if path is None:
        raise Unreadable(_("The file has no sheet with cells."))
    filled = _Filled(_merged_in(book.archive, path))
    faults = sheets.Faults()
    with book.archive.open(path) as part:
        for line, cells in filled.all(sheets.rows_of(part, _meaning_in(book), faults)):
            if len(cells) > MOST_COLUMNS:
                _check_width(line, cells)
            yield line, cells
    faults.refuse()


def _shown_in(book: Any) -> Iterator[str]:
    """The parts that are sheets with cells, as far as they are shown."""
    for sheet, about in book.parser.find_sheets():
        has_cells = "chartsheet" not in about.Type and about.target in book.valid_files
        if has_cells and sheet.state == "visible":
            yield about.target


def _meaning_in(book: Any) -> sheets.Meaning:
    told = book.package.find(SHARED_STRINGS)
    texts: list[str] = []
    if told is not None:
        with book.archive.open(told.PartName[1:]) as part:
            texts = sheets.texts_of(part)
    dates, durations = book.wb._date_formats, book.wb._timedelta_formats
    return sheets.Meaning(
        texts, book.wb.epoch, frozenset(map(str, dates)), frozenset(map(str, durations))
    )


def _check_width(line: int, cells: Sequence[str]) -> None:
    width = max((place for place, cell in enumerate(cells, 1) if cell), default=0)
    if width > MOST_COLUMNS:
        told = _("Row %(line)d has %(columns)d columns; at most %(most)d can be read.")
        raise Unreadable(told % {"line": line, "columns": width, "most": MOST_COLUMNS})


class _Filled:
    """Merged ranges, as the rows pass by: each of their cells gets the value of the first."""

    def __init__(self, merged: Sequence[Merged]) -> None:
        self.waiting = sorted(merged, key=lambda one: one[1], reverse=True)
        self.values: list[tuple[Merged, str]] = []

    def all(self, rows: Iterable[sheets.Row]) -> Iterator[sheets.Row]:
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
            if one[3] >= line and one[0] <= len(cells):
                self.values.append((one, cells[one[0] - 1]))
        for (left, _top, right, _bottom), value in self.values:
            right = min(right, MOST_COLUMNS)
            cells.extend([""] * (right - len(cells)))
            cells[left - 1 : right] = [value] * (right - left + 1)
        self.values = [one for one in self.values if one[0][3] > line]


# --- Before anything is parsed ------------------------------------------------------------------


def _check_sizes(upload: IO[bytes]) -> None:
    """A few KiB can claim to be many GiB. The unpacker stops where a part claims to end."""
    with ZipFile(upload) as archive:
        parts = archive.infolist()
    sizes = {part.filename: part.file_size for part in parts}
    if (
        len(parts) > MOST_PARTS
        or len(sizes) < len(parts)  # a name twice: one is checked, the other read
        or sum(sizes.values()) > MOST_UNPACKED
        or any(size > _most_of(name) for name, size in sizes.items())
    ):
        raise Unreadable(_("The file is too large when unpacked. Split it into several files."))


def _most_of(part: str) -> int:
    if "worksheets/sheet" in part or "/media/" in part:  # read row by row, or never
        return MOST_UNPACKED
    return MOST_SHARED if part.endswith("sharedStrings.xml") else MOST_OTHER


def _merged_in(archive: ZipFile, path: str) -> list[Merged]:
    """The merged ranges of a sheet: they stand behind the rows that need them."""
    merged: dict[Merged, None] = {}
    rest = b""
    with archive.open(path) as part:
        while chunk := part.read(2**20):
            text = rest + chunk
            if b"mergeCell" in text:
                merged |= dict.fromkeys(_ranges_in(text))
            if len(merged) > MOST_MERGED:
                raise Unreadable(_("The sheet has too many merged cells. Unmerge them."))
            rest = text[-_WHOLE:]
    return [*merged]


def _ranges_in(text: bytes) -> Iterator[Merged]:
    for found in _MERGED.finditer(text):
        left, top, right, bottom = range_boundaries(found[1].decode())
        if left and top and right and bottom:
            yield left, top, right, bottom
