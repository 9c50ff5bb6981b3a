"""SaveContactGroup[] in JSON: an array, done in order up to the first that fails (contract 3.5)."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commsapp.api.message.batch import CHUNK, MAX_BATCH
from commsapp.core.audit import Busy
from commsapp.models import Operation
from contacts.models import AlternateKey, ContactGroup
from tests.contacts.external_suite import everything

PATH = "/json/reply/SaveContactGroup[]"


@pytest.fixture
def send(ask):
    """Send bodies as one array; read what came back, and how many were completed."""

    def send(*bodies, path=PATH):
        answer = ask(json.dumps(bodies), path)
        return answer.status_code, answer.json(), int(answer["X-AutoBatch-Completed"])

    return send


@pytest.fixture
def failed(send):
    """The same of one that fails: its status and code, which one it was, how many were done."""

    def failed(*bodies, **more):
        status, told, completed = send(*bodies, **more)
        [(name, told)] = told.items()
        assert name == "ResponseStatus"
        return status, told["ErrorCode"], told.get("Meta", {}).get("AutoBatchIndex"), completed

    return failed


def keys():
    return sorted(AlternateKey.objects.values_list("value", flat=True))


@pytest.mark.parametrize(
    "path",
    [PATH, "/json/reply/SaveContactGroup%5B%5D", "/JSON/reply/savecontactgroup[]/",
     "/api/json/reply/SaveContactGroup[].json", "/api/SaveContactGroup[]",
     "/api/SaveContactGroup%5b%5d.csv"],
)  # fmt: skip
def test_an_array_is_answered_by_an_array_in_order(ask, send, path):
    status, told, completed = send(*(ask.body(AlternateKey=key) for key in "ABA"), path=path)
    assert (status, completed) == (200, 3)
    told = [{name.lower(): value for name, value in one.items()} for one in told]
    assert [one["meta"]["Outcome"] for one in told] == ["Created", "Created", "Unchanged"]
    assert told[0]["meta"]["ObjectId"] == told[2]["meta"]["ObjectId"]
    assert keys() == ["A", "B"]


def test_an_empty_array_is_answered_by_one(send):
    assert send() == (200, [], 0)


def test_who_is_out_of_shape_lets_none_be_executed(ask, failed):
    good, bad = ask.body(), ask.body(ContactGroup={"ContactGroupName": ""})
    before = everything()
    assert failed(good, good, bad, {}) == (400, "NotEmpty", "2", 0)
    assert failed(good, None) == (400, "SerializationException", "1", 0)
    assert failed(good, [good], 1) == (400, "SerializationException", "1", 0)
    assert failed(good, ask.body(ObjectId="x")) == (400, "InvalidGuid", "1", 0)
    assert failed({"AlternateKey": 1}, good) == (400, "SerializationException", "0", 0)
    assert everything() == before


def test_all_that_is_wrong_with_the_first_is_told(ask):
    bad = ask.body(ObjectId="x", ContactGroup={"ContactGroupName": ""})
    refused = ask.refused(json.dumps([ask.body(), bad]), PATH)
    assert refused == [("InvalidGuid", "ObjectId"), ("NotEmpty", "ContactGroup.ContactGroupName")]


def test_it_stops_at_the_first_failure_and_those_before_stay(ask, failed):
    unknown = ask.body(AlternateKey="X", ObjectId=str(uuid4()))
    bodies = [ask.body(AlternateKey="A"), ask.body(AlternateKey="B"), unknown]
    assert failed(*bodies, ask.body(AlternateKey="C"), unknown) == (404, "NotFound", "2", 2)
    assert keys() == ["A", "B"]
    renamed = {"ContactGroupName": "Renamed"}
    assert failed(unknown, ask.body(AlternateKey="A", ContactGroup=renamed)) == (
        404, "NotFound", "0", 0,
    )  # fmt: skip
    assert not ContactGroup.objects.filter(name="Renamed").exists()


def test_what_would_change_nothing_is_not_answered_after_a_failure_either(ask, send, failed):
    send(ask.body(AlternateKey="A"))
    unknown = ask.body(AlternateKey="X", ObjectId=str(uuid4()))
    assert failed(ask.body(AlternateKey="A"), unknown, ask.body(AlternateKey="A"))[3] == 1


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_what_is_done_is_what_comes_before_the_first_failure(ask, failed, send, data):
    """Wherever it stands, and whichever of the others change nothing."""
    run = uuid4().hex
    bodies = [ask.body(AlternateKey=f"{run}{place}") for place in range(8)]
    known = data.draw(st.sets(st.integers(0, 7)))
    send(*(bodies[place] for place in known))
    bad = data.draw(st.integers(0, 7))
    for place in {bad, *data.draw(st.sets(st.integers(bad, 7)))}:
        bodies[place] = ask.body(AlternateKey=f"{run}x", ObjectId=str(uuid4()))
    assert failed(*bodies) == (404, "NotFound", str(bad), bad)
    assert {key.removeprefix(run) for key in keys() if key.startswith(run)} == {
        str(place) for place in {*known, *range(bad)}
    }


def test_a_batch_of_more_than_one_transaction_stops_where_it_fails(ask, failed, send):
    bodies = [ask.body(AlternateKey=f"{place:04}") for place in range(CHUNK + 10)]
    bodies[CHUNK + 3]["ObjectId"] = str(uuid4())
    assert failed(*bodies) == (404, "NotFound", str(CHUNK + 3), CHUNK + 3)
    assert len(keys()) == Operation.objects.count() == CHUNK + 3
    del bodies[CHUNK + 3]["ObjectId"]
    assert send(*bodies)[::2] == (200, CHUNK + 10)
    assert len(keys()) == CHUNK + 10


def test_a_lock_that_is_not_had_is_503_with_what_was_done_before(ask, failed, monkeypatch):
    from contacts.save_group import lookup, save

    load, looks = lookup.load, []

    def busy(saves, **more):
        looks.append(len(saves))
        if len({*looks}) > 1:
            raise Busy
        return load(saves, **more)

    monkeypatch.setattr(save, "load", busy)
    bodies = [ask.body(AlternateKey=str(place)) for place in range(CHUNK + 1)]
    assert failed(*bodies) == (503, "ServiceUnavailable", str(CHUNK), CHUNK)
    assert len(keys()) == CHUNK


def test_there_are_at_most_a_thousand(ask, failed, send):
    bodies = [ask.body(AlternateKey=str(place % 10)) for place in range(MAX_BATCH + 1)]
    assert failed(*bodies) == (400, "MaximumLength", None, 0)
    assert keys() == []
    assert send(*bodies[:MAX_BATCH])[::2] == (200, MAX_BATCH)


@pytest.mark.parametrize(
    "body", ["", "{}", "1", "null", "[", "[{},]", "[" * 100_000 + "]" * 100_000, '[{"a":1,"a":2}]']
)
def test_what_is_no_array_is_400(ask, body):
    answer = ask(body, PATH)
    assert (answer.status_code, answer["X-AutoBatch-Completed"]) == (400, "0")
    assert answer.json()["ResponseStatus"]["ErrorCode"] == "SerializationException"


def test_a_parameter_of_the_query_fills_each(ask, send):
    body = ask.body()
    del body["AlternateKey"]
    assert send(body, ask.body(AlternateKey="B"), path=f"{PATH}?AlternateKey=Q")[0] == 200
    assert keys() == ["B", "Q"]


def test_who_lacks_the_permission_is_told_at_the_first(ask, failed, charlie):
    from tests.conftest import token

    ask.headers = {"Authorization": f"Bearer {token(charlie)}"}
    assert failed(ask.body(), ask.body()) == (403, "Forbidden", "0", 0)
    assert keys() == []


def test_the_statements_do_not_grow_with_the_requests(ask, send):
    def count(number, name):
        bodies = ask.bodies(number, name)
        with CaptureQueriesContext(connection) as captured:
            assert send(*bodies)[0] == 200
        return len(captured)

    count(CHUNK, "first")
    assert count(10, "second") == count(CHUNK, "third")
