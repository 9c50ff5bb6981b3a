"""The cells of one sheet of a workbook, as texts.

Expat reads the sheet as a stream; openpyxl, which makes an object of every cell, takes five times
as long. Nothing is held but the rows of the piece at hand, whatever the sheet is made of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import IO, Any, Protocol
from xml.parsers.expat import ParserCreate

from django.utils.translation import gettext as _
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.datetime import from_excel, from_ISO8601

from commsapp.faces.staff.cells import MOST_COLUMNS, MOST_TOLD, Unreadable, column_letters
from commsapp.faces.staff.pages import Problem

HIGHEST_ROW, MOST_CELLS = 1_048_576, 16_384  # what a sheet has at most, and a row of it
MOST_TEXTS = 2_000_000  # that cells share
_PIECE = 65_536  # bytes

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_ROW, _CELL, _VALUE, _FORMULA = (f"{_MAIN}{name}" for name in ("row", "c", "v", "f"))
_SHARED, _TEXT, _SPOKEN = (f"{_MAIN}{name}" for name in ("si", "t", "rPh"))
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")  # how a shared text says what XML cannot
_ERRORS = {
    "#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", "#SPILL!", "#CALC!",
    "#GETTING_DATA",
}  # fmt: skip

Row = tuple[int, list[str]]  # its number and its cells


@dataclass(frozen=True)
class Meaning:
    """What the cells of a workbook refer to: its texts, its calendar, its formats of dates."""

    texts: Sequence[str]
    epoch: datetime
    dates: frozenset[str]  # ids of cell formats
    durations: frozenset[str]


@dataclass
class Faults:
    """What a sheet has instead of values."""

    errors: list[Problem] = field(default_factory=list)
    without_result: list[Problem] = field(default_factory=list)

    @property
    def are_many(self) -> bool:
        return len(self.errors) >= MOST_TOLD or len(self.without_result) >= MOST_TOLD

    def refuse(self) -> None:
        """Raises Unreadable, if there are any."""
        if self.without_result:
            told = _(
                "The file has formulas without results. Open it in a spreadsheet program, save it "
                "and upload it again."
            )
            raise Unreadable(told, self.without_result[:MOST_TOLD])
        if self.errors:
            told = _("The sheet holds errors instead of values, in line %d for the first time.")
            raise Unreadable(told % (self.errors[0].line or 0), self.errors[:MOST_TOLD])


def texts_of(part: IO[bytes]) -> list[str]:
    """The texts that cells share."""
    return [*_read(part, _Texts())]


def rows_of(part: IO[bytes], meaning: Meaning, faults: Faults) -> Iterator[Row]:
    """The rows that a sheet has, each with its number. What is no value is noted in `faults`."""
    for row in _read(part, _Rows(meaning, faults)):
        if faults.are_many:
            return
        yield row


# --- From XML -------------------------------------------------------------------------------


class _Reading(Protocol):
    """Told of what an XML file has, piece after piece; `done` is what came of it."""

    done: list[Any]
    data: list[str]

    def start(self, tag: str, attributes: dict[str, str]) -> None: ...
    def end(self, tag: str) -> None: ...


def _read(part: IO[bytes], reading: _Reading) -> Iterator[Any]:
    parser = ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.data.append
    parser.StartDoctypeDeclHandler = _refuse_entities
    while piece := part.read(_PIECE):
        parser.Parse(piece)
        yield from reading.done
        reading.done.clear()
    parser.Parse(b"", True)


def _refuse_entities(*doctype: Any) -> None:
    raise Unreadable(_("The file defines entities, which no spreadsheet does."))


class _Texts:
    """Of plain texts, and those in several formats; without how they are pronounced."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.data: list[str] = []
        self.parts: list[str] = []
        self.count = 0
        self.is_spoken = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.data.clear()
        if tag == _SPOKEN:
            self.is_spoken = True

    def end(self, tag: str) -> None:
        if tag == _TEXT and not self.is_spoken:
            self.parts += self.data
        elif tag == _SPOKEN:
            self.is_spoken = False
        elif tag == _SHARED:
            text = "".join(self.parts)
            self.parts.clear()
            self.done.append(_ESCAPED.sub(_unescape, text) if "_x" in text else text)
            self.count += 1
            if self.count > MOST_TEXTS:
                raise Unreadable(
                    _("The file is too large when unpacked. Split it into several files.")
                )


