"""No cell of a file that people open is a formula, whoever wrote what stands in it."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest

from commsapp.models import Draft
from commsapp.staff.tables.writer import FORMATS
from contacts.management.failed_lines import FailedLines
from contacts.models import Contact
from groups.recipient_list import RecipientList
from tests.staff.conftest import page
from tests.staff.test_imports import checked, failed, upload

SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
FORMULAS = [f"{sign}HYPERLINK(1)" for sign in SIGNS] + ["''=1+1"]


def cells_of(content: bytes, ending: str) -> list[str]:
    if ending == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        return [str(cell) for row in sheet.iter_rows(values_only=True) for cell in row if cell]
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return [cell for row in rows for cell in row if cell]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_neither_headings_nor_cells_begin_as_a_formula_does(ending):
    _type, write = FORMATS[ending]
    found = cells_of(b"".join(write(FORMULAS, [FORMULAS])), ending)
    assert len(found) == 2 * len(FORMULAS)
    assert all(cell.startswith("'") for cell in found)


@pytest.mark.django_db
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_headings_of_failed_rows_are_no_formulas_and_are_read_again(web, licensee, ending):
    content = 'name,=HYPERLINK(1),＋x,"@y"\n,=1+1,-2,＝3\n'
    checked(web, Contact, content)
    draft = Draft.objects.get()
    assert draft.columns == ["name", "=HYPERLINK(1)", "＋x", "@y"]
    file = failed(web, draft, Contact, ending)
    assert not any(cell[:1] in SIGNS for cell in cells_of(file, ending))
    upload(web, Contact, file, f"failed.{ending}")
    again = Draft.objects.latest("id")
    assert again.columns == [*draft.columns, "import_reason"]


@pytest.mark.django_db
def test_failed_rows_of_a_pasted_list_are_no_formulas(web, group):
    listed = RecipientList.pasted("\n".join(["＝1+1", "@b", "=c"]), "=Recipient")
    sent = {"listed": listed.dumps(), "verb": "add", "column": "0"}
    answer = web.post(page(group, "failed-rows"), sent)
    found = cells_of(answer.content, "csv")
    assert len(found) == 8
    assert not any(cell[:1] in SIGNS for cell in found)


def test_the_reasons_of_lines_that_failed_are_no_formulas(tmp_path):
    path = tmp_path / "failed.jsonl"
    with FailedLines(path) as leftovers:
        leftovers.count = 1
        leftovers._write_row(FORMULAS)
    found = cells_of(leftovers.reasons_path.read_bytes(), "csv")
    assert not any(cell[:1] in SIGNS for cell in found)
