"""Files that people bring: read as they are meant, or refused with the place at fault."""

from __future__ import annotations

import datetime
import io
import re
import zipfile

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from commsapp.core.spreadsheet_formulas import escape_formula, unescape_formula
from commsapp.staff.tables import reader, reading_limits
from commsapp.staff.tables.writer import FORMATS


def read(content: bytes | str, name: str = "file.csv") -> reader.Table:
    if isinstance(content, str):
        content = content.encode()
    return reader.read(SimpleUploadedFile(name, content))


def refused(content: bytes | str) -> reader.Unreadable:
    with pytest.raises(reader.Unreadable) as caught:
        read(content)
    return caught.value


def workbook(*rows, merged: tuple[str, ...] = ()) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for one in merged:
        book.active.merge_cells(one)
    return saved(book)


def saved(book) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def sheet(xml: str) -> bytes:
    """A workbook whose sheet says just this."""
    plain = workbook(["name"], ["Shop"])
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(file, "w", 8) as new:
        for part in old.namelist():
            text = xml if part == "xl/worksheets/sheet1.xml" else old.read(part)
            new.writestr(part, text)
    return file.getvalue()


_SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    "{}</sheetData></worksheet>"
)


# --- CSV ------------------------------------------------------------------------------------


def test_a_mark_windows_lines_and_quoted_breaks_are_read():
    table = read('\ufeffname;city\r\n"Mill\r\nand ""Sons""";Bremen\r\n\r\n Quay ; \r\n')
    assert table.columns == ("name", "city")
    assert table.rows == [
        reader.Row(2, ("Mill\r\nand \"Sons\"", "Bremen")), reader.Row(5, ("Quay", "")),
    ]  # fmt: skip


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_guessed_from_the_header(delimiter):
    table = read(f'"a, b; c | d"{delimiter}city\nShop{delimiter}Bremen\n')
    assert table.columns == ("a, b; c | d", "city")
    assert table.rows[0].cells == ("Shop", "Bremen")


def test_a_spreadsheets_word_on_the_delimiter_is_taken():
    table = read("sep=;\r\nname, and more;city\r\nShop;Bremen\r\n")
    assert table.columns == ("name, and more", "city")
    assert table.rows[0].line == 3


