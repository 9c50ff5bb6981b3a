"""Imports: file, columns, preview, confirm, progress, result."""

from __future__ import annotations

import csv
import io
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commsapp.models import Draft, Operation
from commsapp.staff.tables import reader
from contacts.models import AlternateKey, Contact, ContactGroup
from groups.models import Recipient
from quotes.models import Product
from tests import factories
from tests.staff.conftest import content_of

pytestmark = pytest.mark.django_db

HEADER = "Name;Type;Mobile;External ref;Note\n"


def address(model, page: str = "import", *args) -> str:
    opts = model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{page}", args=args)


def upload(web, model, content: str | bytes, name: str = "sites.csv"):
    content = content.encode() if isinstance(content, str) else content
    return web.post(address(model), {"file": SimpleUploadedFile(name, content)})


def go(web, url: str, action: str, **sent) -> str:
    """Sends a form of the draft; what the page says then."""
    response = web.post(url, {"action": action, **sent})
    assert response.status_code == 302, content_of(response)
    return content_of(web.get(response.url))


def guessed(web, url: str) -> dict[str, str]:
    """What the columns' form would send, as it stands."""
    form = content_of(web.get(url))
    return {
        name: (re.search(r'<option value="([^"]*)" selected', options) or [None, ""])[1]
        for name, options in re.findall(
            r'<select name="(column-\d+)".*?>(.*?)</select>', form, re.DOTALL
        )
    }


def checked(web, model, content: str | bytes, name: str = "sites.csv") -> str:
    """The address of an import that was read and checked with the columns as guessed."""
    url = upload(web, model, content, name).url
    go(web, url, "check", **guessed(web, url))
    return url


def failed(web, draft: Draft, model, ending: str = "csv") -> bytes:
    return b"".join(web.get(address(model, f"failed_{ending}", draft.pk)).streaming_content)


def many(count: int, start: int = 0) -> str:
    rows = (f"Site {n};Location;+4930{n};S-{n};x" for n in range(start, start + count))
    return HEADER + "\n".join(rows)


# --- From the file to the result -----------------------------------------------------------------


def test_recipients_are_imported_after_a_preview_in_exact_numbers(web, licensee):
    same = {"licensee": licensee, "recipient_type": "Location"}
    factories.RecipientFactory(**same, name="Old", external_reference="S-1")
    factories.RecipientFactory(**same, name="Same", external_reference="S-2")
    url = upload(
        web, Recipient,
        HEADER + "New;Location;;S-1;\nSame;Location;;S-2;\nMill;Castle;;;\n"
        "Quay;Subscriber;'+49;;\n",
    ).url  # fmt: skip
    chosen = guessed(web, url)
    assert [*chosen.values()] == ["name", "recipient_type", "msisdn", "external_reference", ""]

    preview = go(web, url, "check", **chosen)
    assert "1 would be created, 1 updated, 1 unchanged, 1 refused." in preview
    assert re.search(r'class="num">4</td><td>Type</td><td class="value">Castle</td>', preview)
    assert Recipient.objects.count() == 2
    assert not Operation.objects.exists()

    result = go(web, url, "confirm")
    assert "1 created, 1 updated, 1 unchanged, 1 refused." in result
    assert "Castle" in result
    assert Recipient.objects.get(name="Quay").msisdn == "+49"
    assert Recipient.objects.get(external_reference="S-1").name == "New"
    assert {one.channel for one in Operation.objects.all()} == {"staff"}


def test_columns_are_corrected_and_what_cannot_be_is_told(web):
    url = upload(web, Recipient, "title,what\nMill,Location\n").url
    assert [*guessed(web, url).values()] == ["", ""]
    for sent, sentence in (
        ({}, "Choose at least one column."),
        ({"column-0": "city"}, "New recipients need a column for: Name, Type."),
        ({"column-0": "name", "column-1": "name"}, "“Name” is chosen for two columns."),
    ):
        answer = web.post(url, {"action": "check", **sent})
        assert answer.status_code == 400
        assert sentence in content_of(answer)
    preview = go(web, url, "check", **{"column-0": "name", "column-1": "recipient_type"})
    assert "1 would be created, 0 updated, 0 unchanged, 0 refused." in preview
    assert 'value="name" selected' in content_of(web.get(f"{url}?columns"))
    assert not Recipient.objects.exists()


