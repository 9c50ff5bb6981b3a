"""What is on every page, in a real browser; and a look at every page."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Literal

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from commsapp.core.actors import Actor
from commsapp.core.credentials import api_clients
from commsapp.models import Client, Operation, SavedFilter
from contacts.models import AlternateKey, ContactConnection
from groups import operations as groups_operations
from quotes import operations as quotes_operations
from tests import factories
from tests.browser.checks import DESK, PHONE, faults_of
from tests.browser.test_staff import address

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]

LISTS = (
    "quotes_quote", "quotes_quotelineitem", "quotes_product", "groups_recipientgroup",
    "groups_recipient", "contacts_contactgroup", "contacts_contact", "contacts_alternatekey",
    "contacts_datasource", "contacts_role", "contacts_contactconnection", "commsapp_operation",
    "commsapp_user", "commsapp_client", "commsapp_licensee", "commsapp_apiuse", "auth_group",
)  # fmt: skip
FORMS = (
    "quotes_quote", "quotes_product", "groups_recipientgroup", "groups_recipient",
    "contacts_contactgroup", "contacts_contact", "contacts_alternatekey", "contacts_datasource",
    "contacts_role", "commsapp_user", "commsapp_client",
)  # fmt: skip


@pytest.fixture
def shop(alice, licensee):
    """A customer's group of two with a group line, and what else an installation has."""
    by, same = Actor.of(alice, "staff"), {"licensee": licensee}
    customer = factories.ContactGroupFactory(**same, name="Sample Bakeries")
    contact = factories.ContactFactory(**same, name="Ann Sample")
    ContactConnection.objects.create(group=customer, contact=contact, position=1)
    suite = factories.DataSourceFactory(**same, name="Sales suite")
    factories.AlternateKeyFactory(
        **same, data_source=suite, kind=AlternateKey.Kind.CONTACT_GROUP, contact_group=customer
    )
    group = factories.RecipientGroupFactory(
        **same, customer=customer, name="Shops", expected_member_count=5
    )
    members = factories.RecipientFactory.create_batch(2, **same, customer=customer)
    groups_operations.add_recipients(group.pk, [member.pk.hex for member in members], by=by)
    quote = factories.QuoteFactory(**same, customer=customer, name="Fibre for the shops")
    line = factories.QuoteLineItemFactory.build(
        **same, quote=quote, product=factories.ProductFactory(**same), recipient_group=group,
        line_number=None, one_time_price=Decimal("49.90"), recurring_price=Decimal("9.99"),
    )  # fmt: skip
    api_clients.issue_token(api_clients.create_client("Till", alice)[0], days=1)
    return quotes_operations.create_line(line, by=by)


def press(page: Page, keys: str) -> None:
    page.keyboard.press(keys)


def test_a_record_is_reached_by_keys_alone(signed_in: Page, shop):
    page = signed_in
    press(page, "Control+k")
    field = page.get_by_role("combobox", name="Find a page or a record")
    expect(field).to_be_focused()
    page.keyboard.type("fibre")
    expect(page.get_by_role("option", name="Fibre for the shops")).to_be_visible()
    expect(page.get_by_role("option", selected=True)).to_contain_text("Fibre for the shops")
    press(page, "ArrowDown")
    press(page, "ArrowUp")
    press(page, "Enter")
    page.wait_for_url(f"**{address(shop.quote)}")
    press(page, "Control+k")
    press(page, "Escape")
    expect(field).to_be_hidden()


def test_keys_do_nothing_while_typing_and_can_be_turned_off(signed_in: Page, shop):
    page = signed_in
    page.goto(reverse("admin:groups_recipient_changelist"))
    press(page, "/")
    search = page.get_by_role("searchbox")
    expect(search).to_be_focused()
    page.keyboard.type("a/b?")
    expect(search).to_have_value("a/b?")
    search.blur()
    press(page, "?")
    told = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(told).to_be_visible()
    told.get_by_role("checkbox").uncheck()
    told.get_by_role("button", name="Close").click()
    press(page, "?")
    expect(told).to_be_hidden()


