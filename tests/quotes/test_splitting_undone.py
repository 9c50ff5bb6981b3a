"""Undoing a split and an unsplit: contract 5."""

from __future__ import annotations

from decimal import Decimal

import pytest

from commsapp.core.audit import Refused
from groups import operations as groups
from quotes import operations, splitting
from tests import factories
from tests.groups import many_recipients


def fingerprint(line):
    """What identifies the parts, and their numbers."""
    fields = ("pk", "recipient", "line_number", "created_at", *splitting.COPIED)
    return list(line.parts.order_by("line_number").values(*fields))


def test_undoing_a_split_leaves_the_line_whole(sale):
    line = sale.line(3)
    before = sale.totals()
    change = sale.split(line)
    undone = sale.undo(change)
    assert (undone.reversed, undone.kept, undone.message) == (3, 0, "Undone: 3 reversed.")
    assert not line.parts.exists()
    line.refresh_from_db()
    assert line.split_at is None
    assert sale.totals() == before
    assert sale.split(line).created == 3


def test_undoing_a_later_split_takes_its_own_parts_only(sale):
    line = sale.line(2)
    sale.split(line)
    first = set(line.parts.values_list("pk", flat=True))
    [newcomer] = many_recipients.recipients(sale.licensee, 1)
    groups.add_recipients(line.recipient_group_id, [newcomer.pk.hex], by=sale.by)
    change = sale.split(line)
    assert sale.undo(change).reversed == 1
    assert set(line.parts.values_list("pk", flat=True)) == first
    line.refresh_from_db()
    assert line.is_split


def test_undoing_a_split_keeps_what_changed_since(sale):
    line = sale.line(4)
    change = sale.split(line)
    edited, deleted, *_others = line.parts.order_by("line_number")
    operations.edit_line(edited.pk, {"quantity": Decimal(7)}, by=sale.by)
    operations.delete_line(deleted.pk, by=sale.by)
    sale.split(line)  # makes the deleted one again: that is another operation's
    undone = sale.undo(change)
    assert (undone.reversed, undone.kept) == (2, 2)
    remaining = set(line.parts.values_list("recipient", flat=True))
    assert remaining == {edited.recipient_id, deleted.recipient_id}
    line.refresh_from_db()
    assert line.is_split


def test_undoing_a_split_after_an_unsplit_keeps_all(sale):
    line = sale.line(2)
    change = sale.split(line)
    sale.unsplit(line)
    before = sale.rows()
    undone = sale.undo(change)
    assert (undone.reversed, undone.kept) == (0, 2)
    assert sale.rows() == before


def test_undoing_a_split_on_a_closed_quote_is_refused(sale):
    line = sale.line(2)
    change = sale.split(line)
    sale.move("submit", "approve")
    before = sale.rows()
    with pytest.raises(Refused):
        sale.undo(change)
    assert sale.rows() == before


def test_undoing_an_unsplit_puts_the_same_parts_back(sale):
    line = sale.line(3)
    split = sale.split(line)
    [newcomer] = many_recipients.recipients(sale.licensee, 1)
    groups.add_recipients(line.recipient_group_id, [newcomer.pk.hex], by=sale.by)
    sale.split(line)
    line.refresh_from_db()
    before, split_at, totals = fingerprint(line), line.split_at, sale.totals()
    undone = sale.undo(sale.unsplit(line))
    assert (undone.reversed, undone.kept) == (4, 0)
    assert fingerprint(line) == before
    assert sale.totals() == totals
    line.refresh_from_db()
    assert line.split_at == split_at
    assert sale.split(line).created == 0
    assert sale.undo(split).reversed == 3  # each part still knows its operation


def test_undoing_an_unsplit_numbers_above_all_where_a_number_is_taken(sale):
    line = sale.line(2)
    sale.split(line)
    ids = list(line.parts.order_by("line_number").values_list("pk", flat=True))
    change = sale.unsplit(line)
    assert [sale.line().line_number, sale.line(line_number=9).line_number] == [2, 9]
    assert sale.undo(change).reversed == 2
    numbered = line.parts.order_by("line_number").values_list("pk", "line_number")
    assert list(numbered) == [(ids[0], 10), (ids[1], 11)]


def test_undoing_an_unsplit_keeps_numbers_that_other_lines_leave_free(sale):
    line = sale.line(2)
    sale.split(line)
    sale.line(line_number=20)
    change = sale.unsplit(line)
    sale.undo(change)
    numbers = line.parts.order_by("line_number").values_list("line_number", flat=True)
    assert list(numbers) == [2, 3]


@pytest.mark.parametrize("meanwhile", ["edited", "split again", "deleted", "without a group"])
def test_undoing_an_unsplit_keeps_a_line_that_changed_since(sale, meanwhile):
    line = sale.line(2)
    sale.split(line)
    change = sale.unsplit(line)
    if meanwhile == "edited":
        operations.edit_line(line.pk, {"quantity": Decimal(3)}, by=sale.by)
    elif meanwhile == "split again":
        sale.split(line)
    elif meanwhile == "deleted":
        operations.delete_line(line.pk, by=sale.by)
    else:
        operations.edit_line(line.pk, {"recipient_group": None}, by=sale.by)
    before = sale.rows()
    undone = sale.undo(change)
    assert (undone.reversed, undone.kept) == (0, 2)
    assert sale.rows() == before


def test_undoing_an_unsplit_leaves_out_who_became_another_customers(sale):
    line = sale.line(2)
    sale.split(line)
    moved = line.parts.first().recipient
    change = sale.unsplit(line)
    groups.remove_recipients(line.recipient_group_id, [moved.pk.hex], by=sale.by)
    other = factories.ContactGroupFactory(licensee=sale.licensee)
    groups.edit_recipient(moved.pk, {"customer": other}, by=sale.by)
    undone = sale.undo(change)
    assert (undone.reversed, undone.kept) == (1, 0)
    assert [refusal.record_id for refusal in undone.failed] == [str(moved.pk)]
    assert not line.parts.filter(recipient=moved).exists()


def test_undoing_an_unsplit_without_parts_marks_the_line_again(sale):
    line = sale.line(1)
    sale.split(line)
    operations.delete_line(line.parts.get().pk, by=sale.by)
    change = sale.unsplit(line)
    assert sale.undo(change).reversed == 1
    line.refresh_from_db()
    assert line.is_split
    assert not line.parts.exists()


def test_an_undo_is_not_done_twice(sale):
    change = sale.split(sale.line(2))
    sale.undo(change)
    before = sale.rows()
    with pytest.raises(Refused, match="undone already"):
        sale.undo(change)
    assert sale.rows() == before