def test_failed_rows_are_a_file_that_is_imported_as_it_is(web):
    url = checked(web, Recipient, 'name,recipient_type,note\n"A\n=1",Castle,x\nMill,Location,y\n')
    go(web, url, "confirm")
    draft = Draft.objects.get()
    content = failed(web, draft, Recipient).decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(content, newline=""))
    assert row == {
        "name": "A\n=1", "recipient_type": "Castle", "note": "x",
        "import_reason": "recipient_type: Value 'Castle' is not a valid choice.",
    }  # fmt: skip

    again = checked(web, Recipient, content.replace("Castle", "Location"))
    assert "1 created" in go(web, again, "confirm")
    assert {one.name for one in Recipient.objects.all()} == {"A\n=1", "Mill"}
    book = failed(web, draft, Recipient, "xlsx")
    read = reader.read(SimpleUploadedFile("failed.xlsx", book))
    assert read.columns[-1] == "import_reason"
    assert read.rows[0].cells[:3] == ("A\n=1", "Castle", "x")


def test_an_export_is_imported_as_it_is_and_changes_nothing(web, licensee):
    customer = factories.ContactGroupFactory(licensee=licensee, name="=Sample")
    contact = factories.ContactFactory(licensee=licensee, email="a@example.com", phone="+49 30")
    factories.RecipientFactory(
        licensee=licensee, customer=customer, contact=contact, name="@Shop", msisdn="+4930",
        external_reference="'=7", street=" -1 "
    )  # fmt: skip
    factories.RecipientFactory.create_batch(2, licensee=licensee, external_reference="TWICE")
    factories.ProductFactory(licensee=licensee, currency="KWD", is_active=False)
    factories.ProductFactory(licensee=licensee, one_time_price="0.0035", description="+\n-")
    for model, count in ((Recipient, 3), (Product, 2), (Contact, 1), (ContactGroup, 1)):
        for ending in ("csv", "xlsx"):
            exported = web.get(address(model, f"export_{ending}"))
            content = b"".join(exported.streaming_content)
            url = checked(web, model, content, f"export.{ending}")
            page = content_of(web.get(url))
            told_of = f"0 would be created, 0 updated, {count} unchanged, 0 refused."
            assert told_of in page, (model, ending, page)
            assert "There is nothing to do." in page
    assert not Operation.objects.exists()


def test_products_are_known_by_their_code(web, licensee):
    factories.ProductFactory(licensee=licensee, code="A-1", name="Old", one_time_price="1")
    content = "code,name,one_time_price,currency\nA-1,New,2.50,eur\nB-2,Line,1_000,EUR\n"
    url = checked(web, Product, content + "B-3,Fibre,,EUR\nB-3,Fibre,,EUR\n")
    page = content_of(web.get(url))
    assert "1 would be created, 1 updated, 0 unchanged, 2 refused." in page
    assert "“1_000” is no number." in page
    assert "Line 4 says something of the same one already." in page
    go(web, url, "confirm")
    assert {(one.code, one.name) for one in Product.objects.all()} == {
        ("A-1", "New"), ("B-3", "Fibre"),
    }  # fmt: skip


def test_contacts_are_made_unless_their_id_is_given(web, licensee):
    there = factories.ContactFactory(licensee=licensee, name="Old", email="a@example.com")
    content = f"id,name,kind,email\n{there.pk},New,,a@example.com\n,Ada,person,a@example.com\n"
    url = checked(web, Contact, content)
    assert "1 would be created, 1 updated" in content_of(web.get(url))
    go(web, url, "confirm")
    assert {one.name for one in Contact.objects.all()} == {"New", "Ada"}


def test_contact_groups_are_saved_by_their_alternate_key(web, licensee):
    same = {"licensee": licensee}
    factories.DataSourceFactory(**same, name="Suite")
    role = factories.RoleFactory(**same, name="Customer")
    content = (
        "data source,alternate key,name,role,id\n"
        "Suite,K-1,Sample Bakeries,Customer,\n"
        "Suite,K-2,Sample Mills,,\n"
        ",K-3,Sample Quays,Customer,\n"
        "Nobody,K-4,Sample Inns,Customer,\n"
        ",,Plain,Customer,\n"
        "Suite,K-1,Again,Customer,\n"
    )
    url = checked(web, ContactGroup, content)
    page = content_of(web.get(url))
    assert "2 would be created, 0 updated, 0 unchanged, 4 refused." in page
    for reason in (
        "A new contact group needs a role.", "Say whose alternate key this is",
        "There is no data source “Nobody”.", "Line 2 says something of the same one already.",
    ):  # fmt: skip
        assert reason in page
    assert not ContactGroup.objects.exists()
    assert "2 created" in go(web, url, "confirm")
    key = AlternateKey.objects.get()
    assert (key.value, key.contact_group.name, key.contact_group.role) == (
        "K-1", "Sample Bakeries", role,
    )  # fmt: skip
    again = checked(web, ContactGroup, "data_source,alternate_key,name\nSuite,K-1,Bakeries\n")
    assert "1 updated" in go(web, again, "confirm")
    assert ContactGroup.objects.filter(name="Bakeries", pk=key.contact_group_id).exists()


