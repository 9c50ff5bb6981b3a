"""Quotes: numbered, edited, moved from status to status, frozen."""

from __future__ import annotations

import datetime
from decimal import Decimal
from itertools import product

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from commsapp.core import audit
from commsapp.core.audit import Refused
from commsapp.models import Operation
from groups import operations as groups
from quotes import operations
from quotes.models import Quote, QuoteLineItem
from tests import factories
from tests.groups import many_recipients


def new(licensee, **values):
    return Quote(licensee=licensee, name="An offer", currency="EUR", **values)


def refused(sale, call, code, field):
    """The call is refused, for this, and nothing changed."""
    before = sale.rows()
    with pytest.raises(Refused) as caught:
        call()
    [refusal] = caught.value.refusals
    assert (refusal.code, refusal.field) == (code, field)
    assert refusal.record_id == str(sale.quote.pk)
    assert sale.rows() == before


# --- Created and edited ---------------------------------------------------------------------


def test_a_quote_without_a_number_gets_its_licensees_next_one(licensee, by_alice, bob, by_bob):
    numbers = [
        operations.create_quote(new(licensee), by=by_alice).number,
        operations.create_quote(new(licensee, number="2026/7"), by=by_alice).number,
        operations.create_quote(new(licensee), by=by_alice).number,
        operations.create_quote(new(bob.licensees.get()), by=by_bob).number,
    ]
    assert numbers == ["Q-000001", "2026/7", "Q-000002", "Q-000001"]


def test_a_number_taken_by_hand_is_left_out(licensee, by_alice):
    for taken in ("Q-000001", "Q-000003"):
        operations.create_quote(new(licensee, number=taken), by=by_alice)
    numbers = [operations.create_quote(new(licensee), by=by_alice).number for _ in range(2)]
    assert numbers == ["Q-000002", "Q-000004"]


def test_a_number_is_given_once(licensee, by_alice):
    operations.create_quote(new(licensee, number="1"), by=by_alice)
    with pytest.raises(ValidationError):
        operations.create_quote(new(licensee, number="1"), by=by_alice)
    assert Quote.objects.count() == 1


def test_another_licensees_customer_is_refused(licensee, by_alice):
    theirs = factories.ContactGroupFactory()
    with pytest.raises(ValidationError) as caught:
        operations.create_quote(new(licensee, customer=theirs), by=by_alice)
    assert {*caught.value.message_dict} == {"customer"}
    assert not Quote.objects.exists()


def edit(sale, **values):
    return operations.edit_quote(sale.quote.pk, values, by=sale.by)


def test_an_open_quote_is_edited(sale):
    later = datetime.date(2030, 1, 1)
    assert edit(sale, name="Another", expires_on=later, recurring_period="year").name == "Another"
    assert Operation.objects.get().numbers["fields"] == ["name", "recurring_period", "expires_on"]


def test_a_quote_keeps_a_number(sale):
    with pytest.raises(ValidationError):
        edit(sale, number="")
    sale.quote.refresh_from_db()
    assert sale.quote.number


def test_a_quote_that_is_not_open_is_not_edited(sale):
    sale.move("submit", "approve")
    refused(sale, lambda: edit(sale, name="Another"), "INVALID_STATUS", "quote")


def test_the_currency_stays_while_there_are_lines(sale):
    line = sale.line()
    refused(sale, lambda: edit(sale, currency="JPY"), "FIELD_INTEGRITY_EXCEPTION", "currency")
    operations.delete_line(line.pk, by=sale.by)
    assert edit(sale, currency="JPY").currency == "JPY"


def test_the_customer_stays_while_lines_are_of_its_groups(sale):
    sale.line(many_recipients.group_of([], sale.licensee))  # everybody's
    line = sale.line(1)
    other = factories.ContactGroupFactory(licensee=sale.licensee)
    change = lambda: edit(sale, customer=other)  # noqa: E731
    refused(sale, change, "FIELD_INTEGRITY_EXCEPTION", "customer")
    assert edit(sale, customer=None).customer is None
    refused(sale, change, "FIELD_INTEGRITY_EXCEPTION", "customer")
    operations.delete_line(line.pk, by=sale.by)
    assert change().customer == other


def test_another_licensees_quote_is_not_there(sale, by_bob):
    with pytest.raises(Quote.DoesNotExist):
        operations.edit_quote(sale.quote.pk, {"name": "Mine"}, by=by_bob)
    with pytest.raises(Quote.DoesNotExist):
        operations.change_quote_status(sale.quote.pk, "submit", by=by_bob)
    sale.quote.refresh_from_db()
    assert (sale.quote.status, sale.quote.name != "Mine") == ("draft", True)


# --- Moves ----------------------------------------------------------------------------------

ALLOWED = {
    ("draft", "submit"): "in_review",
    ("in_review", "approve"): "approved",
    ("approved", "accept"): "accepted",
    ("in_review", "reject"): "rejected",
    ("approved", "reject"): "rejected",
    ("draft", "cancel"): "cancelled",
    ("in_review", "cancel"): "cancelled",
    ("approved", "cancel"): "cancelled",
    ("in_review", "reopen"): "draft",
    ("approved", "reopen"): "draft",
    ("rejected", "reopen"): "draft",
    ("cancelled", "reopen"): "draft",
}


