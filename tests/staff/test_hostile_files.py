"""Files that are made to take long: refused after a bounded amount of work, and nothing is kept."""

from __future__ import annotations

import base64
import io
import json
import time
import zipfile
import zlib

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from commsapp.models import Draft
from commsapp.staff.tables import (
    csv_reader,
    reader,
    reading_limits,
    xlsx_cells,
    xlsx_reader,
    xlsx_workbook,
    xml_parts,
)
from commsapp.staff.tables.cells import MAX_CELL_LENGTH
from commsapp.staff.tables.reading_limits import ReadingLimits
from contacts.models import Contact
from groups.models import Recipient
from groups.recipient_list import MAX_CARRIED, MAX_SIGNS, RecipientList
from quotes.models import Product
from tests.groups.many_recipients import members_of
from tests.staff.conftest import content_of, page
from tests.staff.test_table_files import _SHEET, sheet, workbook
from tests.staff.test_xlsx_cells import MAIN, refused, rows, shared

HEADER = '<row><c t="str"><v>name</v></c></row><row><c t="str"><v>Mill</v></c></row>'


def of_rows(xml: str, merged: str = "") -> bytes:
    """A workbook whose sheet has these rows."""
    return sheet(_SHEET.format(f"{xml}</sheetData>{merged}<sheetData>"))


