"""A sale: one open quote of Alice's licensee, and quick ways to fill it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from commsapp.core import audit
from commsapp.core.audit import Refused
from commsapp.models import Operation
from groups.models import RecipientGroup
from quotes import operations
from quotes.models import Quote, QuoteLineItem, Totals
from tests import factories
from tests.groups import many_recipients


class Sale:
    """A quote, its customer and its product."""

    def __init__(self, licensee, by, *, currency="EUR"):
        self.licensee, self.by = licensee, by
        self.customer = factories.ContactGroupFactory(licensee=licensee)
        self.product = factories.ProductFactory(licensee=licensee, currency=currency)
        self.quote = factories.QuoteFactory(
            licensee=licensee, customer=self.customer, currency=currency
        )

    def group(self, size: int, **fields) -> RecipientGroup:
        members = many_recipients.recipients(self.licensee, size, customer=self.customer)
        return many_recipients.group_of(members, self.licensee, customer=self.customer, **fields)

    def line(self, group=None, **values) -> QuoteLineItem:
        """A new line; of a group of so many, if a number is given."""
        if isinstance(group, int):
            group = self.group(group)
        values = {"quote": self.quote, "product": self.product, **values}
        return operations.create_line(QuoteLineItem(recipient_group=group, **values), by=self.by)

    def split(self, line, **options):
        return operations.split_line(line.pk, by=self.by, **options)

    def unsplit(self, line, **options):
        return operations.unsplit_line(line.pk, by=self.by, **options)

    def undo(self, change):
        return audit.undo(change.operation.pk, by=self.by)

    def refused(self, act, line, **options) -> list[tuple[str, str]]:
        """Do what is refused and changes nothing: the refusals' codes and records."""
        before = self.rows()
        with pytest.raises(Refused) as caught:
            act(line.pk, by=self.by, **options)
        assert self.rows() == before
        return [(refusal.code, refusal.record_id) for refusal in caught.value.refusals]

    def move(self, *moves):
        for move in moves:
            operations.change_quote_status(self.quote.pk, move, by=self.by)

    def totals(self) -> Totals:
        return Quote.objects.with_totals().get(pk=self.quote.pk).totals

    def rows(self) -> list:
        """All there is of quotes, lines and operations: to see that nothing changed."""
        models = (Quote, QuoteLineItem, Operation)
        return [list(model.objects.order_by("pk").values()) for model in models]


@pytest.fixture
def sale(licensee, by_alice) -> Iterator[Sale]:
    """The stored sums are those of the lines, whatever the test did."""
    sale = Sale(licensee, by_alice)
    yield sale
    check_sums(sale.quote)


def check_sums(quote: Quote) -> None:
    quote = Quote.objects.get(pk=quote.pk)
    lines = list(quote.lines.with_members())
    stored = [line for line in lines if not line.is_group_line]
    assert quote.line_count == len(lines)
    assert quote.one_time_sum == sum((line.one_time_amount for line in stored), Decimal(0))
    assert quote.recurring_sum == sum((line.recurring_amount for line in stored), Decimal(0))
    totals = Quote.objects.with_totals().get(pk=quote.pk).totals
    assert totals.one_time == sum((line.one_time_total for line in lines), Decimal(0))
    assert totals.recurring == sum((line.recurring_total for line in lines), Decimal(0))
