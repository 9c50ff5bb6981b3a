"""How much work a file may make, counted while it is read.

A request ends only when its view returns: nobody stops it when the browser has gone. So the reader
counts for itself, in units that do not depend on the machine, and looks at the processor's time
besides, for whatever no unit counts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from commsapp.staff.tables.cells import Unreadable

MAX_ELEMENTS = 5_000_000  # of XML in a file: a million cells, each with a text of its own
MAX_ATTRIBUTES = 20_000_000  # of them, by the quotation marks
MAX_CELLS = 5_000_000  # below a table's header, blank ones too: 100,000 rows of 50 cells
MAX_MERGED_CELLS = 2_000_000  # that get the value of a merged range
MAX_LINES = 1_048_576  # blank ones too: as many as a sheet has
MAX_BLANK_ROWS = 600_000  # that a sheet spells out: a million of them fit into 60 KB
MAX_CPU_SECONDS = 20.0  # more than four times of what the largest file takes
MIN_CPU_SECONDS = 4.0  # that any file may take
CPU_SECONDS_PER_MIB = 4.0  # of the file, more than that: 60 KB can unpack to what 16 MiB mean


@dataclass
class ReadingLimits:
    """The work that one file has made so far. `sheet` and `row` tell where it is being read.

    `file_size` in bytes decides how much of the processor's time the file may take.
    """

    file_size: int = 2**24
    sheet: str = ""
    row: int = 0
    elements: int = 0
    attributes: int = 0
    cells: int = 0
    merged_cells: int = 0
    blank_rows: int = 0
    _until: float = field(init=False)

    def __post_init__(self) -> None:
        seconds = MIN_CPU_SECONDS + CPU_SECONDS_PER_MIB * self.file_size / 2**20
        self._until = time.thread_time() + min(seconds, MAX_CPU_SECONDS)

    def count_markup(self, piece: bytes) -> None:
        """Count the elements and attributes that begin in a piece of XML. Raises Unreadable."""
        self.elements += piece.count(b"<") - piece.count(b"</")
        self.attributes += (piece.count(b'"') + piece.count(b"'")) // 2
        if self.elements > MAX_ELEMENTS or self.attributes > MAX_ATTRIBUTES:
            self.refuse(
                _("It has too many cells, blank and formatted ones included. Split the file.")
            )
        self.check_time()

    def count_cells(self, cells: int) -> None:
        """Count the cells of a row. Raises Unreadable."""
        self.cells += cells
        if self.cells > MAX_CELLS:
            message = _(
                "It has more than %d cells below its header, blank ones included. Split it."
            )
            self.refuse(message % MAX_CELLS)

    def count_merged(self, row: int, cells: int) -> None:
        """Count cells of a row that get the value of a merged range. Raises Unreadable."""
        self.merged_cells += cells
        if self.merged_cells > MAX_MERGED_CELLS:
            self.row = row
            self.refuse(_("It has too many merged cells. Unmerge them."))

    def count_line(self, line: int) -> None:
        """Remember the line that is being read. Raises Unreadable."""
        self.row = line
        if line > MAX_LINES:
            self.refuse(_("It has more than %d lines. Delete the blank ones.") % MAX_LINES)
        if line % 1_000 == 0:
            self.check_time()

    def count_blank_row(self) -> None:
        """Count a row of a sheet that has no value. Raises Unreadable."""
        self.blank_rows += 1
        if self.blank_rows > MAX_BLANK_ROWS:
            self.refuse(_("It has more than %d lines. Delete the blank ones.") % MAX_BLANK_ROWS)

    def check_time(self) -> None:
        """Raise Unreadable when the file has taken more of the processor's time than any may."""
        if time.thread_time() > self._until:
            self.refuse(_("It takes too long to read. Split the file."))

    def refuse(self, reason: str) -> None:
        """Raise Unreadable, with the place that was read last."""
        if self.sheet and self.row:
            place = _("Sheet “%(sheet)s”, row %(row)d: %(reason)s")
        elif self.sheet:
            place = _("Sheet “%(sheet)s”: %(reason)s")
        else:
            place = _("Line %(row)d: %(reason)s") if self.row else _("The file: %(reason)s")
        raise Unreadable(place % {"sheet": self.sheet, "row": self.row, "reason": reason})
