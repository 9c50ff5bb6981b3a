from contextlib import contextmanager

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.contacts.suite import Suite


@pytest.fixture
def suite(licensee, by_alice) -> Suite:
    """A suite of Alice's licensee, that may do everything."""
    return Suite(licensee, by_alice)


@pytest.fixture
def statements():
    """A context that gathers the SQL statements run in it, but BEGIN, SAVEPOINT and the like."""

    @contextmanager
    def gather():
        told = []
        with CaptureQueriesContext(connection) as captured:
            yield told
        told += [
            query["sql"]
            for query in captured.captured_queries
            if not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK"))
        ]

    return gather
