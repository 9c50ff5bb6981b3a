"""A quote that does not count everybody is not submitted or approved without saying so."""

from __future__ import annotations

import pytest
from django.utils.html import strip_tags

from commsapp.models import Operation
from quotes import operations as quotes_operations
from quotes.models import Quote
from tests.staff.conftest import again, content_of, form_with, last_message, page


@pytest.fixture
def behind(join, line, by_alice):
    """A split line whose group got two members since."""
    join(3)
    quotes_operations.split_line(line.pk, by=by_alice)
    join(2)
    return line


def status(line) -> str:
    return Quote.objects.get(pk=line.quote_id).status


def test_submitting_warns_of_members_without_a_part_and_goes_on_if_confirmed(web, behind):
    url = page(behind.quote, "move")
    before = Operation.objects.count()
    asked = web.post(url, {"move": "submit"})
    assert asked.status_code == 200
    assert "2 members have no part yet." in content_of(asked)
    assert f'href="{page(behind, "split")}"' in content_of(asked)
    assert (status(behind), Operation.objects.count()) == ("draft", before)
    done = web.post(url, {**form_with(asked, 'name="confirm"'), "confirm": "1"})
    assert last_message(web, done) == f"{behind.quote}: From “Draft” to “In review”."
    assert status(behind) == "in_review"


def test_approving_warns_as_well(web, behind, by_alice):
    quotes_operations.change_quote_status(behind.quote_id, "submit", by=by_alice)
    asked = web.post(page(behind.quote, "move"), {"move": "approve"})
    assert "2 members have no part yet." in content_of(asked)
    assert status(behind) == "in_review"


def test_rejecting_and_cancelling_need_no_warning(web, behind):
    assert web.post(page(behind.quote, "move"), {"move": "cancel"}).status_code == 302
    assert status(behind) == "cancelled"


def test_where_everybody_has_a_part_the_move_is_made_at_once(web, join, line, by_alice):
    join(3)
    quotes_operations.split_line(line.pk, by=by_alice)
    assert web.post(page(line.quote, "move"), {"move": "submit"}).status_code == 302
    assert status(line) == "in_review"


def test_a_machine_is_not_asked(behind, by_alice):
    quotes_operations.change_quote_status(behind.quote_id, "submit", by=by_alice)
    assert status(behind) == "in_review"


# --- Which quote a message is about -----------------------------------------------------------


def test_a_line_edited_or_deleted_is_told_with_its_quote(web, line):
    values = {"product": str(line.product_id), "recipient_group": str(line.recipient_group_id)}
    values |= {"quantity": "3", "one_time_price": "49.90", "recurring_price": "9.99"}
    values |= {"discount_percent": "0", "configuration": "{}", "description": "Guest Wi-Fi"}
    done = web.post(page(line, "change"), values)
    assert done.status_code == 302, done.context["adminform"].form.errors
    told_of_edit = last_message(web, done)
    assert told_of_edit.startswith(f"{line.quote.number}: ")
    assert "Guest Wi-Fi" in told_of_edit
    deleted = web.post(page(line, "delete"), {"post": "yes"})
    assert last_message(web, deleted) == f"Deleted: {line.quote.number} · 1. Guest Wi-Fi"


def test_lines_edited_quickly_or_together_are_told_with_their_quote(web, line):
    values = {"quantity": "4", "discount_percent": "12.5", "one_time_price": "49.90"}
    values |= {"recurring_price": "9.99"}
    quick = web.post(page(line, "quick"), values)
    assert quick.status_code == 302, quick.context["form"].errors
    assert last_message(web, quick).startswith(f"{line.name_on_quote}: 1 line changed: quantity")
    sent = {"values": "1", "lines": [str(line.pk)], "quantity": "5"}
    url = page(line.quote, "edit-lines")
    done = web.post(url, again(web.post(url, sent)))
    assert last_message(web, done) == f"{line.quote.number}: 1 line changed: quantity."


def test_an_undo_without_a_preview_tells_what_became_of_the_totals(web, join, line, by_alice):
    join(3)
    split = quotes_operations.split_line(line.pk, by=by_alice)
    part = line.parts.order_by("line_number")[0]
    quotes_operations.edit_line(part.pk, {"quantity": 4}, by=by_alice)
    before = Quote.objects.with_totals().get(pk=line.quote_id).totals
    done = web.post(page(split.operation, "undo"), {"next": page(line.quote)})
    messages = [strip_tags(str(one)) for one in web.get(done.url).context["messages"]]
    after = Quote.objects.with_totals().get(pk=line.quote_id).totals
    assert (
        f"Total of the quote: “{line.quote}” one-time {before[0]} → {after[0]} EUR,"
        f" per month {before[1]} → {after[1]} EUR."
    ) in messages
