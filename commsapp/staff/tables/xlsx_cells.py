"""The cells of one sheet of a workbook, as texts.

Expat reads the sheet as a stream; openpyxl, which makes an object of every cell, takes five times
as long. Nothing is held but the rows of the piece at hand, whatever the sheet is made of.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, lru_cache, partial
from typing import IO, Any

from django.utils.translation import gettext as _
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.datetime import from_excel, from_ISO8601

from commsapp.staff.object_pages import Problem
from commsapp.staff.tables.cells import (
    MAX_CELL_LENGTH,
    MAX_COLUMNS,
    MAX_PROBLEMS,
    MAX_TOTAL_CHARACTERS,
    Unreadable,
    column_letters,
)
from commsapp.staff.tables.reading_limits import ReadingLimits
from commsapp.staff.tables.xml_parts import MAX_DEPTH, End, Start, parse

MAX_ROW_NUMBER, MAX_COLUMN_NUMBER = 1_048_576, 16_384  # what a sheet has at most, and a row of it
MAX_NUMBER_LENGTH = 400  # characters of a number or date, which have 17 digits that count
_NUMBERS_KEPT = 10_000  # a day takes four times as long to write as to look up
_FIRST_MARCH_1900 = 61  # as a number; spreadsheets believe in a leap day before it
MAX_LONG_INTEGER = 40  # digits; a longer one is as good as a number with an exponent

_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # how a shared text says what XML cannot
_ERRORS = {
    "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#SPILL!", "#CALC!",
    "#GETTING_DATA",
}  # fmt: skip

Row = tuple[int, list[str]]  # its number and its cells


@dataclass(frozen=True)
class WorkbookContext:
    """What the cells of a workbook refer to: its texts, its calendar, its formats of dates."""

    texts: Sequence[str]
    epoch: datetime
    dates: frozenset[str]  # ids of cell formats
    durations: frozenset[str]


@dataclass
class SheetErrors:
    """What a sheet has instead of values."""

    errors: list[Problem] = field(default_factory=list)
    without_result: list[Problem] = field(default_factory=list)

    @property
    def are_many(self) -> bool:
        return len(self.errors) >= MAX_PROBLEMS or len(self.without_result) >= MAX_PROBLEMS

    def refuse(self) -> None:
        """Raises Unreadable, if there are any."""
        if self.without_result:
            message = _(
                "The file has formulas without results. Open it in a spreadsheet program, save it "
                "and upload it again."
            )
            raise Unreadable(message, self.without_result[:MAX_PROBLEMS])
        if self.errors:
            message = _("The sheet holds errors instead of values, in line %d for the first time.")
            raise Unreadable(message % (self.errors[0].line or 0), self.errors[:MAX_PROBLEMS])


# --- From XML -------------------------------------------------------------------------------


def texts_of(part: IO[bytes], limits: ReadingLimits) -> list[str]:
    """The texts that cells share, plain or in several formats; not how they are pronounced.

    One that is longer than any cell may be is cut behind the first character too many.
    """
    texts = _Texts()
    for _piece in parse(part, texts.handlers, limits):
        if texts.characters > MAX_TOTAL_CHARACTERS:
            raise Unreadable(_("The file holds too much text. Split it into several files."))
    return texts.done


class _Texts:
    """The texts that cells share, as they are parsed."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.parts: list[str] = []
        self.size = self.characters = self.depth = 0
        self.is_phonetic = False

    def handlers(self, prefix: str, data: list[str]) -> tuple[Start, End]:
        self.data = data
        self.item_tag, self.text_tag, self.phonetic_tag = (
            f"{prefix}{name}" for name in ("si", "t", "rPh")
        )
        return self.start, self.end

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ValueError("nested too deep")
        self.data.clear()
        if tag == self.phonetic_tag:
            self.is_phonetic = True

    def end(self, tag: str) -> None:
        self.depth -= 1
        if tag == self.text_tag:
            if self.data and not self.is_phonetic and self.size < _MAX_SPELLED:
                self.parts.append("".join(self.data))
                self.size += len(self.parts[-1])
        elif tag == self.item_tag:
            self.done.append(self._whole())
        elif tag == self.phonetic_tag:
            self.is_phonetic = False

    def _whole(self) -> str:
        text = "".join(self.parts)
        if self.size > MAX_CELL_LENGTH or "_x" in text:
            text = _spelled(text)
        self.parts.clear()
        self.size = 0
        self.characters += len(text)
        return text


