"""Naming recipients by a list: pasted, or from a file."""

from __future__ import annotations

import base64
import csv
import io
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from commsapp.models import Draft
from groups.models import Recipient
from tests import factories
from tests.conftest import grant
from tests.groups.many_recipients import members_of
from tests.staff.conftest import (
    again,
    browse,
    content_of,
    form_with,
    last_message,
    page,
    problems,
    upload,
)

# --- Pasting --------------------------------------------------------------------------------


def test_three_hundred_numbers_are_added_and_the_wrong_ones_told(web, group):
    recipients = [
        factories.RecipientFactory.build(
            licensee=group.licensee, customer=group.customer, msisdn=f"+44163296{n:04}"
        )
        for n in range(297)
    ]
    Recipient.objects.bulk_create(recipients)
    numbers = [f"01632 96{n:04}".replace("01632 ", "0044 1632 ") for n in range(297)]
    wrong = {50: "+441632999999", 120: "n/a", 299: "12"}
    lines = list(numbers)
    for line, value in sorted(wrong.items()):
        lines.insert(line - 1, value)
    url = page(group, "add-recipients")
    preview = web.post(url, {"pasted": "\r\n".join(lines)})
    assert "297 recipients would be added, 3 refused." not in content_of(preview)
    assert "297 recipients would be added." in content_of(preview)
    assert "300 entries" in content_of(preview)
    assert problems(preview) == sorted(wrong.items())
    assert members_of(group) == set()

    done = web.post(url, again(preview))
    assert "297 recipients added." in content_of(done)
    assert problems(done) == sorted(wrong.items())
    assert len(members_of(group)) == 297

    failed = web.post(page(group, "failed-rows"), form_with(done, "failed-rows"))
    assert failed["Content-Disposition"].startswith("attachment;")
    rows = [*csv.reader(io.StringIO(failed.content.decode("utf-8-sig")))]
    assert rows[0] == ["Recipient", "Reason"]
    assert [row[0] for row in rows[1:]] == [value for _line, value in sorted(wrong.items())]
    assert all(reason for _value, reason in rows[1:])

    factories.RecipientFactory(
        licensee=group.licensee, customer=group.customer, msisdn="+441632999999"
    )
    corrected = upload(failed.content.decode("utf-8-sig"))
    preview = web.post(url, {"file": corrected})
    assert "1 recipient would be added." in content_of(preview)


def test_entries_said_twice_are_counted(web, group, ours):
    [one] = ours(1, external_reference="A-1")
    preview = web.post(page(group, "add-recipients"), {"pasted": "A-1, A-1; x\tA-1"})
    assert "4 entries, 2 of them twice" in content_of(preview)
    assert "1 recipient would be added." in content_of(preview)
    assert str(one) in content_of(preview)


def test_lines_are_counted_from_the_first_even_if_it_is_blank(web, group):
    preview = web.post(page(group, "add-recipients"), {"pasted": "\n\nnobody"})
    assert problems(preview) == [(3, "nobody")]


def test_a_long_list_waits_here_and_does_not_travel(web, group):
    recipients = [
        factories.RecipientFactory.build(
            licensee=group.licensee, customer=group.customer, external_reference=f"S-{n}"
        )
        for n in range(2_001)
    ]
    Recipient.objects.bulk_create(recipients)
    pasted = "\n".join(f"S-{n}" for n in range(2_001))
    url = page(group, "add-recipients")
    preview = web.post(url, {"pasted": pasted})
    assert len(preview.content) < 60_000
    sent = again(preview)
    assert "listed" not in sent
    assert Draft.objects.count() == 1
    done = web.post(url, sent)
    assert last_message(web, done) == "2,001 recipients added."
    assert Draft.objects.count() == 1


def test_a_list_of_somebody_else_is_not_there(web, group, by_alice, charlie, licensee):
    grant(charlie, "*")
    pasted = "\n".join(f"S-{n}" for n in range(2_001))
    sent = form_with(web.post(page(group, "add-recipients"), {"pasted": pasted}), "failed-rows")
    answer = browse(charlie).post(page(group, "add-recipients"), sent)
    assert answer.status_code == 404
    assert members_of(group) == set()