def with_part(name: str, text: bytes | str, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A workbook one of whose parts says this."""
    file = io.BytesIO()
    plain = workbook(["name"], ["Mill"])
    with zipfile.ZipFile(io.BytesIO(plain)) as old, zipfile.ZipFile(file, "w", compression) as new:
        for part in old.namelist():
            new.writestr(part, text if part == name else old.read(part))
        if name not in old.namelist():
            new.writestr(name, text)
    return file.getvalue()


def read_with(content: bytes) -> tuple[list[xlsx_cells.Row], ReadingLimits]:
    """The rows that leave the reader, and the work that it counted."""
    limits = ReadingLimits()
    return [*xlsx_reader.records(content, limits)], limits


def seconds_of(size: int) -> float:
    return ReadingLimits(size)._until - time.thread_time()


def test_a_small_file_may_take_less_time_than_a_large_one():
    assert seconds_of(0) == pytest.approx(reading_limits.MIN_CPU_SECONDS, abs=0.1)
    assert seconds_of(100_000) < 5
    assert seconds_of(2**24) == pytest.approx(reading_limits.MAX_CPU_SECONDS, abs=0.1)


def test_an_upload_may_take_the_time_of_its_size(monkeypatch):
    monkeypatch.setattr(reading_limits, "MIN_CPU_SECONDS", -1.0)
    for content in (workbook(["name"], ["Mill"]), b"name\n" + b"Mill\n" * 2_000):
        with pytest.raises(reader.Unreadable, match="takes too long"):
            reader.read(SimpleUploadedFile("file", content))


# --- Rows, cells, merged ranges -------------------------------------------------------------------


def test_blank_cells_at_the_end_of_a_row_do_not_leave_the_parser():
    content = of_rows(HEADER + '<row><c r="XFD3"/></row>' * 50)
    found, _limits = read_with(content)
    assert sum(len(cells) for _line, cells in found) == 2
    assert rows(content) == [("name",), ("Mill",)]


def test_merged_ranges_over_a_million_rows_are_refused_by_the_cells_they_fill():
    ranges = "".join(f'<mergeCell ref="A1:GR{1_048_576 - n}"/>' for n in range(9_000))
    cells = '<row r="1"><c t="str"><v>n</v></c></row><row r="1048576"><c t="str"><v>n</v></c></row>'
    content = of_rows(cells, f"<mergeCells>{ranges}</mergeCells>")
    limits = ReadingLimits()
    with pytest.raises(reader.Unreadable, match=r"Sheet “Sheet”, row 2: .*Unmerge them"):
        [*xlsx_reader.records(content, limits)]
    assert limits.merged_cells <= reading_limits.MAX_MERGED_CELLS + 200


def test_merged_ranges_named_again_and_again_are_refused(monkeypatch):
    monkeypatch.setattr(xlsx_reader, "MAX_MERGED_RANGES", 1_000)
    cells = '<mergeCell ref="A1:B1"/>'
    assert rows(of_rows(HEADER, f"<mergeCells>{cells * 1_000}</mergeCells>"))
    message = refused(of_rows(HEADER, f"<mergeCells>{cells * 1_001}</mergeCells>"))
    assert "too many merged cells" in message


def test_a_merged_range_between_two_pieces_of_a_sheet_counts_once(monkeypatch):
    monkeypatch.setattr(xlsx_reader, "MAX_MERGED_RANGES", 2)
    blank = "<!--" + " " * 100_000 + "-->"
    ranges = f'<mergeCell ref="A1:B1"/>{blank}<mergeCell ref="A2:B2"/>{blank * 15}'
    content = of_rows(HEADER, f"<mergeCells>{blank * 10}{ranges}</mergeCells>")
    assert rows(content) == [("name", "name"), ("Mill", "Mill")]


def test_merged_ranges_without_a_value_cost_nothing():
    cells = HEADER + '<row r="100000"><c t="str"><v>Quay</v></c></row>'
    ranges = "".join(f'<mergeCell ref="B1:GR{100_000 - n}"/>' for n in range(1_000))
    content = of_rows(cells, f"<mergeCells>{ranges}</mergeCells>")
    found, limits = read_with(content)
    assert (len(found), limits.merged_cells) == (3, 0)


def test_more_elements_than_a_full_table_has_are_refused_with_sheet_and_row(monkeypatch):
    monkeypatch.setattr(reading_limits, "MAX_ELEMENTS", 20_000)
    for junk in ("<row/>", "<row><c/></row>", "<a/>", "<!---->"):
        message = refused(of_rows(HEADER + junk * 40_000))
        assert message.startswith("Sheet “Sheet”, row ")
        assert "too many cells" in message


def test_more_attributes_than_a_full_table_has_are_refused(monkeypatch):
    monkeypatch.setattr(reading_limits, "MAX_ATTRIBUTES", 1_000)
    attributes = " ".join(f"a{n} = ''" for n in range(100))
    assert "too many cells" in refused(of_rows(HEADER + f"<row {attributes}/>" * 20))


@pytest.mark.parametrize(
    "xml",
    [
        "<a>" * (xml_parts.MAX_DEPTH + 1) + "</a>" * (xml_parts.MAX_DEPTH + 1),
        f'<a b="{"y" * 4 * xml_parts.MAX_TAG_BYTES}"/>',
        f"<!--{'y' * 4 * xml_parts.MAX_TAG_BYTES}-->",
        f'<row r="{"0" * 100}3"/>',
        f"<row><c><v>{'9' * 401}</v></c></row>",
        f'<row><c t="s"><v>{"0" * 41}</v></c></row>',
    ],
)
def test_what_would_be_read_again_and_again_is_damaged(xml):
    assert "damaged" in refused(of_rows(HEADER + xml))


def test_a_text_is_held_no_further_than_a_cell_reaches():
    inline = '<row><c t="inlineStr"><is>{}</is></c></row>'
    text = f"<t>{'y' * 100_000}</t>"
    found, _limits = read_with(of_rows(HEADER + inline.format(text * 10)))
    assert len(found[-1][1][0]) <= 100_000 + MAX_CELL_LENGTH
    assert "more than 32767 characters" in refused(of_rows(HEADER + inline.format(text)))
    assert "more than 32767 characters" in refused(
        shared('<row><c t="s"><v>0</v></c></row><row><c t="s"><v>1</v></c></row>',
               "<t>name</t>", f"<t>{'_x0041_' * 300_000}</t>")
    )  # fmt: skip


def test_a_shared_text_of_a_full_cell_that_is_spelled_by_numbers_is_read_whole():
    cells = '<row><c t="s"><v>0</v></c></row><row><c t="s"><v>1</v></c></row>'
    content = shared(cells, "<t>name</t>", f"<t>{'_x0041_' * MAX_CELL_LENGTH}</t>")
    assert rows(content)[1] == ("A" * MAX_CELL_LENGTH,)


def test_a_text_that_many_cells_share_counts_in_each(monkeypatch):
    monkeypatch.setattr(reader, "MAX_TOTAL_CHARACTERS", 1_000_000)
    cells = '<row><c t="s"><v>0</v></c></row>' + '<row><c t="s"><v>1</v></c></row>' * 500
    for text in ("y" * 30_000, " " * 30_000):
        content = shared(cells, "<t>name</t>", f'<t xml:space="preserve">{text}</t>')
        assert "too much text" in refused(content)
    assert "too much text" in refused(shared(cells.replace(">0<", ">1<"), "<t/>", f"<t>{text}</t>"))


# --- The package ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"],
)
@pytest.mark.parametrize("junk", ["<a/>", '<!DOCTYPE x [<!ENTITY a "b">]>'])
def test_no_part_makes_more_work_than_the_sheet(monkeypatch, name, junk):
    monkeypatch.setattr(reading_limits, "MAX_ELEMENTS", 20_000)
    text = f"<x>{junk * 40_000}</x>" if junk == "<a/>" else f"{junk}<x/>"
    message = refused(with_part(name, text))
    assert "too many cells" in message or "defines entities" in message


def test_formats_that_no_program_writes_are_not_looked_at(monkeypatch):
    formats = f'<numFmt numFmtId="200" formatCode="{"[" * 100_000}d"/>'
    styles = (
        f'<styleSheet xmlns="{MAIN}"><numFmts>{formats}</numFmts>'
        '<cellXfs><xf numFmtId="200"/></cellXfs></styleSheet>'
    )
    assert rows(with_part("xl/styles.xml", styles)) == [("name",), ("Mill",)]
    monkeypatch.setattr(xlsx_workbook, "MAX_FORMATS", 0)
    assert "damaged" in refused(with_part("xl/styles.xml", styles))


def test_a_directory_of_too_many_entries_or_extras_is_not_read(monkeypatch):
    def unread(*args):
        raise AssertionError("the archive was opened")

    monkeypatch.setattr(xlsx_workbook, "ZipFile", unread)
    entry = b"PK\x01\x02" + bytes(26) + b"\0\0" + bytes(14)
    assert "too large" in refused(b"PK\x03\x04" + entry * (xlsx_workbook.MAX_PARTS + 1))
    with_extra = b"PK\x01\x02" + bytes(26) + b"\xff\xff" + bytes(14)
    assert "too large" in refused(b"PK\x03\x04" + with_extra * 5)


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_compression_that_claims_memory_is_damaged(compression):
    assert "damaged" in refused(with_part("xl/other.xml", "<a/>", compression))


# --- CSV ------------------------------------------------------------------------------------------


def refused_csv(text: str) -> str:
    with pytest.raises(reader.Unreadable) as caught:
        reader.read(SimpleUploadedFile("file.csv", text.encode()))
    return str(caught.value)


def test_more_lines_than_a_sheet_has_are_refused_blank_ones_too(monkeypatch):
    monkeypatch.setattr(reading_limits, "MAX_LINES", 1_000)
    for line in ("\n", ",\n", '""\n', "\r"):
        assert refused_csv("name\nMill\n" + line * 2_000).startswith("Line 1001: ")


def test_a_line_of_too_many_cells_is_refused_before_it_is_split():
    commas = "," * (csv_reader.MAX_CELLS_OF_RECORD + 1)
    assert refused_csv(f"name\nMill\n{commas}\n").startswith("Line 3: It has more than 250000")
    quoted = '"\n"' + "," * (csv_reader.MAX_CELLS_OF_RECORD // 2)
    assert refused_csv(f"name\nMill\n{quoted * 3}\n").startswith("Line 6: It has more than")


def test_cells_are_counted_in_all_also_those_that_fill_a_short_row(monkeypatch):
    monkeypatch.setattr(reading_limits, "MAX_CELLS", 5_000)
    header = ",".join(f"c{n}" for n in range(100))
    for row in ("x", "x" + "," * 99, "," * 99):
        assert "more than 5000 cells" in refused_csv(f"{header}\n" + f"{row}\n" * 100)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x" * 2**21, "more than 32767 characters|a cell is too long"),
        ('name\n"' + "x\n" * 2**17, "a quotation mark is not closed|a cell is too long"),
        ('"' * (2**20 + 1), "quotation mark|too long"),
        ("name\n" + "\0" * 2**20, "more than 32767 characters"),
        ("," * 2**17, "The file is empty"),
    ],
)
def test_one_long_line_is_refused_with_a_sentence(text, sentence):
    with pytest.raises(reader.Unreadable, match=sentence):
        reader.read(SimpleUploadedFile("file.csv", text.encode()))


# --- On the pages ---------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Contact, Recipient, Product])
@pytest.mark.parametrize("name", ["file.xlsx", "file.csv"])
def test_an_import_ends_when_its_time_is_over_and_keeps_nothing(web, monkeypatch, model, name):
    monkeypatch.setattr(reading_limits, "MAX_CPU_SECONDS", -1)
    content = of_rows(HEADER) if name.endswith("xlsx") else b"name\n" + b"Mill\n" * 2_000
    opts = model._meta
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_import")
    answer = web.post(url, {"file": SimpleUploadedFile(name, content)})
    assert answer.status_code == 400
    assert "It takes too long to read. Split the file." in content_of(answer)
    assert not Draft.objects.exists()
    assert not model.objects.exists()


@pytest.mark.django_db
def test_a_hostile_list_of_recipients_is_refused_and_nobody_is_added(web, group, monkeypatch):
    monkeypatch.setattr(reading_limits, "MAX_ELEMENTS", 100)
    upload = SimpleUploadedFile("file.xlsx", of_rows(HEADER + "<row/>" * 1_000))
    answer = web.post(page(group, "add-recipients"), {"file": upload})
    assert "too many cells" in content_of(answer)
    assert members_of(group) == set()
    assert not Draft.objects.exists()


# --- Pasted lists ---------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("sign", [",", "\n", ";\t", "\u2028"])
def test_a_pasted_text_of_separators_alone_is_refused_before_it_is_split(web, group, sign):
    text = "a" + sign * (MAX_SIGNS + 1) + "b"
    with pytest.raises(ValueError, match="separators"):
        RecipientList.pasted(text, "Recipient")
    answer = web.post(page(group, "add-recipients"), {"pasted": text})
    assert "At most 100,000 at once." in content_of(answer)
    assert members_of(group) == set()
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "rows",
    [
        [[1, ["a"]]] * (MAX_CARRIED + 1),
        [[1, [["a"]]]],
        [[1, [{"a": 1}]]],
        [[1, [7]]],
        [[1]],
    ],
    ids=["many", "list", "object", "number", "short"],
)
def test_a_list_that_comes_back_other_than_it_went_is_none(rows):
    packed = zlib.compress(json.dumps([["Recipient"], rows, 0, False]).encode())
    with pytest.raises(ValueError, match="no list"):
        RecipientList.loads(base64.urlsafe_b64encode(packed).decode())


def test_a_carried_list_of_too_many_parts_is_refused_before_it_is_parsed(monkeypatch):
    def unread(text):
        raise AssertionError("the list was parsed")

    packed = zlib.compress(b'[["a"],[' + b"[]," * 300_000 + b"[]],0,false]")
    monkeypatch.setattr(orjson, "loads", unread)
    with pytest.raises(ValueError, match="no list"):
        RecipientList.loads(base64.urlsafe_b64encode(packed).decode())


def test_the_reasons_of_many_values_on_one_line_are_looked_up_not_searched():
    values = [f"n{n}" for n in range(50_000)]
    listed, file = RecipientList.pasted(", ".join(values), "Recipient"), io.StringIO()
    reasons = {(1, value): "=Nobody" for value in values}
    listed.write_failed(file, reasons, "Reason")
    written = file.getvalue().splitlines()
    assert (len(written), written[-1]) == (50_001, "n49999,'=Nobody")


def test_more_blank_rows_than_a_sheet_may_spell_out_are_refused(monkeypatch):
    monkeypatch.setattr(reading_limits, "MAX_BLANK_ROWS", 1_000)
    blank = '<row><c r="XFD1"/></row>'
    assert rows(of_rows(HEADER + blank * 999))
    assert "It has more than 1000 lines." in refused(of_rows(HEADER + blank * 1_002))
