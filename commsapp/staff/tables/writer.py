"""Writing tables for people: CSV, XLSX and JSON Lines, all as streams in bounded memory.

No cell begins as a formula does: such a text gets an apostrophe, which tables.read() takes off.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

import orjson
from django.http import StreamingHttpResponse
from django.utils import timezone

from commsapp.core.spreadsheet_formulas import escape_formula
from commsapp.db.json_values import to_text

_ROWS_AT_ONCE = 500
_MAX_ROWS = 1_048_575  # of a sheet, below its header
_MAX_BYTES = 2**30  # of a sheet: a longer one would take another kind of archive
_MAX_CELL_LENGTH = 32_767  # characters of a spreadsheet's cell
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Rows = Iterable[Sequence[Any]]


def table_response(
    ending: str, name: str, columns: Sequence[str], rows: Rows
) -> StreamingHttpResponse:
    """The rows as a file to keep: its ending is one of FORMATS."""
    content_type, write = FORMATS[ending]
    response = StreamingHttpResponse(write(columns, rows), content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}.{ending}"'
    return response


def text_of(value: Any) -> str:
    """A value as it stands in a cell."""
    if value is None:
        return ""
    if isinstance(value, str):
        return escape_formula(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(" ", "seconds")
    if isinstance(value, dict | list):
        return to_text(value)
    return str(value)


# --- CSV --------------------------------------------------------------------------------------


def csv_of(columns: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """UTF-8 with a mark, by which spreadsheet programs know it; lines end as RFC 4180 has it."""
    lines = _Lines()
    writer = csv.writer(lines)
    lines.write("\ufeff")
    writer.writerow([text_of(column) for column in columns])
    for number, row in enumerate(rows, 1):
        writer.writerow([text_of(value) for value in row])
        if number % _ROWS_AT_ONCE == 0:
            yield lines.take()
    yield lines.take()


class _Lines:
    """Where the writer of CSV writes to: what it wrote is taken out from time to time."""

    def __init__(self) -> None:
        self._written: list[str] = []

    def write(self, text: str) -> None:
        self._written.append(text)

    def take(self) -> bytes:
        text = "".join(self._written)
        self._written.clear()
        return text.encode("utf-8", "replace")


# --- JSON Lines -------------------------------------------------------------------------------


def jsonl_of(columns: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """One object a line: numbers of money as texts, times as ISO 8601, blanks as null."""
    lines: list[bytes] = []
    for row in rows:
        named = dict(zip(columns, row, strict=True))
        lines.append(_json_line(named))
        if len(lines) == _ROWS_AT_ONCE:
            yield b"".join(lines)
            lines.clear()
    yield b"".join(lines)


def _json_line(named: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(named, default=_plain, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # a value that orjson does not write: see to_text()
        return to_text(named, default=_plain).encode() + b"\n"


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


# --- XLSX -------------------------------------------------------------------------------------

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_SHEET = (
    f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView>'
    "</sheetViews><sheetData>"
)


def xlsx_of(columns: Sequence[str], rows: Rows) -> Iterator[bytes]:
    """A workbook, packed while it is written; what is too long for a sheet goes on in the next."""
    going, packed, sheets = iter(rows), _Packed(), 0
    with ZipFile(packed, "w", ZIP_DEFLATED, compresslevel=3) as archive:
        is_more = True
        while is_more:
            sheets += 1
            with archive.open(f"xl/worksheets/sheet{sheets}.xml", "w") as part:
                part.write(_SHEET.encode() + _xlsx_row(columns))
                is_more = yield from _fill_sheet(part.write, packed, going)
                part.write(b"</sheetData></worksheet>")
        for name, text in _about(sheets).items():
            archive.writestr(name, _HEAD + text)
    yield packed.take()


def _fill_sheet(
    write: Callable[[bytes], Any], packed: _Packed, rows: Iterator[Sequence[Any]]
) -> Generator[bytes, None, bool]:
    """Write rows as long as they fit. Returns whether there may be more."""
    written = 0
    lines: list[bytes] = []
    for number, row in enumerate(rows, 1):
        lines.append(_xlsx_row(row))
        is_full = number == _MAX_ROWS or written > _MAX_BYTES
        if is_full or len(lines) == _ROWS_AT_ONCE:
            written += write(b"".join(lines))
            lines.clear()
            yield packed.take()
        if is_full:
            return True
    write(b"".join(lines))
    return False


def _xlsx_row(row: Sequence[Any]) -> bytes:
    cells = "".join(_xlsx_cell(value) for value in row)
    return f"<row>{cells}</row>".encode()


def _xlsx_cell(value: Any) -> str:
    if value is None or value == "":
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, int | Decimal) and len(str(value)) <= 15:  # what a spreadsheet holds
        return f"<c><v>{value:{'f' if isinstance(value, Decimal) else 'd'}}</v></c>"
    text = escape(_NO_XML.sub("\ufffd", text_of(value)[:_MAX_CELL_LENGTH])).replace("\r", "&#13;")
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _about(sheets: int) -> dict[str, str]:
    """The other parts of the package: what there is, and how it hangs together."""
    numbers = range(1, sheets + 1)
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        for n in numbers
    )
    listed = "".join(f'<sheet name="{n}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    related = "".join(
        f'<Relationship Id="rId{n}" Type="{_RELATED}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    return {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default'
        ' Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml"'
        f' ContentType="{_TYPE}.sheet.main+xml"/>{overrides}</Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{_RELATED}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATED}"><bookViews>'
        f"<workbookView/></bookViews><sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">{related}'
        "</Relationships>",
    }


class _Packed:
    """Where the packer writes to; it cannot go back, so the archive is a stream."""

    def __init__(self) -> None:
        self._written: list[bytes] = []
        self._place = 0

    def write(self, data: bytes, /) -> int:
        self._written.append(bytes(data))
        self._place += len(data)
        return len(data)

    def tell(self) -> int:
        return self._place

    def seekable(self) -> bool:
        return False

    def flush(self) -> None:
        """Nothing: what is written is there."""

    def close(self) -> None:
        """Nothing: what was not taken out yet still can be."""

    def take(self) -> bytes:
        data = b"".join(self._written)
        self._written.clear()
        return data


FORMATS: dict[str, tuple[str, Callable[[Sequence[str], Rows], Iterator[bytes]]]] = {
    "csv": ("text/csv; charset=utf-8", csv_of),
    "xlsx": (f"{_TYPE}.sheet", xlsx_of),
    "jsonl": ("application/jsonl", jsonl_of),
}
