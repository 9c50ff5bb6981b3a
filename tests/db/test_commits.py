"""A COMMIT that SQLite cannot carry out changes nothing, and the connection goes on."""

from __future__ import annotations

import os
import resource
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection, transaction

from commsapp.core import records
from commsapp.db.commits import OutcomeUnknown
from commsapp.models import Operation
from contacts.models import Contact
from tests import factories

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        not os.environ["DATABASE_URL"].startswith("sqlite"),
        reason="tests/channels/commits/ has PostgreSQL's",
    ),
]


@contextmanager
def full_disk():
    """Let no file of this process be written to, as on a disk without space."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_failed_commit_changes_nothing_and_the_connection_goes_on(licensee, by_alice):
    def create():
        return records.create(factories.ContactFactory.build(licensee=licensee), by=by_alice)

    commit = transaction.atomic()
    commit.__enter__()
    create()
    with full_disk(), pytest.raises(OperationalError) as failed:
        commit.__exit__(None, None, None)
    assert not isinstance(failed.value, OutcomeUnknown)
    assert not connection.in_atomic_block
    assert not connection.connection.in_transaction
    assert not Contact.objects.exists()
    assert not Operation.objects.exists()

    contact = create()
    assert Contact.objects.get() == contact
    assert Operation.objects.get().target_id == contact.pk
