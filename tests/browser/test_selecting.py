"""Records are selected over all pages of a list, with scripts or without."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from contacts.models import Contact
from tests import factories

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]
PATH = "/admin/contacts/contact/"


@pytest.fixture
def many(licensee):
    return factories.ContactFactory.create_batch(120, licensee=licensee)


def archive(page: Page) -> None:
    page.locator("select[name=action]").select_option("archive_selected")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".verdict")).to_contain_text("120 would be archived.")
    assert not Contact.objects.exclude(archived_at=None).exists()
    page.get_by_role("button", name="Archive").click()
    expect(page.get_by_text("120 archived.")).to_be_visible()
    assert Contact.objects.exclude(archived_at=None).count() == 120


def test_without_scripts_all_that_match_are_archived_by_a_tick(without_scripts: Page, many):
    page = without_scripts
    page.goto(f"{PATH}")
    expect(page.locator(".action-counter")).to_be_hidden()
    expect(page.locator("#action-toggle")).to_be_hidden()
    page.get_by_label("All that match, on all pages").check()
    archive(page)


def test_with_scripts_all_that_match_are_archived_by_a_link(signed_in: Page, many):
    page = signed_in
    page.goto(f"{PATH}")
    page.locator("#action-toggle").check()
    page.get_by_role("button", name="Select all 120 contacts").click()
    archive(page)