_MAX_SPELLED = 8 * MAX_CELL_LENGTH  # a character is spelled by seven at most


def _spelled(text: str) -> str:
    """What a text means that spells characters which XML cannot have."""
    text = text[:_MAX_SPELLED]
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)[: MAX_CELL_LENGTH + 1]


def rows_of(
    part: IO[bytes], meaning: WorkbookContext, faults: SheetErrors, limits: ReadingLimits
) -> Iterator[Row]:
    """The rows that a sheet has, each with its number and without the blank cells at its end. What
    is no value is noted in `faults`."""
    rows = _Rows(meaning, faults, limits)
    for _piece in parse(part, rows.handlers, limits):
        for row in rows.done:
            if faults.are_many:
                return
            yield row
        rows.done.clear()


class _Rows:
    """The rows of a sheet, as they are parsed; `done` are those that are whole."""

    def __init__(
        self, meaning: WorkbookContext, faults: SheetErrors, limits: ReadingLimits
    ) -> None:
        self.meaning, self.faults, self.limits = meaning, faults, limits
        self.number_of = lru_cache(_NUMBERS_KEPT)(partial(_number, meaning))
        self.date_of = lru_cache(_NUMBERS_KEPT)(_iso_date)
        self.done: list[Row] = []
        self.cells: list[str] = []
        self.cell: dict[str, str] = {}
        self.value: str | None = None
        self.has_formula = self.is_phonetic = False
        self.column = self.depth = 0

    def handlers(self, prefix: str, data: list[str]) -> tuple[Start, End]:
        self.data = data
        (
            self.row_tag, self.cell_tag, self.value_tag, self.formula_tag, self.text_tag,
            self.phonetic_tag,
        ) = (f"{prefix}{name}" for name in ("row", "c", "v", "f", "t", "rPh"))  # fmt: skip
        return self.start, self.end

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if tag == self.cell_tag:
            self.cell, self.value, self.has_formula = attributes, None, False
        elif tag in (self.value_tag, self.text_tag):
            self.data.clear()
        elif tag == self.row_tag:
            self._begin(attributes.get("r"))
        elif tag == self.formula_tag:
            self.has_formula = True
        elif tag == self.phonetic_tag:
            self.is_phonetic = True
        elif self.depth > MAX_DEPTH:
            raise ValueError("nested too deep")

    def end(self, tag: str) -> None:
        self.depth -= 1
        if tag == self.value_tag:
            self.value = "".join(self.data)
        elif tag == self.cell_tag:
            self._take(self.cell, self.value)
        elif tag == self.text_tag:
            if not self.is_phonetic and len(self.value or "") <= MAX_CELL_LENGTH:
                self.value = (self.value or "") + "".join(self.data)
        elif tag == self.row_tag:
            self.data.clear()
            if not self.cells:
                self.limits.count_blank_row()
            self.done.append((self.limits.row, self.cells))
        elif tag == self.phonetic_tag:
            self.is_phonetic = False

    def _begin(self, number: str | None) -> None:
        before = self.limits.row
        is_long = number is not None and len(number) > len(str(MAX_ROW_NUMBER))
        if is_long and not re.match("[1-9]", number or ""):
            raise ValueError("a row's number that is too long")
        line = int(number) if number and not is_long else before + 1
        if is_long or line > MAX_ROW_NUMBER:
            raise Unreadable(_("The sheet has more rows than a spreadsheet can have."))
        if line <= before:
            raise ValueError("rows in disorder")
        self.limits.row = line
        self.cells, self.column = [], 0

    def _take(self, cell: dict[str, str], value: str | None) -> None:
        place = cell.get("r")
        at = _column(place.rstrip("0123456789")) if place else self.column + 1
        if at <= self.column:
            raise ValueError("cells in disorder")
        if at > MAX_COLUMN_NUMBER:
            message = _("It has more than %(cells)d cells; at most %(most)d can be read.")
            self.limits.refuse(message % {"cells": MAX_COLUMN_NUMBER, "most": MAX_COLUMNS})
        self.column = at
        if value:
            self._add(self._shown(cell, value))
        elif self.has_formula and (value is None or cell.get("t") != "str"):
            self._note(None)  # the empty text of a formula is a result, too

    def _shown(self, cell: dict[str, str], value: str) -> str:
        """What a person sees in a cell that has a value of its own."""
        kind = cell.get("t", "n")
        if kind == "s":
            return self.meaning.texts[_integer(value)]
        if kind == "n":
            return self.number_of(value, cell.get("s", ""))
        if kind == "b":
            return "true" if _integer(value) else "false"
        if kind == "d":
            return self.date_of(value[:MAX_NUMBER_LENGTH])
        return value[: MAX_CELL_LENGTH + 1]

    def _add(self, shown: str) -> None:
        """Add what a cell shows; blank ones before it only now, for those at a row's end are
        many and say nothing."""
        if shown[:1] == "#" and shown in _ERRORS:
            self._note(shown)
        elif shown:
            gap = self.column - 1 - len(self.cells)
            if gap:
                self.cells += [""] * gap
            self.cells.append(shown)

    def _note(self, shown: str | None) -> None:
        letters, line = column_letters(self.column - 1), self.limits.row
        if shown is None:
            message = _("The formula has no result.")
            self.faults.without_result.append(Problem(message, line, column=letters))
        else:
            message = _("The cell holds an error instead of a value.")
            self.faults.errors.append(Problem(message, line, shown, column=letters))


