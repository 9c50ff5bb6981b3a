"""A large undo is shown before it is done; the message's own button stays one click."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from commsapp.core.actors import Actor
from commsapp.models import Operation
from groups import operations
from groups.models import Membership, RecipientGroup
from tests import factories
from tests.browser.checks import faults_at

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def removed(alice, licensee) -> Operation:
    """Eight that left a group, one of whom is in it again."""
    by, same = Actor.of(alice, "staff"), {"licensee": licensee}
    customer = factories.ContactGroupFactory(**same, name="Sample Bakeries")
    group = factories.RecipientGroupFactory(**same, customer=customer, name="Shops")
    shops = factories.RecipientFactory.create_batch(8, **same, customer=customer)
    ids = [shop.pk.hex for shop in shops]
    operations.add_recipients(group.pk, ids, by=by)
    change = operations.remove_recipients(group.pk, ids, by=by)
    operations.add_recipients(group.pk, ids[:1], by=by)
    return change.operation


def undo_by_history(page: Page, group: RecipientGroup) -> None:
    page.goto(reverse("admin:groups_recipientgroup_history", args=(group.pk,)))
    row = page.get_by_role("row").filter(has_text="8 recipients removed.")
    row.get_by_role("link", name="Undo…").click()
    expect(page.get_by_text("7 would be reversed, 1 kept because changed since.")).to_be_visible()
    expect(page.get_by_role("heading", name="Kept: in the group again since")).to_be_visible()
    assert Membership.objects.count() == 1
    page.get_by_role("button", name="Undo").press("Enter")
    told = page.get_by_role("status").first
    expect(told).to_contain_text("Undone: 7 reversed, 1 kept because changed since.")
    expect(page.get_by_role("heading", name="History: Shops")).to_be_visible()
    assert Membership.objects.count() == 8


def test_a_large_undo_is_shown_first_and_comes_back_to_the_history(signed_in: Page, removed):
    undo_by_history(signed_in, RecipientGroup.objects.get())
    told = signed_in.get_by_role("status").first
    kept = Membership.objects.exclude(operation__in=Operation.objects.filter(touched=8)).get()
    told.get_by_role("link", name=kept.recipient.name).click()
    expect(signed_in.get_by_role("heading", name=kept.recipient.name)).to_be_visible()


def test_the_same_without_javascript(without_scripts: Page, removed):
    undo_by_history(without_scripts, RecipientGroup.objects.get())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_preview_has_no_fault_in_either_theme_on_a_desk_or_a_phone(
    signed_in: Page, removed, theme
):
    signed_in.emulate_media(color_scheme=theme)
    url = reverse("admin:commsapp_operation_undo", args=(removed.pk,))
    activity = reverse("admin:commsapp_operation_changelist")
    empty = reverse("admin:quotes_product_changelist")
    assert faults_at(signed_in, [url, activity, empty]) == {}


def test_enter_is_not_too_quick_for_what_is_found(signed_in: Page, removed):
    signed_in.wait_for_load_state()
    signed_in.keyboard.press("Control+k")
    expect(signed_in.get_by_role("dialog")).to_be_visible()
    signed_in.keyboard.type("Sample Bakeries")
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_role("heading", name="Sample Bakeries")).to_be_visible()
