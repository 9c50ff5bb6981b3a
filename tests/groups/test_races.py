"""Doing the same at once: one effect, whoever comes first."""

from __future__ import annotations

import pytest

from commsapp.core import audit
from commsapp.core.audit import Refused
from commsapp.models import Operation
from groups import operations
from groups.models import Recipient, RecipientGroup
from tests import factories
from tests.groups import many_recipients
from tests.groups.many_recipients import hexes, members_of
from tests.races import all_at_once, at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def group(licensee):
    return factories.RecipientGroupFactory(licensee=licensee)


def test_eight_identical_adds_at_once_are_one_operation(group, licensee, by_alice):
    crowd = hexes(many_recipients.recipients(licensee, 20))
    add = lambda: operations.add_recipients(group.pk, crowd, by=by_alice)  # noqa: E731
    answers = at_once(add, 8)
    assert sorted(answer.added for answer in answers) == [0] * 7 + [20]
    assert Operation.objects.count() == 1
    group.refresh_from_db()
    assert group.member_count == len(members_of(group)) == 20


def test_four_undos_at_once_are_one(group, licensee, by_alice):
    crowd = hexes(many_recipients.recipients(licensee, 5))
    entry = operations.add_recipients(group.pk, crowd, by=by_alice).operation
    answers = at_once(lambda: audit.undo(entry.pk, by=by_alice), 4)
    assert sum(isinstance(answer, Refused) for answer in answers) == 3
    group.refresh_from_db()
    assert group.member_count == len(members_of(group)) == 0


def test_whatever_happens_at_once_the_count_is_that_of_the_members(group, licensee, by_alice):
    crowd = hexes(many_recipients.recipients(licensee, 12))
    calls = [
        lambda verb=verb, ids=ids: verb(group.pk, ids, by=by_alice)
        for verb, ids in (
            (operations.add_recipients, crowd[:6]),
            (operations.add_recipients, crowd[::-1]),
            (operations.remove_recipients, crowd[3:9]),
            (operations.set_recipients, crowd[2:10]),
            (operations.set_recipients, crowd[5:]),
            (operations.remove_recipients, crowd[::2]),
        )
    ]
    answers = all_at_once(calls)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    group.refresh_from_db()
    assert group.member_count == len(members_of(group))


def test_a_customer_does_not_change_while_somebody_is_added(group, licensee, by_alice):
    ours, theirs = (factories.ContactGroupFactory(licensee=licensee) for _ in range(2))
    RecipientGroup.objects.update(customer=ours)
    [recipient] = many_recipients.recipients(licensee, 1, customer=ours)
    all_at_once(
        [
            lambda: operations.add_recipients(group.pk, [recipient.pk.hex], by=by_alice),
            lambda: operations.edit_recipient(recipient.pk, {"customer": theirs}, by=by_alice),
            lambda: operations.edit_recipient_group(group.pk, {"customer": theirs}, by=by_alice),
        ]
    )
    if members_of(group):
        recipient = Recipient.objects.get(pk=recipient.pk)
        assert recipient.customer_id == RecipientGroup.objects.get(pk=group.pk).customer_id
