"""That a page's complaints fail its test: each of these would pass without the check.

The pages are made up here, below an address of the product's, with the product's own policy.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.problems import UnexpectedProblemsError

pytestmark = pytest.mark.needs("chromium")

HTML = {
    "Content-Type": "text/html",
    "Content-Security-Policy": "default-src 'self'; connect-src 'self' data:",
}
fails = pytest.mark.xfail(strict=True, raises=UnexpectedProblemsError)


def visit(page: Page, body: str) -> None:
    """Open a page of this body."""
    page.route("**/made-up/", lambda route: route.fulfill(headers=HTML, body=body))
    page.goto("/made-up/")


BROKEN = (
    '<link rel="stylesheet" href="/static/nothing.css">',
    '<img src="/static/nothing.png" alt="">',
    '<img src="http://127.0.0.1:1/nothing.png" alt="">',
    '<p style="color: red">',
)
BROKEN_SCRIPTS = (
    '<script src="/static/nothing.js" type="module"></script>',
    "<script>document.title = 'inline';</script>",
    '<button onclick="print()" autofocus>',
)


@fails
@pytest.mark.parametrize("body", BROKEN + BROKEN_SCRIPTS)
def test_a_page_that_misses_a_file_or_breaks_the_policy_fails_its_test(page: Page, body):
    visit(page, body)


@fails
@pytest.mark.parametrize("body", BROKEN)
def test_so_does_a_page_without_scripts(new_context, body):
    visit(new_context(java_script_enabled=False).new_page(), body)


@fails
@pytest.mark.parametrize(
    "script",
    ["console.error('wrong')", "console.warn('odd')", "setTimeout(() => { throw Error('x') })"],
)
def test_a_script_that_complains_fails_its_test(page: Page, script):
    page.goto("/services/data")
    page.evaluate(script)


@fails
def test_a_missing_page_fails_its_test(page: Page):
    page.goto("/nothing/")


@fails
def test_a_page_opened_in_another_window_is_looked_at_too(page: Page):
    page.goto("/services/data")
    with page.expect_popup() as popup:
        page.evaluate("open('/nothing/')")
    popup.value.wait_for_load_state()
    popup.value.close()


@fails
def test_what_is_asked_for_last_is_waited_for(page: Page):
    page.goto("/services/data")
    page.evaluate("void fetch('/nothing/')")


@fails
def test_an_announced_answer_has_to_come(page: Page, problems):
    problems.announce(404, "/nothing/")
    page.goto("/services/data")


def test_an_announced_answer_is_no_fault(page: Page, problems):
    problems.announce(404, "/nothing/")
    page.goto("/nothing/?x=1")
    expect(page.get_by_role("heading")).to_be_visible()
    assert len(problems.found) >= 2  # the answer, and what the console says of it
    assert problems.unexpected() == []


def test_a_request_that_a_page_gives_up_is_no_fault(page: Page):
    page.goto("/services/data")
    page.evaluate(
        """async () => {
            const given_up = new AbortController();
            const answer = fetch("/services/data", { signal: given_up.signal });
            given_up.abort();
            await answer.catch(() => {});
        }"""
    )
