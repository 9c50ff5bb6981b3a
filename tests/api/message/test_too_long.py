"""A statement that takes too long is answered by that reason, in batches and streams, too."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from commsapp.models import Operation
from contacts.models import ContactGroup

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has no limit for a statement"),
]
SAID = "This took too long. Nothing was changed. Try again shortly."


def slowly(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    """Let the server take longer than it may before it writes an operation."""
    if sql.startswith('INSERT INTO "commsapp_operation"'):
        execute("SET LOCAL statement_timeout = 50", None, False, context)
        execute("SELECT pg_sleep(5)", None, False, context)
    return execute(sql, params, many, context)


@pytest.mark.parametrize(
    ("path", "is_list"),
    [
        ("/json/reply/SaveContactGroup", False),
        ("/json/reply/SaveContactGroup[]", True),
        ("/jsonl/reply/SaveContactGroup[]", False),
    ],
    ids=["request", "batch", "stream"],
)
def test_statement_that_takes_too_long_is_said_to(ask, path, is_list):
    body = [ask.body()] if is_list else ask.body()
    with connection.execute_wrapper(slowly):
        answer = ask(body, path)
        status = json.loads(b"".join(answer))
    status = status.get("ResponseStatus", status)
    assert (status["ErrorCode"], status["Message"]) == ("ServiceUnavailable", SAID)
    assert not ContactGroup.objects.exists()
    assert not Operation.objects.exists()
