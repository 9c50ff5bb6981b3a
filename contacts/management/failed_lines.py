"""The lines that could not be saved: as they were, to be run again, and a table of the reasons."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Self

from commsapp.core.audit import Refusal
from commsapp.core.spreadsheet_formulas import escape_formula

COLUMNS = ("line", "alternate key", "field", "code", "message")


class FailedLines:
    """Two files that appear when all is over: what failed in this run, or nothing.

    Until then they have other names, so that nobody takes half of them for the whole; they are
    opened at once, so that a folder that cannot be written to is known before anything is saved.
    """

    def __init__(self, path: Path) -> None:
        self.lines_path = path
        self.reasons_path = path.with_name(f"{path.name.removesuffix('.jsonl')}.reasons.csv")
        self.count = 0

    def __enter__(self) -> Self:
        self._lines = self._open(self.lines_path)
        self._reasons = self._open(self.reasons_path)
        self._write_row(COLUMNS)
        return self

    def __exit__(self, *raised: object) -> None:
        for file, path in (
            (self._lines, self.lines_path),
            (self._reasons, self.reasons_path),
        ):
            file.close()
            if self.count:
                Path(file.name).replace(path)
            else:  # those of an earlier run would tell of failures that are none any more
                Path(file.name).unlink()
                path.unlink(missing_ok=True)

    def add(self, number: int, text: bytes, key: str, refusals: Sequence[Refusal]) -> None:
        """A line that failed, and all the reasons."""
        self.count += 1
        if text:
            self._lines.write(text + b"\n")
        for refusal in refusals:
            self._write_row((str(number), key, refusal.field, refusal.code, refusal.message))

    def _open(self, path: Path) -> IO[bytes]:
        return tempfile.NamedTemporaryFile(prefix=f".{path.name}.", dir=path.parent, delete=False)

    def _write_row(self, cells: Sequence[str]) -> None:
        row = io.StringIO()
        csv.writer(row, lineterminator="\r\n").writerow([escape_formula(cell) for cell in cells])
        self._reasons.write(row.getvalue().encode("utf-8", "replace"))