@pytest.mark.parametrize(
    ("status", "move"), [*product(Quote.Status.values, operations.TRANSITIONS)]
)
def test_a_move_starts_where_it_may(sale, status, move):
    Quote.objects.filter(pk=sale.quote.pk).update(status=status)
    call = lambda: operations.change_quote_status(sale.quote.pk, move, by=sale.by)  # noqa: E731
    if (status, move) not in ALLOWED:
        refused(sale, call, "INVALID_STATUS", "status")
        return
    change = call()
    assert change.quote.status == ALLOWED[status, move]
    assert change.operation.effects == {
        "before": {"status": status},
        "after": {"status": change.quote.status},
    }


def test_to_approve_takes_a_right_of_its_own():
    needed = {move: operations.permission_for(move) for move in operations.TRANSITIONS}
    assert needed.pop("approve") == "approve"
    assert {*needed.values()} == {"change"}


def test_a_move_says_from_where_to_where(sale):
    change = operations.change_quote_status(sale.quote.pk, "submit", by=sale.by)
    assert change.message == "From “Draft” to “In review”."
    assert audit.sentence(Operation.objects.get()) == change.message


def test_an_expired_quote_is_not_accepted(sale):
    today = timezone.localdate()
    edit(sale, expires_on=today - datetime.timedelta(days=1))
    sale.move("submit", "approve")
    accept = lambda: sale.move("accept")  # noqa: E731
    refused(sale, accept, "INVALID_STATUS", "expires_on")
    sale.move("reopen")
    edit(sale, expires_on=today)
    sale.move("submit", "approve", "accept")


# --- Frozen ---------------------------------------------------------------------------------


def frozen_counts(sale):
    return list(sale.quote.lines.order_by("pk").values_list("frozen_member_count", flat=True))


def test_what_happens_to_a_group_does_not_touch_a_frozen_quote(sale):
    plain, line, split = sale.line(), sale.line(2), sale.line(3)
    sale.split(split)
    before = sale.totals()
    sale.move("submit", "approve")
    crowd = many_recipients.hexes(many_recipients.recipients(sale.licensee, 5))
    groups.set_recipients(line.recipient_group_id, crowd, by=sale.by)
    groups.set_recipients(split.recipient_group_id, crowd[:1], by=sale.by)
    assert sale.totals() == before
    sale.move("accept")
    assert sale.totals() == before
    lines = QuoteLineItem.objects.with_members().in_bulk([plain.pk, line.pk, split.pk])
    counts = [lines[one.pk].recipient_count for one in (plain, line, split)]
    assert counts == [1, 2, 3]


def test_a_reopened_quote_follows_its_groups_again(sale):
    line = sale.line(2)
    sale.move("submit", "approve")
    [newcomer] = many_recipients.recipients(sale.licensee, 1)
    groups.add_recipients(line.recipient_group_id, [newcomer.pk.hex], by=sale.by)
    sale.move("reopen")
    assert sale.totals().one_time == line.one_time_amount * 3
    assert frozen_counts(sale) == [None]


def test_a_quote_in_review_follows_its_groups(sale):
    line = sale.line(2)
    sale.move("submit")
    groups.set_recipients(line.recipient_group_id, [], by=sale.by)
    assert sale.totals() == (0, 0)
    assert frozen_counts(sale) == [None]


def test_from_one_closed_status_to_another_what_was_frozen_stays(sale):
    line = sale.line(2)
    sale.move("submit", "approve")
    groups.set_recipients(line.recipient_group_id, [], by=sale.by)
    sale.move("reject")
    assert frozen_counts(sale) == [2]


def test_freezing_counts_as_no_edit_of_the_lines(sale):
    line = sale.line(2)
    sale.move("submit", "approve", "reopen")
    stamp = line.updated_at
    line.refresh_from_db()
    assert line.updated_at == stamp


# --- Totals ---------------------------------------------------------------------------------


def test_totals_are_exact_where_they_are_highest(sale):
    """100 quotes' worth in one: past what a BIGINT holds, and to the cent."""
    highest = Decimal("999999999999.99")
    group = many_recipients.group_of([], sale.licensee)
    for _ in range(3):
        sale.line(group, one_time_price=highest, recurring_price=Decimal("0.01"))
    group.member_count = 99_999  # nobody counts them here
    group.save()
    assert sale.totals() == (highest * 99_999 * 3, Decimal("2999.97"))
    assert sale.totals().one_time.as_tuple().exponent == -2


def test_a_list_of_quotes_with_totals_takes_one_statement(sale, django_assert_num_queries):
    for _ in range(3):
        sale.line(2)
    with django_assert_num_queries(1):
        assert [quote.totals for quote in Quote.objects.with_totals()] == [
            (Decimal("299.40"), Decimal("119.94"))
        ]