def packed(text: str) -> str:
    return base64.urlsafe_b64encode(zlib.compress(text.encode())).decode()


@pytest.mark.parametrize(
    "listed",
    [
        "", "x", "é", packed("{}"), packed("[1]"), packed("[" * 5000), packed("nothing"),
        packed('[["a"],[[1,["x","y"]]],0,false]'), packed('[["a"],[],7,false]'),
    ],
)  # fmt: skip
def test_a_list_that_came_back_broken_is_no_list(web, group, listed):
    answer = web.post(page(group, "add-recipients"), {"listed": listed})
    assert answer.status_code == 400
    assert "Name at least one recipient." in content_of(answer)


# --- A file ---------------------------------------------------------------------------------


@pytest.fixture
def numbered(ours):
    """Three recipients with numbers and references."""
    return [
        ours(1, name=f"Shop {n}", msisdn=f"+44163296000{n}", external_reference=f"REF-{n}")[0]
        for n in (1, 2, 3)
    ]


def test_the_column_is_found_by_what_it_names(web, group, numbered):
    text = "Name,Contract,Mobile no.\nA,1,+44 1632 960001\nB,2,+441632960002\nC,3,+441632960999\n"
    preview = web.post(page(group, "add-recipients"), {"file": upload(text)})
    assert "read from the column “Mobile no.”" in content_of(preview)
    assert "2 recipients would be added." in content_of(preview)
    assert problems(preview) == [(4, "+441632960999")]
    done = web.post(page(group, "add-recipients"), again(preview))
    assert members_of(group) == {numbered[0].pk, numbered[1].pk}

    failed = web.post(page(group, "failed-rows"), form_with(done, "failed-rows"))
    rows = [*csv.reader(io.StringIO(failed.content.decode("utf-8-sig")))]
    assert rows == [
        ["Name", "Contract", "Mobile no.", "Reason"],
        ["C", "3", "+441632960999", "No recipient has this MSISDN or external reference."],
    ]


def test_the_column_can_be_corrected(web, group, numbered):
    text = "Old,New\nREF-1,REF-3\nREF-2,nobody\n"
    url = page(group, "add-recipients")
    preview = web.post(url, {"file": upload(text)})
    assert "read from the column “Old”" in content_of(preview)
    corrected = web.post(url, {**form_with(preview, "Read again"), "column": "1"})
    assert "read from the column “New”" in content_of(corrected)
    assert problems(corrected) == [(3, "nobody")]
    web.post(url, again(corrected))
    assert members_of(group) == {numbered[2].pk}


def test_a_file_without_a_header_loses_no_row(web, group, numbered):
    text = "+441632960001\n+441632960002\n+441632960003\n"
    preview = web.post(page(group, "add-recipients"), {"file": upload(text)})
    assert "3 recipients would be added." in content_of(preview)


def test_a_file_that_is_no_table_is_told_on_the_form(web, group):
    for broken in (upload(""), SimpleUploadedFile("a.xlsx", b"PK\x03\x04broken")):
        answer = web.post(page(group, "add-recipients"), {"file": broken})
        assert answer.status_code == 400
        assert answer.context["form"].errors["file"]
    assert members_of(group) == set()


def test_no_cell_becomes_a_formula_in_the_failed_rows(web, group):
    text = 'Recipient,Note\nnobody,"=HYPERLINK(1)"\n'
    preview = web.post(page(group, "add-recipients"), {"file": upload(text)})
    failed = web.post(
        page(group, "failed-rows"), form_with(preview, "failed-rows")
    ).content.decode()
    assert "'=HYPERLINK(1)" in failed


def test_there_is_a_template_to_fill_in(web, group):
    answer = web.get(page(group, "recipients-template.csv"))
    assert answer["Content-Type"].startswith("text/csv")
    assert answer.content.decode("utf-8-sig").strip() == "Recipient"
