"""Who comes into a group or leaves it changes what quotes cost: told before it is done."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commsapp.core import audit
from groups import operations as groups_operations
from groups.models import Membership
from quotes import operations as quotes_operations
from quotes.models import Quote, QuoteLineItem
from tests import factories
from tests.staff.conftest import again, content_of, page
from tests.staff.test_dependents import standing

REPRICED, SPLIT = "Open quotes whose totals change", "Lines that are split already"


def totals(quote) -> tuple:
    return tuple(Quote.objects.with_totals().get(pk=quote.pk).totals)


def pasted(*recipients) -> dict[str, str]:
    return {"pasted": "\n".join(str(recipient.pk) for recipient in recipients)}


def test_adding_to_a_group_on_a_quote_in_review_tells_what_the_quote_costs_then(
    web, group, join, ours, line, by_alice
):
    join(2)
    quotes_operations.change_quote_status(line.quote_id, "submit", by=by_alice)
    newcomer = ours()[0]
    preview = web.post(page(group, "add-recipients"), pasted(newcomer))
    count, names = standing(preview)[REPRICED]
    assert count == "1"
    assert names == (
        f"{line.quote} In review · one-time 174.64 → 261.96 EUR, per month 34.96 → 52.44 EUR"
    )
    web.post(page(group, "add-recipients"), again(preview))
    assert [f"{one:.2f}" for one in totals(line.quote)] == ["261.96", "52.44"]


def test_removing_those_ticked_tells_what_quotes_cost_then(web, group, join, line):
    first, _second = join(2)
    preview = web.post(page(group, "remove-recipients"), {"recipients": [str(first.pk)]})
    assert "one-time 174.64 → 87.32 EUR" in standing(preview)[REPRICED][1]
    assert page(line.quote) in content_of(preview)
    assert Membership.objects.filter(group=group).count() == 2


def test_as_many_coming_as_going_change_no_total(web, group, join, ours, line):
    join(1)
    preview = web.post(page(group, "set-recipients"), pasted(*ours()))
    assert REPRICED not in standing(preview)


def test_a_split_line_is_told_with_what_becomes_of_its_parts(
    web, group, join, ours, line, by_alice
):
    first, _second = join(2)
    quotes_operations.split_line(line.pk, by=by_alice)
    preview = web.post(page(group, "add-recipients"), pasted(*ours()))
    found = standing(preview)
    assert REPRICED not in found
    assert found[SPLIT][1] == (
        f"Who comes has no part of them until they are split again.{line.name_on_quote} Draft"
    )
    preview = web.post(page(group, "remove-recipients"), {"recipients": [str(first.pk)]})
    assert "Who goes keeps a part of them" in standing(preview)[SPLIT][1]


def test_a_quote_that_is_not_open_is_not_told_for_nothing_on_it_changes(
    web, group, join, ours, line, by_alice
):
    join(1)
    for move in ("submit", "approve"):
        quotes_operations.change_quote_status(line.quote_id, move, by=by_alice)
    preview = web.post(page(group, "add-recipients"), pasted(*ours()))
    assert standing(preview) == {}


def test_a_change_of_nobody_touches_nothing(web, group, join, line):
    [member] = join(1)
    preview = web.post(page(group, "add-recipients"), pasted(member))
    assert standing(preview) == {}


def test_many_members_and_quotes_take_no_more_statements_than_few(web, group, ours, line):
    taken = []
    for count in (20, 1_000):
        quotes = Quote.objects.bulk_create(
            factories.QuoteFactory.build(licensee=group.licensee, customer=group.customer)
            for _ in range(count)
        )
        QuoteLineItem.objects.bulk_create(
            factories.QuoteLineItemFactory.build(
                licensee=group.licensee, quote=quote, product=line.product, recipient_group=group
            )
            for quote in quotes
        )
        sent = pasted(*ours(count))
        with CaptureQueriesContext(connection) as captured:
            preview = web.post(page(group, "add-recipients"), sent)
        assert f"{count:,} recipients would be added." in content_of(preview)
        taken.append(len(captured))
    assert taken[0] == taken[1]


# --- Undo -------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 3])
def test_undoing_an_addition_tells_what_quotes_cost_then(web, group, ours, line, by_alice, count):
    added = groups_operations.add_recipients(
        group.pk, [our.pk.hex for our in ours(count)], by=by_alice
    )
    before = totals(line.quote)
    preview = web.get(page(added.operation, "undo"))
    told_of_quote = standing(preview)[REPRICED][1]
    assert f"one-time {before[0]} → 0.00 EUR" in told_of_quote
    assert totals(line.quote) == before
    audit.undo(added.operation.pk, by=by_alice)
    assert totals(line.quote) == (0, 0)


def test_undoing_a_removal_tells_what_quotes_cost_then(web, group, join, line, by_alice):
    gone = join(2)
    before = totals(line.quote)
    removed = groups_operations.remove_recipients(
        group.pk, [one.pk.hex for one in gone], by=by_alice
    )
    preview = web.get(page(removed.operation, "undo"))
    assert f"one-time 0.00 → {before[0]} EUR" in standing(preview)[REPRICED][1]


def test_undoing_a_split_of_which_a_part_was_edited_tells_the_totals_before_and_after(
    web, group, join, line, by_alice
):
    join(3)
    split = quotes_operations.split_line(line.pk, by=by_alice)
    part = line.parts.order_by("line_number")[0]
    quotes_operations.edit_line(part.pk, {"quantity": 4}, by=by_alice)
    before = totals(line.quote)
    preview = web.get(page(split.operation, "undo"))
    _count, names = standing(preview)["Total of the quote"]
    assert "The line stays split." in names
    assert totals(line.quote) == before
    web.post(page(split.operation, "undo"))
    after = totals(line.quote)
    assert after < before
    assert names.endswith(
        f"{line.quote} one-time {before[0]} → {after[0]} EUR,"
        f" per month {before[1]} → {after[1]} EUR"
    )


def test_undoing_a_whole_split_tells_that_the_totals_stay(web, group, join, line, by_alice):
    join(3)
    split = quotes_operations.split_line(line.pk, by=by_alice)
    _count, names = standing(web.get(page(split.operation, "undo")))["Total of the quote"]
    assert names == f"{line.quote} its totals stay the same"


def test_undoing_an_unsplit_and_an_edit_tell_the_totals_too(web, group, join, line, by_alice):
    join(2)
    quotes_operations.split_line(line.pk, by=by_alice)
    unsplit = quotes_operations.unsplit_line(line.pk, by=by_alice)
    found = standing(web.get(page(unsplit.operation, "undo")))
    assert found["Total of the quote"][1].endswith("its totals stay the same")
    edited = quotes_operations.edit_lines(
        line.quote_id, [line.pk.hex], {"quantity": 1}, by=by_alice
    )
    found = standing(web.get(page(edited.operation, "undo")))
    assert "one-time 87.32 → 174.64 EUR" in found["Total of the quote"][1]
