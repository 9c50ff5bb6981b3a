"""A quote in a real browser: split the line, change one site's date, undo what can be undone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from commsapp.core.actors import Actor
from groups import operations as groups_operations
from quotes import operations
from quotes.models import QuoteLineItem
from quotes.pages import lines
from tests import factories
from tests.browser.checks import faults_of, rules_for_theme
from tests.browser.test_staff import address

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]

SPRING = date(2027, 3, 1)


@pytest.fixture
def line(alice, licensee):
    """A group line for four shops, beside a plain one."""
    by, same = Actor.of(alice, "staff"), {"licensee": licensee}
    customer = factories.ContactGroupFactory(**same, name="Sample Bakeries")
    ours = {**same, "customer": customer}
    group = factories.RecipientGroupFactory(**ours, name="Shops", expected_member_count=6)
    shops = [
        factories.RecipientFactory(**ours, name=f"{name} shop", city="Bergen")
        for name in ("Abbey", "Bridge", "Corner", "Dock")
    ]
    groups_operations.add_recipients(group.pk, [shop.pk.hex for shop in shops], by=by)
    quote = factories.QuoteFactory(**ours, name="Fibre for the shops", expires_on=date(2020, 1, 31))
    product = factories.ProductFactory(**same, name="Fibre access")
    made = [
        factories.QuoteLineItemFactory.build(
            **same, quote=quote, product=product, recipient_group=of, line_number=None,
            one_time_price=Decimal("49.90"), recurring_price=Decimal("9.99"),
        )
        for of in (group, None)
    ]  # fmt: skip
    line, _plain = [operations.create_line(one, by=by) for one in made]
    return line


@pytest.fixture
def split(alice, line):
    operations.split_line(line.pk, by=Actor.of(alice, "staff"))
    return line


def dates(line) -> list:
    parts = QuoteLineItem.objects.filter(split_from=line).order_by("line_number")
    return [*parts.values_list("requested_date", flat=True)]


def test_the_line_is_split_one_date_changed_and_both_undone(signed_in: Page, line):
    page = signed_in
    page.goto(address(line.quote))
    page.get_by_role("link", name="Split… Line 1").click()
    expect(page.get_by_text("4 lines would be created.")).to_be_visible()
    expect(page.get_by_text("The same")).to_have_count(2)
    page.get_by_role("button", name="Split").click()
    expect(page.get_by_text("4 lines created.")).to_be_in_viewport()
    expect(page.get_by_role("link", name="Corner shop")).to_be_visible()

    page.get_by_role("row", name="Corner shop").get_by_role("link", name="Edit").click()
    form = page.get_by_role("form", name="Edit line 5")
    expect(form.get_by_label("Requested date")).to_be_focused()
    form.get_by_label("Requested date").fill("2027-03-01")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_text("1 line changed: requested date.")).to_be_in_viewport()
    changed = page.locator("tr.is-changed")
    expect(changed).to_have_count(1)
    expect(changed).to_contain_text("Corner shop")
    expect(changed).to_contain_text("1 Mar 2027")
    expect(changed).to_be_in_viewport()
    assert dates(line) == [None, None, SPRING, None]

    page.get_by_role("listitem").filter(has_text="1 line changed").get_by_role(
        "button", name="Undo"
    ).click()
    expect(page.get_by_text("Undone: 1 reversed.")).to_be_visible()
    assert dates(line) == [None] * 4
    page.get_by_role("link", name="Unsplit… 1").click()
    expect(page.get_by_text("4 lines would be removed.")).to_be_visible()
    page.get_by_role("button", name="Unsplit").click()
    expect(page.get_by_text("4 lines removed.")).to_be_visible()
    assert dates(line) == []


def test_all_of_it_works_without_a_script(without_scripts: Page, line):
    page = without_scripts
    page.goto(address(line.quote))
    page.get_by_role("link", name="Split… Line 1").click()
    page.get_by_role("button", name="Split").click()
    page.get_by_role("row", name="Bridge shop").get_by_role("link", name="Edit").click()
    page.get_by_label("Requested date").fill("2027-03-01")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("tr.is-changed")).to_contain_text("Bridge shop")
    assert dates(line) == [None, SPRING, None, None]
    page.get_by_role("button", name="Undo").click()
    assert dates(line) == [None] * 4

    page.get_by_role("link", name="4 parts").click()
    expect(page.get_by_role("link", name="Dock shop")).to_have_count(0)
    page.get_by_role("link", name="4 parts").click()
    for number in (3, 6):
        page.get_by_role("checkbox", name=f"Line {number}").check()
    page.locator("tr.parts").get_by_role("button", name="Edit ticked parts…").click()
    page.get_by_label("Requested date", exact=False).first.fill("2027-03-01")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("2 lines would be changed: requested date.")).to_be_visible()
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_text("2 lines changed: requested date.")).to_be_visible()
    assert dates(line) == [SPRING, None, None, SPRING]


def test_all_of_it_works_by_keyboard_alone(signed_in: Page, split):
    page = signed_in
    page.goto(address(split.quote))
    fold = page.get_by_role("button", name="4 parts")
    fold.focus()
    expect(fold).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Space")
    expect(page.get_by_role("link", name="Dock shop")).to_be_visible()
    expect(fold).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Dock shop")).to_have_count(0)
    page.keyboard.press("Enter")

    edit = page.get_by_role("row", name="Abbey shop").get_by_role("link", name="Edit")
    edit.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Requested date")).to_be_focused()
    page.keyboard.press("Escape")
    expect(edit).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Requested date")).to_be_focused()
    page.keyboard.type("03012027")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 line changed: requested date.")).to_be_visible()
    assert dates(split) == [SPRING, None, None, None]
    undo = page.get_by_role("button", name="Undo").first
    undo.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Undone: 1 reversed.")).to_be_visible()
    assert dates(split) == [None] * 4


def test_parts_page_and_are_searched_where_they_are(signed_in: Page, line, alice):
    """Two more than one page shows: by name, those of Corner shop and Dock shop come last."""
    by, group = Actor.of(alice, "staff"), line.recipient_group
    shops = [
        factories.RecipientFactory(
            licensee=line.licensee, customer=group.customer, name=f"Abbey {n:03} shop"
        )
        for n in range(lines.SHOWN - 2)
    ]
    groups_operations.add_recipients(group.pk, [shop.pk.hex for shop in shops], by=by)
    operations.split_line(line.pk, by=by)
    count = lines.SHOWN + 2
    page = signed_in
    page.goto(address(line.quote))
    page.get_by_role("button", name=f"{count} parts").click()
    parts = page.get_by_role("region", name="Parts of line 1")
    expect(parts.get_by_role("link", name="Dock shop")).to_have_count(0)
    parts.get_by_role("link", name="Next ›").click()
    expect(parts.get_by_role("link", name="Dock shop")).to_be_visible()
    expect(parts.get_by_role("link", name="Abbey shop")).to_have_count(0)
    assert "parts_after=" in page.url
    parts.get_by_label("Search parts").fill("corner")
    page.keyboard.press("Enter")
    expect(parts.get_by_role("link", name="Corner shop")).to_be_visible()
    expect(parts.get_by_role("link", name="Dock shop")).to_have_count(0)
    parts.get_by_role("link", name="Show all").click()
    expect(parts.get_by_role("link", name="Abbey shop")).to_be_visible()
    parts.get_by_role("button", name=f"Edit all {count} parts…").click()
    page.get_by_label("Discount %").fill("50")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text(f"{count} lines would be changed: discount %.")).to_be_visible()
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_text(f"{count} lines changed: discount %.")).to_be_visible()


def test_ticking_all_ticks_those_of_one_table_and_counts_them(signed_in: Page, split):
    page = signed_in
    page.goto(f"{address(split.quote)}?parts_of={split.pk}")
    page.get_by_label("Tick all parts on this page").check()
    parts = page.get_by_role("region", name="Parts of line 1")
    expect(parts.get_by_role("button", name="Edit 4 ticked parts…")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Line 2")).not_to_be_checked()
    parts.get_by_role("checkbox", name="Line 4").uncheck()
    expect(parts.get_by_role("button", name="Edit 3 ticked parts…")).to_be_visible()


def test_a_products_prices_are_shown_before_a_line_is_added(signed_in: Page, line):
    page = signed_in
    query = f"?quote={line.quote_id}&product={line.product_id}"
    page.goto(f"/admin/quotes/quotelineitem/add/{query}")
    expect(page.get_by_label("One-time unit price")).to_have_attribute("placeholder", "49.90 EUR")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_a_quote_are_accessible_and_fit_a_small_screen(signed_in: Page, split, scheme):
    page, faults = signed_in, {}
    page.emulate_media(color_scheme=scheme)
    part = split.parts.first()
    urls = (
        f"{address(split.quote)}?parts_of={split.pk}&changed={part.pk.hex}",
        address(split, "unsplit"),
        address(part, "quick"),
        address(split.quote, "print"),
        "/admin/quotes/quotelineitem/add/",
    )
    for url in urls:
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 844})
            page.goto(url)
            if url == urls[0]:
                page.get_by_role("row", name="Abbey shop").get_by_role("link", name="Edit").click()
                expect(page.get_by_label("Requested date")).to_be_visible()
            if found := faults_of(page, **rules_for_theme(page)):
                faults[url, width] = found
    assert faults == {}


def test_paper_is_a4_without_the_site_around_it(signed_in: Page, split):
    page = signed_in
    page.goto(address(split.quote, "print"))
    expect(page.get_by_role("button", name="Print")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(page.get_by_role("heading", name="Quote")).to_be_visible()
    paper = page.pdf(prefer_css_page_size=True)
    assert paper.startswith(b"%PDF")
    assert b"/MediaBox [0 0 594" in paper or b"/MediaBox [0 0 595" in paper
