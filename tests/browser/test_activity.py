"""Who removed this recipient, when and through what; and bringing it back: in a real browser."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from commsapp.core import records
from commsapp.models import Operation
from groups import operations
from groups.models import Membership, Recipient
from tests import factories
from tests.browser.checks import faults_at
from tests.conftest import actor

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def lost(alice, licensee):
    """A recipient that an integration removed from its group, with five others."""
    same = {"licensee": licensee}
    customer = factories.ContactGroupFactory(**same, name="Sample Bakeries")
    group = factories.RecipientGroupFactory(**same, customer=customer, name="Shops")
    made = factories.RecipientFactory.create_batch(6, **same, customer=customer)
    by = actor(alice, "staff")
    operations.add_recipients(group.pk, [one.pk.hex for one in made], by=by)
    sync = replace(by, channel="rest", client="Nightly sync", request_id="feed" * 8)
    operations.remove_recipients(group.pk, [one.pk.hex for one in made], by=sync)
    records.archive(Recipient, [made[4].pk.hex, made[5].pk.hex], by=by)
    return made[0]


def address(record, name: str = "page") -> str:
    opts = record._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=(record.pk,))


def find_and_bring_back(page: Page, lost: Recipient) -> None:
    page.goto(reverse("admin:groups_recipient_changelist"))
    search = page.get_by_role("searchbox").first
    search.fill(lost.name)
    search.press("Enter")
    page.get_by_role("link", name=lost.name).first.click()
    row = page.get_by_role("row").filter(has_text="Removed from")
    for told in ("Shops", "6 recipients removed.", "alice", "REST · Nightly sync"):
        expect(row).to_contain_text(told)
    row.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Shops: 6 recipients removed")).to_be_visible()
    expect(page.get_by_text("feed" * 8)).to_be_visible()
    page.go_back()
    row.get_by_role("button", name="Add it back to the group").press("Enter")
    expect(page.get_by_text(f"“{lost.name}” is in “Shops” again.")).to_be_visible()
    assert [*Membership.objects.values_list("recipient", flat=True)] == [lost.pk]


def test_who_removed_a_recipient_is_found_and_it_comes_back(signed_in: Page, lost):
    find_and_bring_back(signed_in, lost)
    row = signed_in.get_by_role("row").filter(has_text="Removed from")
    row.get_by_role("link", name="Undo for all 6…").click()
    expect(signed_in.get_by_text("5 would be reversed, 1 kept")).to_be_visible()
    signed_in.get_by_role("button", name="Undo").click()
    told = signed_in.get_by_role("status").first
    expect(told).to_contain_text("Undone: 5 reversed, 1 kept because changed since.")
    expect(told).to_contain_text(f"Kept: in the group again since: “{lost.name}”.")
    assert Membership.objects.count() == 6


def test_the_same_without_javascript(without_scripts: Page, lost):
    find_and_bring_back(without_scripts, lost)


def test_operations_are_narrowed_down_by_day_face_and_request(signed_in: Page, lost):
    page = signed_in
    page.goto(reverse("admin:commsapp_operation_changelist"))
    rows = page.locator("#result_list tbody tr")
    expect(rows).to_have_count(3)
    page.get_by_role("link", name="REST").click()
    expect(rows).to_have_count(1)
    page.get_by_role("link", name="Clear all filters").click()
    page.get_by_label("From").fill("2020-01-01")
    page.get_by_label("to", exact=True).fill("2020-01-31")
    page.get_by_role("button", name="Apply").click()
    expect(rows).to_have_count(0)
    page.get_by_role("link", name="Today").click()
    expect(rows).to_have_count(3)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_small_screen(signed_in: Page, lost, scheme):
    page = signed_in
    page.emulate_media(color_scheme=scheme)
    urls = (
        reverse("admin:commsapp_operation_changelist"),
        address(lost),
        address(lost, "history"),
        *(address(operation) for operation in Operation.objects.all()[:4]),
    )
    assert faults_at(page, urls) == {}
