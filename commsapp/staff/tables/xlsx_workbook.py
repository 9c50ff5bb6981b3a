"""The parts of an XLSX package: which sheet is read, and what its cells refer to.

openpyxl makes an object of every font and border, for minutes if a file has enough of them; only
the formats of dates are needed here.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from io import BytesIO
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

from django.utils.translation import gettext as _
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

from commsapp.staff.tables.cells import Unreadable
from commsapp.staff.tables.reading_limits import ReadingLimits
from commsapp.staff.tables.xml_parts import read_elements

MAX_UNPACKED = 256 * 2**20  # bytes of all parts
MAX_SHEET = 128 * 2**20  # of the sheet that is read, row by row
MAX_SHARED = 64 * 2**20  # of the texts that cells share, which are held in memory
MAX_OTHER = 16 * 2**20  # of any other part
MAX_PARTS = 2_000
MAX_EXTRA = 256 * 1024  # bytes that the directory says of its parts besides their names
MAX_FORMATS, MAX_FORMAT_LENGTH = 5_000, 255  # of numbers and dates; characters of one

_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_WORKBOOKS = {
    f"{_TYPES}.sheet.main+xml",
    f"{_TYPES}.template.main+xml",
    "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    "application/vnd.ms-excel.template.macroEnabled.main+xml",
}
_SECTIONS = {"numFmts", "cellXfs", "cellStyleXfs", "cellStyles", "dxfs"}  # of the styles
_ENTRY = b"PK\x01\x02"  # how an entry of the archive's directory begins


@dataclass(frozen=True)
class Sheet:
    """A sheet with cells: its name, its part and whether people see it."""

    name: str
    part: str
    is_visible: bool


class Workbook:
    """An open package. What is no workbook raises one of spreadsheets.BROKEN."""

    def __init__(self, content: bytes, limits: ReadingLimits) -> None:
        self.limits = limits
        _check_directory(content)
        self.archive = ZipFile(BytesIO(content))
        self._check_sizes()

    def open(self, part: str, max_bytes: int = MAX_OTHER) -> IO[bytes]:
        """A part, unpacked while it is read. The unpacker stops where the part claims to end."""
        info = self.archive.getinfo(part)
        if info.file_size > max_bytes:
            raise _too_large()
        if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise ValueError("a compression that no spreadsheet program uses")
        return self.archive.open(info)

    def _check_sizes(self) -> None:
        """A few KiB can claim to be many GiB."""
        parts = self.archive.infolist()
        names = {part.filename for part in parts}
        # A name twice: one would be checked, the other read.
        if len(names) < len(parts) or sum(part.file_size for part in parts) > MAX_UNPACKED:
            raise _too_large()

    # --- Parts ------------------------------------------------------------------------------

    @cached_property
    def _part_types(self) -> dict[str, str]:
        """The part that has each content type; of several, the first."""
        types: dict[str, str] = {}
        with self.open("[Content_Types].xml") as part:
            for tag, said in read_elements(part, self.limits):
                if tag == "Override":
                    types.setdefault(said["ContentType"], said["PartName"].removeprefix("/"))
                elif tag == "Default" and said["ContentType"] in _WORKBOOKS:
                    types.setdefault(said["ContentType"], "xl/workbook.xml")
        return types

    @cached_property
    def _part(self) -> str:
        return next(self._part_types[name] for name in sorted(_WORKBOOKS & {*self._part_types}))

    @cached_property
    def texts_part(self) -> str | None:
        """Where the texts are that cells share, if there are any."""
        return self._part_types.get(f"{_TYPES}.sharedStrings+xml")

    @cached_property
    def _related(self) -> dict[str, tuple[str, str]]:
        """What the workbook refers to: type and part, by the id of the reference."""
        folder, name = posixpath.split(self._part)
        related = {}
        with self.open(f"{folder}/_rels/{name}.rels".removeprefix("/")) as part:
            for tag, said in read_elements(part, self.limits):
                if tag == "Relationship" and said.get("TargetMode") != "External":
                    target = posixpath.normpath(posixpath.join("/", folder, said["Target"]))
                    related[said["Id"]] = (said["Type"], target.lstrip("/"))
        return related

    # --- What is in them --------------------------------------------------------------------

    def sheets(self) -> Iterator[Sheet]:
        """The sheets that have cells, in their order."""
        parts = {*self.archive.namelist()}
        for tag, said in self._about:
            reference = next((said[name] for name in said if name.endswith(":id")), "")
            if tag != "sheet" or not reference:
                continue
            kind, part = self._related[reference]
            if "chartsheet" not in kind and part in parts:
                is_visible = said.get("state", "visible") == "visible"
                yield Sheet(said.get("name", ""), part, is_visible)

    @cached_property
    def epoch(self) -> datetime:
        """The day from which days are counted."""
        counts_from_1904 = any(
            tag == "workbookPr" and said.get("date1904") in ("1", "true")
            for tag, said in self._about
        )
        epoch: datetime = MAC_EPOCH if counts_from_1904 else WINDOWS_EPOCH
        return epoch

    @cached_property
    def _about(self) -> list[tuple[str, dict[str, str]]]:
        with self.open(self._part) as part:
            return [
                (tag, said)
                for tag, said in read_elements(part, self.limits)
                if tag in ("sheet", "workbookPr")
            ]

    def date_styles(self) -> tuple[frozenset[str], frozenset[str]]:
        """Which cell formats, by their numbers, are of dates, and which of durations."""
        part_name = self._part_types.get(f"{_TYPES}.styles+xml")
        if part_name is None:
            return frozenset(), frozenset()
        codes = {str(number): code for number, code in BUILTIN_FORMATS.items()}
        formats, section = list[str](), ""
        with self.open(part_name) as part:
            for tag, said in read_elements(part, self.limits):
                if tag in _SECTIONS:
                    section = tag
                elif tag == "numFmt" and section == "numFmts":
                    codes[said["numFmtId"]] = said["formatCode"]
                elif tag == "xf" and section == "cellXfs":
                    formats.append(said.get("numFmtId", "0"))
        return (
            _which(formats, codes, is_date_format),
            _which(formats, codes, is_timedelta_format),
        )


def _which(
    formats: list[str], codes: dict[str, str], is_meant: Callable[[str], bool]
) -> frozenset[str]:
    used = {*formats} & codes.keys()
    if len(used) > MAX_FORMATS:
        raise ValueError("more number formats than any program writes")
    found = {
        number
        for number in used
        if len(codes[number]) <= MAX_FORMAT_LENGTH and is_meant(codes[number])
    }
    return frozenset(str(place) for place, number in enumerate(formats) if number in found)


def _check_directory(content: bytes) -> None:
    """zipfile reads all entries of the directory, and each one's extras again and again."""
    parts, extra, at = 0, 0, content.find(_ENTRY)
    while at >= 0:
        parts += 1
        extra += int.from_bytes(content[at + 30 : at + 32], "little")
        if parts > MAX_PARTS or extra > MAX_EXTRA:
            raise _too_large()
        at = content.find(_ENTRY, at + 1)


def _too_large() -> Unreadable:
    return Unreadable(_("The file is too large when unpacked. Split it into several files."))
