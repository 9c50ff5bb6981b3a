"""What is not split, and what is not unsplit: contract 2.4."""

from __future__ import annotations

from decimal import Decimal

import pytest

from groups import operations as groups
from groups.models import Recipient, RecipientGroup
from quotes import operations, validation
from quotes.models import QuoteLineItem
from tests.groups import many_recipients


@pytest.mark.parametrize("act", [operations.split_line, operations.unsplit_line])
def test_a_line_without_a_group_is_refused(sale, act):
    line = sale.line()
    assert sale.refused(act, line) == [("REQUIRED_FIELD_MISSING", str(line.pk))]


@pytest.mark.parametrize("act", [operations.split_line, operations.unsplit_line])
def test_a_part_is_refused(sale, act):
    line = sale.line(1)
    sale.split(line)
    part = line.parts.get()
    assert sale.refused(act, part) == [("INVALID_STATUS", str(part.pk))]


@pytest.mark.parametrize("act", [operations.split_line, operations.unsplit_line])
@pytest.mark.parametrize("moves", [("cancel",), ("submit", "approve"), ("submit", "reject")])
def test_a_quote_that_is_not_open_is_refused(sale, act, moves):
    line = sale.line(1)
    sale.move(*moves)
    assert sale.refused(act, line) == [("INVALID_STATUS", str(sale.quote.pk))]


def test_a_quote_in_review_is_open(sale):
    line = sale.line(1)
    sale.move("submit")
    assert sale.split(line).created == 1


def test_an_archived_group_is_refused(sale):
    line = sale.line(2)
    RecipientGroup.objects.change(**RecipientGroup.ARCHIVED)
    group_id = str(line.recipient_group_id)
    assert sale.refused(operations.split_line, line) == [("INVALID_STATUS", group_id)]


def test_an_empty_group_is_refused(sale):
    line = sale.line(0)
    group_id = str(line.recipient_group_id)
    assert sale.refused(operations.split_line, line) == [("INVALID_STATUS", group_id)]


def test_each_archived_member_is_named(sale):
    line = sale.line(4)
    gone = list(line.recipient_group.memberships.order_by("recipient__name")[1:3])
    Recipient.objects.filter(memberships__in=gone).change(**Recipient.ARCHIVED)
    wanted = [("ENTITY_IS_DELETED", str(member.recipient_id)) for member in gone]
    assert sale.refused(operations.split_line, line) == wanted


def test_an_archived_newcomer_is_named(sale):
    line = sale.line(2)
    sale.split(line)
    departed = line.parts.first().recipient_id
    groups.remove_recipients(line.recipient_group_id, [departed.hex], by=sale.by)
    [newcomer] = many_recipients.recipients(sale.licensee, 1)
    groups.add_recipients(line.recipient_group_id, [newcomer.pk.hex], by=sale.by)
    Recipient.objects.filter(pk=newcomer.pk).change(**Recipient.ARCHIVED)
    wanted = [("ENTITY_IS_DELETED", str(newcomer.pk))]
    assert sale.refused(operations.split_line, line) == wanted


def test_more_lines_than_a_quote_holds_are_refused(sale, monkeypatch):
    line = sale.line(3)
    monkeypatch.setattr(validation, "MAX_LINES", 3)
    wanted = [("LIMIT_EXCEEDED", str(sale.quote.pk))]
    assert sale.refused(operations.split_line, line) == wanted
    monkeypatch.setattr(validation, "MAX_LINES", 4)
    assert sale.split(line).created == 3


def test_a_sum_past_what_a_quote_holds_is_refused(sale):
    line = sale.line(101, one_time_price=Decimal("999999999999.99"))
    wanted = [("LIMIT_EXCEEDED", str(sale.quote.pk))]
    assert sale.refused(operations.split_line, line) == wanted


def test_all_reasons_are_told_at_once(sale):
    line = sale.line(0)
    RecipientGroup.objects.change(**RecipientGroup.ARCHIVED)
    sale.move("cancel")
    assert len(sale.refused(operations.split_line, line)) == 3


@pytest.mark.parametrize("act", [operations.split_line, operations.unsplit_line])
def test_another_licensees_line_is_not_there(sale, act, by_bob):
    line = sale.line(1)
    with pytest.raises(QuoteLineItem.DoesNotExist):
        act(line.pk, by=by_bob)
    assert not line.parts.exists()
