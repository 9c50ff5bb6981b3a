"""What people do with quotes and their lines, from the first page to the last message."""

from __future__ import annotations

from decimal import Decimal

from django.urls import reverse

from quotes.models import Quote, QuoteLineItem
from tests import factories
from tests.conftest import grant
from tests.staff.conftest import again, browse, content_of, last_message, page

CONFIRM = {"confirm": "1"}


def lines_of(quote) -> int:
    return QuoteLineItem.objects.filter(quote=quote).count()


def test_a_line_is_split_as_the_preview_says_and_unsplit_again(web, group, join, line):
    join(3)
    quote = Quote.objects.with_totals().get(pk=line.quote_id)
    preview = web.get(page(line, "split"))
    change = preview.context["change"]
    assert "3 lines would be created." in content_of(preview)
    assert change.totals_before == change.totals_after == quote.totals
    assert lines_of(quote) == 1

    done = last_message(web, web.post(page(line, "split"), again(preview)))
    assert done == f"{quote.number} · {line}: 3 lines created."
    parts = QuoteLineItem.objects.filter(split_from=line).order_by("line_number")
    foreseen = [(part.line_number, part.recipient_id) for part in change.preview]
    assert [*parts.values_list("line_number", "recipient_id")] == foreseen
    assert Quote.objects.with_totals().get(pk=quote.pk).totals == quote.totals
    shown = content_of(web.get(page(quote)))
    assert "3 parts" in shown
    assert content_of(web.get(f"{page(quote)}?parts_of={line.pk}")).count("/quick/") == 3

    preview = web.get(page(line, "unsplit"))
    assert "3 lines would be removed." in content_of(preview)
    done = last_message(web, web.post(page(line, "unsplit"), again(preview)))
    assert done == f"{quote.number} · {line}: 3 lines removed."
    assert lines_of(quote) == 1


def test_a_part_that_keeps_a_line_from_being_unsplit_is_a_click_away(web, join, line):
    join(2)
    web.post(page(line, "split"), CONFIRM)
    part = line.parts.first()
    part.quantity += 1
    part.save()
    answer = web.get(page(line, "unsplit"))
    assert answer.status_code == 409
    assert f"Line {part.line_number} was edited." in content_of(answer)
    assert f'href="{page(part)}"' in content_of(answer)
    assert lines_of(line.quote) == 3


def test_a_quote_says_that_its_customer_was_deleted(web, line):
    customer = line.quote.customer
    assert "Deleted" not in content_of(web.get(page(line.quote)))
    web.post(page(customer, "delete-group"), CONFIRM)
    assert '<span class="badge is-deleted">Deleted</span>' in content_of(web.get(page(line.quote)))


def test_what_blocks_a_split_is_told_and_nothing_is_split(web, line):
    answer = web.get(page(line, "split"))
    assert answer.status_code == 409
    assert "The recipient group has no members." in content_of(answer)
    answer = web.post(page(line, "split"), CONFIRM)
    assert answer.status_code == 409
    assert lines_of(line.quote) == 1


def test_a_quote_goes_its_way_by_buttons_with_the_right_permission(web, charlie, line):
    quote = line.quote
    grant(charlie, "quotes.view_quote", "quotes.view_quotelineitem", "quotes.change_quote")
    seller = browse(charlie)
    moved = seller.post(page(quote, "move"), {"move": "submit"})
    assert last_message(seller, moved).endswith(": From “Draft” to “In review”.")
    assert "Approve" not in content_of(seller.get(page(quote)))
    assert seller.post(page(quote, "move"), {"move": "approve"}).status_code == 403
    web.post(page(quote, "move"), {"move": "approve"})
    quote.refresh_from_db()
    assert quote.status == Quote.Status.APPROVED
    refused = web.post(page(quote, "move"), {"move": "submit"})
    assert last_message(web, refused) == "A quote cannot go from “Approved” to “In review”."


def test_a_line_is_added_with_the_products_prices_edited_and_deleted(web, licensee, line):
    quote = line.quote
    product = factories.ProductFactory(licensee=licensee, one_time_price=Decimal("5.0035"))
    values = {
        "quote": str(quote.pk), "product": str(product.pk), "quantity": "2", "recipient_group": "",
        "one_time_price": "", "recurring_price": "", "discount_percent": "0",
        "configuration": "{}", "description": "", "requested_date": "",
    }  # fmt: skip
    done = web.post(reverse("admin:quotes_quotelineitem_add"), values)
    assert done.url.startswith(page(quote))
    new = QuoteLineItem.objects.get(product=product)
    assert (new.line_number, new.one_time_price) == (line.line_number + 1, Decimal("5.0035"))
    assert 'value="5.0035"' in content_of(web.get(page(new, "change")))
    assert 'value="19.99"' in content_of(web.get(page(new, "change")))

    del values["quote"]
    web.post(page(new, "change"), {**values, "one_time_price": "7", "recurring_price": "1.5"})
    new.refresh_from_db()
    assert (new.one_time_price, new.recurring_price) == (Decimal(7), Decimal("1.5"))

    assert str(new) in content_of(web.get(page(new, "delete")))
    assert web.post(page(new, "delete"), {"post": "yes"}).url == page(quote)
    assert lines_of(quote) == 1


def test_a_line_of_a_closed_quote_is_not_deleted(web, line):
    Quote.objects.filter(pk=line.quote_id).update(status="accepted")
    assert web.post(page(line, "delete"), {"post": "yes"}).status_code == 403
    assert lines_of(line.quote) == 1
