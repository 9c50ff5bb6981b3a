"""What the tests share: Alice and Bob, who work for two licensees, and how to ask as them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commsapp.core.actors import Actor
from commsapp.core.credentials import api_clients
from commsapp.core.metering import counters
from commsapp.logs import request_context
from commsapp.models import Licensee, User
from tests import databases, factories
from tests.served import demo, installation, shared_demo, wire  # noqa: F401


@pytest.fixture(autouse=True)
def _quick_and_uncollected(settings):
    """A real password hash costs a second each; collected static files are for serving."""
    settings.STATIC_ROOT = None
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "tests.static_files.UncollectedStorage"},
    }
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "commsapp.api.oauth.hashers.SecretHasher",
    ]
    counters.forget()
    request_context.clear()  # a test may leave an answer unread, and its request unfinished


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    """Use a copy of the run's migrated database: to migrate is too slow for each worker."""
    with databases.copied_to(os.environ["DATABASE_URL"]):
        yield
        with django_db_blocker.unblock():
            connection.close()
            if connection.vendor == "postgresql":
                connection.close_pool()  # type: ignore[attr-defined]


def actor(user: User, channel: str = "rest") -> Actor:
    """The user as an actor, with fresh permissions."""
    return Actor.of(User.objects.get(pk=user.pk), channel)


def grant(user: User, *permissions: str) -> None:
    """Give the user permissions, as `groups.change_recipientgroup`; `*` for all there are."""
    if permissions == ("*",):
        user.user_permissions.set(Permission.objects.all())
        return
    for name in permissions:
        app, codename = name.split(".")
        user.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )


@pytest.fixture
def licensee(db) -> Licensee:
    """The licensee that Alice works for."""
    return factories.LicenseeFactory(name="Northwind Networks")


@pytest.fixture
def alice(licensee) -> User:
    """Has every right, for the one licensee."""
    user = factories.UserFactory(username="alice", is_staff=True)
    user.licensees.add(licensee)
    grant(user, "*")
    return user


@pytest.fixture
def bob(db) -> User:
    """Has every right, for another licensee."""
    user = factories.UserFactory(username="bob", is_staff=True)
    user.licensees.add(factories.LicenseeFactory(name="Southwind Systems"))
    grant(user, "*")
    return user


@pytest.fixture
def charlie(licensee) -> User:
    """Works for Alice's licensee and has no rights at all."""
    user = factories.UserFactory(username="charlie", is_staff=True)
    user.licensees.add(licensee)
    return user


@pytest.fixture
def by_alice(alice) -> Actor:
    return actor(alice)


@pytest.fixture
def by_bob(bob) -> Actor:
    return actor(bob)


def token(user: User) -> str:
    """An access token of an API client of the user's."""
    client, _secret = api_clients.create_client("test client", user)
    return api_clients.issue_token(client, days=1)


_FRAME = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


@pytest.fixture
def statements() -> Callable[[], AbstractContextManager[list[str]]]:
    """A context that gathers the SQL statements run in it, but those that frame transactions."""

    @contextmanager
    def gather() -> Iterator[list[str]]:
        told: list[str] = []
        with CaptureQueriesContext(connection) as captured:
            yield told
        ran = [query["sql"] for query in captured.captured_queries]
        told += [statement for statement in ran if not statement.startswith(_FRAME)]

    return gather
