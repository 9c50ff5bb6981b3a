"""Splitting a line and back: contract 2.4."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from commsapp import ledger
from commsapp.ledger import Refused
from commsapp.models import Operation
from groups import operations as groups
from groups.models import Recipient, RecipientGroup
from quotes import operations, parts, rules
from quotes.models import QuoteLineItem
from tests import factories
from tests.groups import crowds

# --- Splitting ------------------------------------------------------------------------------


def test_each_member_gets_one_part_and_the_totals_stay(sale):
    line = sale.line(3, one_time_price=Decimal("0.333333"), quantity=Decimal("1.50"))
    before = sale.totals()
    change = sale.split(line)
    assert (change.created, change.departed, change.message) == (3, 0, "3 lines created.")
    assert sale.totals() == before
    recipients = set(line.parts.values_list("recipient", flat=True))
    assert recipients == crowds.members_of(line.recipient_group)


def test_a_part_has_the_fate_of_every_field_decided():
    made = {"id", "line_number", "recipient", "split_from", "created_at", "updated_at"}
    empty = {"split_at", "frozen_member_count"}
    fields = {field.name for field in QuoteLineItem._meta.concrete_fields}
    assert fields == made | empty | set(parts.COPIED)


def test_a_part_copies_what_was_configured(sale):
    line = sale.line(
        2,
        description="Fibre “1 Gbit/s”",
        quantity=Decimal("2.50"),
        one_time_price=Decimal("0.003500"),
        discount_percent=Decimal("12.50"),
        configuration={"bandwidth": [1, 2.5, None], "ü": {"b": 1, "a": True}, "none": ""},
        requested_date=datetime.date(2027, 1, 31),
    )
    sale.split(line)
    for part in line.parts.all():
        for name in parts.COPIED:
            assert getattr(part, name) == getattr(line, name)
        assert (part.split_at, part.frozen_member_count) == (None, None)
        assert part.created_at == part.updated_at > line.created_at
    assert len({*line.parts.values_list("pk", flat=True), line.pk}) == 3
    assert {pk.version for pk in line.parts.values_list("pk", flat=True)} == {7}


def test_parts_take_the_next_numbers_in_the_order_of_names(sale):
    names = ["Zwickau", "Aachen", "Mainz", "Aachen"]
    members = [factories.RecipientFactory(licensee=sale.licensee, name=name) for name in names]
    line = sale.line(crowds.group_of(members, sale.licensee))
    sale.line(line_number=7)
    sale.split(line)
    numbered = line.parts.order_by("line_number").values_list("line_number", "recipient__name")
    assert list(numbered) == [(8, "Aachen"), (9, "Aachen"), (10, "Mainz"), (11, "Zwickau")]
    line.refresh_from_db()
    assert line.line_number == 1


def test_the_line_stays_as_a_parent_out_of_the_totals(sale):
    line = sale.line(2)
    sale.split(line)
    line = QuoteLineItem.objects.with_members().get(pk=line.pk)
    assert line.is_split
    assert (line.one_time_total, line.recurring_total) == (0, 0)
    assert line.recipient_scaled_quantity == 2


def test_splitting_again_makes_nothing(sale):
    line = sale.line(2)
    sale.split(line)
    before = sale.rows()
    change = sale.split(line)
    assert (change.created, change.message) == (0, "0 lines created.")
    assert sale.rows() == before


def test_a_newcomer_gets_a_part_at_the_next_split(sale):
    line = sale.line(2)
    sale.split(line)
    [newcomer] = crowds.recipients(sale.licensee, 1)
    groups.add_recipients(line.recipient_group_id, [newcomer.pk.hex], by=sale.by)
    before = sale.totals()
    change = sale.split(line)
    assert (change.created, change.message) == (1, "1 line created.")
    assert sale.totals().one_time - before.one_time == line.one_time_amount
    assert line.parts.get(recipient=newcomer).line_number == 4


def test_the_part_of_a_recipient_who_left_stays_and_is_told(sale):
    line = sale.line(3)
    sale.split(line)
    gone = line.parts.first().recipient
    groups.remove_recipients(line.recipient_group_id, [gone.pk.hex], by=sale.by)
    change = sale.split(line)
    assert (change.created, change.departed) == (0, 1)
    assert change.message == "0 lines created, 1 line of a recipient who left the group stays."
    groups.add_recipients(line.recipient_group_id, [gone.pk.hex], by=sale.by)
    change = sale.split(line)
    assert (change.created, change.departed, line.parts.count()) == (0, 0, 3)


def test_a_part_deleted_by_hand_is_made_again_while_its_recipient_is_a_member(sale):
    line = sale.line(3)
    sale.split(line)
    first, second, _third = line.parts.order_by("line_number")
    for part in (first, second):
        operations.delete_line(part.pk, by=sale.by)
    groups.remove_recipients(line.recipient_group_id, [second.recipient_id.hex], by=sale.by)
    assert sale.split(line).created == 1
    assert line.parts.filter(recipient=first.recipient_id).exists()
    assert not line.parts.filter(recipient=second.recipient_id).exists()


def test_a_parent_without_parts_can_be_split_again(sale):
    line = sale.line(1)
    sale.split(line)
    operations.delete_line(line.parts.get().pk, by=sale.by)
    assert sale.split(line).created == 1


def test_an_archived_member_with_a_part_is_in_nobodys_way(sale):
    line = sale.line(2)
    sale.split(line)
    Recipient.objects.filter(lines__split_from=line).change(**Recipient.ARCHIVED)
    assert sale.split(line).created == 0


def test_an_unexpected_number_of_members_is_told(sale):
    line = sale.line(sale.group(2, expected_member_count=3))
    told = "2 lines created. The recipient group has 2 members, 3 expected."
    assert sale.split(line).message == told
    RecipientGroup.objects.update(expected_member_count=2)
    assert sale.split(line).message == "0 lines created."


def test_two_lines_of_one_group_are_split_by_themselves(sale):
    group = sale.group(2)
    one, other = sale.line(group), sale.line(group)
    assert sale.split(one).created == 2
    assert sale.split(other).created == 2
    assert one.parts.count() == other.parts.count() == 2


def test_a_split_is_one_operation_on_the_line(sale):
    line = sale.line(2)
    sale.split(line)
    entry = Operation.objects.latest("pk")
    assert (entry.kind, entry.target_id, entry.touched) == ("quotes.line_split", line.pk, 2)
    assert entry.target_type == "quotes.quotelineitem"
    assert ledger.sentence(entry) == "2 lines created."


# --- Planned --------------------------------------------------------------------------------


def test_a_planned_split_foretells_the_real_one_and_changes_nothing(sale):
    line = sale.line(3, quantity=Decimal(2))
    before = sale.rows()
    planned = sale.split(line, dry_run=True)
    assert sale.rows() == before
    assert (planned.created, planned.message) == (3, "3 lines would be created.")
    assert planned.totals_before == planned.totals_after == sale.totals()
    foretold = [
        (part.line_number, part.recipient.name, part.quantity, part.one_time_price,
         part.recurring_price, part.one_time_total, part.recurring_total)
        for part in planned.preview
    ]  # fmt: skip
    sale.split(line)
    real = [
        (part.line_number, part.recipient.name, part.quantity, part.one_time_price,
         part.recurring_price, part.one_time_total, part.recurring_total)
        for part in line.parts.order_by("line_number")
    ]  # fmt: skip
    assert foretold == real


def test_a_planned_later_split_foretells_what_it_adds(sale):
    line = sale.line(1)
    sale.split(line)
    [newcomer] = crowds.recipients(sale.licensee, 1)
    groups.add_recipients(line.recipient_group_id, [newcomer.pk.hex], by=sale.by)
    planned = sale.split(line, dry_run=True)
    assert [part.recipient for part in planned.preview] == [newcomer]
    added = planned.totals_after.recurring - planned.totals_before.recurring
    assert added == line.recurring_amount


def test_a_preview_shows_the_first_200_parts(sale):
    planned = sale.split(sale.line(201), dry_run=True)
    assert (planned.created, len(planned.preview)) == (201, 200)
    assert [part.line_number for part in planned.preview] == [*range(2, 202)]


def test_a_planned_unsplit_foretells_and_changes_nothing(sale):
    line = sale.line(2)
    sale.split(line)
    before = sale.rows()
    planned = sale.unsplit(line, dry_run=True)
    assert (planned.removed, planned.message) == (2, "2 lines would be removed.")
    assert planned.totals_before == planned.totals_after == sale.totals()
    assert sale.rows() == before


# --- Refused --------------------------------------------------------------------------------


def refused(sale, act, line, **options):
    """The refusals' codes and records; and that nothing changed."""
    before = sale.rows()
    with pytest.raises(Refused) as caught:
        act(line.pk, by=sale.by, **options)
    assert sale.rows() == before
    return [(refusal.code, refusal.record_id) for refusal in caught.value.refusals]


