"""Lines of a quote: created, edited, deleted; the quote's sums follow."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from commsapp.core.audit import Refused
from commsapp.models import Operation
from groups.models import RecipientGroup
from quotes import operations, validation
from quotes.models import Product, Quote, QuoteLineItem, Totals
from tests import factories
from tests.groups import many_recipients


def refused(sale, call, code, field):
    """The call is refused, for this, and nothing changed."""
    before = sale.rows()
    with pytest.raises(Refused) as caught:
        call()
    [refusal] = caught.value.refusals
    assert (refusal.code, refusal.field) == (code, field)
    assert sale.rows() == before
    return refusal


def invalid(sale, call):
    """The fields that the call is refused for, and nothing changed."""
    before = sale.rows()
    with pytest.raises(ValidationError) as caught:
        call()
    assert sale.rows() == before
    return {*caught.value.message_dict}


# --- Created --------------------------------------------------------------------------------


def test_a_plain_line_counts_once(sale):
    line = sale.line(quantity=Decimal(3), one_time_price=Decimal(10), discount_percent=Decimal(50))
    assert line.one_time_amount == 15
    assert sale.totals() == (15, Decimal("29.98"))  # 3 × 19.99, half off, half-even
    assert Quote.objects.get(pk=sale.quote.pk).line_count == 1
    assert (line.recipient_count, line.recipient_scaled_quantity) == (1, 3)


def test_a_group_line_counts_for_each_member(sale):
    line = sale.line(3, quantity=Decimal(2), one_time_price=Decimal(5))
    assert sale.totals().one_time == 30
    assert (line.recipient_count, line.recipient_scaled_quantity) == (3, 6)


def test_prices_left_out_are_the_products(sale):
    line = sale.line(one_time_price=Decimal("1.5"))
    assert (line.one_time_price, line.recurring_price) == (Decimal("1.5"), Decimal("19.99"))
    free = sale.line(one_time_price=Decimal(0), recurring_price=Decimal(0))
    assert (free.one_time_price, free.recurring_price) == (0, 0)


def test_a_line_number_left_out_is_the_next_free_one(sale):
    numbers = [sale.line().line_number, sale.line(line_number=7).line_number]
    numbers += [sale.line().line_number, sale.line(line_number=3).line_number]
    assert numbers == [1, 7, 8, 3]


def test_a_line_number_is_given_once(sale):
    sale.line(line_number=4)
    assert invalid(sale, lambda: sale.line(line_number=4)) == {"__all__"}


@pytest.mark.parametrize("number", [-1, 1_000_000_001, 2**63])
def test_a_line_number_is_within_bounds(sale, number):
    assert invalid(sale, lambda: sale.line(line_number=number)) == {"line_number"}


def test_a_new_line_is_an_operation_and_belongs_to_the_quotes_licensee(sale):
    line = sale.line()
    assert line.licensee == sale.licensee
    entry = Operation.objects.get(target_id=line.pk)
    assert (entry.kind, entry.effects["after"]["one_time_amount"]) == ("created", "49.90")


@pytest.mark.parametrize("moves", [("cancel",), ("submit", "approve")])
def test_a_quote_that_is_not_open_gets_no_line(sale, moves):
    sale.move(*moves)
    refused(sale, sale.line, "INVALID_STATUS", "quote")


def test_a_product_that_is_not_active_gets_no_line(sale):
    product = factories.ProductFactory(licensee=sale.licensee, is_active=False)
    refused(sale, lambda: sale.line(product=product), "INVALID_STATUS", "product")


def test_a_product_in_another_currency_gets_no_line(sale):
    product = factories.ProductFactory(licensee=sale.licensee, currency="JPY")
    refused(sale, lambda: sale.line(product=product), "FIELD_INTEGRITY_EXCEPTION", "product")


def test_an_archived_group_gets_no_line(sale):
    group = sale.group(1)
    RecipientGroup.objects.change(**RecipientGroup.ARCHIVED)
    refused(sale, lambda: sale.line(group), "INVALID_STATUS", "recipient_group")


def test_another_customers_group_gets_no_line(sale):
    other = factories.ContactGroupFactory(licensee=sale.licensee)
    group = many_recipients.group_of([], sale.licensee, customer=other)
    assert invalid(sale, lambda: sale.line(group)) == {"recipient_group"}


def test_a_group_without_a_customer_suits_every_quote(sale):
    assert sale.line(many_recipients.group_of([], sale.licensee)).is_group_line


def test_another_licensees_quote_or_group_is_not_there(sale, by_bob):
    line = QuoteLineItem(quote=sale.quote, product=sale.product)
    with pytest.raises(Quote.DoesNotExist):
        operations.create_line(line, by=by_bob)
    theirs = factories.RecipientGroupFactory()
    with pytest.raises(RecipientGroup.DoesNotExist):
        sale.line(theirs)
    assert not QuoteLineItem.objects.exists()


def test_another_licensees_product_is_refused(sale):
    product = factories.ProductFactory()
    assert invalid(sale, lambda: sale.line(product=product)) == {"product"}


def test_a_line_without_a_product_is_refused(sale):
    assert "product" in invalid(sale, lambda: sale.line(product=None))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("quantity", Decimal(0)),
        ("quantity", Decimal("0.001")),
        ("quantity", Decimal("1e16")),
        ("one_time_price", Decimal("-0.01")),
        ("one_time_price", Decimal("0.0000001")),
        ("recurring_price", Decimal("1e12")),
        ("recurring_price", Decimal("NaN")),
        ("discount_percent", Decimal("100.01")),
        ("discount_percent", Decimal(-1)),
        ("configuration", ["no", "object"]),
        ("description", "x" * 256),
    ],
)
def test_a_field_out_of_bounds_is_named(sale, field, value):
    assert invalid(sale, lambda: sale.line(**{field: value})) == {field}


def test_more_than_a_line_can_cost_names_the_price(sale):
    dear = {"quantity": Decimal("1e15"), "recurring_price": Decimal("1e6")}
    line = lambda: sale.line(one_time_price=Decimal(0), **dear)  # noqa: E731
    assert invalid(sale, line) == {"recurring_price"}


def test_more_lines_than_a_quote_holds_are_refused(sale, monkeypatch):
    monkeypatch.setattr(validation, "MAX_LINES", 1)
    sale.line()
    refused(sale, sale.line, "LIMIT_EXCEEDED", "quote")


def test_a_sum_past_what_a_quote_holds_is_refused(sale):
    dear = {"one_time_price": Decimal("999999999999.99")}
    for _ in range(100):
        sale.line(**dear)
    refused(sale, lambda: sale.line(**dear), "LIMIT_EXCEEDED", "quote")
    assert sale.totals().one_time == Decimal("99999999999999.00")


# --- Edited ---------------------------------------------------------------------------------


def edit(sale, line, **values):
    return operations.edit_line(line.pk, values, by=sale.by)


def test_an_edit_reprices_and_the_sums_follow(sale):
    line = sale.line(one_time_price=Decimal(10))
    line = edit(sale, line, quantity=Decimal(4), discount_percent=Decimal(25))
    assert line.one_time_amount == 30
    assert sale.totals() == Totals(Decimal("30.00"), Decimal("59.97"))


def test_an_edit_to_what_is_there_already_changes_nothing(sale):
    line = sale.line()
    before = sale.rows()
    edit(sale, line, quantity=Decimal(1), description="", recipient_group=None)
    assert sale.rows() == before


def test_a_plain_line_becomes_a_group_line_and_back(sale):
    line, group = sale.line(), sale.group(3)
    edit(sale, line, recipient_group=group)
    assert sale.totals().one_time == line.one_time_amount * 3
    edit(sale, line, recipient_group=None)
    assert sale.totals().one_time == line.one_time_amount


def test_a_price_taken_away_is_the_products_again(sale):
    line = sale.line(one_time_price=Decimal(1))
    assert edit(sale, line, one_time_price=None).one_time_price == Decimal("49.90")


def test_an_edit_is_an_operation_that_tells_before_and_after(sale):
    line = sale.line()
    edit(sale, line, quantity=Decimal(2))
    entry = Operation.objects.filter(target_id=line.pk).latest("pk")
    assert entry.effects["before"]["quantity"] == "1.00"
    assert entry.effects["after"]["quantity"] == "2"


def test_a_part_is_edited_by_itself(sale):
    line = sale.line(2)
    sale.split(line)
    part = line.parts.first()
    edit(sale, part, quantity=Decimal(3))
    assert sale.totals().one_time == line.one_time_amount * 4


def test_a_split_line_is_read_only(sale):
    line = sale.line(2)
    sale.split(line)
    refused(sale, lambda: edit(sale, line, quantity=Decimal(2)), "INVALID_STATUS", "split_at")
    refused(sale, lambda: edit(sale, line, recipient_group=None), "INVALID_STATUS", "split_at")


def test_a_part_stays_with_its_group(sale):
    line, other = sale.line(2), sale.group(1)
    sale.split(line)
    part = line.parts.first()
    change = lambda group: lambda: edit(sale, part, recipient_group=group)  # noqa: E731
    refused(sale, change(other), "FIELD_INTEGRITY_EXCEPTION", "recipient_group")


def test_a_line_stays_on_its_quote(sale):
    line = sale.line()
    other = factories.QuoteFactory(licensee=sale.licensee)
    refused(sale, lambda: edit(sale, line, quote=other), "FIELD_INTEGRITY_EXCEPTION", "quote")


def test_only_a_split_gives_a_line_its_recipient(sale):
    line = sale.line(1)
    sale.split(line)
    part, [other] = line.parts.get(), many_recipients.recipients(sale.licensee, 1)
    change = lambda: edit(sale, part, recipient=other)  # noqa: E731
    refused(sale, change, "FIELD_INTEGRITY_EXCEPTION", "recipient")


def test_a_frozen_line_is_read_only(sale):
    line = sale.line()
    sale.move("submit", "approve")
    refused(sale, lambda: edit(sale, line, quantity=Decimal(2)), "INVALID_STATUS", "quote")


def test_an_edit_takes_no_archived_group_and_no_inactive_product(sale):
    line, group = sale.line(), sale.group(1)
    RecipientGroup.objects.change(**RecipientGroup.ARCHIVED)
    take = lambda **values: lambda: edit(sale, line, **values)  # noqa: E731
    refused(sale, take(recipient_group=group), "INVALID_STATUS", "recipient_group")
    product = factories.ProductFactory(licensee=sale.licensee, is_active=False)
    refused(sale, take(product=product), "INVALID_STATUS", "product")


def test_a_line_is_edited_though_its_product_and_group_retired(sale):
    line = sale.line(2)
    RecipientGroup.objects.change(**RecipientGroup.ARCHIVED)
    Product.objects.update(is_active=False, currency="JPY")
    assert edit(sale, line, quantity=Decimal(2)).one_time_amount == Decimal("99.80")


def test_another_licensees_line_is_not_edited(sale, by_bob):
    line = sale.line()
    with pytest.raises(QuoteLineItem.DoesNotExist):
        operations.edit_line(line.pk, {"quantity": Decimal(2)}, by=by_bob)
    line.refresh_from_db()
    assert line.quantity == 1


def test_an_edit_out_of_bounds_names_the_field(sale):
    line = sale.line()
    assert invalid(sale, lambda: edit(sale, line, quantity=Decimal(0))) == {"quantity"}
    assert "product" in invalid(sale, lambda: edit(sale, line, product=None))


# --- Deleted --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [None, 2])
def test_a_deleted_line_is_gone_and_answered(sale, size):
    line = sale.line(size)
    gone = operations.delete_line(line.pk, by=sale.by)
    assert (gone.pk, gone.line_number) == (line.pk, 1)
    assert sale.totals() == (0, 0)
    entry = Operation.objects.latest("pk")
    assert (entry.kind, entry.target_id) == ("removed", line.pk)
    assert entry.effects["before"]["quantity"] == "1.00"


def test_a_split_line_is_not_deleted(sale):
    line = sale.line(2)
    sale.split(line)
    delete = lambda: operations.delete_line(line.pk, by=sale.by)  # noqa: E731
    refused(sale, delete, "INVALID_STATUS", "split_at")


def test_a_frozen_line_is_not_deleted(sale):
    line = sale.line()
    sale.move("cancel")
    delete = lambda: operations.delete_line(line.pk, by=sale.by)  # noqa: E731
    refused(sale, delete, "INVALID_STATUS", "quote")


def test_another_licensees_line_is_not_deleted(sale, by_bob):
    line = sale.line()
    with pytest.raises(QuoteLineItem.DoesNotExist):
        operations.delete_line(line.pk, by=by_bob)
    assert QuoteLineItem.objects.filter(pk=line.pk).exists()
