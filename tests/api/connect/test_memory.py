"""A request of 100,000 ids holds, while the database works, neither its body nor its texts."""

from __future__ import annotations

import json

import pytest
from django.test import RequestFactory

from commsapp.db.ids import uuid7
from groups.connect import RecipientGroupInputSerializer, RecipientGroupViewSet


@pytest.fixture
def make_request():
    def make(body):
        return RequestFactory().patch("/", json.dumps(body), content_type="application/json")

    return make


def test_validated_ids_leave_neither_body_nor_texts(make_request):
    first, second = uuid7(), uuid7()
    body = {"recipientsAction": "ADD", "recipientsList": [str(first), "x", str(second)]}
    view = RecipientGroupViewSet(action_map={"patch": "recipients"})
    view.kwargs = {"recipientGroupId": uuid7().hex}
    view.request = view.initialize_request(make_request(body))
    _group_id, values = view.validated_request(RecipientGroupInputSerializer)
    ids = values["recipientsList"]
    assert (ids.places(), ids.malformed) == ({first.hex: 0, second.hex: 2}, {1: "x"})
    assert values["recipientsAction"] == "Add"
    assert view.request.data == {}
