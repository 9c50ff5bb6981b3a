"""The staff side in a real browser."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.urls import reverse
from playwright.sync_api import Page, expect

from commsapp.core.actors import Actor
from contacts.models import ContactConnection
from groups import operations as groups_operations
from groups.models import Membership
from quotes import operations as quotes_operations
from quotes.models import QuoteLineItem
from tests import factories

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse battery staple"


@pytest.fixture
def shop(alice, licensee):
    """A customer's group of three with a group line, a contact, and two more recipients."""
    by, same = Actor.of(alice, "staff"), {"licensee": licensee}
    customer = factories.ContactGroupFactory(**same, name="Sample Bakeries")
    contact = factories.ContactFactory(**same)
    ContactConnection.objects.create(group=customer, contact=contact, position=1)
    ours = {**same, "customer": customer}
    group = factories.RecipientGroupFactory(**ours, name="Shops", expected_member_count=5)
    members = factories.RecipientFactory.create_batch(3, **ours)
    groups_operations.add_recipients(group.pk, [member.pk.hex for member in members], by=by)
    factories.RecipientFactory(**ours, name="Corner shop")
    factories.RecipientFactory(**ours, name="Harbour shop")
    quote = factories.QuoteFactory(**ours, name="Fibre for the shops")
    line = factories.QuoteLineItemFactory.build(
        **same, quote=quote, product=factories.ProductFactory(**same), recipient_group=group,
        line_number=None,
        one_time_price=Decimal("49.90"), recurring_price=Decimal("9.99"),
    )  # fmt: skip
    return quotes_operations.create_line(line, by=by)


def address(record, name: str = "page") -> str:
    opts = record._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=(record.pk,))


def test_somebody_signs_in_by_the_page(page: Page, alice):
    """With the hasher that the product has; other tests bring their session along."""
    alice.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt")
    alice.save()
    page.goto("/")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("another password")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


def test_two_recipients_are_added_and_a_line_is_split(signed_in: Page, shop):
    page = signed_in
    page.get_by_role("navigation", name="Sections").get_by_role(
        "link", name="Recipient groups"
    ).click()
    page.get_by_role("link", name="Shops").click()
    page.get_by_role("link", name="Add recipients").click()
    page.get_by_role("checkbox", name="Corner shop").check()
    page.get_by_role("checkbox", name="Harbour shop").check()
    page.get_by_role("button", name="Preview").first.click()
    expect(page.get_by_text("2 recipients would be added.")).to_be_visible()
    assert Membership.objects.count() == 3
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("2 recipients added.")
    assert Membership.objects.count() == 5

    page.get_by_role("link", name="Fibre for the shops").click()
    page.get_by_role("link", name="Split… Line 1").click()
    expect(page.get_by_text("5 lines would be created.")).to_be_visible()
    expect(page.get_by_text("The same")).to_have_count(2)
    page.get_by_role("button", name="Split").click()
    expect(page.get_by_role("status").first).to_contain_text("5 lines created.")
    assert QuoteLineItem.objects.filter(split_from=shop).count() == 5

    page.get_by_role("link", name="Edit 2").click()
    page.get_by_label("Description").fill("Delivered at the back door")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("1 line changed: description.")).to_be_visible()


def test_a_customer_is_picked_by_typing(signed_in: Page, shop):
    page = signed_in
    page.goto(reverse("admin:groups_recipientgroup_add"))
    page.locator("#id_name").fill("Cafes")
    page.get_by_role("combobox", name="Customer").press_sequentially("bakeries")
    page.get_by_role("option", name="Sample Bakeries").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Cafes")).to_be_visible()
    expect(page.get_by_role("link", name="Sample Bakeries")).to_be_visible()


def test_the_theme_is_toggled_and_kept(signed_in: Page):
    page = signed_in
    page.get_by_role("button", name="Toggle theme").click()
    chosen = page.evaluate("document.documentElement.dataset.theme")
    assert chosen == "dark"
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(15, 19, 21)"
