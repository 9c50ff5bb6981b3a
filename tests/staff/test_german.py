"""The staff side in German: chosen as one likes, numbers and days as they are written there."""

from __future__ import annotations

import re
from decimal import Decimal
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from commsapp.core.audit import kinds
from commsapp.staff.number_fields import FixedPointFormField, WholeFormField
from quotes.models import QuoteLineItem
from tests.staff.conftest import content_of, page

GERMAN = {"accept-language": "de-DE,de;q=0.9,en;q=0.5"}
LOGIN = "/admin/login/"


@pytest.fixture(autouse=True)
def _english_again():
    with translation.override("en"):
        yield


@pytest.fixture
def german(web) -> Client:
    """Alice's browser, which prefers German."""
    web.defaults["HTTP_ACCEPT_LANGUAGE"] = GERMAN["accept-language"]
    return web


# --- Which language -----------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("preferred", "language"),
    [("de", "de"), ("de-AT", "de"), ("fr, de;q=0.5", "de"), ("en", "en"), ("fr", "en"), ("", "en")],
)
def test_a_first_visit_is_in_the_browsers_language(client, preferred, language):
    answer = client.get(LOGIN, headers={"accept-language": preferred})
    assert f'<html lang="{language}">' in content_of(answer)
    assert answer["Content-Language"] == language
    assert "Accept-Language" in answer["Vary"]
    assert ("Anmelden" if language == "de" else "Log in") in content_of(answer)


@pytest.mark.django_db
def test_what_one_chooses_goes_before_what_the_browser_says(client):
    answer = client.post("/admin/language/", {"language": "en", "next": LOGIN}, headers=GERMAN)
    assert (answer.status_code, answer.url) == (302, LOGIN)
    assert answer.cookies["language"]["httponly"]
    assert answer.cookies["language"]["samesite"] == "Lax"
    assert answer.cookies["language"]["max-age"] >= 60 * 60 * 24 * 300
    assert '<html lang="en">' in content_of(client.get(LOGIN, headers=GERMAN))


@pytest.mark.parametrize("language", ["xx", "", "de\r\n"])
def test_a_language_that_there_is_not_changes_nothing(web, language):
    web.post("/admin/language/", {"language": language, "next": "/admin/"})
    assert "language" not in web.cookies
    assert '<html lang="en">' in content_of(web.get("/admin/"))


def test_the_choice_leads_back_to_the_same_page_and_to_no_other_site(web, group):
    answer = web.post("/admin/language/", {"language": "de", "next": f"{page(group)}?q=1"})
    assert answer.url == f"{page(group)}?q=1"
    elsewhere = web.post("/admin/language/", {"language": "de", "next": "https://evil.example/"})
    assert elsewhere.url == "/"


def test_every_page_offers_both_languages_by_their_own_names(web, client, group):
    for answer in (web.get(page(group)), web.get("/admin/"), client.get(LOGIN)):
        [form] = re.findall(r'<form class="languages".*?</form>', content_of(answer), re.DOTALL)
        assert 'method="post"' in form
        assert "csrfmiddlewaretoken" in form
        assert re.findall(r'lang="(\w+)".*?>(\w+)</button>', form) == [
            ("en", "English"), ("de", "Deutsch"),
        ]  # fmt: skip
        assert len(re.findall(r'value="en"[^>]* aria-current="true"', form)) == 1


def test_errors_have_german_pages(german):
    missing = german.get("/admin/quotes/quote/019b76da-a800-7fd8-8289-399346a850cd/")
    assert missing.status_code == 404
    assert "Diese Seite gibt es nicht" in content_of(missing)
    assert '<html lang="de">' in content_of(missing)


def test_labels_of_all_kinds_of_operations_are_translated_into_german():
    labels = [kind.label for kind in kinds()]
    with override("en"):
        english = [str(label) for label in labels]
    with override("de"):
        german = [str(label) for label in labels]
    assert len(labels) > 20
    assert not [text for text in english if text in german]


# --- Numbers and days ---------------------------------------------------------------------------


def test_a_page_shows_numbers_and_days_as_germans_write_them(german, join, line):
    join(3)
    QuoteLineItem.objects.filter(pk=line.pk).update(requested_date="2027-01-31")
    line.quote.expires_on = "2027-02-28"
    line.quote.save()
    for url in (page(line.quote), page(line.quote, "print")):
        shown = unescape(content_of(german.get(url)))
        assert "261,96" in shown
        assert "49,90" in shown
        assert "12,5 %" in shown
        assert "31.01.2027" in shown
        assert "28.02.2027" in shown
        assert not re.search(r">[^<]*\d\.\d\d[^<\d.]*<", shown)
    assert "Feb" not in shown


def test_thousands_stand_apart_by_points(german, line):
    german.post(page(line, "quick"), {**quick(german, line), "one_time_price": "1.234.567,89"})
    line.refresh_from_db()
    assert line.one_time_price == Decimal("1234567.89")
    assert "1.234.567,89" in content_of(german.get(page(line)))


def quick(client: Client, line) -> dict[str, str]:
    """What the form of a line sends if nobody touches it."""
    shown = content_of(client.get(page(line, "quick")))
    form = re.search(r'<form[^>]*id="quick".*?</form>', shown, re.DOTALL)
    return sent_by(form[0])


