"""Reading CSV: UTF-8, whatever its delimiter, quoted line breaks and all."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator

from django.utils.translation import gettext as _

from commsapp.staff.tables.cells import MAX_CELL_LENGTH, MAX_COLUMNS, Unreadable
from commsapp.staff.tables.reading_limits import ReadingLimits

MAX_CELLS_OF_RECORD = 250_000  # delimiters, also those that stand in quotes

_DELIMITERS = ",;\t|"
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_TOLD = re.compile(r"sep=(.)(?:\r\n|\r|\n)", re.IGNORECASE)  # as spreadsheets write and read it
_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}

# Over what a cell may hold, so that it is told as any other cell's fault, with its column.
csv.field_size_limit(max(csv.field_size_limit(), 64 * MAX_CELL_LENGTH))


def records(content: bytes, limits: ReadingLimits) -> Iterator[tuple[int, list[str]]]:
    """The records of a CSV file, each with the line on which it begins. Raises Unreadable."""
    text, skipped = _decoded(content), 0
    told = _TOLD.match(text)
    delimiter = told[1] if told else guess(text)
    if told:
        text, skipped = text[told.end() :], 1
    lines = _Lines(text, delimiter, limits)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            lines.delimiters = 0
            yield line + skipped, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise Unreadable(
            _("Line %(line)d cannot be read: %(reason)s.")
            % {"line": line + skipped, "reason": _reason(str(error))}
        ) from error


class _Lines:
    """The lines of a text, counted before the reader of CSV makes a list of each one's cells."""

    def __init__(self, text: str, delimiter: str, limits: ReadingLimits) -> None:
        self._lines = io.StringIO(text, newline="")
        self._delimiter, self._limits = delimiter, limits
        self.delimiters = 0  # of the record that is being read

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(self._lines, 1):
            self._limits.count_line(number)
            self.delimiters += line.count(self._delimiter)
            if self.delimiters > MAX_CELLS_OF_RECORD:
                message = _("It has more than %(cells)d cells; at most %(most)d can be read.")
                self._limits.refuse(message % {"cells": MAX_CELLS_OF_RECORD, "most": MAX_COLUMNS})
            yield line


def guess(text: str) -> str:
    """The delimiter: of comma, semicolon, tab and bar the one that the header has most of."""
    header = next((line for line in _unquoted(text).splitlines() if line.strip()), "")
    counted = Counter(character for character in header if character in _DELIMITERS)
    return max(_DELIMITERS, key=lambda one: counted[one])  # none at all: one column


def _unquoted(text: str) -> str:
    """The beginning of a text, as far as a header reaches, without what stands in quotes."""
    return _QUOTED.sub("q", text[:65_536])


def _decoded(content: bytes) -> str:
    encoding = _MARKS.get(content[:2])
    try:
        if encoding is None:
            return content.decode("utf-8-sig")
        reason = _("It is %s.") % encoding
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        reason = _("Line %(line)d holds the byte %(byte)s.") % {
            "line": line, "byte": f"0x{content[error.start]:02X}",
        }  # fmt: skip
    message = _("The file is not UTF-8. Save it as “CSV UTF-8” and upload it again.")
    raise Unreadable(f"{message} {reason}")


def _reason(error: str) -> str:
    if "expected after" in error:
        return _("something follows a closing quotation mark")
    if "field larger" in error:
        return _("a cell is too long")
    return _("a quotation mark is not closed")
