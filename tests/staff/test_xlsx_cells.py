"""The cells of a sheet, as the programs that people have write them."""

from __future__ import annotations

import io
import re
import zipfile
from xml.sax.saxutils import escape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

from commsapp.staff.tables import reader, xlsx_cells
from tests.staff.test_table_files import _SHEET, workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRINGS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def shared(cells: str, *texts: str, before: str = "") -> bytes:
    """A workbook whose sheet says this, in texts that its cells share."""
    plain = io.BytesIO(workbook(["name"]))
    about = f'<Override PartName="/xl/texts.xml" ContentType="{STRINGS}"/></Types>'
    message = f'{before}<sst xmlns="{MAIN}">{"".join(f"<si>{text}</si>" for text in texts)}</sst>'
    file = io.BytesIO()
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(file, "w", 8) as new:
        for part in old.namelist():
            text = old.read(part).decode()
            if part == "[Content_Types].xml":
                text = re.sub(r"<Override [^>]*sharedStrings[^>]*>", "", text)
                text = text.replace("</Types>", about)
            new.writestr(part, _SHEET.format(cells) if "sheet1" in part else text)
        new.writestr("xl/texts.xml", message)
    return file.getvalue()


def rows(content: bytes) -> list[tuple[str, ...]]:
    table = reader.read(SimpleUploadedFile("file.xlsx", content))
    return [table.columns, *(row.cells for row in table.rows)]


def refused(content: bytes) -> str:
    with pytest.raises(reader.Unreadable) as caught:
        rows(content)
    return str(caught.value)


def row(*texts: int) -> str:
    return f'<row>{"".join(f"""<c t="s"><v>{text}</v></c>""" for text in texts)}</row>'


def test_shared_texts_are_read_plain_or_in_several_formats():
    texts = (
        "<t>name</t>", "<t>city</t>", "<r><t>Har</t></r><r><rPr><b/></rPr><t>bour</t></r>",
        '<t>東京</t><rPh sb="0" eb="2"><t>トウキョウ</t></rPh><phoneticPr fontId="1"/>',
        f"<t>{escape('A&B_x000D_')}</t>", "<t>_x005F_x0041_</t>",
    )  # fmt: skip
    content = shared(row(0, 1) + row(2, 3) + row(4, 5), *texts)
    assert rows(content) == [("name", "city"), ("Harbour", "東京"), ("A&B", "_x0041_")]


def test_a_text_of_what_no_cell_may_hold_is_refused():
    assert "U+0000" in refused(shared(row(0) + row(1), "<t>name</t>", "<t>a_x0000_b</t>"))
    assert "U+D800" in refused(shared(row(0) + row(1), "<t>name</t>", "<t>a_xD800_b</t>"))


def test_entities_among_the_texts_are_refused():
    doctype = '<!DOCTYPE sst [<!ENTITY a "b">]>'
    assert "defines entities" in refused(shared(row(0), "<t>&a;</t>", before=doctype))


def test_more_texts_than_can_be_held_are_refused(monkeypatch):
    monkeypatch.setattr(xlsx_cells, "MAX_TOTAL_CHARACTERS", 4)
    assert "too much text" in refused(shared(row(0), "<t>name</t>", "<t>a</t>"))


def test_a_merged_range_reaches_over_rows_that_the_file_leaves_out():
    cells = (
        '<row r="1"><c r="A1" t="str"><v>name</v></c><c r="B1" t="str"><v>city</v></c></row>'
        '<row r="2"><c r="A2" t="str"><v>Mill</v></c><c r="B2" t="str"><v>Ulm</v></c></row>'
        '<row r="4"><c r="A4" t="str"><v>Quay</v></c></row>'
    )
    merged = '</sheetData><mergeCells><mergeCell ref="B2:B4"/></mergeCells><sheetData>'
    assert rows(shared(cells + merged)) == [
        ("name", "city"), ("Mill", "Ulm"), ("", "Ulm"), ("Quay", "Ulm"),
    ]  # fmt: skip


def test_a_formula_may_result_in_an_empty_text():
    cells = (
        '<row><c t="str"><v>name</v></c><c t="str"><v>city</v></c></row>'
        '<row><c t="str"><v>Mill</v></c><c t="str"><f>IF(1,"","x")</f><v></v></c></row>'
    )
    assert rows(shared(cells))[1] == ("Mill", "")
    assert "without results" in refused(shared(cells.replace("<v></v>", "")))


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("<c><v>007</v></c>", "7"),
        ("<c><v>4.9E1</v></c>", "49"),
        ("<c><v>1e400</v></c>", "1e400"),
        ('<c t="b"><v>1</v></c>', "true"),
        ('<c t="d"><v>2026-11-22T00:00:00</v></c>', "2026-11-22"),
        ('<c t="d"><v>2026-11-22</v></c>', "2026-11-22"),
        ('<c t="d"><v>2026-11-22T09:30:00</v></c>', "2026-11-22 09:30:00"),
        ('<c t="d"><v>2026-11-22T09:30:00Z</v></c>', "2026-11-22 09:30:00"),
        ('<c t="d"><v>09:30:00</v></c>', "09:30:00"),
        ('<c t="d"><v>PT1H30M</v></c>', "1:30:00"),
        ('<c t="inlineStr"><is><r><t>a</t></r><r><t> b</t></r></is></c>', "a b"),
        ('<c r="C2"><v>1</v></c>', ""),
    ],
)
def test_a_cell_is_what_a_person_sees(cell, shown):
    header = '<row><c t="str"><v>name</v></c><c t="str"><v>x</v></c><c t="str"><v>y</v></c></row>'
    content = shared(f'{header}<row>{cell}<c r="{"D" if "C2" in cell else "B"}2"/></row>')
    assert rows(content + b"")[1][0] == shown


@pytest.mark.parametrize(
    "cells",
    [
        '<row r="2"><c><v>1</v></c></row><row r="2"><c><v>1</v></c></row>',
        '<row><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>',
        '<row><c r="1"><v>1</v></c></row>',
        "<row><c><v>many</v></c></row>",
        "<row><c><v>1_000</v></c></row>",
        "<row><c><v>１２</v></c></row>",
        "<row><c><v>nan</v></c></row>",
        "<row><c><v>1e</v></c></row>",
        '<row><c t="s"><v>7</v></c></row>',
        f"<row><c><v>{'9' * 5_000}</v></c></row>",
    ],
)
def test_what_no_spreadsheet_writes_is_damaged(cells):
    assert "damaged" in refused(shared(cells))


@pytest.mark.parametrize("epoch", [WINDOWS_EPOCH, MAC_EPOCH])
def test_days_are_dates_as_openpyxl_has_them(epoch):
    meaning = xlsx_cells.WorkbookContext([], epoch, frozenset({"1"}), frozenset())
    for day in (-1, 1, 59, 60, 61, 62, 365, 46_348, 2_957_003):
        expected = from_excel(day, epoch).date().isoformat()
        assert xlsx_cells._number(meaning, str(day), "1") == expected
    assert xlsx_cells._number(meaning, "0", "1") == "00:00:00"
    assert xlsx_cells._number(meaning, "99999999", "1") == "#VALUE!"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1e-400", "1e-400"),
        ("-1E400", "-1E400"),
        ("0e-400", "0"),
        ("-0", "-0"),
        ("1.5E2", "150"),
        ("1e-7", "0.0000001"),
        (".5", "0.5"),
    ],
)
def test_number_that_no_float_holds_is_read_as_it_is_written(number, text):
    assert rows(shared(row(0) + f"<row><c><v>{number}</v></c></row>", "<t>n</t>"))[-1] == (text,)