def sent_by(form: str) -> dict[str, str]:
    sent = {}
    for attributes in re.findall(r"<input ([^>]*)>", form):
        names = dict(re.findall(r'([\w-]+)="([^"]*)"', attributes))
        if "name" in names and names.get("type") not in ("submit", "checkbox", "radio"):
            sent[names["name"]] = unescape(names.get("value", ""))
    return sent


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_form_that_nobody_touches_changes_nothing(web, line, language):
    QuoteLineItem.objects.filter(pk=line.pk).update(
        one_time_price=Decimal("1234.125"), requested_date="2027-01-31", quantity=Decimal("1500.5")
    )
    line.refresh_from_db()
    before = {name: getattr(line, name) for name in NUMBERS} | {"day": line.requested_date}
    web.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    sent = quick(web, line)
    assert sent["one_time_price"] == ("1234.125" if language == "en" else "1234,125")
    assert sent["requested_date"] == "2027-01-31"  # the browser shows it in its own way
    assert web.post(page(line, "quick"), sent).status_code == 302
    whole = sent_by(content_of(web.get(page(line, "change"))).partition("<main")[2])
    assert {name: whole[name] for name in NUMBERS} == {name: sent[name] for name in NUMBERS}
    line.refresh_from_db()
    assert {name: getattr(line, name) for name in NUMBERS} | {"day": line.requested_date} == before


NUMBERS = ("quantity", "one_time_price", "recurring_price", "discount_percent")


@pytest.mark.parametrize("name", NUMBERS)
def test_what_is_typed_in_german_is_what_is_meant(german, line, name):
    sent = quick(german, line)
    german.post(page(line, "quick"), {**sent, name: "12,25"})
    line.refresh_from_db()
    assert getattr(line, name) == Decimal("12.25")
    assert quick(german, line)[name] == "12,25"


@pytest.mark.parametrize(("language", "typed"), [("de", "1.500"), ("en", "1,500")])
def test_what_could_be_two_numbers_is_asked_about(web, line, language, typed):
    web.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    before = QuoteLineItem.objects.values().get(pk=line.pk)
    answer = web.post(page(line, "quick"), {**quick(web, line), "quantity": typed})
    assert answer.status_code == 400
    assert f'value="{typed}"' in content_of(answer)
    asked = {"de": "Schreiben Sie 1500 oder 1,500.", "en": "Write 1500 or 1.500."}[language]
    assert asked in unescape(content_of(answer))
    assert QuoteLineItem.objects.values().get(pk=line.pk) == before


MEANT = {
    "de": {
        "1234,5": "1234.5", "1.234,5": "1234.5", "1.234.567": "1234567", "1 234,50": "1234.50",
        "12.5": "12.5", "0.500": "0.500", "1234": "1234", ",5": ".5", "-3,5": "-3.5",
        "\u22123,5": "-3.5", "1\u00a0500": "1500", "1,500": "1.500", "49.90": "49.90",
    },
    "en": {
        "1234.5": "1234.5", "1,234.5": "1234.5", "1,234,567": "1234567", "12,5": "12.5",
        "1.500": "1.500", "1 500": "1500", ".5": ".5", "0,500": "0.500",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [(language, *pair) for language, pairs in MEANT.items() for pair in pairs.items()],
)
def test_numbers_are_read_as_they_are_written(language, text, number):
    with translation.override(language):
        assert FixedPointFormField().clean(text) == Decimal(number)


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize(
    "text",
    ["1.2.3", "1,2,3", "1 5", "1_000", "1e3", "١", "NaN", "--1", "1.23,4,5", "12.34.567", "0x1",
     "1234.567,8.9", "1.500 000", "1'500", "012,500x", "1.5000.000", "."],
)  # fmt: skip
def test_what_is_no_number_is_refused(language, text):
    with translation.override(language), pytest.raises(Exception, match=r"number|Zahl"):
        FixedPointFormField().clean(text)


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [
        ("de", "1.500", 1500), ("de", "1500", 1500), ("de", "1,500", None), ("de", "1.50", None),
        ("en", "1,500", 1500), ("en", "1.500", None), ("en", "1.000", None), ("de", "1,0", None),
    ],
)  # fmt: skip
def test_a_count_is_never_read_as_a_thousandth(language, text, number):
    with translation.override(language):
        if number is None:
            with pytest.raises(Exception, match=r"whole number|ganze Zahl"):
                WholeFormField().clean(text)
        else:
            assert WholeFormField().clean(text) == number


@given(number=st.decimals(-(10**9), 10**9, places=6), language=st.sampled_from(["de", "en"]))
def test_what_a_form_shows_is_read_back_as_the_same_number(number, language):
    with translation.override(language):
        field = FixedPointFormField()
        shown = field.prepare_value(number)
        assert field.clean(shown) == number
        assert not field.has_changed(number, shown)


# --- Files stay as machines read them -----------------------------------------------------------


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_a_file_is_the_same_in_both_languages(web, line, ending):
    urls = [f"/admin/quotes/{kind}/export.{ending}" for kind in ("quotelineitem", "product")]
    urls.append(page(line.quote) + f"lines.{ending}")
    for url in urls:
        files = []
        for language in ("en", "de"):
            answer = web.get(url, headers={"accept-language": language})
            files.append((answer["Content-Disposition"], answer.getvalue()))
        assert files[0] == files[1]


# --- Scripts ------------------------------------------------------------------------------------


def test_scripts_say_nothing_of_their_own():
    folder = Path(__file__).resolve().parents[2] / "static/staff/js"
    said = re.compile(
        r"""(?:textContent|innerText|placeholder|title|label|alt)\s*\+?=\s*["'`][^"'`]*[A-Za-z]{2}"""
        r"""|(?:alert|confirm|prompt)\("""
        r"""|"aria-(?:label|description)"\s*[,:]\s*["'`](?!\$)"""
    )
    found = {path.name: said.findall(path.read_text()) for path in folder.glob("*.js")}
    assert len(found) > 10
    assert {name: texts for name, texts in found.items() if texts} == {}
