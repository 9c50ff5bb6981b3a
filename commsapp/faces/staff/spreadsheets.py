"""Reading XLSX: the first sheet that is shown, as a person sees it.

Formulas are the results that the file keeps, a merged range has its value in each of its cells,
dates are written as ISO 8601 does, and whole numbers without a point. What a file claims to be
when unpacked is looked at before anything is parsed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _
from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from commsapp.faces.staff.cells import (
    MOST_COLUMNS,
    MOST_TOLD,
    Unreadable,
    column_letters,
)
from commsapp.faces.staff.pages import Problem

MOST_UNPACKED = 256 * 2**20  # bytes of all parts
MOST_SHARED = 64 * 2**20  # of the texts that cells share, which are held in memory
MOST_OTHER = 16 * 2**20  # of any other part that is read as a whole
MOST_PARTS = 2_000
HIGHEST_ROW, MOST_CELLS = 1_048_576, 16_384  # what a sheet has at most, and a row of it
MOST_MERGED = 10_000

_WHOLE = 65_536  # bytes that any single element we look for fits in
_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^<>]*?\bref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_NO_RESULT = re.compile(
    rb'<(?:\w+:)?c\s[^<>]*?\br="([A-Z]{1,3})(\d{1,7})"[^<>]*><(?:\w+:)?f(?:\s[^<>]*)?'
    rb"(?:/>|>[^<]{0,9000}</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*"
    rb"</(?:\w+:)?c>"
)
_ERRORS = {
    "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#SPILL!", "#CALC!",
    "#GETTING_DATA",
}  # fmt: skip

# What the reader of workbooks raises for a file that is none, or is broken somewhere.
_BROKEN = (
    BadZipFile, InvalidFileException, SyntaxError, zlib.error, ArithmeticError, AttributeError,
    EOFError, LookupError, OSError, RuntimeError, TypeError, ValueError,
)  # fmt: skip

Merged = tuple[int, int, int, int]  # first column, first row, last column, last row: from 1


def records(upload: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """The rows of the first sheet that is shown, each with its number. Raises Unreadable."""
    try:
        _check_sizes(upload)
        upload.seek(0)
        yield from _rows_of(upload)
    except _BROKEN as error:
        raise Unreadable(
            _("The file cannot be read as a spreadsheet: it is damaged, protected or no XLSX.")
        ) from error


def _rows_of(upload: IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    book: Any = load_workbook(upload, read_only=True, data_only=True, keep_links=False)
    sheet = next((one for one in book.worksheets if one.sheet_state == "visible"), None)
    if sheet is None:
        raise Unreadable(_("The file has no sheet with cells."))
    sheet.reset_dimensions()  # what a file says of them may be wrong
    look = _look_at(upload, sheet._worksheet_path)
    filled = _Filled(look.merged)
    faults: list[Problem] = []
    for line, values in enumerate(sheet.iter_rows(values_only=True), 1):
        if line > HIGHEST_ROW:
            raise Unreadable(_("The sheet has more rows than a spreadsheet can have."))
        cells = ["" if value is None else text_of(value) for value in values]
        if filled:
            filled.fill(line, cells)
        if len(cells) > MOST_COLUMNS:
            _check_width(line, cells)
        if not _ERRORS.isdisjoint(cells):
            faults += _errors_in(line, cells)
        if len(faults) >= MOST_TOLD:
            break
        yield line, cells
    if faults:
        told = _("The sheet holds errors instead of values, in line %d for the first time.")
        raise Unreadable(told % (faults[0].line or 0), faults)


def text_of(value: Any) -> str:
    """A cell's value, as text: `1`, not `1.0`; `2026-11-22`, without a time that is none."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f").removesuffix(".0")
    if isinstance(value, datetime):
        day = value.time() == time()
        return value.date().isoformat() if day else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else str(value).strip()


def _check_width(line: int, cells: Sequence[str]) -> None:
    width = max((place for place, cell in enumerate(cells, 1) if cell), default=0)
    if width > MOST_COLUMNS:
        told = _("Row %(line)d has %(columns)d columns; at most %(most)d can be read.")
        raise Unreadable(told % {"line": line, "columns": width, "most": MOST_COLUMNS})


def _errors_in(line: int, cells: Sequence[str]) -> Iterator[Problem]:
    for place, cell in enumerate(cells):
        if cell in _ERRORS:
            told = _("The cell holds an error instead of a value.")
            yield Problem(told, line, cell, column=column_letters(place))


class _Filled:
    """Merged ranges, as the rows pass by: each of their cells gets the value of the first."""

    def __init__(self, merged: Sequence[Merged]) -> None:
        self.waiting = sorted(merged, key=lambda one: one[1], reverse=True)
        self.values: list[tuple[Merged, str]] = []

    def __bool__(self) -> bool:
        return bool(self.waiting or self.values)

    def fill(self, line: int, cells: list[str]) -> None:
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


@dataclass
class _Look:
    """What one pass over a sheet's text tells, which its rows do not."""

    merged: list[Merged] = field(default_factory=list)
    without_result: dict[tuple[str, int], None] = field(default_factory=dict)


def _look_at(upload: IO[bytes], path: str) -> _Look:
    """Merged ranges, formulas without a result, and rows that would not fit in memory."""
    look, cells, rest = _Look(), 0, b""
    with ZipFile(upload) as archive, archive.open(path) as part:
        while chunk := part.read(2**20):
            if b"<!" in chunk and (b"<!DOCTYPE" in chunk or b"<!ENTITY" in chunk):
                raise Unreadable(_("The file defines entities, which no spreadsheet does."))
            cells = _count_cells(chunk, cells)
            text = rest + chunk
            _note(look, text)
            rest = text[-_WHOLE:]
    if look.without_result:
        raise Unreadable(
            _("The file has formulas without results. Open it in a spreadsheet program, save it "
              "and upload it again."),
            [
                Problem(_("The formula has no result."), line, column=letters)
                for letters, line in [*look.without_result][:MOST_TOLD]
            ],
        )  # fmt: skip
    return look


def _note(look: _Look, text: bytes) -> None:
    if b"mergeCell" in text:
        known = {*look.merged}
        for found in _MERGED.finditer(text):
            left, top, right, bottom = range_boundaries(found[1].decode())
            if not (left and top and right and bottom) or (left, top, right, bottom) in known:
                continue
            look.merged.append((left, top, right, bottom))
        if len(look.merged) > MOST_MERGED:
            raise Unreadable(_("The sheet has too many merged cells. Unmerge them."))
    if b"<f" in text or b":f" in text:
        for found in _NO_RESULT.finditer(text):
            look.without_result[found[1].decode(), int(found[2])] = None


def _count_cells(chunk: bytes, before: int) -> int:
    """How many cells the row has that the chunk ends in."""
    first, *others = _ROW.split(chunk)
    counts = [before + len(_CELL.findall(first)), *(len(_CELL.findall(one)) for one in others)]
    if max(counts) > MOST_CELLS:
        told = _("The sheet has a row of more than %(cells)d cells; at most %(most)d can be read.")
        raise Unreadable(told % {"cells": MOST_CELLS, "most": MOST_COLUMNS})
    return counts[-1]
