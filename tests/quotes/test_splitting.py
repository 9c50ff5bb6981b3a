"""Splitting a line: contract 2.4."""

from __future__ import annotations

import datetime
from decimal import Decimal

from commsapp.core import audit
from commsapp.models import Operation
from groups import operations as groups
from groups.models import Recipient, RecipientGroup
from quotes import operations, splitting
from quotes.models import QuoteLineItem
from tests import factories
from tests.groups import many_recipients


def test_each_member_gets_one_part_and_the_totals_stay(sale):
    line = sale.line(3, one_time_price=Decimal("0.333333"), quantity=Decimal("1.50"))
    before = sale.totals()
    change = sale.split(line)
    assert (change.created, change.departed, change.message) == (3, 0, "3 lines created.")
    assert sale.totals() == before
    recipients = set(line.parts.values_list("recipient", flat=True))
    assert recipients == many_recipients.members_of(line.recipient_group)


def test_a_part_has_the_fate_of_every_field_decided():
    made = {"id", "line_number", "recipient", "split_from", "created_at", "updated_at"}
    empty = {"split_at", "frozen_member_count"}
    fields = {field.name for field in QuoteLineItem._meta.concrete_fields}
    assert fields == made | empty | set(splitting.COPIED)


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
        for name in splitting.COPIED:
            assert getattr(part, name) == getattr(line, name)
        assert (part.split_at, part.frozen_member_count) == (None, None)
        assert part.created_at == part.updated_at > line.created_at
    assert len({*line.parts.values_list("pk", flat=True), line.pk}) == 3
    assert {pk.version for pk in line.parts.values_list("pk", flat=True)} == {7}


def test_parts_take_the_next_numbers_in_the_order_of_names(sale):
    names = ["Zwickau", "Aachen", "Mainz", "Aachen"]
    members = [factories.RecipientFactory(licensee=sale.licensee, name=name) for name in names]
    line = sale.line(many_recipients.group_of(members, sale.licensee))
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
    [newcomer] = many_recipients.recipients(sale.licensee, 1)
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
    text = "2 lines created. The recipient group has 2 members, 3 expected."
    assert sale.split(line).message == text
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
    assert audit.sentence(entry) == "2 lines created."


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
    [newcomer] = many_recipients.recipients(sale.licensee, 1)
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