@pytest.mark.parametrize("act", [operations.split_line, operations.unsplit_line])
def test_a_line_without_a_group_is_refused(sale, act):
    line = sale.line()
    assert refused(sale, act, line) == [("REQUIRED_FIELD_MISSING", str(line.pk))]


@pytest.mark.parametrize("act", [operations.split_line, operations.unsplit_line])
def test_a_part_is_refused(sale, act):
    line = sale.line(1)
    sale.split(line)
    part = line.parts.get()
    assert refused(sale, act, part) == [("INVALID_STATUS", str(part.pk))]


@pytest.mark.parametrize("act", [operations.split_line, operations.unsplit_line])
@pytest.mark.parametrize("moves", [("cancel",), ("submit", "approve"), ("submit", "reject")])
def test_a_quote_that_is_not_open_is_refused(sale, act, moves):
    line = sale.line(1)
    sale.move(*moves)
    assert refused(sale, act, line) == [("INVALID_STATUS", str(sale.quote.pk))]


def test_a_quote_in_review_is_open(sale):
    line = sale.line(1)
    sale.move("submit")
    assert sale.split(line).created == 1


def test_an_archived_group_is_refused(sale):
    line = sale.line(2)
    RecipientGroup.objects.change(**RecipientGroup.ARCHIVED)
    group_id = str(line.recipient_group_id)
    assert refused(sale, operations.split_line, line) == [("INVALID_STATUS", group_id)]


