"""The API's documentation in a real browser, under our policy for scripts and styles."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from commsapp.api.openapi.views import document
from tests.browser.checks import PHONE, faults_of

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_swagger_ui_shows_every_operation_without_a_complaint(page: Page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.goto("/api/docs")
    groups = {each["tags"][0] for path in document()["paths"].values() for each in path.values()}
    expect(page.locator(".opblock-tag")).to_have_count(len(groups))

    page.locator(".opblock-tag", has_text="Connect").click()
    page.locator("#operations-Connect-connect_limits").click()
    expect(page.get_by_text("DailyApiRequests").first).to_be_visible()
    page.locator("#operations-Connect-connect_limits .try-out__btn").click()
    page.locator("[id^=operations-Connect-] .opblock-summary-control").first.click()
    expect(page.locator(".opblock-summary-control a[href]")).to_have_count(0)

    assert faults_of(page) == []
    page.set_viewport_size({"width": PHONE, "height": 844})
    assert faults_of(page) == []
