"""What a transaction leaves behind by which to see whether it was committed."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, OperationalError, transaction

from commsapp.core import records
from commsapp.core.credentials import api_clients
from commsapp.db.commits import OutcomeUnknown
from commsapp.models import Operation
from groups.models import Membership
from tests import factories
from tests.http.commits.conftest import on_postgresql

pytestmark = on_postgresql


def test_on_commit_callbacks_run_after_a_lost_commit(gate, setting, licensee):
    called = []
    gate.next_commit = "unanswered"
    with transaction.atomic():
        records.create(factories.ContactFactory.build(licensee=licensee), by=setting.by)
        transaction.on_commit(lambda: called.append(True))
    assert called == [True]


def test_operation_that_a_savepoint_took_back_does_not_decide(gate, setting, licensee):
    def create_and_take_back():
        with transaction.atomic():
            records.create(factories.ContactFactory.build(licensee=licensee), by=setting.by)
            transaction.set_rollback(True)

    def create_another():
        with transaction.atomic():
            factories.ContactFactory(licensee=licensee)
            create_and_take_back()

    gate.next_commit = "unanswered"
    with pytest.raises(OutcomeUnknown):
        create_another()


def test_lost_write_outside_of_a_transaction_is_unknown_and_a_lost_read_is_not(gate, setting):
    client, _secret = api_clients.create_client("suite", setting.by.user)
    gate.statement = b"INSERT INTO"
    gate.next_commit = "unanswered"
    with pytest.raises(OutcomeUnknown):
        api_clients.issue_token(client, days=1)
    gate.statement = b"SELECT"
    gate.next_commit = "unanswered"
    with pytest.raises(OperationalError) as lost:
        Operation.objects.count()
    assert not isinstance(lost.value, OutcomeUnknown)


def test_constraint_that_fails_at_commit_is_no_lost_commit(gate, setting):
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.update(recipient=setting.by.user.pk)  # refers to no recipient
    assert Membership.objects.get().recipient_id == setting.site.pk
