"""What is not let in: ids, numbers and bodies that are not what they should be."""

from __future__ import annotations

import gzip
import json

import pytest

from contacts.models import Contact
from groups.models import Recipient
from quotes.models import Product
from tests import factories

pytestmark = pytest.mark.django_db


def short(given):
    """The name of a case: what is given, if it can be read, and how long it is."""
    told = json.dumps(given)
    return f"{told[:30]}…{len(told)}" if len(told) > 30 else told


# --- Ids ------------------------------------------------------------------------------------


def test_an_id_is_read_in_all_its_ways_and_told_in_one(api, things):
    dashed, bare = str(things.contact_group.pk), things.contact_group.pk.hex
    for given in (dashed, dashed.upper(), bare, bare.upper(), f"{{{dashed}}}", f"({dashed})"):
        assert api.get(f"contact-groups/{given}").json()["id"] == dashed
        body = {"name": "x", "recipient_type": "Location", "customer": given}
        assert api.post("recipients", body).json()["customer"] == dashed


BAD_IDS = [1, 1.5, True, [], {}, "", "1", "urn:uuid:{}", "{{{}", "{}x", "٣" * 32]


@pytest.mark.parametrize("given", BAD_IDS, ids=short)
def test_what_is_no_id_is_refused(api, things, given):
    if isinstance(given, str):
        given = given.replace("{}", str(things.contact_group.pk))
    before = Recipient.objects.count()
    answer = api.post("recipients", {"name": "x", "recipient_type": "Location", "customer": given})
    assert answer.status_code == 400, answer.content
    assert list(answer.json()) == ["customer", "errors"]
    assert Recipient.objects.count() == before


def test_the_zero_id_means_not_given(api, things):
    zero = "00000000-0000-0000-0000-000000000000"
    made = api.post(
        "recipients",
        {"name": "x", "recipient_type": "Location", "customer": zero, "licensee": zero},
    )
    assert made.json()["customer"] is None
    path = f"recipients/{things.recipient.pk}"
    assert api.patch(path, {"customer": zero}).json()["customer"] == str(things.contact_group.pk)
    answer = api.post("contact-groups", {"name": "x", "role": zero})
    assert answer.status_code == 400
    assert list(answer.json()) == ["role", "errors"]


@pytest.mark.parametrize("id", ["1", "x", "0" * 32, "%00", "a.b", "%ff", "{" + "1" * 32])
def test_what_is_no_id_in_a_path_is_not_found(api, id):
    for path in (f"contacts/{id}", f"quotes/{id}/lines", f"contacts/{id}/"):
        answer = api.get(path)
        assert answer.status_code == 404
        assert list(answer.json()) == ["detail", "errors"]


def test_a_stranger_does_not_exist(api, bob):
    role = factories.RoleFactory(licensee=bob.licensees.get())
    told = api.post("contact-groups", {"name": "x", "role": str(role.pk)})
    assert told.status_code == 400
    unknown = str(bob.pk)
    same = api.post("contact-groups", {"name": "x", "role": unknown})
    assert told.json() == json.loads(same.content.decode().replace(unknown, str(role.pk)))


# --- Numbers --------------------------------------------------------------------------------

PRODUCT = '{{"code": "P", "name": "P", "currency": "{currency}", "one_time_price": {price}}}'