def test_an_id_is_copied(signed_in: Page, shop, context):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = signed_in
    page.goto(address(shop.recipient_group))
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == str(shop.recipient_group.pk)


@pytest.mark.parametrize("visitor", ["signed_in", "without_scripts"])
def test_a_filter_is_saved_used_and_removed(shop, visitor, request):
    page = request.getfixturevalue(visitor)
    page.goto(reverse("admin:groups_recipientgroup_changelist"))
    page.get_by_role("link", name="Archived").click()
    page.get_by_text("Save this filter…").click()
    page.get_by_label("Name").fill("Put away")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Put away")).to_have_attribute("aria-current", "true")
    page.get_by_role("link", name="Clear all filters").click()
    page.get_by_role("link", name="Put away").click()
    page.wait_for_url(re.compile("state=archived"))
    page.get_by_role("button", name="Remove Put away").click()
    expect(page.get_by_role("link", name="Put away")).to_have_count(0)
    assert SavedFilter.objects.count() == 0


def test_without_javascript_records_are_found_on_a_page(without_scripts: Page, shop):
    page = without_scripts
    page.goto("/admin/")
    page.get_by_role("link", name="Find…").click()
    page.get_by_role("searchbox").fill("sample bak")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Sample Bakeries", exact=True).click()
    page.wait_for_url(f"**{address(shop.quote.customer)}")


# --- A look at every page ---------------------------------------------------------------------


def pages_of(shop) -> list[str]:
    """The address of every staff page that reading leads to."""
    group, quote = shop.recipient_group, shop.quote
    operation, client = Operation.objects.order_by("id").first(), Client.objects.get()
    own = ["", "integrations/", "integrations/curl/", "find/?q=s", "shortcuts/", "password_change/"]
    return [
        *(f"/admin/{path}" for path in own),
        *(reverse(f"admin:{name}_changelist") for name in LISTS),
        *(reverse(f"admin:{name}_add") for name in FORMS),
        *map(address, (group, quote, shop, quote.customer, operation, shop.product)),
        address(group, "change"), address(group, "history"), address(group, "add-recipients"),
        address(shop, "split"), address(shop, "delete"), address(quote.customer, "history"),
        reverse("staff-end-tokens", args=(client.pk,)),
    ]  # fmt: skip


@pytest.mark.timeout(480)
def test_every_page_is_accessible_in_both_themes_and_fits_a_small_screen(signed_in: Page, shop):
    page = signed_in
    faults: dict[str, list[object]] = {}
    for url in pages_of(shop):
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": DESK, "height": 900})
        answer = page.goto(url)
        found: list[object] = [] if answer.status == 200 else [answer.status]
        found += faults_of(page)
        wear(page, "dark")
        found += faults_of(page, runOnly=["color-contrast"])  # all that has to do with the theme
        page.set_viewport_size({"width": PHONE, "height": 844})
        found += faults_of(page)
        if found:
            faults[url] = found
    assert not faults, "\n".join(f"{url}: {found}" for url, found in faults.items())


def test_pages_outside_are_in_the_same_look(signed_in: Page, problems):
    page = signed_in
    problems.announce(404, "/admin/nothing/")
    look(page, "/admin/nothing/", "There is no such page")
    page.set_viewport_size({"width": 1280, "height": 844})
    page.goto("/admin/")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Logged out")).to_be_visible()
    assert faults_of(page) == []
    look(page, "/admin/login/", "commsapp")


def wear(page: Page, scheme: Literal["light", "dark"]) -> None:
    """Show the page in a theme, with every colour arrived there."""
    page.emulate_media(color_scheme=scheme)
    page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")


def look(page: Page, url: str, heading: str) -> None:
    """Open a page on a small screen, and look at it in both themes."""
    page.set_viewport_size({"width": PHONE, "height": 844})
    page.goto(url)
    expect(page.get_by_role("heading", name=heading)).to_be_visible()
    for scheme in ("light", "dark"):
        wear(page, scheme)
        assert faults_of(page) == []
