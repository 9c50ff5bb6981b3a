"""A real Chromium against the real server, and all that a page complains of."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.contrib.auth.hashers import make_password
from playwright.sync_api import Browser, Page

from tests.plugin import find_program

# Playwright keeps an event loop in this thread; the ORM would refuse to work beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

PASSWORD = "correct horse battery staple"


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker("once")  # a page looks alike whatever it was read from


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {
        **browser_type_launch_args,
        "executable_path": find_program("chromium"),
        "args": ["--no-sandbox", "--disable-background-networking"],
    }


@pytest.fixture(scope="session")
def base_url() -> None:
    """None; the plugin's own fixture of this name does what pytest is about to forbid."""


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the console says is wrong: refused scripts and styles, errors, missing files."""
    said: list[str] = []
    page.on(
        "console", lambda line: said.append(line.text) if line.type in ("error", "warning") else 0
    )
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@pytest.fixture
def signed_in(page: Page, live_server, alice, complaints) -> Page:
    """Alice, who has signed in on the login page."""
    alice.password = make_password(PASSWORD)
    alice.save()
    page.goto(f"{live_server.url}/")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    return page


@pytest.fixture
def without_scripts(browser: Browser, signed_in: Page) -> Iterator[Page]:
    """Alice, in a browser that runs no scripts."""
    state = signed_in.context.storage_state()
    context = browser.new_context(java_script_enabled=False, storage_state=state)
    yield context.new_page()
    context.close()
