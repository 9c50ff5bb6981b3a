"""The page of a contact group in a real browser: with JavaScript, without, by keyboard alone."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from contacts.models import ContactConnection
from groups.models import RecipientGroup
from tests import factories
from tests.browser.checks import faults_at

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def customer(licensee):
    """Anna, Ben, Clara and Dora, in this order; Emil is not connected."""
    same = {"licensee": licensee}
    customer = factories.ContactGroupFactory(**same, name="Sample Bakeries")
    for place, name in enumerate(("Anna", "Ben", "Clara", "Dora"), 1):
        contact = factories.ContactFactory(**same, name=name, email=f"{name.lower()}@example.com")
        ContactConnection.objects.create(group=customer, contact=contact, position=place)
    factories.ContactFactory(**same, name="Emil Fischer")
    factories.RoleFactory(**same, name="Site manager", kind="connection")
    return customer


def address(record, name: str = "page") -> str:
    opts = record._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=(record.pk,))


def names(customer) -> list[str]:
    rows = customer.connections.order_by("position")
    return [*rows.values_list("contact__name", flat=True)]


def shown(page: Page) -> list[str]:
    return page.locator("[data-order] tbody td.who a").all_inner_texts()


def test_a_contact_is_made_the_primary_one_with_the_keyboard(signed_in: Page, customer):
    page = signed_in
    page.goto(address(customer))
    page.get_by_role("button", name="Move Clara up").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-order-says]")).to_have_text("“Clara” is now at place 2 of 4.")
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "Move Clara up"
    page.keyboard.press("Enter")
    expect(page.locator("[data-order-says]")).to_contain_text("is now the primary contact")
    assert shown(page) == names(customer) == ["Clara", "Anna", "Ben", "Dora"]
    focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "Place of Clara"  # there is no further up
    first = page.locator("[data-order] tbody tr").first
    expect(first.get_by_text("Primary")).to_be_visible()

    page.get_by_label("Place of Clara").fill("3")
    page.keyboard.press("Enter")
    expect(page.locator("[data-order-says]")).to_have_text("“Clara” is now at place 3 of 4.")
    assert names(customer) == ["Anna", "Ben", "Clara", "Dora"]
    expect(page.get_by_label("Place of Clara")).to_be_focused()
    page.get_by_role("button", name="Move Clara first").focus()
    page.keyboard.press("Space")
    expect(first).to_contain_text("Clara")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone: 1 reversed.")).to_be_visible()
    assert names(customer) == ["Anna", "Ben", "Clara", "Dora"]


def test_a_few_keys_find_a_contact_and_make_it_the_primary_one(signed_in: Page, customer):
    page = signed_in
    page.goto(address(customer))
    page.keyboard.press("/")
    page.keyboard.type("Clara")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?contact=Clara#connections")
    clara = page.get_by_role("link", name="Clara", exact=True)
    for _ in range(10):
        page.keyboard.press("Tab")
        if clara.evaluate("(link) => link === document.activeElement"):
            break
    expect(clara).to_be_focused()
    page.keyboard.press("Alt+Shift+ArrowUp")
    expect(page.locator("[data-order-says]")).to_contain_text("is now the primary contact")
    assert names(customer)[0] == "Clara"


def test_arrows_go_from_row_to_row_and_with_alt_take_the_contact_along(signed_in: Page, customer):
    page = signed_in
    page.goto(address(customer))
    page.get_by_role("link", name="Anna", exact=True).focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Ben", exact=True)).to_be_focused()
    page.keyboard.press("Alt+ArrowDown")
    expect(page.locator("[data-order-says]")).to_have_text("“Ben” is now at place 3 of 4.")
    expect(page.get_by_role("button", name="Move Ben down")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("button", name="Move Clara down")).to_be_focused()
    assert names(customer) == ["Anna", "Clara", "Ben", "Dora"]


def test_quick_moves_are_all_made(signed_in: Page, customer):
    page = signed_in
    page.goto(address(customer))
    page.get_by_role("button", name="Move Anna down").focus()
    for _ in range(3):
        page.keyboard.press("Enter")
    sentence = page.locator("[data-order-says]")
    expect(sentence).to_have_text(re.compile("“Anna” is now at place [234] of 4."))
    expect(page.locator("[data-order]")).not_to_have_attribute("aria-busy", "true")
    place = [*names(customer)].index("Anna") + 1
    expect(page.get_by_label("Place of Anna")).to_have_value(str(place))
    assert place > 1


def test_a_contact_is_dragged_to_another_place(signed_in: Page, customer):
    page = signed_in
    page.goto(address(customer))
    rows = page.locator("[data-order] tbody tr")
    rows.nth(3).locator("[data-grip]").drag_to(rows.nth(0))
    expect(page.locator("[data-order-says]")).to_contain_text("“Dora” is now the primary contact")
    rows.nth(0).locator("[data-grip]").drag_to(rows.nth(2))
    expect(page.locator("[data-order-says]")).to_have_text("“Dora” is now at place 3 of 4.")
    assert shown(page) == names(customer) == ["Anna", "Ben", "Dora", "Clara"]


def test_without_javascript_the_focus_stays_on_the_button(without_scripts: Page, customer):
    page = without_scripts
    page.goto(address(customer))
    expect(page.locator("[data-grip]").first).to_be_hidden()
    page.get_by_role("button", name="Move Clara up").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("“Clara” is now at place 2 of 4.")).to_be_visible()
    expect(page.get_by_role("button", name="Move Clara up")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("“Clara” is now the primary contact")).to_be_visible()
    expect(page.get_by_label("Place of Clara")).to_be_focused()
    assert names(customer) == ["Clara", "Anna", "Ben", "Dora"]


def test_roles_are_changed_in_place(signed_in: Page, customer):
    page = signed_in
    page.goto(address(customer))
    page.get_by_label("Role of Ben").select_option("Site manager")
    page.get_by_role("button", name="Save roles").click()
    expect(page.get_by_text("1 role changed.")).to_be_visible()
    assert customer.connections.get(contact__name="Ben").role.name == "Site manager"


def test_a_contact_is_picked_by_typing(signed_in: Page, customer):
    page = signed_in
    page.goto(address(customer, "add-connections"))
    page.get_by_role("combobox", name="Contacts").press_sequentially("emil")
    expect(page.get_by_role("option", name="Emil Fischer")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Preview", exact=True).click()
    expect(page.get_by_text("1 contact would be added.")).to_be_visible()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("1 connection added.")).to_be_visible()
    assert names(customer)[-1] == "Emil Fischer"


def test_without_javascript_contacts_are_ticked_removed_and_made_a_group(
    without_scripts: Page, customer
):
    page = without_scripts
    page.goto(address(customer, "add-connections"))
    expect(page.get_by_role("heading", name="Pick")).to_be_hidden()
    page.get_by_role("checkbox", name="Emil Fischer").check()
    page.get_by_role("button", name="Preview ticked").click()
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("checkbox", name="Tick Anna").check()
    page.get_by_role("button", name="Remove ticked…").click()
    expect(page.get_by_text("1 contact would be removed.")).to_be_visible()
    expect(page.get_by_text("“Ben” would become the primary contact.")).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).click()
    assert names(customer) == ["Ben", "Clara", "Dora", "Emil Fischer"]

    page.get_by_role("checkbox", name="Tick Ben").check()
    page.get_by_role("checkbox", name="Tick Dora").check()
    page.get_by_role("button", name="Make recipient group of ticked…").click()
    expect(page.get_by_text("Of the 2 ticked contacts.")).to_be_visible()
    page.get_by_label("Name of the recipient group").fill("Two of them")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("would be made, 2 new recipients.")).to_be_visible()
    page.get_by_role("button", name="Make the group").click()
    expect(page.get_by_role("heading", name="Two of them")).to_be_visible()
    assert RecipientGroup.objects.get().member_count == 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_small_screen(signed_in: Page, customer, scheme):
    page = signed_in
    page.emulate_media(color_scheme=scheme)
    urls = (
        address(customer),
        address(customer, "add-connections"),
        address(customer, "make-group"),
        reverse("admin:contacts_contact_changelist"),
    )
    assert faults_at(page, urls) == {}


def test_on_a_small_screen_the_buttons_to_move_are_in_sight(signed_in: Page, customer):
    page = signed_in
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address(customer))
    box = page.get_by_role("button", name="Move Clara up").bounding_box()
    assert box["x"] + box["width"] <= 390