@pytest.mark.parametrize(
    ("given", "currency", "told"),
    [
        ("0.35", "EUR", "0.35"),
        ('"0.350"', "EUR", "0.35"),
        ("0.0035", "EUR", "0.0035"),
        ('"0.000001"', "EUR", "0.000001"),
        ("7", "EUR", "7.00"),
        ('"007"', "EUR", "7.00"),
        ("7", "JPY", "7"),
        ("7.5", "JPY", "7.5"),
        ("7.5", "KWD", "7.500"),
        ("999999999999.999999", "EUR", "999999999999.999999"),
        ('"999999999999.999999"', "KWD", "999999999999.999999"),
        ("0", "EUR", "0.00"),
        ("-0", "EUR", "0.00"),
        ("-0.0", "EUR", "0.00"),
        ("100", "CLF", "100.0000"),
    ],
)
def test_a_price_is_kept_exactly_and_told_with_the_currencys_decimals(api, given, currency, told):
    body = PRODUCT.format(currency=currency, price=given)
    answer = api.ask("POST", "products", None, data=body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    assert answer.json()["one_time_price"] == told
    assert api.rows("products")[0]["one_time_price"] == told


BAD_NUMBERS = [
    "null", "true", "[]", "{}", '""', '"x"', '" 1"', '"1 "', '"1_000"', '"1,5"', '"+1"', '".5"',
    '"5."', '"1e3"', "1e3", "1E-3", "1e400", "1e-400",
    '"1e-400"', "1e-9999999999", '"NaN"', '"Infinity"', '"١"', '"１"', "-1", '"-0.01"',
    "0.0000001", '"1000000000000"', "9223372036854775808", "9" * 4000, '"' + "9" * 5000 + '"',
    "0." + "0" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("given", BAD_NUMBERS, ids=short)
def test_what_is_no_price_is_refused_by_the_fields_name(api, licensee, given):
    body = PRODUCT.format(currency="EUR", price=given)
    answer = api.ask("POST", "products", None, data=body, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert list(answer.json()) == ["one_time_price", "errors"]
    assert Product.objects.count() == 0


@pytest.mark.parametrize("given", [-1, 2**31, 2**63, 1.5, True, "3", "", [], 10**400], ids=short)
def test_what_is_no_count_is_refused_alike_on_every_database(api, licensee, given):
    answer = api.post("recipient-groups", {"name": "x", "expected_member_count": given})
    assert answer.status_code == 400
    assert list(answer.json()) == ["expected_member_count", "errors"]


@pytest.mark.parametrize("given", [0, "true", None, 1.0, "yes"], ids=short)
def test_a_truth_is_true_or_false_and_nothing_else(api, licensee, given):
    answer = api.post("data-sources", {"name": "x", "is_active": given})
    assert answer.status_code == 400
    assert list(answer.json()) == ["is_active", "errors"]


@pytest.mark.parametrize("given", ["2030-1-1", "20300101", "2030-W01-1", "2030-02-30", "", 5, "x"])
def test_a_day_is_written_in_one_way(api, licensee, given):
    answer = api.post("quotes", {"name": "x", "currency": "EUR", "expires_on": given})
    assert answer.status_code == 400
    assert list(answer.json()) == ["expires_on", "errors"]


@pytest.mark.parametrize(
    "given", [5, 1.5, True, None, [], {}, "", "   ", "x" * 256, [[["x"]]]], ids=short
)
def test_a_name_is_a_text_of_some_length(api, licensee, given):
    answer = api.post("contacts", {"name": given})
    assert answer.status_code == 400
    assert list(answer.json()) == ["name", "errors"]
    assert Contact.objects.count() == 0


# --- A line's configuration -----------------------------------------------------------------


def test_a_configuration_comes_back_as_it_went_in(api, things):
    given = {
        "speed": 1.5,
        "count": 3,
        "big": 2**63 - 1,
        "list": [None, True, {"ä": "€ 😀"}],
        "e": 1e3,
    }
    path = f"quote-line-items/{things.quote_line_item.pk}"
    assert api.patch(path, {"configuration": given}).json()["configuration"] == given
    assert api.get(path).json()["configuration"] == given


@pytest.mark.parametrize("given", ["[]", "1", '"x"', "null", '{"a": 1e400}'], ids=short)
def test_what_is_no_object_is_no_configuration(api, things, given):
    path = f"quote-line-items/{things.quote_line_item.pk}"
    body = f'{{"configuration": {given}}}'
    answer = api.ask("PATCH", path, None, data=body, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert list(answer.json()) == ["configuration", "errors"]


# --- Bodies ---------------------------------------------------------------------------------

BAD_BODIES = [
    "", " ", "{", "[]", "1", '"x"', "null", "{'name': 'x'}", '{"name": "a", "name": "b"}',
    '{"name": NaN}', '{"name": Infinity}', '{"name": "a\\u0000"}', '{"name": "\\ud800"}',
    '{"na\\u0000me": "a"}', '{"name": "a\nb"}', '{"name": ' + "9" * 5000 + "}",
    '{"name": ' + "[" * 100_000 + "]" * 100_000 + "}", '{"name": ' + "[" * 500 + "]" * 500 + "}",
    "[" * 100_000, '{"a":' * 100_000,
    json.dumps({str(n): n for n in range(10_000)}), "\ufeff{}", '{"name": "a"} x',
]  # fmt: skip


@pytest.mark.parametrize("body", BAD_BODIES, ids=short)
def test_what_is_no_json_object_is_refused(api, licensee, body):
    answer = api.ask("POST", "contacts", None, data=body, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert Contact.objects.count() == 0


def test_bytes_that_are_no_utf_8_are_refused(api, licensee):
    answer = api.ask(
        "POST", "contacts", None, data=b'{"name": "\xff"}', content_type="application/json"
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
     "application/json; charset=utf-16", "application/json; charset=bogus", "application/xml"],
)  # fmt: skip
def test_only_json_in_utf_8_is_read(api, licensee, kind):
    answer = api.ask("POST", "contacts", None, data=b'{"name": "x"}', content_type=kind)
    assert answer.status_code == 415
    assert list(answer.json()) == ["detail", "errors"]
    assert Contact.objects.count() == 0


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", "; charset=UTF-8", '; charset="utf8"'])
def test_utf_8_may_be_said_or_not(api, licensee, charset):
    kind = f"application/json{charset}"
    answer = api.ask("POST", "contacts", None, data='{"name": "Ä"}'.encode(), content_type=kind)
    assert answer.json()["name"] == "Ä"


def test_a_compressed_body_is_read(api, licensee):
    body = gzip.compress(b'{"name": "x"}')
    more = {
        "data": body,
        "content_type": "application/json",
        "headers": {"Content-Encoding": "gzip"},
    }
    assert api.ask("POST", "contacts", None, **more).status_code == 201
    more["data"] = body[:-9]
    assert api.ask("POST", "contacts", None, **more).status_code == 400
    more["headers"] = {"Content-Encoding": "br"}
    assert api.ask("POST", "contacts", None, **more).status_code == 415


def test_a_body_over_the_limit_is_refused(api, licensee, settings):
    settings.MAX_BODY_BYTES = settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = api.post("contacts", {"name": "x" * 200})
    assert answer.status_code == 413
    assert list(answer.json()) == ["detail", "errors"]
    bomb = gzip.compress(b" " * 10_000)
    more = {
        "data": bomb,
        "content_type": "application/json",
        "headers": {"Content-Encoding": "gzip"},
    }
    assert api.ask("POST", "contacts", None, **more).status_code == 413


# --- Answers --------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "x", "application/json; a=b"])
def test_the_answer_is_json_whatever_is_asked_for(api, things, accept):
    answer = api.client.get("/api/v1/contacts?format=xml", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"


def test_an_address_that_is_not_there_says_so_in_json(api):
    for path in ("/api/v1/nothing", "/api/v1/", "/api/v1", "/api/v1/contacts/x/y/z"):
        answer = api.get(path)
        assert answer.status_code == 404
        assert list(answer.json()) == ["detail", "errors"]
