"""A recipient group in a real browser: with JavaScript, without, and by the keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from commsapp.core.actors import Actor
from groups import operations
from groups.models import Membership, RecipientGroup
from tests import factories
from tests.browser.checks import faults_of, rules_for_theme

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]


def address(record, name: str = "page") -> str:
    opts = record._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=(record.pk,))


@pytest.fixture
def ours(licensee):
    customer = factories.ContactGroupFactory(licensee=licensee, name="Sample Bakeries")
    return {"licensee": licensee, "customer": customer}


@pytest.fixture
def group(alice, ours) -> RecipientGroup:
    """Of three, where four are expected; two more could be added."""
    group = factories.RecipientGroupFactory(**ours, name="Shops", expected_member_count=4)
    members = [factories.RecipientFactory(**ours, name=f"Member {n}") for n in range(3)]
    by = Actor.of(alice, "staff")
    operations.add_recipients(group.pk, [member.pk.hex for member in members], by=by)
    for n, name in enumerate(("Corner shop", "Harbour shop"), 1):
        factories.RecipientFactory(**ours, name=name, msisdn=f"+44163296000{n}")
    return group


def test_recipients_are_picked_by_the_keyboard_alone(signed_in: Page, group):
    page = signed_in
    page.goto(address(group, "add-recipients"))
    finder = page.get_by_role("combobox", name="Find recipients")
    finder.focus()
    page.keyboard.type("shop")
    expect(page.get_by_role("option")).to_have_count(2)
    expect(finder).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    first = page.get_by_role("option", name="Corner shop")
    expect(finder).to_have_attribute("aria-activedescendant", first.get_attribute("id"))
    page.keyboard.press("Enter")
    expect(finder).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("button", name="Take back Corner shop")).to_be_visible()

    page.keyboard.type("harbour")
    expect(page.get_by_role("option", name="Harbour shop")).to_be_visible()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 chosen")).to_be_visible()
    page.keyboard.press("Backspace")
    expect(page.get_by_text("1 chosen")).to_be_visible()
    page.keyboard.type("x")
    expect(page.get_by_text("Nobody matches.").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(finder).to_have_attribute("aria-expanded", "false")
    expect(finder).to_have_value("x")
    page.keyboard.press("Escape")
    expect(finder).to_have_value("")

    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Preview":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 recipient would be added.")).to_be_visible()
    page.get_by_role("button", name="Add", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("1 recipient added.")
    expect(page.locator("tr.is-new")).to_have_count(1)
    assert Membership.objects.filter(group=group).count() == 4
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Undone: 1 reversed.")).to_be_visible()
    assert Membership.objects.filter(group=group).count() == 3


def test_what_is_pasted_is_counted_while_one_types(signed_in: Page, group):
    page = signed_in
    page.goto(address(group, "add-recipients"))
    page.get_by_label("Paste recipients").fill("+441632960001\n+441632960001; nobody")
    expect(page.get_by_text("3 entries, 1 of them twice")).to_be_visible()
    page.locator("section", has=page.get_by_role("heading", name="Paste")).get_by_role(
        "button", name="Preview"
    ).click()
    expect(page.get_by_text("1 recipient would be added.")).to_be_visible()
    expect(page.get_by_role("cell", name="nobody")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download failed rows").click()
    failed = Path(download.value.path()).read_text("utf-8-sig")
    assert failed.splitlines()[1].startswith("nobody,")
    page.get_by_role("button", name="Download failed rows").click()  # not held back


def test_a_second_submit_is_not_sent_and_the_button_says_working(signed_in: Page, group):
    page = signed_in
    page.goto(address(group, "add-recipients"))
    page.get_by_label("Paste recipients").fill("+441632960001")
    page.locator("section", has=page.get_by_role("heading", name="Paste")).get_by_role(
        "button", name="Preview"
    ).click()
    button = page.get_by_role("button", name="Add", exact=True)
    told = button.evaluate(
        """(button) => {
            let sent = 0;
            window.addEventListener("submit", (event) => {
                if (!event.defaultPrevented) sent += 1;
                event.preventDefault();
            });
            button.click(); button.click();
            return [sent, button.textContent];
        }"""
    )
    assert told == [1, "Working…"]
    assert Membership.objects.filter(group=group).count() == 3


def test_it_all_works_without_javascript(without_scripts: Page, group, tmp_path):
    page = without_scripts
    page.goto(address(group, "add-recipients"))
    expect(page.get_by_role("combobox", name="Find recipients")).to_have_count(0)
    page.get_by_label("Search recipients").fill("corner")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("checkbox", name="Corner shop").check()
    page.get_by_role("button", name="Preview").first.click()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("1 recipient added.")

    page.get_by_role("link", name="Add recipients").click()
    file = tmp_path / "list.csv"
    file.write_text("Number\n+441632960002\n+441632960003\n")
    page.get_by_label("CSV or XLSX file").set_input_files(file)
    page.locator("section", has=page.get_by_role("heading", name="From a file")).get_by_role(
        "button", name="Preview"
    ).click()
    expect(page.get_by_role("cell", name="+441632960003")).to_be_visible()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("1 recipient added.")
    expect(page.get_by_role("button", name="Download failed rows")).to_be_visible()
    page.get_by_role("link", name="Back").click()
    expect(page.locator("tr.is-new")).to_have_count(1)

    page.get_by_label("All 5 members").check()
    page.get_by_role("button", name="Remove selected…").click()
    expect(page.get_by_text("5 recipients would be removed.")).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("Nobody is in this group yet.")).to_be_visible()


def test_a_customer_is_chosen_without_javascript(without_scripts: Page, ours):
    factories.ContactGroupFactory(licensee=ours["licensee"], name="Sample Cafes")
    page = without_scripts
    page.goto(reverse("admin:groups_recipientgroup_add"))
    page.locator("#id_name").fill("Cafes")
    page.get_by_label("Customer").fill("sample")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("radio", name="Sample Cafes").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Cafes")).to_be_visible()
    assert RecipientGroup.objects.get(name="Cafes").customer.name == "Sample Cafes"


def test_a_customer_is_chosen_and_taken_back_by_keyboard(signed_in: Page, group):
    page = signed_in
    page.goto(address(group, "change"))
    customer = page.get_by_role("combobox", name="Customer")
    expect(customer).to_have_value("Sample Bakeries")
    customer.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option", name="Sample Bakeries")).to_have_attribute(
        "aria-selected", "true"
    )
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(customer).to_have_value("")
    page.keyboard.type("baker")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(customer).to_have_value("Sample Bakeries")


def test_two_people_do_not_overwrite_each_other(signed_in: Page, group, alice):
    page = signed_in
    page.goto(address(group, "change"))
    by = Actor.of(alice, "staff")
    operations.edit_recipient_group(group.pk, {"description": "Theirs"}, by=by)
    page.get_by_label("Description").fill("Mine")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("changed this while you were editing")).to_be_visible()
    assert faults_of(page) == []
    page.get_by_label("Take theirs: Theirs").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Shops")).to_be_visible()
    group.refresh_from_db()
    assert group.description == "Theirs"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_its_pages_are_accessible_and_fit_a_small_screen(signed_in: Page, group, scheme):
    factories.RecipientGroupFactory(
        licensee=group.licensee, customer=group.customer, name="Other shops"
    )
    page = signed_in
    page.emulate_media(color_scheme=scheme)
    faults = {}

    def look(name: str) -> None:
        if found := faults_of(page, **rules_for_theme(page)):
            faults[name] = found

    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for name in ("page", "add-recipients", "remove-recipients", "set-recipients", "change"):
            page.goto(address(group, name))
            look(f"{name} {width}")
            box = page.get_by_role("combobox").last
            if box.count():
                box.click()
                expect(page.get_by_role("listbox").last).to_be_visible()
                look(f"{name} {width}, open")
        page.goto(address(group, "set-recipients"))
        page.get_by_label("Paste recipients").fill("+441632960001\nnobody")
        page.locator("section", has=page.get_by_role("heading", name="Paste")).get_by_role(
            "button", name="Preview"
        ).click()
        expect(page.get_by_text("Who goes")).to_be_visible()
        look(f"preview {width}")
    assert faults == {}