def test_an_empty_group_is_refused(sale):
    line = sale.line(0)
    group_id = str(line.recipient_group_id)
    assert refused(sale, operations.split_line, line) == [("INVALID_STATUS", group_id)]


def test_each_archived_member_is_named(sale):
    line = sale.line(4)
    gone = list(line.recipient_group.memberships.order_by("recipient__name")[1:3])
    Recipient.objects.filter(memberships__in=gone).change(**Recipient.ARCHIVED)
    wanted = [("ENTITY_IS_DELETED", str(member.recipient_id)) for member in gone]
    assert refused(sale, operations.split_line, line) == wanted


def test_an_archived_newcomer_is_named(sale):
    line = sale.line(2)
    sale.split(line)
    departed = line.parts.first().recipient_id
    groups.remove_recipients(line.recipient_group_id, [departed.hex], by=sale.by)
    [newcomer] = crowds.recipients(sale.licensee, 1)
    groups.add_recipients(line.recipient_group_id, [newcomer.pk.hex], by=sale.by)
    Recipient.objects.filter(pk=newcomer.pk).change(**Recipient.ARCHIVED)
    wanted = [("ENTITY_IS_DELETED", str(newcomer.pk))]
    assert refused(sale, operations.split_line, line) == wanted


def test_more_lines_than_a_quote_holds_are_refused(sale, monkeypatch):
    line = sale.line(3)
    monkeypatch.setattr(rules, "MOST_LINES", 3)
    wanted = [("LIMIT_EXCEEDED", str(sale.quote.pk))]
    assert refused(sale, operations.split_line, line) == wanted
    monkeypatch.setattr(rules, "MOST_LINES", 4)
    assert sale.split(line).created == 3


def test_a_sum_past_what_a_quote_holds_is_refused(sale):
    line = sale.line(101, one_time_price=Decimal("999999999999.99"))
    wanted = [("LIMIT_EXCEEDED", str(sale.quote.pk))]
    assert refused(sale, operations.split_line, line) == wanted


def test_all_reasons_are_told_at_once(sale):
    line = sale.line(0)
    RecipientGroup.objects.change(**RecipientGroup.ARCHIVED)
    sale.move("cancel")
    assert len(refused(sale, operations.split_line, line)) == 3


@pytest.mark.parametrize("act", [operations.split_line, operations.unsplit_line])
def test_another_licensees_line_is_not_there(sale, act, by_bob):
    line = sale.line(1)
    with pytest.raises(QuoteLineItem.DoesNotExist):
        act(line.pk, by=by_bob)
    assert not line.parts.exists()


# --- Unsplitting ----------------------------------------------------------------------------


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
    assert refused(sale, operations.unsplit_line, line) == wanted


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


# --- Undo -----------------------------------------------------------------------------------


def undo(change, by):
    return ledger.undo(change.operation.pk, by=by)


def fingerprint(line):
    """What identifies the parts, and their numbers."""
    fields = ("pk", "recipient", "line_number", "created_at", *parts.COPIED)
    return list(line.parts.order_by("line_number").values(*fields))


def test_undoing_a_split_leaves_the_line_whole(sale):
    line = sale.line(3)
    before = sale.totals()
    change = sale.split(line)
    undone = undo(change, sale.by)
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
    [newcomer] = crowds.recipients(sale.licensee, 1)
    groups.add_recipients(line.recipient_group_id, [newcomer.pk.hex], by=sale.by)
    change = sale.split(line)
    assert undo(change, sale.by).reversed == 1
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
    undone = undo(change, sale.by)
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
    undone = undo(change, sale.by)
    assert (undone.reversed, undone.kept) == (0, 2)
    assert sale.rows() == before


