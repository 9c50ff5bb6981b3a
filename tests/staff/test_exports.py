"""Lists as files: what is filtered and nobody else's, in any number of rows."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commsapp.db.bulk import write_rows
from groups.models import Recipient
from quotes.models import QuoteLineItem
from tests import factories
from tests.conftest import grant
from tests.staff.conftest import browse, content_of, page

pytestmark = pytest.mark.django_db

LISTS = (
    "contacts_contact", "contacts_contactgroup", "groups_recipient", "quotes_product",
    "quotes_quote", "quotes_quotelineitem",
)  # fmt: skip


def address(name: str, ending: str = "csv") -> str:
    return reverse(f"admin:{name}_export_{ending}")


def body(response) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def rows(response) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(body(response).decode("utf-8-sig"), newline=""))]


@pytest.fixture
def shops(licensee) -> list[Recipient]:
    customer = factories.ContactGroupFactory(licensee=licensee, name="Sample Bakeries")
    return [
        factories.RecipientFactory(licensee=licensee, customer=customer, name=name, msisdn=number)
        for name, number in (("Corner shop", "+49301"), ("Harbour shop", ""), ("Mill", "+49302"))
    ]


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl"])
def test_each_list_is_a_file_in_each_format(web, line, shops, name, ending):
    factories.ContactFactory(licensee=line.licensee)
    response = web.get(address(name, ending))
    assert response["Content-Disposition"].startswith('attachment; filename="')
    assert response["Content-Disposition"].endswith(f'.{ending}"')
    assert body(response)


def test_the_list_links_to_its_exports_with_its_filters(web, shops):
    listed = content_of(web.get(reverse("admin:groups_recipient_changelist"), {"q": "shop"}))
    assert f'href="{address("groups_recipient", "xlsx")}?q=shop"' in listed
    assert reverse("admin:groups_recipient_import") in listed


def test_only_what_the_list_shows_is_exported(web, shops):
    Recipient.objects.filter(name="Corner shop").update(**Recipient.ARCHIVED)
    factories.RecipientFactory(name="Their shop")
    url = address("groups_recipient")
    assert [row["name"] for row in rows(web.get(url))] == ["Harbour shop", "Mill"]
    assert [row["name"] for row in rows(web.get(url, {"q": "shop"}))] == ["Harbour shop"]
    every = rows(web.get(url, {"state": "all"}))
    assert [row["name"] for row in every] == ["Corner shop", "Harbour shop", "Mill"]
    assert every[0]["msisdn"] == "'+49301"
    assert every[0]["customer_name"] == "Sample Bakeries"


def test_a_filter_that_is_none_leads_back_to_the_list(web, shops):
    response = web.get(address("groups_recipient"), {"recipient_type__nothing": "1"})
    assert response.status_code == 302


def test_json_lines_tell_values_as_they_are(web, shops):
    lines = body(web.get(address("groups_recipient", "jsonl"))).decode().splitlines()
    first = json.loads(lines[0])
    assert len(lines) == 3
    assert (first["name"], first["msisdn"], first["archived_at"]) == ("Corner shop", "+49301", None)
    assert first["id"] == str(shops[0].pk)


def test_a_workbook_holds_numbers_as_numbers(web, line):
    content = body(web.get(address("quotes_quote", "xlsx")))
    book: Any = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
    header, quote = book.active.iter_rows(values_only=True)
    told_of = dict(zip(header, quote, strict=True))
    assert told_of["number"] == line.quote.number
    assert told_of["one_time_total"] == 0
    assert told_of["line_count"] == 1


def test_the_lines_of_a_quote_are_a_file(web, line, join):
    join(3)
    other = factories.QuoteLineItemFactory(licensee=line.licensee)
    assert other.quote != line.quote
    [told_of] = rows(web.get(page(line.quote, "lines_csv")))
    assert told_of["id"] == str(line.pk)
    assert told_of["one_time_price"] == "49.90"
    assert told_of["one_time_total"] == "261.96"  # 3 × (2 × 49.90 less 12.5 %), each rounded


def test_who_may_not_look_gets_no_file(web, charlie, line, bob):
    for name in LISTS:
        assert browse(charlie).get(address(name)).status_code == 403
    assert browse(charlie).get(page(line.quote, "lines_csv")).status_code == 403
    assert browse(bob).get(page(line.quote, "lines_csv")).status_code == 404
    assert rows(browse(bob).get(address("quotes_quote"))) == []
    grant(charlie, "groups.view_recipient")
    assert browse(charlie).get(address("groups_recipient")).status_code == 200
    listed = content_of(browse(charlie).get(reverse("admin:groups_recipient_changelist")))
    assert reverse("admin:groups_recipient_import") not in listed


@pytest.mark.parametrize("name", ["groups_recipient", "quotes_quote", "quotes_quotelineitem"])
def test_an_export_takes_as_many_statements_however_many_rows(web, licensee, name):
    product = factories.ProductFactory(licensee=licensee)
    same = {"licensee": licensee}
    customer = factories.ContactGroupFactory(**same)
    taken = []
    for size in (10, 1_000):
        quotes = [
            factories.QuoteFactory.build(**same, customer=customer, number=f"{size}-{n}")
            for n in range(size)
        ]
        write_rows(quotes)
        write_rows(
            QuoteLineItem(
                **same, quote=quote, product=product, line_number=1, one_time_price=1,
                recurring_price=1,
            )
            for quote in quotes
        )  # fmt: skip
        write_rows(factories.RecipientFactory.build_batch(size, **same, customer=customer))
        with CaptureQueriesContext(connection) as captured:
            assert len(rows(web.get(address(name)))) >= size
        taken.append(len(captured))
    assert taken[0] == taken[1]