# --- What a cell shows ----------------------------------------------------------------------


@cache  # of 18,278, the most that there are
def _column(letters: str) -> int:
    column: int = column_index_from_string(letters)
    return column


def _integer(value: str) -> int:
    if len(value) > MAX_LONG_INTEGER:
        raise ValueError("an integer of too many digits")
    return int(value)


def _iso_date(value: str) -> str:
    """What a date that is spelled as one shows. Raises ValueError."""
    if len(value) in (10, 19) and value[4] == "-" == value[7] and value[10:11] in ("", "T"):
        with suppress(ValueError):  # as nearly all are: a tenth of the time
            return text_of(datetime.fromisoformat(value))
    return text_of(from_ISO8601(value))


_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]+)?", re.ASCII)


def _float(value: str) -> float | None:
    """Read a number as XML spells it; None for one that a float takes for 0 or for infinite, which
    the column then refuses as it was written. Raises ValueError."""
    found = _NUMBER.fullmatch(value.strip())
    if not found:  # float() also reads 1_000, １２ and nan
        raise ValueError("no number")
    number = float(value)
    is_exact = math.isfinite(number) and (number or not found[1].strip("0."))
    return number if is_exact else None


def _number(meaning: WorkbookContext, value: str, style: str) -> str:
    if len(value) > MAX_NUMBER_LENGTH:
        raise ValueError("a number of too many digits")
    is_integer = value.isdecimal() and value.isascii() and len(value) <= MAX_LONG_INTEGER
    number = int(value) if is_integer else _float(value)
    if number is None:
        return value
    if style not in meaning.dates:
        return text_of(number)
    is_duration = style in meaning.durations
    try:
        if is_integer and number >= _FIRST_MARCH_1900 and not is_duration:
            return date.fromordinal(meaning.epoch.toordinal() + int(number)).isoformat()
        return text_of(from_excel(number, meaning.epoch, timedelta=is_duration))
    except (OverflowError, ValueError):
        return "#VALUE!"


def text_of(value: Any) -> str:
    """A value as text: `1`, not `1.0`; `2026-11-22`, without a time that is none."""
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f").removesuffix(".0")
    if isinstance(value, datetime):
        day = value.time() == time()
        return value.date().isoformat() if day else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value) if isinstance(value, timedelta) else ""
