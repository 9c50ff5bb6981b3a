"""Several lines are changed at once, exactly, and back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commsapp.core import audit
from commsapp.core.audit import Refused
from commsapp.models import Operation
from quotes import operations
from quotes.models import MAX_PRICE, MAX_QUANTITY, Quote, QuoteLineItem
from tests.conftest import actor, grant
from tests.quotes.conftest import Sale, check_sums

SPRING = date(2027, 3, 1)


def parts_of(line) -> list[str]:
    return [pk.hex for pk in line.parts.order_by("line_number").values_list("pk", flat=True)]


def edit(sale, ids, **options):
    values = options.pop("values", {"requested_date": SPRING})
    return operations.edit_lines(sale.quote.pk, ids, values, by=sale.by, **options)


def last() -> Operation:
    return Operation.objects.latest("pk")


@pytest.fixture
def split(sale):
    """A line of four parts."""
    line = sale.line(4, quantity=Decimal(3), one_time_price=Decimal("1.005"))
    sale.split(line)
    return line


def test_parts_get_the_same_date_and_one_entry_tells_it(sale, split):
    change = edit(sale, parts_of(split)[:3])
    assert change.message == "3 lines changed: requested date."
    assert [part.requested_date for part in split.parts.order_by("line_number")] == [
        SPRING, SPRING, SPRING, None,
    ]  # fmt: skip
    entry = last()
    assert entry.target_id == split.pk
    assert entry.touched == 3
    assert entry.effects["before"] == {"requested_date": None}


def test_one_line_has_the_entry_of_its_change(sale, split):
    [part, *_others] = parts_of(split)
    assert edit(sale, [part]).message == "1 line changed: requested date."
    assert last().target_id.hex == part


def test_lines_of_several_kinds_are_an_entry_of_the_quote(sale):
    lines = [sale.line(), sale.line(3)]
    totals = sale.totals()
    edit(sale, [line.pk.hex for line in lines], values={"discount_percent": Decimal(50)})
    assert last().target_id == sale.quote.pk
    assert sale.totals().one_time < totals.one_time
    assert audit.undo(last().pk, by=sale.by).reversed == 2
    assert sale.totals() == totals


def test_a_dry_run_tells_the_totals_and_changes_nothing(sale, split):
    before = sale.rows()
    change = edit(sale, parts_of(split), values={"discount_percent": Decimal(100)}, dry_run=True)
    assert change.message == "4 lines would be changed: discount %."
    assert change.totals_before == sale.totals()
    assert change.totals_after == (0, 0)
    assert sale.rows() == before


def test_what_is_so_already_is_no_change(sale, split):
    edit(sale, parts_of(split)[:1])
    before = len(Operation.objects.all())
    change = edit(sale, parts_of(split))
    assert (change.changed, change.already) == (3, 1)
    change = edit(sale, parts_of(split))
    assert (change.changed, change.already) == (0, 4)
    assert Operation.objects.count() == before + 1


def test_undo_gives_back_what_nobody_changed_since(sale, split):
    ids = parts_of(split)
    totals = sale.totals()
    edit(sale, ids[:1], values={"quantity": Decimal(7)})
    edit(sale, ids, values={"quantity": Decimal(2), "description": "Back door"})
    entry = last()
    operations.edit_line(ids[3], {"quantity": Decimal(9)}, by=sale.by)
    undone = audit.undo(entry.pk, by=sale.by)
    assert (undone.reversed, undone.kept) == (3, 1)
    quantities = split.parts.order_by("line_number").values_list("quantity", flat=True)
    assert [*quantities] == [7, 3, 3, 9]
    check_sums(sale.quote)
    assert sale.totals() != totals


def test_after_the_undo_of_an_edit_the_split_can_be_undone_whole(sale, split):
    split_entry = last()
    edit(sale, parts_of(split)[:1])
    with pytest.raises(Refused):
        sale.unsplit(split)
    audit.undo(last().pk, by=sale.by)
    assert audit.undo(split_entry.pk, by=sale.by).reversed == 4


def test_lines_that_went_meanwhile_are_counted_as_kept(sale, split):
    ids = parts_of(split)
    edit(sale, ids)
    entry = last()
    operations.delete_line(ids[0], by=sale.by)
    undone = audit.undo(entry.pk, by=sale.by)
    assert (undone.reversed, undone.kept) == (3, 1)


def test_a_split_line_refuses_and_nothing_is_changed(sale, split):
    plain = sale.line()
    before = sale.rows()
    with pytest.raises(Refused, match="Line 1 is split"):
        edit(sale, [plain.pk.hex, split.pk.hex])
    assert sale.rows() == before


def test_a_closed_quote_refuses_an_edit_and_its_undo(sale, split):
    edit(sale, parts_of(split))
    entry = last()
    sale.move("cancel")
    before = sale.rows()
    with pytest.raises(Refused, match="not open"):
        edit(sale, parts_of(split), values={"quantity": Decimal(2)})
    with pytest.raises(Refused, match="not open"):
        audit.undo(entry.pk, by=sale.by)
    assert sale.rows() == before


def test_what_a_line_cannot_hold_is_told_for_each_and_nothing_is_changed(sale, split):
    before = sale.rows()
    values = {"quantity": MAX_QUANTITY, "one_time_price": MAX_PRICE}
    with pytest.raises(Refused) as refused:
        edit(sale, parts_of(split), values=values)
    assert {refusal.code for refusal in refused.value.refusals} == {"LIMIT_EXCEEDED"}
    assert len(refused.value.refusals) == 4
    assert sale.rows() == before


def test_all_that_no_line_may_have_is_told_at_once(sale, split):
    before = sale.rows()
    values = {"quantity": Decimal(0), "discount_percent": Decimal(101), "one_time_price": None}
    with pytest.raises(ValidationError) as refused:
        edit(sale, parts_of(split), values=values)
    assert {*refused.value.message_dict} == {*values}
    assert sale.rows() == before


def test_a_line_of_another_quote_or_licensee_is_not_there(sale, split, by_bob, licensee, by_alice):
    other = Sale(licensee, by_alice)
    foreign = other.line()
    before = sale.rows()
    with pytest.raises(QuoteLineItem.DoesNotExist):
        edit(sale, [*parts_of(split), foreign.pk.hex])
    with pytest.raises(Quote.DoesNotExist):
        operations.edit_lines(sale.quote.pk, parts_of(split), {"requested_date": SPRING}, by=by_bob)
    assert sale.rows() == before


def test_the_undo_takes_the_right_to_change_lines(sale, charlie):
    lines = [sale.line(), sale.line()]
    edit(sale, [line.pk.hex for line in lines])
    entry = last()
    grant(charlie, "quotes.change_quote")
    before = sale.rows()
    with pytest.raises(PermissionDenied):
        audit.undo(entry.pk, by=actor(charlie))
    assert sale.rows() == before


@settings(
    deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    currency=st.sampled_from(["JPY", "EUR", "KWD", "CLF"]),
    values=st.fixed_dictionaries(
        {},
        optional={
            "one_time_price": st.decimals(0, 100, places=6),
            "recurring_price": st.decimals(0, 100, places=6),
            "quantity": st.decimals(Decimal("0.01"), 100, places=2),
            "discount_percent": st.decimals(0, 100, places=2),
            "description": st.sampled_from(["", "Door"]),
        },
    ),
    which=st.sets(st.integers(0, 5), min_size=1),
)
def test_totals_are_those_of_the_lines_after_any_edit_and_undo(
    licensee, by_alice, currency, values, which
):
    sale = Sale(licensee, by_alice, currency=currency)
    line = sale.line(3, one_time_price=Decimal("0.335"), quantity=Decimal("1.5"))
    sale.split(line)
    ids = [*parts_of(line), *(sale.line(size).pk.hex for size in (None, None, 2))]
    chosen = [ids[place] for place in sorted(which)]
    before, totals = [*QuoteLineItem.objects.order_by("pk").values("pk", *values)], sale.totals()
    foreseen = edit(sale, chosen, values=values, dry_run=True)
    assert (foreseen.totals_before, sale.totals()) == (totals, totals)
    change = edit(sale, chosen, values=values)
    assert sale.totals() == foreseen.totals_after
    check_sums(sale.quote)
    for pk in chosen:
        one = QuoteLineItem.objects.select_related("quote").get(pk=pk)
        kept = (one.one_time_amount, one.recurring_amount)
        one.price()
        assert (one.one_time_amount, one.recurring_amount) == kept
    if change.changed:
        assert audit.undo(change.operation.pk, by=by_alice).reversed == change.changed
    assert [*QuoteLineItem.objects.order_by("pk").values("pk", *values)] == before
    assert sale.totals() == totals
    check_sums(sale.quote)
