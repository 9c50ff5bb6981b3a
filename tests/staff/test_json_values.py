"""JSON from outside, on each way in; and what is stored already, on each way out."""

from __future__ import annotations

import io
import json
import re
from decimal import Decimal

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.urls import reverse

from commsapp.db import json_values
from commsapp.models import Operation
from quotes.models import QuoteLineItem
from tests.api.rest.conftest import Api
from tests.conftest import grant
from tests.staff.conftest import content_of, page

pytestmark = pytest.mark.django_db

# --- Ways in --------------------------------------------------------------------------------------

DEEP = '{"a":' * 40 + "1" + "}" * 40
REFUSED = {
    '{"a": "\\ud800"}': "half a surrogate pair",
    '{"a": "\\u0000"}': "NUL",
    '{"\\udfff": 1}': "half a surrogate pair",
    '{"a": 1180591620717411303424}': "too large",
    '{"a": -9223372036854775809}': "too large",
    '{"a": 1e999}': "too large",
    '{"a": 1e-400}': "too small",
    '{"a": [-1.5E-9999999999]}': "too small",
    f'{{"a": 0.{"0" * 400}1}}': "too small",
    '{"a": NaN}': "NaN is not JSON",
    '{"a": -Infinity}': "-Infinity is not JSON",
    '{"a": 1, "a": 2}': "twice",
    f'{{"a": {"9" * 5_000}}}': "digits",
    DEEP: "nested",
    "[" * 2_000: "nested",
    f'{{"a": "{"x" * json_values.MAX_TEXT_LENGTH}"}}': "longer than",
    json.dumps(dict.fromkeys(map(str, range(1_001)), 1)): "more than 1,?000 names",
    "[1]": "Give an object",
    "null": "Give an object",
    "{": "Expecting",
}


def short(text: str) -> str:
    return text[:24]


def filled_in(line: QuoteLineItem, configuration: str) -> dict[str, str]:
    return {
        "product": str(line.product_id), "quantity": "2", "one_time_price": "49.90",
        "recurring_price": "9.99", "discount_percent": "12.5", "description": "",
        "requested_date": "", "recipient_group": str(line.recipient_group_id),
        "configuration": configuration,
    }  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), REFUSED.items(), ids=short)
def test_a_form_refuses_a_configuration_next_to_its_field(web, line, text, reason):
    before = line.configuration
    answer = web.post(page(line, "change"), filled_in(line, text))
    assert answer.status_code == 200
    [error] = answer.context["adminform"].form.errors["configuration"]
    assert re.search(reason, error), error
    line.refresh_from_db()
    assert line.configuration == before


@pytest.mark.parametrize(("text", "reason"), REFUSED.items(), ids=short)
def test_rest_refuses_the_same_configurations(alice, line, text, reason):
    before = line.configuration
    body = f'{{"configuration": {text}}}'
    path = f"quote-line-items/{line.pk}"
    answer = Api(alice).ask("PATCH", path, None, data=body, content_type="application/json")
    assert answer.status_code == 400
    assert {*answer.json()} <= {"configuration", "detail", "errors"}
    line.refresh_from_db()
    assert line.configuration == before


@pytest.mark.parametrize("text", ['{"a": [1.5, 9223372036854775807, "é"]}', "{}", ""])
def test_a_form_takes_a_configuration_and_shows_it_again(web, line, text):
    assert web.post(page(line, "change"), filled_in(line, text)).status_code == 302
    line.refresh_from_db()
    assert line.configuration == json.loads(text or "{}")
    assert web.get(page(line, "change")).status_code == 200


def test_numbers_come_out_as_json_has_them():
    assert json_values.plain_object({"a": [Decimal("1.50")]}) == {"a": [1.5]}
    with pytest.raises(ValidationError):
        json_values.plain_object({"a": Decimal("1e999")})


# --- What is stored already -----------------------------------------------------------------------

STORED = {
    "half a pair": '{"a": "\\ud800", "\\udc00": [1]}',
    "NUL": '{"a": "\\u0000"}',
    "infinite": '{"a": 1e999, "b": [-1e999]}',
    "many digits": f'{{"a": {"9" * 5_000}}}',
    "70 bits": '{"a": 1180591620717411303424}',
    "300 levels": '{"a":' * 300 + "1" + "}" * 300,
    "900 levels": "[" * 900 + "]" * 900,
}
ONLY_ON_SQLITE = ("half a pair", "NUL")  # what jsonb refuses


