"""Bad files over the wire: each refused, or read as it is meant, and nothing changed.

The same on both databases: what is expected stands here once.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from html import unescape

import openpyxl
import pytest
import requests

IMPORT = "/admin/groups/recipient/import/"
HEADER = "name,recipient_type,external_reference"
SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    "{}</sheetData></worksheet>"
)


class Staff:
    """Somebody at the staff pages, in a browser of their own."""

    def __init__(self, demo) -> None:
        self.demo, self.web = demo, requests.Session()
        login = demo["users"]["admin"]
        self.post("/admin/login/", {**login, "next": "/admin/"})
        assert "sessionid" in self.web.cookies

    def get(self, path: str) -> requests.Response:
        return self.web.get(f"{self.demo.base_url}{path}", timeout=60)

    def post(self, path: str, data: dict, **more) -> requests.Response:
        if "csrftoken" not in self.web.cookies:
            self.get("/admin/login/")
        data = {**data, "csrfmiddlewaretoken": self.web.cookies["csrftoken"]}
        return self.web.post(f"{self.demo.base_url}{path}", data, timeout=120, **more)

    def upload(self, content: bytes, name: str, to: str = IMPORT) -> requests.Response:
        form = self.get(to).text
        licensee = re.search(r'name="licensee".*?<option value="([0-9a-f-]{36})"', form, re.DOTALL)
        sent = {"licensee": licensee[1]} if licensee else {}
        return self.post(to, sent, files={"file": (name, content)})

    def preview(self, content: bytes, name: str, to: str = IMPORT) -> str:
        """What would be done, with the columns as guessed."""
        read = self.upload(content, name, to)
        assert read.status_code == 200, told(read)[:500]
        chosen = {
            column: (re.search(r'<option value="([^"]*)" selected', options) or [None, ""])[1]
            for column, options in re.findall(
                r'<select name="(column-\d+)".*?>(.*?)</select>', read.text, re.DOTALL
            )
        }
        path = "/" + read.url.split("/", 3)[3]
        return told(self.post(path, {**chosen, "action": "check"}))


def told(answer: requests.Response) -> str:
    return unescape(answer.text)


@pytest.fixture(scope="module")
def staff(shared_demo) -> Staff:
    return Staff(shared_demo)


@pytest.fixture(autouse=True)
def _nothing_changes(staff) -> Iterator[None]:
    def newest() -> list:
        paths = ("recipients", "products", "operations")
        return [
            staff.demo.ask("GET", f"/api/v1/{what}?page_size=1&ordering=-id")["results"]
            for what in paths
        ]

    before = newest()
    yield
    assert newest() == before


def workbook(*rows: list, merged: str = "") -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if merged:
        book.active.merge_cells(merged)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def sheet(xml: str, part: str = "xl/worksheets/sheet1.xml") -> bytes:
    """A workbook one part of which says just this."""
    file = io.BytesIO()
    plain = io.BytesIO(workbook(["name"], ["Shop"]))
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(file, "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, xml if name == part else old.read(name))
    return file.getvalue()


def bomb() -> bytes:
    return sheet(" " * (300 * 2**20))


REFUSED = {
    "nothing": (b"", "The file is empty."),
    "a header alone": (HEADER.encode(), "no row below it"),
    "NUL": (f"{HEADER}\nA\0B,Location,\n".encode(), "cannot be meant: U+0000"),
    "a control character": (f"{HEADER}\nA\x0bB,Location,\n".encode(), "U+000B"),
    "a lone surrogate": (HEADER.encode() + b"\n\xed\xa0\x80,Location,\n", "byte 0xED"),
    "Latin-1": (f"{HEADER}\nÄ,Location,\n".encode("latin-1"), "byte 0xC4"),
    "UTF-16": (f"{HEADER}\nA,Location,\n".encode("utf-16"), "It is UTF-16"),
    "an open quotation mark": (f'{HEADER}\n"A,Location,\n'.encode(), "is not closed"),
    "more cells than columns": (f"{HEADER}\nA,Location,,x\n".encode(), "has 4 cells"),
    "10,000 columns": (",".join(["c"] * 10_000).encode() + b"\n1\n", "10000 columns"),
    "too many rows": (b"name\n" + b"x\n" * 100_001, "more than 100000 rows"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel file"),
    "a broken workbook": (b"PK\x03\x04 and no more", "damaged"),
    "10,000 columns of a workbook": (workbook(["c"] * 10_000, [1]), "10000 columns"),
    "a far cell": (
        sheet(SHEET.format('<row r="1"><c r="XFD1"><v>1</v></c></row>')), "16384 columns",
    ),
    "a far row": (
        sheet(SHEET.format('<row r="4000000000"><c r="A4000000000"><v>1</v></c></row>')),
        "more rows than",
    ),
    "rows in disorder": (
        sheet(SHEET.format('<row r="2"><c><v>1</v></c></row><row r="1"><c><v>2</v></c></row>')),
        "damaged",
    ),
    "entities": (
        sheet(f'<!DOCTYPE x [<!ENTITY a "b">]>{SHEET.format("")}'), "defines entities",
    ),
    "a text that is not there": (
        sheet(SHEET.format('<row><c t="s"><v>99</v></c></row>')), "damaged",
    ),
    "a formula without a result": (workbook(["name"], ["=1+1"]), "formulas without results"),
    "an error": (workbook(["name"], ["#REF!"]), "errors instead of values"),
    "NUL in a workbook": (
        sheet(SHEET.format('<row><c t="inlineStr"><is><t>a&#0;b</t></is></c></row>')),
        "damaged",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_file_is_refused_and_no_draft_is_kept(staff, case):
    content, sentence = REFUSED[case]
    before = staff.get(IMPORT).text.count(IMPORT)
    answer = staff.upload(content, f"{case}.csv")
    assert (answer.status_code, sentence in told(answer)) == (400, True), told(answer)[-1500:]
    assert staff.get(IMPORT).text.count(IMPORT) == before


def test_a_file_over_the_limit_of_a_body_is_refused_by_a_page_that_says_so(staff):
    before = staff.get(IMPORT).text.count(IMPORT)
    answer = staff.upload(b"name\n" + b"x" * (17 * 2**20), "large.csv")
    assert (answer.status_code, "This is too large" in answer.text) == (413, True)
    assert staff.get(IMPORT).text.count(IMPORT) == before


def test_a_bomb_is_refused_while_it_is_small(staff):
    content = bomb()
    assert len(content) < 2**20
    answer = staff.upload(content, "bomb.xlsx")
    assert answer.status_code == 400
    assert "too large when unpacked" in told(answer)


READ = {
    "a mark, Windows lines and quoted breaks": (
        f'\ufeff{HEADER}\r\n"A\r\nB",Location,W-1\r\n\r\n C ,Subscriber,W-2\r\n'.encode(),
        "2 would be created, 0 updated, 0 unchanged, 0 refused.",
    ),
    "semicolons": (
        f"{HEADER}\nA, and more;Location;W-1\n".replace(HEADER, HEADER.replace(",", ";")).encode(),
        "1 would be created, 0 updated, 0 unchanged, 0 refused.",
    ),
    "merged cells": (
        workbook(
            ["name", "recipient_type"], ["A", "Location"], ["B", None], ["C", None], merged="B2:B4"
        ),
        "3 would be created, 0 updated, 0 unchanged, 0 refused.",
    ),
    "a formula with its result": (
        sheet(
            SHEET.format(
                '<row><c t="str"><v>name</v></c><c t="str"><v>recipient_type</v></c></row>'
                '<row><c t="str"><f>"A"&amp;1</f><v>A1</v></c><c t="str"><v>Location</v></c></row>'
            )
        ),
        "1 would be created, 0 updated, 0 unchanged, 0 refused.",
    ),
    "wrong values": (
        f"{HEADER}\n{'x' * 256},Location,\nA,Castle,\n,Location,\nB,Location,W-9\nC,Location,W-9\n"
        .encode(),
        "1 would be created, 0 updated, 0 unchanged, 4 refused.",
    ),
    "an id that is none": (
        b"id,name,recipient_type\n1,A,Location\ntrue,B,Location\n" + b"0" * 32 + b",C,Location\n",
        "0 would be created, 0 updated, 0 unchanged, 3 refused.",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_a_file_is_read_as_it_is_meant_and_changes_nothing_before_it_is_confirmed(staff, case):
    content, sentence = READ[case]
    assert sentence in staff.preview(content, f"{case}.csv")


def test_a_wrong_delimiter_fits_no_field(staff):
    answer = staff.upload(HEADER.replace(",", "^").encode() + b"\nA^Location^W-1\n", "odd.csv")
    assert "Which column is which field" in told(answer)
    assert " selected" not in answer.text


NUMBERS = (
    "-1",
    "1e3",
    "1_000",
    "١",
    "NaN",
    "Infinity",
    "1e400",
    str(2**63),
    "9" * 5_000,
    "1.1234567",
)


def test_numbers_out_of_range_are_refused_row_by_row(staff):
    rows = "".join(f"W-{place},Line,{number},EUR\n" for place, number in enumerate(NUMBERS))
    content = f"code,name,one_time_price,currency\n{rows}W-X,Line,1.5,EUR\n"
    page = staff.preview(content.encode(), "prices.csv", "/admin/quotes/product/import/")
    assert f"1 would be created, 0 updated, 0 unchanged, {len(NUMBERS)} refused." in page
