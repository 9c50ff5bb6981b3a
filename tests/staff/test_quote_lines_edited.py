"""Several lines of a quote, ticked or found, are edited at once."""

from __future__ import annotations

from commsapp.models import Operation
from quotes import operations
from tests import factories
from tests.conftest import grant
from tests.staff.conftest import browse, content_of, last_message, page
from tests.staff.test_quotes import SPRING, parts_of, place


def test_ticked_parts_get_a_discount_after_a_preview(web, split):
    quote, at = split.quote, f"?at=parts_of%3D{split.pk}"
    chosen = [str(part.pk) for part in parts_of(split)[:2]]
    asked = web.post(page(quote, "edit-lines") + at, {"lines": chosen})
    assert "Edit 2 lines" in content_of(asked)
    sent = {"lines": chosen, "values": "1", "discount_percent": "100"}
    preview = web.post(page(quote, "edit-lines") + at, sent)
    assert "2 lines would be changed: discount %." in content_of(preview)
    assert "−174.64" in content_of(preview)
    assert split.parts.filter(discount_percent=100).count() == 0
    confirmed = dict(preview.context["command"].fields) | {"lines": chosen, "confirm": "1"}
    done = web.post(page(quote, "edit-lines") + at, confirmed)
    assert place(done.url)["parts_of"] == str(split.pk)
    assert content_of(web.get(done.url)).count("is-changed") == 2
    assert split.parts.filter(discount_percent=100).count() == 2
    web.post(page(Operation.objects.latest("pk"), "undo"))
    assert split.parts.filter(discount_percent=100).count() == 0


def test_all_that_were_found_are_counted_again_at_the_end(web, by_alice, split):
    quote, at = split.quote, f"?at=parts_of%3D{split.pk}%26parts_q%3DSite"
    sent = {"which": "all", "values": "1", "requested_date": "2027-03-01"}
    preview = web.post(page(quote, "edit-lines") + at, sent)
    assert "5 lines would be changed" in content_of(preview)
    operations.delete_line(parts_of(split)[0].pk, by=by_alice)
    confirmed = dict(preview.context["command"].fields) | {"confirm": "1"}
    again = web.post(page(quote, "edit-lines") + at, confirmed)
    assert "5 matched when you looked, and 4 do now" in content_of(again)
    assert split.parts.filter(requested_date=SPRING).count() == 0
    confirmed = dict(again.context["command"].fields) | {"confirm": "1"}
    web.post(page(quote, "edit-lines") + at, confirmed)
    assert split.parts.filter(requested_date=SPRING).count() == 4


def test_all_lines_are_those_that_can_be_edited(web, licensee, split):
    plain = factories.QuoteLineItemFactory(
        licensee=licensee, quote=split.quote, product=split.product, line_number=900
    )
    sent = {"which": "all", "values": "1", "description": "New"}
    preview = web.post(page(split.quote, "edit-lines"), sent)
    assert "1 line would be changed" in content_of(preview)
    web.post(page(split.quote, "edit-lines"), {**sent, "selected": "1", "confirm": "1"})
    plain.refresh_from_db()
    assert plain.description == "New"


def test_a_date_is_taken_away_from_several(web, by_alice, split):
    ids = [part.pk.hex for part in parts_of(split)]
    operations.edit_lines(split.quote_id, ids, {"requested_date": SPRING}, by=by_alice)
    both = {"lines": ids, "values": "1", "no_date": "on", "requested_date": "2027-01-01"}
    assert "not both" in content_of(web.post(page(split.quote, "edit-lines"), both))
    sent = {"lines": ids, "values": "1", "no_date": "on", "selected": "5", "confirm": "1"}
    web.post(page(split.quote, "edit-lines"), sent)
    assert split.parts.filter(requested_date=None).count() == 5


def test_several_refuse_what_no_line_may_have_and_nothing_changes(web, split):
    ids = [part.pk.hex for part in parts_of(split)]
    for wrong in ({}, {"quantity": "-1"}, {"discount_percent": "101"}, {"quantity": "1e3x"}):
        answer = web.post(page(split.quote, "edit-lines"), {"lines": ids, "values": "1", **wrong})
        assert answer.status_code == 400
        assert answer.context["form"].errors
    nothing = web.post(page(split.quote, "edit-lines"), {"lines": ["x"]})
    assert "Tick at least one line" in last_message(web, nothing)
    assert {part.quantity for part in parts_of(split)} == {2}


def test_who_may_only_look_can_neither_edit_nor_split(charlie, split):
    grant(charlie, "quotes.view_quote", "quotes.view_quotelineitem")
    reader, part = browse(charlie), parts_of(split)[0]
    shown = content_of(reader.get(f"{page(split.quote)}?parts_of={split.pk}"))
    assert "Unsplit…" not in shown
    assert 'name="lines"' not in shown
    for url in (page(part, "quick"), page(split, "unsplit"), page(split.quote, "edit-lines")):
        assert reader.post(url, {"lines": part.pk}).status_code == 403
    assert reader.get(page(split.quote, "print")).status_code == 200


def test_another_licensees_quote_is_not_there(bob, split):
    theirs, part = browse(bob), parts_of(split)[0]
    for url in (page(split.quote, "print"), page(part, "quick"), page(split.quote, "edit-lines")):
        assert theirs.get(url).status_code == 404
