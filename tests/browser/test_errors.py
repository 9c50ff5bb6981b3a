"""What is seen where nothing is, where one may not go, and where we failed: as calm as the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from tests.browser.checks import faults_at
from tests.served import free_port, gunicorn

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]

APPLICATION = "tests.browser.failing_views:application"


@pytest.fixture(scope="module")
def fails(server, tmp_path_factory) -> Iterator[str]:
    """The address of a page that fails, on a server beside the other."""
    port = free_port()
    env = {**server.env, "PORT": str(port), "WEB_CONCURRENCY": "1"}
    beside = replace(server, base_url=f"http://127.0.0.1:{port}", env=env)
    with gunicorn(beside, tmp_path_factory.mktemp("fails") / "log", application=APPLICATION):
        yield f"{beside.base_url}/fails/"


@pytest.fixture
def pages(fails, problems) -> dict[str, int]:
    """The status of each page, by its address."""
    pages = {"/nothing/": 404, "/admin/nothing/": 404, "/fails/": 500}
    for path, status in pages.items():
        problems.announce(status, path)
    return {fails if path == "/fails/" else path: status for path, status in pages.items()}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_error_page_has_a_fault_in_either_theme_on_a_desk_or_a_phone(
    pages, signed_in: Page, new_context, problems, alice, theme
):
    signed_in.emulate_media(color_scheme=theme)
    assert faults_at(signed_in, pages) == {}
    outside = new_context(color_scheme=theme).new_page()
    assert faults_at(outside, [*pages, "/admin/login/"]) == {}
    alice.user_permissions.clear()
    forbidden = reverse("admin:quotes_quote_changelist")
    problems.announce(403, forbidden)
    assert faults_at(signed_in, [forbidden]) == {}
    expect(signed_in.get_by_role("heading", name="You may not do this")).to_be_visible()


def test_each_says_what_happened_and_leads_back(pages, signed_in: Page):
    for url, status in pages.items():
        answer = signed_in.goto(url)
        assert answer is not None
        assert answer.status == status
        expect(signed_in.get_by_text(str(status), exact=True)).to_be_visible()
        expect(signed_in.get_by_role("heading")).to_have_count(1)
        signed_in.get_by_role("link", name="To the start").click()
        expect(signed_in.get_by_role("heading", name="Home")).to_be_visible()