@pytest.fixture(params=STORED, ids=str)
def odd(request, line) -> QuoteLineItem:
    """A line with an odd configuration, and an operation that tells of it."""
    if connection.vendor != "sqlite" and request.param in ONLY_ON_SQLITE:
        pytest.skip("PostgreSQL stores no such value.")
    text = STORED[request.param]
    pair = f'{{"before": {{"configuration": {{}}}}, "after": {{"configuration": {text}}}}}'
    with connection.cursor() as cursor:
        cursor.execute("UPDATE quotes_quotelineitem SET configuration = %s", [text])
        cursor.execute("UPDATE commsapp_operation SET effects = %s", [pair])
    return line


def test_rest_lists_and_shows_what_is_stored(alice, odd):
    api = Api(alice)
    operation = Operation.objects.defer("effects").first()
    for path in (
        "quote-line-items", f"quote-line-items?quote={odd.quote_id}",
        f"quote-line-items/{odd.pk}", f"quotes/{odd.quote_id}/lines", f"quotes/{odd.quote_id}",
        "operations", f"operations/{operation.pk}",
    ):  # fmt: skip
        answer = api.get(path)
        assert answer.status_code == 200, path
        assert answer.json()
        assert "Infinity" not in answer.content.decode()


def test_exports_hold_what_is_stored(web, odd):
    for ending in ("csv", "xlsx", "jsonl"):
        for url in (
            reverse(f"admin:quotes_quotelineitem_export_{ending}"),
            reverse(f"admin:quotes_quote_lines_{ending}", args=(odd.quote_id,)),
        ):
            answer = web.get(url)
            assert answer.status_code == 200
            content = b"".join(answer.streaming_content)
            if ending == "jsonl":
                assert [json.loads(row)["description"] for row in content.splitlines()] == [""]
            elif ending == "xlsx":
                assert openpyxl.load_workbook(io.BytesIO(content)).active.max_row == 2
            else:
                assert content.decode("utf-8-sig").count("\r\n") == 2


def test_staff_pages_show_what_is_stored(web, alice, odd):
    grant(alice, "commsapp.view_operation")
    operation = Operation.objects.defer("effects").filter(target_id=odd.pk).first()
    urls = [page(odd, name) for name in ("page", "change", "history", "quick", "delete")]
    urls += [page(odd.quote, name) for name in ("page", "print", "history")]
    urls += [page(operation), reverse("admin:commsapp_operation_changelist")]
    urls += [reverse("admin:quotes_quotelineitem_changelist"), reverse("admin:index")]
    urls += [f"{reverse('staff-find')}?q={odd.quote.number}"]
    for url in urls:
        assert web.get(url).status_code == 200, url


def test_a_line_with_what_is_stored_can_still_be_edited(web, odd):
    form = content_of(web.get(page(odd, "change")))
    assert 'name="_read"' in form
    sent = filled_in(odd, '{"a": 1}') | {"quantity": "3"}
    assert web.post(page(odd, "change"), sent).status_code == 302
    odd.refresh_from_db()
    assert (odd.quantity, odd.configuration) == (3, {"a": 1})


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("description", "a\0b"),
        ("requested_date", "99999-12-31"),
        ("requested_date", "0001-01-01"),
        ("quantity", 2**63 - 1),
        ("one_time_price", -(2**63)),
    ],
    ids=repr,
)
def test_a_list_and_its_exports_survive_odd_values_of_other_columns(
    web, alice, line, column, value
):
    """Only SQLite keeps most of them: its columns have no types."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL stores no such value.")
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE quotes_quotelineitem SET {column} = %s", [value])
    assert Api(alice).get("quote-line-items").status_code == 200
    for ending in ("csv", "xlsx", "jsonl"):
        answer = web.get(reverse(f"admin:quotes_quotelineitem_export_{ending}"))
        assert b"".join(answer.streaming_content)
    urls = [page(line, "page"), page(line.quote), page(line.quote, "print"), page(line, "change")]
    for url in urls:
        assert web.get(url).status_code == 200, url