def test_short_rows_are_filled_and_blank_columns_left_out():
    table = read("name,,city\nShop\nMill,,Bremen\n,,\n")
    assert table.columns == ("name", "city")
    assert [row.cells for row in table.rows] == [("Shop", ""), ("Mill", "Bremen")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"\n , \n", "The file is empty."),
        (b"name\n", "The file has a header, but no row below it."),
        ("näme\nä".encode("latin-1"), "not UTF-8.*Line 1 holds the byte 0xE4"),
        ("name\nShop".encode("utf-16"), "not UTF-8.*It is UTF-16"),
        (b'name\n"Shop\n', "Line 2 cannot be read: a quotation mark is not closed."),
        (b'name\n"Shop"s\n', "Line 2 cannot be read: something follows"),
        (",".join(f"c{n}" for n in range(10_000)) + "\n1\n", "10000 columns; at most 200"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel file"),
        (b"PK\x03\x04 nothing", "damaged, protected or no XLSX"),
        ("name\n" + "\n".join("x" * 100_001), "more than 100000 rows"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(content, sentence):
    assert re.search(sentence, str(refused(content)))


def test_a_file_that_is_too_large_is_refused_unread(settings):
    settings.MAX_BODY_BYTES = 2 * 2**20
    assert "larger than 2 MiB" in str(refused(b"name\n" + b"x" * 2 * 2**20))


def test_every_cell_at_fault_is_told_by_line_column_and_value():
    error = refused(f"name,city\nA\0B,Bremen\nShop,\x0bQuay\n{'x' * 40_000},\nMill,Ulm,more\n")
    assert [(problem.line, problem.column, problem.value) for problem in error.problems] == [
        (2, "name", "A\ufffdB"), (3, "city", "\ufffdQuay"), (4, "name", "x" * 60 + "…"),
        (5, "Column C", "more"),
    ]  # fmt: skip
    assert "U+0000" in str(error)
    assert error.problems[3].reason == "The row has 3 cells, but the header has 2."


def test_a_lone_surrogate_is_refused():
    refused(b"name\n\xed\xa0\x80\n")


# --- XLSX -----------------------------------------------------------------------------------


def test_cells_of_a_workbook_become_the_texts_a_person_sees():
    table = read(
        workbook(
            ["name", "msisdn", "day", "at", "price", "is_active"],
            ["Shop", 493012345678901, datetime.date(2026, 11, 22),
             datetime.datetime.fromisoformat("2026-11-22T09:30"), 49.9, True],
            ["Mill", "0049 30", None, None, 4930.0, False],
        )
    )  # fmt: skip
    assert table.format == "xlsx"
    assert table.rows == [
        reader.Row(2, ("Shop", "493012345678901", "2026-11-22", "2026-11-22 09:30:00", "49.9",
                       "true")),
        reader.Row(3, ("Mill", "0049 30", "", "", "4930", "false")),
    ]  # fmt: skip


def test_a_merged_range_has_its_value_in_each_cell():
    rows = ["name", "city", "country"], ["Shop", "Bremen", None], ["Mill"], ["Quay", "Ulm"]
    table = read(workbook(*rows, merged=("B2:C3",)))
    assert [row.cells for row in table.rows] == [
        ("Shop", "Bremen", "Bremen"), ("Mill", "Bremen", "Bremen"), ("Quay", "Ulm", ""),
    ]  # fmt: skip


def test_a_formula_is_its_result():
    cells = '<row r="1"><c r="A1" t="str"><f>"na"&amp;"me"</f><v>name</v></c></row>'
    cells += '<row r="2"><c r="A2"><f>40+2</f><v>42</v></c></row>'
    assert read(sheet(_SHEET.format(cells))).rows == [reader.Row(2, ("42",))]


def test_a_formula_without_a_result_is_refused():
    error = refused(workbook(["name"], ["=1+1"], ["Shop"]))
    assert "formulas without results" in str(error)
    assert [(problem.line, problem.column) for problem in error.problems] == [(2, "A")]


def test_errors_instead_of_values_are_refused():
    error = refused(workbook(["name", "city"], ["Shop", "#REF!"], ["#N/A", "Ulm"]))
    assert [(problem.line, problem.column, problem.value) for problem in error.problems] == [
        (2, "B", "#REF!"), (3, "A", "#N/A"),
    ]  # fmt: skip


def test_the_first_sheet_that_is_shown_is_read():
    book = openpyxl.Workbook()
    book.active.sheet_state = "hidden"
    book.active.append(["secret"])
    shown = book.create_sheet()
    shown.append(["name"])
    shown.append(["Shop"])
    assert read(saved(book)).columns == ("name",)


def test_a_bomb_is_refused_before_it_is_unpacked():
    file = io.BytesIO()
    with (
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(300):
            part.write(b" " * 2**20)
    assert len(file.getvalue()) < 2**20
    assert "too large when unpacked" in str(refused(file.getvalue()))


@pytest.mark.parametrize(
    ("xml", "sentence"),
    [
        (f'<!DOCTYPE x [<!ENTITY a "b">]>{_SHEET.format("")}', "defines entities"),
        (_SHEET.format("<row>" + "<c/>" * 20_000 + "</row>"), "more than 16384 cells"),
        (_SHEET.format('<row r="4000000"><c r="A4000000"><v>1</v></c></row>'), "more rows than"),
        (_SHEET.format("<row><c><v>1</v>"), "damaged"),
        (_SHEET.format("<a>" * 1_000 + "</a>" * 1_000), "damaged"),
        (_SHEET.format('<row><c t="s"><v>99</v></c></row>'), "damaged"),
    ],
)
def test_a_sheet_that_would_do_harm_is_refused(xml, sentence):
    assert sentence in str(refused(sheet(xml)))


def test_ten_thousand_columns_of_a_workbook_are_refused():
    assert "10000 columns" in str(refused(workbook([f"c{n}" for n in range(10_000)], [1])))


# --- Out and in again -------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12).map(str.strip)
RISKY = st.builds(str.__add__, st.sampled_from(["", *"=+-@＝＋－＠", "'", "'=", "''+"]), TEXT)


@examples(max_examples=60, deadline=None)
@given(st.lists(st.tuples(RISKY, RISKY), min_size=1, max_size=5), st.sampled_from(["csv", "xlsx"]))
def test_what_an_export_wrote_is_read_as_it_was(rows, ending):
    rows = [("x", *(cell.strip() for cell in row)) for row in rows]
    _type, write = FORMATS[ending]
    table = read(b"".join(write(["key", "one", "two"], rows)))
    assert [row.cells for row in table.rows] == rows


@given(RISKY)
def test_no_cell_begins_as_a_formula_does(text):
    assert escape_formula(text)[:1] not in {*"=+-@\t\r\n＝＋－＠"}
    assert unescape_formula(escape_formula(text)) == text


def test_header_is_none_of_the_cells_that_a_file_may_have(monkeypatch):
    monkeypatch.setattr(reading_limits, "MAX_CELLS", 500)
    header = ",".join(f"c{n}" for n in range(50))
    full_row = ",".join(["x"] * 50) + "\n"
    upload = SimpleUploadedFile("file.csv", (f"{header}\n" + full_row * 10).encode())
    assert len(reader.read(upload).rows) == 10
    upload = SimpleUploadedFile("file.csv", (f"{header}\n" + full_row * 11).encode())
    with pytest.raises(reader.Unreadable, match="more than 500 cells below its header, blank"):
        reader.read(upload)
