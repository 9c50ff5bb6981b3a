"""Doing the same at once: one effect, whoever comes first."""

from __future__ import annotations

import pytest

from commsapp.core import audit
from commsapp.core.audit import Refused
from commsapp.models import Operation
from groups import operations as groups
from groups.models import RecipientGroup
from quotes import operations
from quotes.models import Quote, QuoteLineItem
from tests import factories
from tests.groups import many_recipients
from tests.races import all_at_once, at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_eight_splits_at_once_leave_one_part_for_each_member(sale):
    line = sale.line(20)
    answers = at_once(lambda: sale.split(line), 8)
    assert sorted(answer.created for answer in answers) == [0] * 7 + [20]
    assert line.parts.count() == 20
    assert Operation.objects.filter(kind="quotes.line_split").count() == 1


def test_four_undos_of_a_split_at_once_are_one(sale):
    line = sale.line(5)
    entry = sale.split(line).operation
    answers = at_once(lambda: audit.undo(entry.pk, by=sale.by), 4)
    assert sum(isinstance(answer, Refused) for answer in answers) == 3
    assert not line.parts.exists()


def test_members_who_come_while_a_line_is_split_get_a_part_or_are_newcomers(sale):
    line = sale.line(10)
    crowd = many_recipients.recipients(sale.licensee, 10)

    def add(one):
        return lambda: groups.add_recipients(line.recipient_group_id, [one.pk.hex], by=sale.by)

    answers = all_at_once([*map(add, crowd[:6]), *[lambda: sale.split(line)] * 2])
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    created = sum(answer.created for answer in answers[6:])
    assert line.parts.count() == created
    assert sale.split(line).created == 16 - created


def test_lines_created_at_once_have_their_own_numbers(sale):
    answers = at_once(sale.line, 6)
    assert sorted(line.line_number for line in answers) == [1, 2, 3, 4, 5, 6]


def test_quotes_created_at_once_have_their_own_numbers(licensee, by_alice):
    def create():
        quote = Quote(licensee=licensee, name="An offer", currency="EUR")
        return operations.create_quote(quote, by=by_alice).number

    assert sorted(at_once(create, 6)) == [f"Q-{number:06}" for number in range(1, 7)]


def test_a_quote_is_approved_once(sale):
    sale.line(3)
    sale.move("submit")
    answers = at_once(
        lambda: operations.change_quote_status(sale.quote.pk, "approve", by=sale.by), 4
    )
    assert sum(isinstance(answer, Refused) for answer in answers) == 3


def test_a_split_and_an_approval_at_once_agree(sale):
    line = sale.line(4)
    sale.move("submit")
    before = sale.totals()
    approve = lambda: operations.change_quote_status(sale.quote.pk, "approve", by=sale.by)  # noqa: E731
    split, approved = all_at_once([lambda: sale.split(line), approve])
    assert approved.quote.status == "approved"
    parts = line.parts.count()
    assert parts == (0 if isinstance(split, Refused) else 4)
    assert sale.totals() == before


def test_a_groups_customer_does_not_change_while_a_line_takes_the_group(sale):
    group = sale.group(0)
    other = factories.ContactGroupFactory(licensee=sale.licensee)

    def change():
        return groups.edit_recipient_group(group.pk, {"customer": other}, by=sale.by)

    all_at_once([lambda: sale.line(group), change, change])
    customer = RecipientGroup.objects.get(pk=group.pk).customer_id
    for line in QuoteLineItem.objects.filter(recipient_group=group):
        assert customer == line.quote.customer_id
