"""What is seen where nothing is, where one may not go, and where we failed: as calm as the rest."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, reverse
from playwright.sync_api import Browser, Page, expect

from tests.browser.looking import faults_at

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]


def fails(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("It has to fail.")


handler404 = "commsapp.faces.middleware.page_not_found"
handler500 = "commsapp.faces.middleware.server_error"
urlpatterns = [path("fails/", fails), path("", include("commsapp.urls"))]
PAGES = {"/nothing/": 404, "/admin/nothing/": 404, "/fails/": 500}


@pytest.fixture
def failing(settings):
    settings.ROOT_URLCONF = __name__


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_error_page_has_a_fault_in_either_theme_on_a_desk_or_a_phone(
    failing, signed_in: Page, browser: Browser, live_server, alice, theme
):
    urls = [live_server.url + url for url in PAGES]
    forbidden = live_server.url + reverse("admin:quotes_quote_changelist")
    signed_in.emulate_media(color_scheme=theme)
    assert faults_at(signed_in, urls) == {}
    outside = browser.new_page(color_scheme=theme)
    assert faults_at(outside, [*urls, live_server.url + "/admin/login/"]) == {}
    outside.close()
    alice.user_permissions.clear()
    assert faults_at(signed_in, [forbidden]) == {}
    expect(signed_in.get_by_role("heading", name="You may not do this")).to_be_visible()


def test_each_says_what_happened_and_leads_back(failing, signed_in: Page, live_server):
    for url, status in PAGES.items():
        answer = signed_in.goto(live_server.url + url)
        assert answer is not None
        assert answer.status == status
        expect(signed_in.get_by_text(str(status), exact=True)).to_be_visible()
        expect(signed_in.get_by_role("heading")).to_have_count(1)
        signed_in.get_by_role("link", name="To the start").click()
        expect(signed_in.get_by_role("heading", name="Home")).to_be_visible()