def _unescape(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))


class _Rows:
    """Of a sheet: the texts that its cells show."""

    def __init__(self, meaning: Meaning, faults: Faults) -> None:
        self.meaning, self.faults = meaning, faults
        self.done: list[Row] = []
        self.data: list[str] = []
        self.line = self.column = 0
        self.cells: list[str] = []
        self.cell: dict[str, str] = {}
        self.value: str | None = None
        self.has_formula = self.is_spoken = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.data.clear()
        if tag == _CELL:
            self.cell, self.value, self.has_formula = attributes, None, False
        elif tag == _ROW:
            self._begin(attributes.get("r"))
        elif tag == _FORMULA:
            self.has_formula = True
        elif tag == _SPOKEN:
            self.is_spoken = True

    def end(self, tag: str) -> None:
        if tag == _VALUE:
            self.value = "".join(self.data)
        elif tag == _TEXT and not self.is_spoken:
            self.value = (self.value or "") + "".join(self.data)
        elif tag == _CELL:
            self._take()
        elif tag == _ROW:
            self.done.append((self.line, self.cells))
        elif tag == _SPOKEN:
            self.is_spoken = False

    def _begin(self, number: str | None) -> None:
        before, self.line = self.line, int(number) if number else self.line + 1
        if self.line <= before:
            raise ValueError("rows in disorder")
        if self.line > HIGHEST_ROW:
            raise Unreadable(_("The sheet has more rows than a spreadsheet can have."))
        self.cells, self.column = [], 0

    def _take(self) -> None:
        place = self.cell.get("r")
        at = _column(place.rstrip("0123456789")) if place else self.column + 1
        if at <= self.column:
            raise ValueError("cells in disorder")
        if at > MOST_CELLS:
            told = _(
                "The sheet has a row of more than %(cells)d cells; at most %(most)d can be read."
            )
            raise Unreadable(told % {"cells": MOST_CELLS, "most": MOST_COLUMNS})
        if at > self.column + 1:
            self.cells += [""] * (at - self.column - 1)
        self.column = at
        shown = _shown(self.cell, self.value, self.has_formula, self.meaning)
        if shown is None or shown in _ERRORS:
            self._note(shown)
        self.cells.append(shown or "")

    def _note(self, shown: str | None) -> None:
        letters = column_letters(self.column - 1)
        if shown is None:
            told = _("The formula has no result.")
            self.faults.without_result.append(Problem(told, self.line, column=letters))
        else:
            told = _("The cell holds an error instead of a value.")
            self.faults.errors.append(Problem(told, self.line, shown, column=letters))


# --- What a cell shows ----------------------------------------------------------------------


@cache  # of 18,278, the most that there are
def _column(letters: str) -> int:
    column: int = column_index_from_string(letters)
    return column


def _shown(
    cell: dict[str, str], value: str | None, has_formula: bool, meaning: Meaning
) -> str | None:
    """What a person sees in the cell; None for a formula of which no result is known."""
    kind = cell.get("t", "n")
    if not value:  # a formula's empty text is a result, too
        is_known = not has_formula or (kind == "str" and value is not None)
        return "" if is_known else None
    if kind == "s":
        return meaning.texts[int(value)]
    if kind == "n":
        return _number(value, cell.get("s", ""), meaning)
    if kind == "b":
        return "true" if int(value) else "false"
    return text_of(from_ISO8601(value)) if kind == "d" else value


def _number(value: str, style: str, meaning: Meaning) -> str:
    is_whole = value.isdecimal() and value.isascii()
    number = int(value) if is_whole else float(value)
    if style not in meaning.dates:
        return text_of(number)
    is_duration = style in meaning.durations
    try:
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
