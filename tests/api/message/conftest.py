from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests.api.message.signing import PASSWORD
from tests.conftest import token
from tests.contacts.external_suite import Suite

PATH = "/json/reply/SaveContactGroup"


class Asker:
    """A client of the Message API, signed in as Alice unless told otherwise."""

    def __init__(self, suite: Suite, credentials: str) -> None:
        self.suite, self.client = suite, Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {credentials}"}

    def body(self, **more: Any) -> dict[str, Any]:
        """A request that is in order."""
        group = {"ContactGroupName": "Customer", "GroupRoleId": str(self.suite.role.pk)}
        return {
            "SuiteDataSourceInstanceId": str(self.suite.source.pk),
            "AlternateKey": "K",
            "ContactGroup": {**group, **more.pop("ContactGroup", {})},
            **more,
        }

    def bodies(self, count: int, name: str) -> list[dict[str, Any]]:
        """So many requests, each for a key of its own."""
        content = {"ContactGroupName": name}
        return [self.body(AlternateKey=str(n), ContactGroup=content) for n in range(count)]

    def __call__(self, body: Any = None, path: str = PATH, **more: Any) -> Any:
        """POST a body, as JSON or as it is."""
        if not isinstance(body, bytes | str):
            body = json.dumps(self.body() if body is None else body)
        how = {"content_type": "application/json", "headers": self.headers, **more}
        return self.client.post(path, body, **how)

    def refused(self, *args: Any, status: int = 400, **more: Any) -> list[tuple[str, str]]:
        """POST a body that is refused; each error's code and field."""
        answer = self(*args, **more)
        assert answer.status_code == status, answer.content
        told = json.loads(answer.content)["ResponseStatus"]
        errors = [(one["ErrorCode"], one.get("FieldName", "")) for one in told["Errors"]]
        assert told["ErrorCode"] == (errors[0][0] if errors else told["ErrorCode"])
        assert told["Message"]
        return errors or [(told["ErrorCode"], "")]


@pytest.fixture
def suite(licensee, by_alice) -> Suite:
    return Suite(licensee, by_alice)


@pytest.fixture
def ask(suite, alice) -> Asker:
    return Asker(suite, token(alice))


@pytest.fixture
def password(alice) -> None:
    """Alice has one: tests.api.message.signing.PASSWORD."""
    alice.set_password(PASSWORD)
    alice.first_name, alice.last_name = "Alice", "Adams"
    alice.save()


@pytest.fixture
def save(ask):
    """POST a contact group with some credentials alone; the status of the answer."""

    def save(path=PATH, cookie="", **headers):
        client = Client(raise_request_exception=False)
        if cookie:
            client.cookies["ss-id"] = cookie
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return client.post(
            path, json.dumps(ask.body()), content_type="application/json", headers=more
        )

    return save
