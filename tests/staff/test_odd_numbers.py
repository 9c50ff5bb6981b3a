"""An oddly spelled number is refused alike by every API, form and file, and never rounded."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from commsapp.models import Operation
from quotes.models import Product
from tests.conftest import token
from tests.staff.conftest import content_of
from tests.staff.test_imports import checked
from tests.staff.test_table_files import workbook

pytestmark = pytest.mark.django_db

# Too small or too large for a float, with an exponent, grouped, in other digits, in other bases.
ODD = [
    "1e-400", "-1e-400", "1e400", "1e5", "1E-2", "1e-9999999999", "1_000", "１２", "١", "0x10",
    "NaN", "Infinity", "0." + "0" * 50 + "1", "1" * 50, "--1",
]  # fmt: skip
odd = pytest.mark.parametrize("number", ODD, ids=lambda text: ascii(text)[:20])


@pytest.fixture
def api(alice) -> Client:
    return Client(headers={"Authorization": f"Bearer {token(alice)}"})


@pytest.fixture(autouse=True)
def _nothing_is_saved(db):
    yield
    assert not Product.objects.exists()
    assert not Operation.objects.exists()


@odd
def test_odd_number_is_refused_by_rest_as_text_as_number_and_in_a_filter(api, licensee, number):
    product = {"licensee": str(licensee.pk), "code": "A", "name": "Fibre", "currency": "EUR"}
    for spelled in (json.dumps(number), number):
        body = json.dumps({**product, "one_time_price": "@"}).replace('"@"', spelled)
        answer = api.post("/api/v1/products", body, content_type="application/json")
        assert answer.status_code == 400
    for name in ("one_time_price", "one_time_price__gte"):
        assert api.get("/api/v1/products", {name: number}).status_code == 400


@odd
def test_odd_number_is_refused_by_the_form_and_shown_as_it_was_typed(web, licensee, number):
    sent = {
        "licensee": str(licensee.pk), "code": "A", "name": "Fibre", "currency": "EUR",
        "recurring_period": "month", "recurring_price": "1", "one_time_price": number,
    }  # fmt: skip
    answer = web.post("/admin/quotes/product/add/", sent)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {"one_time_price"}
    assert f'value="{number}"' in content_of(answer)


@odd
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_odd_number_of_a_file_is_refused_with_its_line(web, licensee, number, ending):
    rows = [["code", "name", "currency", "one_time_price"], ["A", "Fibre", "EUR", number]]
    text = "\n".join(",".join(row) for row in rows)
    content = text.encode() if ending == "csv" else workbook(*rows)
    page = content_of(web.get(checked(web, Product, content, f"products.{ending}")))
    assert number[:40] in page
    assert "is no number" in page or "digits" in page


def test_minus_zero_is_zero_everywhere(api, licensee, web):
    try:
        for spelled in ('"-0"', "-0", '"-0.00"'):
            body = (
                f'{{"licensee": "{licensee.pk}", "code": "Z", "name": "Fibre", "currency": "EUR",'
                f' "one_time_price": {spelled}}}'
            )
            answer = api.post("/api/v1/products", body, content_type="application/json")
            assert answer.json()["one_time_price"] == "0.00"
            api.delete(f"/api/v1/products/{answer.json()['id']}")
            Product.objects.all().delete()
    finally:
        Operation.objects.all().delete()