# --- Part by part ------------------------------------------------------------------------------


def test_a_long_file_goes_on_part_by_part_and_each_is_applied_once(web):
    url = checked(web, Recipient, many(2_100))
    draft = Draft.objects.get()
    assert (draft.state, draft.part_count) == ("checked", 3)
    assert draft.planned["created"] == 2_100

    progress = go(web, url, "confirm")
    assert "data-goes-on" in progress
    assert not Recipient.objects.exists()
    for _again in range(2):  # sent twice, and reloaded
        progress = go(web, url, "step", part=0)
        assert "1,000 created" in progress
        assert 'name="part" value="1"' in progress
    assert Recipient.objects.count() == 1_000
    assert Operation.objects.values("batch").distinct().count() == 1
    go(web, url, "step", part=2)
    assert Recipient.objects.count() == 1_000
    go(web, url, "step", part=1)
    assert "2,100 created, 0 updated, 0 unchanged, 0 refused." in go(web, url, "step", part=2)
    go(web, url, "step", part=2)
    go(web, url, "confirm")
    assert Recipient.objects.count() == 2_100
    assert Operation.objects.values("batch").distinct().count() == 1
    assert Operation.objects.count() == 2_100


def test_an_import_is_stopped_between_parts_and_goes_on_later(web):
    url = checked(web, Recipient, many(1_500))
    go(web, url, "confirm")
    go(web, url, "step", part=0)
    stopped = go(web, url, "stop")
    assert "Stopped after 1 of 2 parts." in stopped
    assert "1,000 created" in stopped
    assert "Stopped after 1 of 2 parts." in go(web, url, "step", part=1)
    assert Recipient.objects.count() == 1_000
    go(web, url, "confirm")
    assert "1,500 created" in go(web, url, "step", part=1)
    assert Recipient.objects.count() == 1_500


def test_what_stands_twice_in_a_file_is_told_across_parts(web):
    url = checked(web, Recipient, many(1_200) + "\nLast;Location;;S-5;\n")
    page = content_of(web.get(url))
    assert "1,200 would be created, 0 updated, 0 unchanged, 1 refused." in page
    assert "Line 7 says something of the same one already." in page
    go(web, url, "confirm")
    go(web, url, "step", part=0)
    go(web, url, "step", part=1)
    assert not Recipient.objects.filter(name="Last").exists()


def test_a_part_takes_as_many_statements_however_many_rows(web):
    taken = []
    for size in (10, 1_000):
        url = checked(web, Recipient, many(size, start=size))
        with CaptureQueriesContext(connection) as captured:
            go(web, url, "confirm")
        taken.append(len(captured))
    assert taken[0] == taken[1]


def test_problems_come_in_pages(web):
    rows = "\n".join(f"Site {n},Castle" for n in range(1_100))
    url = checked(web, Recipient, f"name,recipient_type\n{rows}\n")
    first, last = content_of(web.get(url)), content_of(web.get(url, {"p": "3"}))
    assert "1,100 problems" in first
    assert first.count("<td>recipient_type</td>") == 500
    assert last.count("<td>recipient_type</td>") == 100
    assert "Import 0" not in first
    assert Draft.objects.get().state == "checked"
    assert len(failed(web, Draft.objects.get(), Recipient).splitlines()) == 1_101


# --- Files that are none -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty."),
        (b"name\nA\0B\n", "Line 2, column “name”: The cell holds a character"),
        (b"name;city\nA;B;C\n", "The row has 3 cells, but the header has 2."),
        ("name\nä".encode("latin-1"), "The file is not UTF-8."),
        (b"PK\x03\x04", "damaged, protected or no XLSX"),
        (b",".join(b"c" for _ in range(10_000)) + b"\n1\n", "at most 200 can be read"),
    ],
)
def test_a_file_that_is_no_table_is_refused_and_nothing_kept(web, content, sentence):
    response = upload(web, Recipient, content)
    assert response.status_code == 400
    assert sentence in content_of(response).replace("&#x27;", "'")
    assert not Draft.objects.exists()


def test_a_wrong_delimiter_ends_in_one_column_that_fits_nothing(web):
    url = upload(web, Recipient, "name^city\nMill^Ulm\n").url
    assert [*guessed(web, url).values()] == [""]


def test_the_template_has_all_columns(web):
    content = b"".join(web.get(address(Recipient, "template_csv")).streaming_content)
    assert content.decode("utf-8-sig").strip().split(",")[:3] == ["id", "name", "recipient_type"]
    book = b"".join(web.get(address(Recipient, "template_xlsx")).streaming_content)
    with pytest.raises(reader.Unreadable, match="no row below it"):
        reader.read(SimpleUploadedFile("template.xlsx", book))
