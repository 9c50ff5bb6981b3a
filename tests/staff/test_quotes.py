"""A quote's page: its head, its lines and parts, what one does to them, and the way back."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from commsapp.models import Operation
from groups import operations as groups_operations
from quotes import operations
from quotes.models import Quote, QuoteLineItem
from quotes.pages import lines, printing
from tests import factories
from tests.staff.conftest import content_of, last_message, page

SPRING = date(2027, 3, 1)


def parts_of(line) -> list[QuoteLineItem]:
    return [*line.parts.order_by("line_number")]


def values(line, **changed) -> dict[str, str]:
    """What the quick form of a line sends."""
    sent = {
        "requested_date": line.requested_date or "", "quantity": line.quantity,
        "one_time_price": line.one_time_price, "recurring_price": line.recurring_price,
        "discount_percent": line.discount_percent, "description": line.description,
    }  # fmt: skip
    return {name: str(value) for name, value in {**sent, **changed}.items()}


def as_read(response) -> str:
    """What the form remembers having read."""
    return str(response.context["form"]["requested_date"].form.as_read()).split('value="')[1][:-2]


def place(url: str) -> dict[str, str]:
    return {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}


# --- The head -------------------------------------------------------------------------------


def test_the_head_tells_the_totals_and_whose_quote_it_is(web, join, line):
    join(3)
    shown = content_of(web.get(page(line.quote)))
    assert "261.96" in shown  # 3 × round(2 × 49.90 less 12.5 %)
    assert "Recurring per month" in shown
    assert "3 members" in shown
    assert str(line.quote.customer) in shown


def test_an_expired_quote_says_so_and_offers_no_acceptance(web, line):
    quote = line.quote
    yesterday = timezone.localdate() - timedelta(days=1)
    Quote.objects.filter(pk=quote.pk).update(expires_on=yesterday, status="approved")
    shown = content_of(web.get(page(quote)))
    assert "badge is-expired" in shown
    assert "Mark accepted" not in shown
    assert "Reopen it to give it a new date" in shown


def test_accepting_asks_first_since_no_move_leads_back(web, line):
    Quote.objects.filter(pk=line.quote_id).update(status="approved")
    asked = web.post(page(line.quote, "move"), {"move": "accept"})
    assert "cannot be reopened" in content_of(asked)
    assert Quote.objects.get(pk=line.quote_id).status == "approved"
    done = web.post(page(line.quote, "move"), {"move": "accept", "confirm": "1"})
    assert last_message(web, done).endswith(": From “Approved” to “Accepted”.")
    assert Quote.objects.get(pk=line.quote_id).status == "accepted"


def test_a_count_that_is_not_the_expected_one_is_shown(web, join, group, line):
    join(3)
    type(group).objects.filter(pk=group.pk).update(expected_member_count=5)
    assert "5 expected" in content_of(web.get(page(line.quote)))


# --- Lines and parts ------------------------------------------------------------------------


def test_parts_are_folded_until_asked_for(web, split):
    quote = page(split.quote)
    folded = content_of(web.get(quote))
    assert "5 parts" in folded
    assert 'class="parts"' not in folded
    opened = content_of(web.get(f"{quote}?parts_of={split.pk}"))
    assert opened.count("/quick/") == 5
    assert f'id="parts-{split.pk}"' in opened


def test_lines_page_from_200_rows_on_and_each_is_on_one_page(web, split, monkeypatch):
    monkeypatch.setattr(lines, "SHOWN", 2)
    url, seen = f"{page(split.quote)}?parts_of={split.pk}", []
    for _ in range(3):
        shown = web.get(url)
        found = shown.context["opened"]["page"]
        seen += [part.pk for part in found]
        assert "Edit all 5 parts…" in content_of(shown)
        url = f"{page(split.quote)}{found.next}"
    assert found.next == ""
    assert seen == [part.pk for part in parts_of(split)]
    back = web.get(f"{page(split.quote)}{found.previous}").context["opened"]["page"]
    assert [part.pk for part in back] == seen[2:4]


def test_searching_finds_a_site_among_the_parts_wherever_it_is(web, split):
    part = parts_of(split)[3]
    found = web.get(page(split.quote), {"q": part.recipient.name}).context["page"]
    assert [line.pk for line in found] == [part.pk]
    within = {"parts_of": split.pk, "parts_q": part.line_number}
    found = web.get(page(split.quote), within).context["opened"]["page"]
    assert part.pk in [line.pk for line in found]  # a name may have the number in it, too
    assert "No line matches" in content_of(web.get(page(split.quote), {"q": "nowhere"}))


def test_newcomers_are_told_and_get_their_part_by_splitting_again(web, join, split):
    assert "no part yet" not in content_of(web.get(page(split.quote)))
    join(3)
    shown = content_of(web.get(page(split.quote)))
    assert "3 members have no part yet." in shown
    assert "Split again…" in shown
    preview = content_of(web.get(page(split, "split")))
    assert "+261.96" in preview
    web.post(page(split, "split"), {"confirm": "1"})
    assert "no part yet" not in content_of(web.get(page(split.quote)))


def test_parts_of_those_who_left_are_told_before_splitting_again(web, by_alice, group, split):
    gone = parts_of(split)[0].recipient
    groups_operations.remove_recipients(group.pk, [gone.pk.hex], by=by_alice)
    assert "1 part of a recipient who left the group stays" in content_of(
        web.get(page(split, "split"))
    )


def test_a_preview_shows_fifty_new_lines_and_says_how_many_more(web, join, line):
    recipients = join(53)
    preview = content_of(web.get(page(line, "split")))
    assert "and 3 more" in preview
    assert sum(recipient.name in preview for recipient in recipients) == 50


def test_a_split_goes_on_at_its_new_parts_standing_out_with_undo(web, by_alice, join, line):
    join(2)
    done = web.post(f"{page(line, 'split')}?at=q%3Dsomething", {"confirm": "1"})
    assert place(done.url)["parts_of"] == str(line.pk)
    assert place(done.url)["q"] == "something"
    shown = web.get(f"{page(line.quote)}?parts_of={line.pk}&changed={place(done.url)['changed']}")
    assert content_of(shown).count("is-changed") == 3  # with their line
    assert "Undo" in content_of(shown)


@pytest.mark.parametrize("name", ["parts_of", "at", "after", "before", "parts_after", "q"])
def test_a_place_that_makes_no_sense_is_none(web, split, name):
    for value in ("\0", "x" * 5000, "٣", "-1", "999999999999999999", "//evil.example"):
        answer = web.get(page(split.quote), {name: value})
        assert answer.status_code == 200


def test_parts_of_a_line_that_is_not_there_are_not_found(web, split):
    assert web.get(page(split.quote), {"parts_of": split.quote.pk}).status_code == 404


# --- One line -------------------------------------------------------------------------------


def test_one_sites_date_is_changed_in_its_place_and_undone(web, split):
    part = parts_of(split)[2]
    at = f"?at=parts_of%3D{split.pk}"
    form = web.get(f"{page(part, 'quick')}{at}")
    sent = values(part, requested_date=SPRING) | {"_read": form.context["form"].as_read()}
    done = web.post(f"{page(part, 'quick')}{at}", sent)
    assert done.url.endswith(f"#line-{part.pk}")
    assert place(done.url) == {"parts_of": str(split.pk), "changed": part.pk.hex}
    shown = web.get(done.url)
    assert "1 line changed: requested date." in content_of(shown)
    assert content_of(shown).count("is-changed") == 1
    part.refresh_from_db()
    assert part.requested_date == SPRING

    entry = Operation.objects.latest("pk")
    assert entry.target_id == part.pk
    web.post(page(entry, "undo"))
    part.refresh_from_db()
    assert part.requested_date is None


def test_what_the_quick_form_cannot_take_is_told_and_nothing_changes(web, split):
    part = parts_of(split)[0]
    wrong = values(part, quantity="0", one_time_price="", discount_percent="x")
    answer = web.post(page(part, "quick"), wrong)
    assert answer.status_code == 400
    assert {*answer.context["form"].errors} == {"one_time_price", "discount_percent"}
    answer = web.post(page(part, "quick"), values(part, quantity="0"))
    assert answer.status_code == 400
    assert {*answer.context["form"].errors} == {"quantity"}
    assert values(QuoteLineItem.objects.get(pk=part.pk)) == values(part)


def test_two_people_at_one_line_do_not_overwrite_each_other(web, by_alice, split):
    part = parts_of(split)[0]
    form = content_of(web.get(page(part, "quick")))
    read = re.search(r'name="_read" value="([^"]+)"', form)[1].replace("&quot;", '"')
    operations.edit_line(part.pk, {"quantity": Decimal(9)}, by=by_alice)
    answer = web.post(page(part, "quick"), values(part, quantity="3") | {"_read": read})
    assert answer.status_code == 400
    assert QuoteLineItem.objects.get(pk=part.pk).quantity == 9
    other = values(part, description="Back door") | {"_read": read}
    assert web.post(page(part, "quick"), other).status_code == 302
    part.refresh_from_db()
    assert (part.quantity, part.description) == (9, "Back door")


def test_a_split_line_and_a_closed_quote_have_no_quick_form(web, split):
    assert "is split" in last_message(web, web.get(page(split, "quick")))
    Quote.objects.filter(pk=split.quote_id).update(status="accepted")
    assert "not open" in last_message(web, web.get(page(parts_of(split)[0], "quick")))


def test_the_full_form_leads_back_to_the_same_place(web, split):
    part = parts_of(split)[0]
    sent = {**values(part, quantity="4"), "product": str(part.product_id), "configuration": "{}"}
    done = web.post(f"{page(part, 'change')}?at=parts_of%3D{split.pk}%26parts_q%3DSite", sent)
    assert place(done.url) == {
        "parts_of": str(split.pk), "parts_q": "Site", "changed": part.pk.hex,
    }  # fmt: skip


# --- On paper -------------------------------------------------------------------------------


def test_paper_tells_all_lines_with_the_totals_at_the_end(web, split):
    shown = content_of(web.get(page(split.quote, "print")))
    assert shown.count('class="part"') == 5
    assert "436.60" in shown  # 5 × 87.32
    assert "<aside" not in shown


def test_equal_parts_are_told_once_on_paper_and_their_sums_are_the_quotes(web, by_alice, split):
    operations.edit_line(parts_of(split)[0].pk, {"quantity": Decimal(1)}, by=by_alice)
    answer = web.get(page(split.quote, "print"), {"parts": "summed"})
    rows = answer.context["rows"]
    assert [row.count for row in rows] == [1, 1, 4]
    quote = Quote.objects.with_totals().get(pk=split.quote_id)
    assert sum(row.one_time_total for row in rows) == quote.one_time_total
    assert sum(row.recurring_total for row in rows) == quote.recurring_total
    assert "4 recipients" in content_of(answer)


def test_a_long_quote_comes_in_sheets(web, split, monkeypatch):
    monkeypatch.setattr(printing, "MAX_ON_A_SHEET", 4)
    first = web.get(page(split.quote, "print"), {"parts": "each"})
    assert "Continued on the next sheet" in content_of(first)
    second = web.get(page(split.quote, "print"), {"parts": "each", "sheet": "2"})
    assert len(first.context["rows"]) + len(second.context["rows"]) == 6
    assert "436.60" in content_of(second)


# --- Forms ----------------------------------------------------------------------------------


def test_a_products_prices_are_told_to_the_form_of_a_new_line(web, line):
    assert web.get(page(line.product, "prices")).json() == {
        "one_time_price": "49.90 EUR", "recurring_price": "19.99 EUR",
    }  # fmt: skip


# --- Scale ----------------------------------------------------------------------------------


def test_statements_do_not_grow_with_lines_and_parts(web, by_alice, join, line):
    def statements() -> dict[str, int]:
        quote = page(line.quote)
        urls = [
            quote, f"{quote}?parts_of={line.pk}", f"{quote}?q=Site", page(line, "split"),
            page(line, "unsplit"), f"{quote}print/?parts=each", f"{quote}print/?parts=summed",
        ]  # fmt: skip
        counts = {}
        for url in urls:
            with CaptureQueriesContext(connection) as queries:
                assert web.get(url).status_code == 200
            counts[url] = len(queries)
        return counts

    join(10)
    operations.split_line(line.pk, by=by_alice)
    few = statements()
    same = {"licensee": line.licensee, "quote": line.quote, "product": line.product}
    QuoteLineItem.objects.bulk_create(
        factories.QuoteLineItemFactory.build(**same, line_number=10_000 + number)
        for number in range(300)
    )
    join(300)
    operations.split_line(line.pk, by=by_alice)
    assert statements() == few
    assert max(few.values()) <= 18
