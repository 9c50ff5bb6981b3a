"""The ledger names a line with its quote, at no cost."""

from __future__ import annotations

from decimal import Decimal

from commsapp.core import audit
from commsapp.models import Operation
from quotes import operations
from quotes.models import QuoteLineItem


def names(line) -> list[str]:
    entries = Operation.objects.filter(target_id=line.pk).order_by("id")
    return [*entries.values_list("target_name", flat=True)]


def test_whatever_is_done_to_a_line_is_told_with_its_quote(sale):
    line = sale.line(2, description="Guest Wi-Fi")
    operations.edit_line(line.pk, {"quantity": Decimal(3)}, by=sale.by)
    operations.edit_lines(sale.quote.pk, [line.pk.hex], {"quantity": Decimal(2)}, by=sale.by)
    split = sale.split(line)
    audit.undo(split.operation.pk, by=sale.by)
    sale.split(line)
    sale.unsplit(line)
    operations.delete_line(line.pk, by=sale.by)
    assert names(line) == [f"{sale.quote.number} · 1. Guest Wi-Fi"] * 8


def test_an_edit_of_parts_is_told_with_their_line_and_quote(sale):
    line = sale.line(3)
    sale.split(line)
    ids = [pk.hex for pk in line.parts.values_list("pk", flat=True)]
    change = operations.edit_lines(sale.quote.pk, ids, {"description": "All"}, by=sale.by)
    assert change.operation.target_id == line.pk
    assert change.operation.target_name == f"{sale.quote.number} · {line}"


def test_a_long_name_is_cut(sale):
    line = sale.line(description="x" * 255)
    [name] = names(line)
    assert len(name) == 255
    assert name.startswith(f"{sale.quote.number} · 1. xxx")


def test_the_name_takes_no_statement_more(sale, statements):
    line = sale.line()
    with statements() as ran:
        operations.edit_line(line.pk, {"quantity": Decimal(5)}, by=sale.by)
    about_quotes = [one for one in ran if one.startswith('SELECT "quotes_quote"."')]
    assert about_quotes == []


def test_an_undo_keeps_what_the_quote_costs_before_and_after(sale):
    line = sale.line(3)
    split = sale.split(line)
    part = line.parts.order_by("line_number")[0]
    operations.edit_line(part.pk, {"quantity": Decimal(7)}, by=sale.by)
    before = sale.totals()
    undone = sale.undo(split)
    kept = Operation.objects.get(pk=undone.operation.pk).effects["totals"]
    assert kept["quote"] == sale.quote.pk.hex
    assert [Decimal(one) for one in kept["before"]] == [*before]
    assert [Decimal(one) for one in kept["after"]] == [*sale.totals()]
    assert QuoteLineItem.objects.get(pk=part.pk).quantity == 7
