"""Unsplitting a line: contract 2.4."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from groups import operations as groups
from groups.models import RecipientGroup
from quotes import operations


def test_an_unsplit_line_is_as_before(sale):
    line = sale.line(3)
    plain = sale.line()
    before, lines = sale.totals(), set(sale.quote.lines.values_list("pk", flat=True))
    sale.split(line)
    change = sale.unsplit(line)
    assert (change.removed, change.message) == (3, "3 lines removed.")
    assert sale.totals() == before
    assert set(sale.quote.lines.values_list("pk", flat=True)) == lines == {line.pk, plain.pk}
    line.refresh_from_db()
    assert not line.is_split


def test_unsplitting_what_is_not_split_changes_nothing(sale):
    line = sale.line(2)
    before = sale.rows()
    change = sale.unsplit(line)
    assert (change.removed, change.message) == (0, "The line is not split.")
    assert sale.rows() == before


@pytest.mark.parametrize(
    "values",
    [
        {"quantity": Decimal(2)},
        {"one_time_price": Decimal(1)},
        {"recurring_price": Decimal(1)},
        {"discount_percent": Decimal(1)},
        {"description": "Another"},
        {"configuration": {"vlan": 7}},
        {"requested_date": datetime.date(2027, 1, 1)},
    ],
)
def test_a_line_with_an_edited_part_is_not_unsplit(sale, values):
    line = sale.line(3)
    sale.split(line)
    part = line.parts.order_by("line_number")[1]
    operations.edit_line(part.pk, values, by=sale.by)
    wanted = [("INVALID_STATUS", str(part.pk))]
    assert sale.refused(operations.unsplit_line, line) == wanted


def test_an_edit_taken_back_is_none(sale):
    line = sale.line(2, requested_date=datetime.date(2027, 1, 1))
    sale.split(line)
    part = line.parts.first()
    for value in (None, line.requested_date):
        operations.edit_line(part.pk, {"requested_date": value}, by=sale.by)
    assert sale.unsplit(line).removed == 2


def test_a_line_is_unsplit_whatever_became_of_its_group(sale):
    line = sale.line(2)
    sale.split(line)
    gone = line.parts.first().recipient_id
    groups.remove_recipients(line.recipient_group_id, [gone.hex], by=sale.by)
    RecipientGroup.objects.change(**RecipientGroup.ARCHIVED)
    assert sale.unsplit(line).removed == 2
    assert sale.totals().recurring == line.recurring_amount  # for the one who stayed