def test_undoing_a_split_on_a_closed_quote_is_refused(sale):
    line = sale.line(2)
    change = sale.split(line)
    sale.move("submit", "approve")
    before = sale.rows()
    with pytest.raises(Refused):
        undo(change, sale.by)
    assert sale.rows() == before


def test_undoing_an_unsplit_puts_the_same_parts_back(sale):
    line = sale.line(3)
    split = sale.split(line)
    [newcomer] = crowds.recipients(sale.licensee, 1)
    groups.add_recipients(line.recipient_group_id, [newcomer.pk.hex], by=sale.by)
    sale.split(line)
    line.refresh_from_db()
    before, split_at, totals = fingerprint(line), line.split_at, sale.totals()
    undone = undo(sale.unsplit(line), sale.by)
    assert (undone.reversed, undone.kept) == (4, 0)
    assert fingerprint(line) == before
    assert sale.totals() == totals
    line.refresh_from_db()
    assert line.split_at == split_at
    assert sale.split(line).created == 0
    assert undo(split, sale.by).reversed == 3  # each part still knows its operation


def test_undoing_an_unsplit_numbers_above_all_where_a_number_is_taken(sale):
    line = sale.line(2)
    sale.split(line)
    ids = list(line.parts.order_by("line_number").values_list("pk", flat=True))
    change = sale.unsplit(line)
    assert [sale.line().line_number, sale.line(line_number=9).line_number] == [2, 9]
    assert undo(change, sale.by).reversed == 2
    numbered = line.parts.order_by("line_number").values_list("pk", "line_number")
    assert list(numbered) == [(ids[0], 10), (ids[1], 11)]


def test_undoing_an_unsplit_keeps_numbers_that_other_lines_leave_free(sale):
    line = sale.line(2)
    sale.split(line)
    sale.line(line_number=20)
    change = sale.unsplit(line)
    undo(change, sale.by)
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
    undone = undo(change, sale.by)
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
    undone = undo(change, sale.by)
    assert (undone.reversed, undone.kept) == (1, 0)
    assert [refusal.record_id for refusal in undone.failed] == [str(moved.pk)]
    assert not line.parts.filter(recipient=moved).exists()


def test_undoing_an_unsplit_without_parts_marks_the_line_again(sale):
    line = sale.line(1)
    sale.split(line)
    operations.delete_line(line.parts.get().pk, by=sale.by)
    change = sale.unsplit(line)
    assert undo(change, sale.by).reversed == 1
    line.refresh_from_db()
    assert line.is_split
    assert not line.parts.exists()


def test_an_undo_is_not_done_twice(sale):
    change = sale.split(sale.line(2))
    undo(change, sale.by)
    before = sale.rows()
    with pytest.raises(Refused, match="undone already"):
        undo(change, sale.by)
    assert sale.rows() == before


# --- Statements -----------------------------------------------------------------------------

BUDGET = 7  # and one for the sign-in: 8 a request


@pytest.fixture
def statements():
    """How many statements a call takes, without those that frame its transaction."""

    def count(call):
        with CaptureQueriesContext(connection) as queries:
            call()
        frame = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK")
        return sum(not query["sql"].startswith(frame) for query in queries.captured_queries)

    return count


def test_a_split_takes_as_many_statements_for_1000_as_for_10(sale, statements):
    for size in (10, 1000):
        line = sale.line(size)
        assert statements(lambda line=line: sale.split(line)) == 6
        newcomers = crowds.recipients(sale.licensee, size // 10)
        crowds.join(line.recipient_group, newcomers)
        grown = F("member_count") + len(newcomers)
        RecipientGroup.objects.filter(pk=line.recipient_group_id).update(member_count=grown)
        assert statements(lambda line=line: sale.split(line)) == 6
        assert line.parts.count() == size + size // 10


def test_a_split_back_takes_as_many_statements_for_1000_as_for_10(sale, statements):
    for size in (10, 1000):
        line = sale.line(size)
        sale.split(line)
        assert statements(lambda line=line: sale.unsplit(line)) == BUDGET


def test_a_planned_split_takes_as_many_statements_for_1000_as_for_10(sale, statements):
    for size in (10, 1000):
        line = sale.line(size)
        assert statements(lambda line=line: sale.split(line, dry_run=True)) == BUDGET


def test_an_undo_takes_as_many_statements_for_1000_as_for_10(sale, statements):
    sale.by.user.get_all_permissions()  # kept from the first question on
    seen = set()
    for size in (10, 1000):
        line = sale.line(size)
        split = sale.split(line)
        one = statements(lambda split=split: undo(split, sale.by))
        sale.split(line)
        unsplit = sale.unsplit(line)
        seen.add((one, statements(lambda unsplit=unsplit: undo(unsplit, sale.by))))
    assert len(seen) == 1
