"""The Message API's pages for people in a real browser, under our policy for scripts and styles.

Wide tables and samples move by themselves; the page does not.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.checks import faults_of

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_the_pages_can_be_read_by_all(page: Page, scheme, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    page.goto("/metadata")
    assert faults_of(page) == []

    page.get_by_role("link", name="JSONL of SaveContactGroup").click()
    expect(page.get_by_role("heading", name="SaveContactGroup", exact=True)).to_be_visible()
    page.get_by_role("link", name="List<RuleValidationResult>").click()
    expect(page.get_by_role("heading", name="RuleValidationResult Parameters")).to_be_in_viewport()
    assert faults_of(page) == []
