"""A request of 100,000 ids holds, while the database works, those and neither body nor texts."""

from __future__ import annotations

import json

import pytest
from django.test import RequestFactory

from commsapp.api.connect.views import Call
from commsapp.api.request_body import read_body, take_body
from commsapp.db.ids import uuid7


@pytest.fixture
def request_of():
    def make(body):
        return RequestFactory().patch("/", json.dumps(body), content_type="application/json")

    return make


def test_a_body_that_was_taken_does_not_stay_with_the_request(request_of):
    kept, taken = request_of({"a": 1}), request_of({"a": 1})
    assert read_body(kept) == kept.body == take_body(taken) == b'{"a": 1}'
    assert (taken.body, taken.read()) == (b"", b"")


def test_ids_that_were_taken_do_not_stay_in_the_call():
    one, other = uuid7(), uuid7()
    call = Call(None, "", {"recipientsList": [str(one), "x", str(other)], "more": 1})
    taken = call.take_guids("recipientsList")
    assert (taken.places(), taken.malformed) == ({one.hex: 0, other.hex: 2}, {1: "x"})
    assert call.body == {"more": 1}
    assert call.take_guids("recipientsList").ids == []
