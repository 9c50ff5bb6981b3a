"""What the pages of an import say of rows when the database fails after a commit."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from commsapp.core.imports import drafts
from commsapp.core.imports.importer import import_records
from commsapp.db.commits import OutcomeUnknown
from commsapp.db.waits import TooManyWaitForLocks
from commsapp.models import Draft
from groups.imports import RECIPIENTS
from groups.models import Recipient
from tests.conftest import actor
from tests.http.test_after_commit import NOTHING, Failure
from tests.staff.conftest import browse

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def importing(alice, licensee):
    """An import of 1,500 sites whose first part is done: a browser, and the draft."""
    browser, by = browse(alice), actor(alice)
    run = partial(import_records, RECIPIENTS)
    draft = drafts.save_draft(
        by=by, licensee_id=licensee.pk, kind="groups.recipient", file_name="sites.csv",
        ending="csv", columns=("name", "recipient_type"),
        rows=[(n + 2, (f"Site {n}", "Location")) for n in range(1_500)],
    )  # fmt: skip
    drafts.check(draft.pk, {"name": 0, "recipient_type": 1}, by=by)
    for part in range(2):
        drafts.step(draft.pk, part, run, by=by)
    drafts.confirm(draft.pk, by=by)
    drafts.step(draft.pk, 0, run, by=by)
    browser.raise_request_exception = False
    return browser, draft


def fail_with(error: Exception) -> Any:
    def fail(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith('INSERT INTO "groups_recipient"'):
            raise error
        return execute(sql, params, many, context)

    return connection.execute_wrapper(fail)


def step(browser: Client, draft: Draft) -> Any:
    path = reverse("admin:groups_recipient_draft", args=[draft.pk])
    return browser.post(path, {"action": "step", "part": "1"})


DONE = "The first 1,000 of 1,500 rows are done, the others are not."
CONTINUE = "Continue: no row is imported twice."


def test_part_of_an_import_that_gets_no_lock_says_which_rows_are_done(importing):
    browser, draft = importing
    with fail_with(TooManyWaitForLocks()):
        answer = step(browser, draft)
    assert answer.status_code == 302
    page = browser.get(answer.url).content.decode()
    assert f"The server is busy. {DONE} {CONTINUE}" in page
    assert NOTHING not in page
    assert Recipient.objects.count() == 1_000
    step(browser, draft)
    assert Recipient.objects.count() == 1_500


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OperationalError("the connection is lost"), DONE),
        (
            OutcomeUnknown("the connection is lost"),
            "It is not known whether the rows 1,001 to 1,500 were imported.",
        ),
    ],
    ids=["rolled back", "unknown"],
)
def test_part_of_an_import_whose_database_goes_away_says_what_is_known_of_its_rows(
    importing, error, text
):
    browser, draft = importing
    with fail_with(error):
        answer = step(browser, draft)
    page = answer.content.decode()
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert f"The database cannot be reached at the moment. {text} {CONTINUE}" in page
    assert reverse("admin:groups_recipient_draft", args=[draft.pk]) in page
    assert NOTHING not in page
    assert Recipient.objects.count() == 1_000
    assert step(browser, draft).status_code == 302
    assert Recipient.objects.count() == 1_500


def test_page_that_is_only_looked_at_says_nothing_of_changes_when_the_database_fails(importing):
    browser, draft = importing
    failure = Failure("commsapp_operation")
    failure.is_written = True
    with connection.execute_wrapper(failure):
        answer = browser.get(reverse("admin:groups_recipient_draft", args=[draft.pk]))
    assert answer.status_code == 503
    assert "Try again shortly." in answer.content.decode()
    assert NOTHING not in answer.content.decode()
