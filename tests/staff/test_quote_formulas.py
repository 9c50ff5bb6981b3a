"""What stands under an amount gives the amount, on the quote's page and on paper."""

from __future__ import annotations

from decimal import Decimal

from quotes import operations
from quotes.models import Quote, QuoteLineItem
from tests.staff.conftest import content_of, page


def test_a_groups_amount_is_what_each_pays_by_how_many_they_are(web, join, line):
    """Rounded for each, then multiplied: 99.00 less 12.5 % is 86.625, and 30 × 86.62 is asked."""
    join(30)
    QuoteLineItem.objects.filter(pk=line.pk).update(quantity=1, one_time_price=Decimal("99.00"))
    line.refresh_from_db()
    line.price()
    line.save()
    shown = content_of(web.get(page(line.quote)))
    assert "2,598.60" in shown
    assert ">86.62 × 30<" in shown
    assert ">99.00 − 12.5 %<" in shown
    paper = content_of(web.get(page(line.quote, "print")))
    assert ">30 × 1<" in paper
    assert ">86.62 × 30<" in paper


def test_one_piece_at_its_price_needs_no_formula_but_that_of_its_group(web, by_alice, join, line):
    join(3)
    values = {"quantity": Decimal(1), "discount_percent": Decimal(0)}
    operations.edit_line(line.pk, values, by=by_alice)
    shown = content_of(web.get(page(line.quote)))
    assert ">49.90 × 3<" in shown
    assert ">49.90<" not in shown
    paper = content_of(web.get(page(line.quote, "print")))
    assert ">3 × 1<" in paper
    assert "49.90 ×" not in paper


def test_a_parts_formula_is_of_its_own_quantity(web, by_alice, join, line):
    join(2)
    operations.split_line(line.pk, by=by_alice)
    shown = content_of(web.get(f"{page(line.quote)}?parts_of={line.pk}"))
    assert shown.count(">49.90 × 2 − 12.5 %<") == 2
    paper = content_of(web.get(page(line.quote, "print"), {"parts": "summed"}))
    assert ">2 × 2<" in paper
    assert ">87.32 × 2<" in paper


def test_members_are_counted_with_thousands_apart(web, line):
    Quote.objects.filter(pk=line.quote_id).update(status="approved")
    QuoteLineItem.objects.filter(pk=line.pk).update(frozen_member_count=1940)
    assert "1,940 members" in content_of(web.get(page(line.quote)))
    assert "1,940 recipients" in content_of(web.get(page(line.quote, "print")))
    german = {"headers": {"accept-language": "de"}}
    assert "1.940 Mitglieder" in content_of(web.get(page(line.quote), **german))
