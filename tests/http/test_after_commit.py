"""The database fails after a request has committed its change: no answer says it is undone."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from commsapp.models import User
from groups.models import Recipient
from tests import factories
from tests.api.message.signing import PASSWORD
from tests.conftest import token
from tests.staff.conftest import browse

pytestmark = pytest.mark.django_db(transaction=True)

NOTHING = "Nothing was changed"


class Failure:
    """A database that cannot be reached any more once rows of a table are committed."""

    def __init__(self, table: str) -> None:
        self.insert, self.is_written = f'INSERT INTO "{table}"', False

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if self.is_written and not context["connection"].in_atomic_block:
            raise OperationalError("the connection is lost")
        self.is_written = self.is_written or sql.startswith(self.insert)
        return execute(sql, params, many, context)


@pytest.fixture
def api(alice) -> Client:
    headers = {"Authorization": f"Bearer {token(alice)}"}
    return Client(headers=headers, raise_request_exception=False)


@pytest.mark.parametrize("is_edit", [False, True], ids=["create", "edit"])
def test_record_that_was_saved_and_cannot_be_read_again_is_503_of_unknown_outcome(
    api, licensee, is_edit
):
    path, ask = "/api/v1/recipients", api.post
    if is_edit:
        site = factories.RecipientFactory(licensee=licensee)
        path, ask = f"{path}/{site.pk}", api.patch
    body = {"name": "Berlin", "recipient_type": "Location"}
    with connection.execute_wrapper(Failure("commsapp_operation")):
        answer = ask(path, body, content_type="application/json")
    assert Recipient.objects.get().name == "Berlin"
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["errors"][0]["code"] == "OUTCOME_UNKNOWN"
    assert NOTHING not in answer.content.decode()


def test_page_whose_session_cannot_be_saved_after_a_change_does_not_say_nothing_was_changed(alice):
    alice.set_password(PASSWORD)
    alice.save()
    browser, new = browse(alice), "another horse battery staple"
    browser.raise_request_exception = False
    form = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    with connection.execute_wrapper(Failure("commsapp_adminchange")):
        answer = browser.post(reverse("admin:password_change"), form)
    assert User.objects.get(pk=alice.pk).check_password(new)
    assert answer.status_code == 503
    assert "It is not known whether the change was saved" in answer.content.decode()
    assert NOTHING not in answer.content.decode()


def test_failure_before_any_change_says_that_nothing_was_changed_also_after_another_request(
    api, licensee
):
    body = {"name": "Berlin", "recipient_type": "Location"}
    assert api.post("/api/v1/recipients", body, content_type="application/json").status_code == 201
    failure = Failure("commsapp_operation")
    failure.is_written = True
    with connection.execute_wrapper(failure):
        answer = api.post("/api/v1/recipients", body, content_type="application/json")
    assert answer.status_code == 503
    assert NOTHING in answer.content.decode()
    assert Recipient.objects.count() == 1
