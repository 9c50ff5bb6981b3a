"""What stands on a record is told before it is put away, in every theme and width."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from commsapp.core.actors import Actor
from groups import operations
from groups.models import Membership
from quotes import operations as quotes_operations
from quotes.models import Quote, QuoteLineItem
from tests import factories
from tests.browser.checks import faults_at, faults_of

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def line(alice, licensee) -> QuoteLineItem:
    """A group line of 60 members, split, of whom one part was edited and one more came since."""
    by, same = Actor.of(alice, "staff"), {"licensee": licensee}
    customer = factories.ContactGroupFactory(**same, name="Sample Bakeries")
    group = factories.RecipientGroupFactory(**same, customer=customer, name="Shops")
    shops = factories.RecipientFactory.create_batch(61, **same, customer=customer)
    ids = [shop.pk.hex for shop in shops]
    operations.add_recipients(group.pk, ids[:60], by=by)
    quote = factories.QuoteFactory(**same, customer=customer)
    product = factories.ProductFactory(**same)
    lines = [
        quotes_operations.create_line(
            QuoteLineItem(quote=quote, product=product, recipient_group=group), by=by
        )
        for _ in range(2)
    ]
    quotes_operations.split_line(lines[0].pk, by=by)
    part = lines[0].parts.order_by("line_number")[0]
    quotes_operations.edit_line(part.pk, {"quantity": 4}, by=by)
    operations.add_recipients(group.pk, ids[60:], by=by)
    return lines[0]


def remove_all(page: Page, line: QuoteLineItem) -> None:
    """From the group's page to the last page of who goes, and on."""
    group = line.recipient_group
    page.goto(reverse("admin:groups_recipientgroup_page", args=(group.pk,)))
    page.get_by_label("All 61 members").check()
    page.get_by_role("button", name="Remove selected…").press("Enter")
    expect(page.get_by_text("61 recipients would be removed.")).to_be_visible()
    expect(page.get_by_text("1 to 50 of 61")).to_be_visible()
    page.get_by_role("button", name="Next").press("Enter")
    expect(page.get_by_text("51 to 61 of 61")).to_be_visible()
    repriced = page.get_by_role("heading", name="Open quotes whose totals change")
    expect(repriced).to_be_visible()
    page.get_by_role("link", name=str(line.quote)).hover()
    assert Membership.objects.count() == 61
    page.get_by_role("button", name="Remove", exact=True).press("Enter")
    expect(page.get_by_text("61 recipients removed.")).to_be_visible()
    assert Membership.objects.count() == 0


def test_who_goes_is_looked_through_by_keyboard_before_it_is_done(signed_in: Page, line):
    remove_all(signed_in, line)


def test_the_same_without_scripts(without_scripts: Page, line):
    remove_all(without_scripts, line)


def test_submitting_warns_and_leads_to_the_split(signed_in: Page, line):
    signed_in.goto(reverse("admin:quotes_quote_page", args=(line.quote_id,)))
    signed_in.get_by_role("button", name="Submit for review").press("Enter")
    expect(signed_in.get_by_role("alert")).to_contain_text("does not count everybody")
    for width in (1280, 390):
        signed_in.set_viewport_size({"width": width, "height": 844})
        assert faults_of(signed_in) == []
    signed_in.get_by_role("link", name="Split again…").press("Enter")
    expect(signed_in.get_by_text("1 line would be created.")).to_be_visible()
    assert Quote.objects.get().status == "draft"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_confirmations_have_no_fault_in_either_theme_on_a_desk_or_a_phone(
    signed_in: Page, line, theme
):
    signed_in.emulate_media(color_scheme=theme)
    customer, group = line.quote.customer, line.recipient_group
    plain = line.quote.lines.get(line_number=2)
    recipient = Membership.objects.first().recipient
    urls = [
        reverse("admin:contacts_contactgroup_archive", args=(customer.pk,)),
        reverse("admin:contacts_contactgroup_delete-group", args=(customer.pk,)),
        reverse("admin:groups_recipientgroup_archive", args=(group.pk,)),
        reverse("admin:groups_recipient_archive", args=(recipient.pk,)),
        reverse("admin:quotes_quotelineitem_delete", args=(plain.pk,)),
    ]
    assert faults_at(signed_in, urls) == {}
