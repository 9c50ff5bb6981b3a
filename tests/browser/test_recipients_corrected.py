"""A whole list with a wrong entry, put right in a real browser."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from commsapp.core.actors import Actor
from groups import operations
from groups.models import Membership, RecipientGroup
from tests import factories
from tests.browser.checks import faults_of

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def group(alice, licensee) -> RecipientGroup:
    """Of two, with references."""
    group = factories.RecipientGroupFactory(licensee=licensee, name="Shops")
    members = [
        factories.RecipientFactory(licensee=licensee, external_reference=f"SHOP-{n}")
        for n in range(2)
    ]
    operations.add_recipients(
        group.pk, [member.pk.hex for member in members], by=Actor.of(alice, "staff")
    )
    return group


@pytest.mark.parametrize("width", [1440, 390])
def test_a_wrong_entry_is_corrected_where_the_list_still_stands(signed_in: Page, group, width):
    page = signed_in
    page.set_viewport_size({"width": width, "height": 844})
    url = reverse("admin:groups_recipientgroup_set-recipients", args=(group.pk,))
    page.goto(url)
    paste = page.locator("section", has=page.get_by_role("heading", name="Paste"))
    page.get_by_label("Paste recipients").fill("SHOP-0\nSHOP-9")
    paste.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("cell", name="SHOP-9")).to_be_visible()
    expect(page.get_by_role("button", name="Set", exact=True)).to_have_count(0)
    faults = faults_of(page)

    page.get_by_role("button", name="Correct the list").click()
    expect(page.get_by_role("cell", name="SHOP-9")).to_be_visible()
    expect(page.get_by_label("Paste recipients")).to_have_value("SHOP-0\nSHOP-9")
    faults += faults_of(page)
    page.get_by_label("Paste recipients").fill("SHOP-0")
    paste.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name="Set", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("0 added, 1 removed, 1 stayed")
    assert Membership.objects.filter(group=group).count() == 1
    assert faults == []
