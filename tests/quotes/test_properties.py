"""What holds for any prices, discounts, quantities, currencies, groups and orders of events."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from django.core.exceptions import ValidationError
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from commsapp.core import audit
from commsapp.core.audit import Refused
from commsapp.models import Operation
from groups import operations as groups
from quotes import currencies, operations, pricing
from quotes.models import MAX_PRICE, MAX_QUANTITY, QuoteLineItem
from tests.groups import many_recipients
from tests.quotes.conftest import Sale, check_sums

# Each example makes a sale of its own, so that sharing the test's database does no harm.
with_database = settings(
    deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CURRENCIES = st.sampled_from(["JPY", "EUR", "KWD", "CLF"])  # 0, 2, 3 and 4 decimals


def numbers(lowest, highest, places):
    """Decimals, small ones as likely as the whole range."""
    whole = st.decimals(lowest, highest, places=places, allow_nan=False)
    return st.decimals(lowest, min(Decimal(highest), Decimal(100)), places=places) | whole


PRICES = numbers(0, MAX_PRICE, 6)
QUANTITIES = numbers(Decimal("0.01"), MAX_QUANTITY, 2)
DISCOUNTS = numbers(0, 100, 2)


# --- Prices ---------------------------------------------------------------------------------


@given(price=PRICES, quantity=QUANTITIES, discount=DISCOUNTS, currency=CURRENCIES)
@example(Decimal("1.005"), Decimal(1), Decimal(0), "EUR")  # half to even, down
@example(Decimal("1.015"), Decimal(1), Decimal(0), "EUR")  # and up
@example(MAX_PRICE, MAX_QUANTITY, Decimal("0.01"), "KWD")
def test_an_amount_is_the_exact_one_rounded_half_even(price, quantity, discount, currency):
    places = currencies.PLACES[currency]
    exact = Fraction(price) * Fraction(quantity) * (100 - Fraction(discount)) / 100
    cents = round(exact * 10**places)  # Python rounds a Fraction half to even
    amount = pricing.amount(price, quantity, discount, currency)
    assert Fraction(amount) * 10**places == cents
    assert amount.as_tuple().exponent == -places


# --- Totals ---------------------------------------------------------------------------------


@with_database
@given(
    one_time=PRICES, recurring=PRICES, quantity=QUANTITIES, discount=DISCOUNTS,
    currency=CURRENCIES, size=st.integers(1, 5), others=st.integers(0, 2),
)  # fmt: skip
def test_totals_are_conserved_by_split_and_unsplit(
    licensee, by_alice, one_time, recurring, quantity, discount, currency, size, others
):
    sale = Sale(licensee, by_alice, currency=currency)
    try:
        line = sale.line(
            size,
            one_time_price=one_time,
            recurring_price=recurring,
            quantity=quantity,
            discount_percent=discount,
        )
    except ValidationError:
        dearer = max(one_time, recurring)
        amount = pricing.amount(dearer, quantity, discount, currency)
        assert amount > pricing.MAX_AMOUNT
        return
    assume(max(line.one_time_amount, line.recurring_amount) * size <= pricing.MAX_TOTAL / 2)
    for _ in range(others):
        sale.line()
        sale.line(2)
    whole = sale.totals()
    assert sale.split(line).created == size
    assert sale.totals() == whole
    check_sums(sale.quote)
    assert sale.unsplit(line).removed == size
    assert sale.totals() == whole
    check_sums(sale.quote)
    assert audit.undo(Operation.objects.latest("pk").pk, by=by_alice).reversed == size
    assert sale.totals() == whole
    check_sums(sale.quote)


# --- Any order of events --------------------------------------------------------------------


class Clerk:
    """Does one thing after another to a sale, whatever there is to do it to."""

    def __init__(self, sale):
        self.sale = sale
        self.crowd = many_recipients.recipients(sale.licensee, 6)
        self.groups = [many_recipients.group_of(self.crowd[:3], sale.licensee) for _ in range(2)]

    def pick(self, which):
        lines = list(QuoteLineItem.objects.filter(quote=self.sale.quote).order_by("line_number"))
        return lines[which % len(lines)] if lines else self.sale.line()

    def add_plain(self, which):
        self.sale.line(quantity=Decimal(which + 1))

    def add_of_group(self, which):
        self.sale.line(self.groups[which % 2])

    def edit(self, which):
        values = {"quantity": Decimal(which + 1), "discount_percent": Decimal(which)}
        operations.edit_line(self.pick(which).pk, values, by=self.sale.by)

    def regroup(self, which):
        values = {"recipient_group": [None, *self.groups][which % 3]}
        operations.edit_line(self.pick(which // 3).pk, values, by=self.sale.by)

    def delete(self, which):
        operations.delete_line(self.pick(which).pk, by=self.sale.by)

    def split(self, which):
        self.sale.split(self.pick(which))

    def unsplit(self, which):
        self.sale.unsplit(self.pick(which))

    def change_members(self, which):
        members = [one for place, one in enumerate(self.crowd) if which >> place & 1]
        group = self.groups[which % 2]
        groups.set_recipients(group.pk, many_recipients.hexes(members), by=self.sale.by)

    def undo(self, which):
        entries = Operation.objects.filter(licensee=self.sale.licensee)
        undoable = [entry for entry in entries if audit.is_undoable(entry)]
        if undoable:
            audit.undo(undoable[which % len(undoable)].pk, by=self.sale.by)

    def close_and_reopen(self, which):
        self.sale.move("cancel")
        closed = self.sale.totals()
        self.change_members(which)
        assert self.sale.totals() == closed
        self.sale.move("reopen")


STEPS = [name for name in vars(Clerk) if not name.startswith("_") and name != "pick"]


@with_database
@given(steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 63)), max_size=12))
def test_stored_sums_are_those_of_the_lines_after_any_sequence(licensee, by_alice, steps):
    sale = Sale(licensee, by_alice)
    clerk = Clerk(sale)
    for name, which in [("add_of_group", 0), *steps]:
        try:
            getattr(clerk, name)(which)
        except Refused:
            event = sale.rows()
            with pytest.raises(Refused):
                getattr(clerk, name)(which)
            assert sale.rows() == event
        check_sums(sale.quote)
        for line in QuoteLineItem.objects.filter(quote=sale.quote, split_at=None):
            assert not line.parts.exists()


@with_database
@given(steps=st.lists(st.sampled_from(["split", "unsplit"]), min_size=1, max_size=4))
def test_an_undo_at_once_restores_what_was(licensee, by_alice, steps):
    sale = Sale(licensee, by_alice)
    line = sale.line(3)
    for name in steps:
        before, totals = state(line), sale.totals()
        change = getattr(sale, name)(line)
        if change.operation.touched:
            audit.undo(change.operation.pk, by=by_alice)
            assert (state(line), sale.totals()) == (before, totals)
            getattr(sale, name)(line)
        check_sums(sale.quote)


def state(line):
    line.refresh_from_db()
    return line.split_at, list(line.parts.order_by("pk").values_list("pk", "line_number"))
