"""A real Chromium, at the product as `make run` serves it.

Each worker of the tests has one server process, on the database of that worker's tests, which is
emptied between them; it needs no restart for that. Whatever a page complains of fails its test:
see problems.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect

from commsapp.models import User
from tests.browser.problems import Problems
from tests.plugin import find_program
from tests.served import Server, free_port, gunicorn

# Playwright keeps an event loop in this thread; the ORM would refuse to work beside it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
expect.set_options(timeout=10_000)  # two workers and two servers share the machine


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker("once")  # a page looks alike whatever it was read from
    if not item.get_closest_marker("timeout"):  # the first one waits for database, files, server
        item.add_marker(pytest.mark.timeout(240))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Check what the pages complained of, as the test's last assertion."""
    yield
    item.funcargs["problems"].check()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return {
        **browser_type_launch_args,
        "executable_path": find_program("chromium"),
        "args": ["--no-sandbox", "--disable-background-networking"],
    }


@pytest.fixture(scope="session")
def server(django_db_setup, tmp_path_factory) -> Iterator[Server]:
    """The product, served on the test's database."""
    folder = tmp_path_factory.mktemp("served")
    port = free_port()
    server = Server(
        f"http://127.0.0.1:{port}",
        {
            **os.environ,
            "VAR_DIR": str(folder),
            "PORT": str(port),
        },
    )
    with gunicorn(server, folder / "log"):
        yield server


@pytest.fixture(scope="session")
def first_content_types(server, django_db_blocker) -> list[list[Model]]:
    """Content types and permissions as they are when the server starts."""
    with django_db_blocker.unblock():
        return [[*model.objects.all()] for model in (ContentType, Permission)]


@pytest.fixture(autouse=True)
def same_content_types(request: pytest.FixtureRequest) -> None:
    """Their ids, which change when the database is emptied, are what they were at first: Django
    keeps them in the server's memory."""
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("transactional_db")
        first = request.getfixturevalue("first_content_types")
        ContentType.objects.all().delete()  # and with them their permissions
        for rows in first:
            type(rows[0])._default_manager.bulk_create(rows)
        ContentType.objects.clear_cache()


@pytest.fixture(scope="session")
def base_url(server) -> str:
    """What a path is at: tests write `page.goto("/admin/")`."""
    url: str = server.base_url
    return url


@pytest.fixture(autouse=True)
def problems(browser: Browser) -> Iterator[Problems]:
    """What all pages complain of, however they are opened."""
    problems = Problems()
    browser.on("context", problems.watch)
    yield problems
    browser.remove_listener("context", problems.watch)


def sign_in(context: BrowserContext, user: User, base_url: str) -> None:
    """Give the browser a session of the user's; the page to sign in has a test of its own."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": base_url}])


@pytest.fixture
def signed_in(page: Page, alice, base_url) -> Page:
    """Alice, signed in, at the first page."""
    sign_in(page.context, alice, base_url)
    page.goto("/admin/")
    return page


@pytest.fixture
def without_scripts(new_context: Callable[..., BrowserContext], alice, base_url) -> Page:
    """Alice, signed in, in a browser that runs no scripts."""
    context = new_context(java_script_enabled=False)
    sign_in(context, alice, base_url)
    return context.new_page()
