"""Quotes and lines: their numbers and totals, split, and moves."""

from __future__ import annotations

import pytest

from quotes.models import Quote, QuoteLineItem
from tests import factories
from tests.api.rest.conftest import ids

pytestmark = pytest.mark.django_db


def test_a_quote_gets_a_number_and_counts_its_lines(api, things):
    quote = api.post("quotes", {"name": "Offer", "currency": "EUR"}).json()
    assert quote["number"]
    assert quote["status"] == "draft"
    assert quote["recurring_period"] == "month"
    assert (quote["one_time_total"], quote["line_count"]) == ("0.00", 0)
    body = {"quote": quote["id"], "product": str(things.product.pk), "quantity": 3}
    line = api.post("quote-line-items", body).json()
    assert line["line_number"] == 1
    assert line["quantity"] == "3.00"
    assert line["discount_percent"] == "0.00"
    assert line["one_time_price"] == "49.90"
    assert line["one_time_amount"] == line["one_time_total"] == "149.70"
    assert line["recipient_scaled_quantity"] == "3.00"
    quote = api.get(f"quotes/{quote['id']}").json()
    assert (quote["one_time_total"], quote["recurring_total"]) == ("149.70", "59.97")
    assert quote["line_count"] == 1


def test_a_group_line_costs_what_its_members_do(api, things, licensee):
    more = factories.RecipientFactory.create_batch(2, licensee=licensee)
    group = f"recipient-groups/{things.recipient_group.pk}"
    api.post(f"{group}/add-recipients", {"recipients": ids(more)})
    line = api.get(f"quote-line-items/{things.quote_line_item.pk}").json()
    assert line["recipient_scaled_quantity"] == "3.00"
    assert (line["one_time_amount"], line["one_time_total"]) == ("49.90", "149.70")
    assert api.get(f"quotes/{things.quote.pk}").json()["one_time_total"] == "149.70"


def test_a_line_is_split_and_unsplit(api, things, licensee):
    more = factories.RecipientFactory.create_batch(2, licensee=licensee)
    group = f"recipient-groups/{things.recipient_group.pk}"
    api.post(f"{group}/add-recipients", {"recipients": ids(more)})
    total = api.get(f"quotes/{things.quote.pk}").json()["one_time_total"]
    path = f"quote-line-items/{things.quote_line_item.pk}"
    planned = api.post(f"{path}/split", {"dry_run": True}).json()
    assert (planned["created"], planned["operation"]) == (3, None)
    assert QuoteLineItem.objects.count() == 1

    split = api.post(f"{path}/split")
    assert split.status_code == 200
    assert split.json()["created"] == 3
    assert split.json()["operation"]
    assert api.post(f"{path}/split", {}).json()["message"] == "0 lines created."
    parts = api.rows(f"quotes/{things.quote.pk}/lines", split_from=things.quote_line_item.pk)
    assert [part["line_number"] for part in parts] == [2, 3, 4]
    assert {part["recipient"] for part in parts} == set(ids([things.recipient, *more]))
    assert all(part["recipient_name"] for part in parts)
    assert api.get(f"quotes/{things.quote.pk}").json()["one_time_total"] == total

    refused = api.delete(path)
    assert refused.status_code == 409
    assert refused.json()["errors"][0]["code"] == "INVALID_STATUS"
    assert api.post(f"{path}/unsplit", {"dry_run": False}).json()["removed"] == 3
    assert api.get(f"quotes/{things.quote.pk}").json()["one_time_total"] == total
    before = api.get(path).json()
    gone = api.delete(path)
    assert gone.status_code == 200
    assert gone.json() == before
    assert api.get(f"quotes/{things.quote.pk}").json()["one_time_total"] == "0.00"


def test_a_line_without_a_group_is_not_split(api, things):
    body = {"quote": str(things.quote.pk), "product": str(things.product.pk)}
    line = api.post("quote-line-items", body).json()
    answer = api.post(f"quote-line-items/{line['id']}/split")
    assert answer.status_code == 409
    [error] = answer.json()["errors"]
    assert error["code"] == "REQUIRED_FIELD_MISSING"
    assert error["record"] == line["id"]
    assert QuoteLineItem.objects.count() == 2


def test_a_quote_moves_from_draft_to_accepted_and_is_frozen(api, things):
    path = f"quotes/{things.quote.pk}"
    for move, status in [("submit", "in_review"), ("approve", "approved"), ("accept", "accepted")]:
        answer = api.post(f"{path}/{move}")
        assert answer.status_code == 200, answer.content
        assert answer.json().keys() == {"message", "errors", "operation"}
        assert api.get(path).json()["status"] == status
    line = f"quote-line-items/{things.quote_line_item.pk}"
    before = api.get(line).json()
    for refused in (
        api.patch(path, {"name": "x"}),
        api.patch(line, {"quantity": 2}),
        api.post(f"{line}/split"),
        api.delete(line),
        api.post(f"{path}/submit"),
    ):
        assert refused.status_code == 409
        assert refused.json()["errors"][0]["code"] == "INVALID_STATUS"
    assert api.get(line).json() == before
    assert Quote.objects.get().status == "accepted"
