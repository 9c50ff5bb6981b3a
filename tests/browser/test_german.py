"""German in a real browser: chosen by a button, and with room for its longer words."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from commsapp.core.actors import Actor
from quotes import operations as quotes_operations
from quotes.models import QuoteLineItem
from tests import factories
from tests.browser.checks import faults_of
from tests.browser.test_staff import address, shop

__all__ = ["shop"]
pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]

LISTS = (
    "quotes/quote", "quotes/quotelineitem", "quotes/product", "groups/recipientgroup",
    "groups/recipient", "contacts/contactgroup", "contacts/contact", "contacts/alternatekey",
    "contacts/datasource", "commsapp/operation", "commsapp/user", "commsapp/client",
)  # fmt: skip

# Whole words that are cut off, outside of what can be scrolled: name, text.
CLIPPED = """() => [
  ...document.querySelectorAll("button, a.tool, h1, h2, h3, th, dt, label, .badge, legend"),
]
  .filter((one) => one.checkVisibility() && getComputedStyle(one).overflow !== "visible")
  .filter((one) => one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 1)
  .map((one) => `${one.localName}: ${one.textContent.trim()}`)"""


@pytest.fixture
def german(signed_in: Page) -> Page:
    """Alice, who has chosen German at the foot of the page."""
    signed_in.get_by_role("button", name="Deutsch").click()
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("Start")
    return signed_in


def pages_of(line: QuoteLineItem) -> list[str]:
    group, quote = line.recipient_group, line.quote
    return [
        "/admin/", "/admin/find/?q=shop", "/admin/shortcuts/", "/admin/integrations/",
        address(group), address(group, "add-recipients"), address(group, "set-recipients"),
        address(group, "archive"), address(group, "change"), address(group, "history"),
        address(quote), f"{address(quote)}?parts_of={line.pk}", address(quote, "change"),
        address(quote, "print"), address(line), address(line, "change"), address(line, "split"),
        address(line, "unsplit"), address(group.customer),
        address(group.customer, "add-connections"), address(line.parts.first().recipient),
        "/admin/groups/recipient/import/", "/admin/groups/recipient/add/",
        "/admin/quotes/quotelineitem/add/", "/admin/password_change/",
        *(f"/admin/{name}/" for name in LISTS),
    ]  # fmt: skip


def test_the_language_is_chosen_and_kept_and_taken_back(signed_in: Page, shop):
    page = signed_in
    page.goto(address(shop.quote))
    page.get_by_role("button", name="Deutsch").click()
    expect(page).to_have_url(re.compile(re.escape(address(shop.quote))))
    expect(page.get_by_role("button", name="Zur Prüfung vorlegen")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "de"
    page.reload()
    expect(page.get_by_role("heading", name="Positionen")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("button", name="Submit for review")).to_be_visible()


def test_the_language_is_chosen_without_scripts_and_by_keyboard(without_scripts):
    page = without_scripts
    page.goto("/admin/")
    page.get_by_role("button", name="Deutsch").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Start")


def test_a_price_is_typed_and_shown_as_germans_write_it(german: Page, shop, problems):
    problems.announce(400, address(shop, "quick"))
    page = german
    page.goto(address(shop.quote))
    page.get_by_role("link", name="Bearbeiten 1").click()
    field = page.get_by_label("Einmaliger Einzelpreis")
    expect(field).to_have_value("49,90")
    field.fill("1.500")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("Schreiben Sie 1500 oder 1,500.")).to_be_visible()
    page.get_by_label("Einmaliger Einzelpreis").fill("1.234,50")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("1.234,50 × 3")).to_be_visible()
    expect(page.get_by_text("3.703,50 EUR").first).to_be_visible()


def test_what_scripts_say_is_german(german: Page, shop):
    page = german
    page.goto(address(shop.recipient_group, "add-recipients"))
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Eine Seite oder einen Datensatz finden").fill("zzz")
    expect(page.get_by_text(re.compile(r"^\d+ gefunden$"))).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_label("Empfänger einfügen").fill("one\ntwo\ntwo")
    expect(page.get_by_text("3 Einträge, davon 1 doppelt")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_the_screen_or_cuts_words_off(german: Page, alice, shop, width):
    quotes_operations.split_line(shop.pk, by=Actor.of(alice, "staff"))
    factories.QuoteLineItemFactory(
        licensee=shop.licensee, quote=shop.quote, product=shop.product, line_number=900
    )
    page = german
    page.set_viewport_size({"width": width, "height": 844})
    found = {}
    for path in pages_of(shop):
        page.goto(path)
        assert page.evaluate("document.documentElement.lang") == "de", path
        wrong = [*faults_of(page), *page.evaluate(CLIPPED)] if width == 390 else []
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width or wrong:
            found[path] = (wide, wrong)
    assert found == {}
