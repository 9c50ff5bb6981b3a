"""SaveContactGroup[] in JSON Lines: any number of lines, answered while they come in."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from commsapp.api.message import json_lines
from commsapp.api.message.json_lines import GROUP, MAX_LINE_BYTES, groups_of, lines_of
from commsapp.models import Operation
from commsapp.server.responses import WaitForBody
from contacts.models import AlternateKey, ContactGroup
from tests.api.message.requests_and_answers import PATH, lines, numbers, outcomes


@pytest.fixture
def stream(ask):
    """Send lines, read the answers."""

    def send(*bodies, path=PATH, **more):
        body = bodies[0] if len(bodies) == 1 and isinstance(bodies[0], bytes) else lines(*bodies)
        answer = ask(body, path, **more)
        assert answer.status_code == 200
        return [json.loads(line) for line in b"".join(answer).splitlines()]

    return send


def names():
    return sorted(ContactGroup.objects.values_list("name", flat=True))


# --- Lines ------------------------------------------------------------------------------------


def test_each_line_is_answered_in_order_by_a_bare_response_status(ask, stream):
    answers = stream(*(ask.body(AlternateKey=key) for key in "ABA"))
    assert outcomes(answers) == ["Created", "Created", "Unchanged"]
    assert all(set(answer) == {"Message", "Errors", "Meta"} for answer in answers)
    assert answers[0]["Meta"]["ObjectId"] == answers[2]["Meta"]["ObjectId"]
    assert numbers(answers) == [1, 2, 3]


def test_a_bad_line_is_told_with_its_number_and_the_rest_goes_on(ask, stream):
    answers = stream(
        "{", ask.body(AlternateKey="A"), "[]", "1", '{"a":1,"a":2}',
        ask.body(AlternateKey="B", ContactGroup={"ContactGroupName": ""}),
        ask.body(AlternateKey="C", ObjectId=str(uuid4())), ask.body(AlternateKey="D"),
    )  # fmt: skip
    bad = "SerializationException"
    assert outcomes(answers) == [
        bad, "Created", bad, bad, bad, "NotEmpty", "NotFound", "Created",
    ]  # fmt: skip
    assert numbers(answers) == [*range(1, 9)]
    assert answers[5]["Errors"][0]["FieldName"] == "ContactGroup.ContactGroupName"
    assert sorted(AlternateKey.objects.values_list("value", flat=True)) == ["A", "D"]


def test_blank_lines_are_skipped_and_counted(ask, stream):
    one, two = (json.dumps(ask.body(AlternateKey=key)).encode() for key in "AB")
    answers = stream(b"\xef\xbb\xbf\n\r\n" + one + b"\r\n \t\n\n" + two)  # without a last newline
    assert (outcomes(answers), numbers(answers)) == (["Created", "Created"], [3, 6])


@pytest.mark.parametrize("blank", [b"\n", b"\r\n", b" \t\n", b" \n\n"])
@pytest.mark.parametrize("size", [1, 7, 65536])
def test_blank_lines_are_counted_in_whatever_pieces_they_arrive(blank, size):
    body = blank * 5_000 + b"x" + blank * 5_000 + b"\n y " + blank * 3
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    found = [(line.number, line.text.strip()) for lines in lines_of(pieces) for line in lines or ()]
    last = blank.count(b"\n") * 10_000 + 2
    assert found == [(blank.count(b"\n") * 5_000 + 1, b"x"), (last, b"y")]


def test_pieces_without_a_line_give_others_their_turn_and_hold_back_no_line(monkeypatch):
    monkeypatch.setattr(json_lines, "TURN_SECONDS", 0)
    pieces = [b"\n" * 10, b"{}\n", b"\n" * 10, b"x" * 10]
    first, group, *others = groups_of(iter(pieces))
    assert isinstance(first, WaitForBody)
    assert first.seconds == 0
    assert [type(piece) for piece in (group, *others)].count(WaitForBody) == 2
    monkeypatch.setattr(json_lines, "GROUP_SECONDS", 0)
    turn, group, *_others = groups_of(iter(pieces))
    assert isinstance(turn, WaitForBody)
    assert not isinstance(group, WaitForBody)
    assert [line.number for line in group] == [11]


@pytest.mark.parametrize("body", [b"", b"\n", b"\r\n \n"])
def test_without_a_line_there_is_no_answer(stream, body):
    assert stream(body) == []


def test_the_same_key_twice_is_applied_in_order(ask, stream):
    answers = stream(*(ask.body(ContactGroup={"ContactGroupName": name}) for name in "ABC"))
    assert outcomes(answers) == ["Created", "Updated", "Updated"]
    assert names() == ["C"]


def test_a_parameter_of_the_query_fills_each_line(ask, stream):
    body = ask.body()
    del body["AlternateKey"]
    answers = stream(body, ask.body(AlternateKey="B"), path=f"{PATH}?AlternateKey=Q")
    assert outcomes(answers) == ["Created", "Created"]
    assert sorted(AlternateKey.objects.values_list("value", flat=True)) == ["B", "Q"]


def test_a_line_of_a_mebibyte_is_read_and_a_longer_one_is_not(ask, stream):
    one, two, three = (json.dumps(ask.body(AlternateKey=key)) for key in "ABC")
    size = MAX_LINE_BYTES
    long = [one.ljust(size), two.ljust(size + 1), three.ljust(size) + "\r"]
    answers = stream(*long, ask.body(AlternateKey="D"))
    assert outcomes(answers) == ["Created", "RequestTooLarge", "Created", "Created"]
    assert numbers(answers) == [1, 2, 3, 4]
    assert AlternateKey.objects.count() == 3


def test_more_lines_than_one_group_has_are_answered_alike(ask, stream):
    bodies = [ask.body(AlternateKey=str(place)) for place in range(GROUP + 2)]
    bodies[GROUP - 1] = bodies[3]
    answers = stream(*bodies)
    assert numbers(answers) == [*range(1, GROUP + 3)]
    assert outcomes(answers).count("Created") == GROUP + 1
    assert len({*Operation.objects.values_list("batch")}) == 2


def test_the_body_limit_does_not_apply(ask, stream, settings):
    settings.MAX_BODY_BYTES = 100
    assert outcomes(stream(ask.body())) == ["Created"]


def test_answers_are_in_the_case_that_is_asked_for(ask, stream):
    [answer] = stream(ask.body(), path=f"{PATH}?jsconfig=eccn")
    assert set(answer) == {"message", "errors", "meta"}
    assert answer["meta"]["Outcome"] == "Created"


@pytest.mark.parametrize(
    "path", ["/JSONL/Reply/savecontactgroup%5B%5D", "/other/reply/SaveContactGroup[].json/",
             "/api/other/reply/SaveContactGroup[]?format=xml"],
)  # fmt: skip
def test_answers_are_json_lines_whatever_else_is_asked_for(ask, path):
    answer = ask(lines(ask.body()), path, headers={**ask.headers, "Accept": "text/csv"})
    assert answer["Content-Type"] == "text/jsonl"
    assert json.loads(b"".join(answer))["Meta"]["Outcome"] == "Created"


def test_what_stops_a_stream_at_its_door_is_an_error_as_any_other(ask):
    for status, how in ((401, {"headers": {}}), (405, {"path": "/jsonl/reply/Nothing[]"})):
        answer = ask(lines(ask.body()), **{"path": PATH, **how})
        assert answer.status_code == status
        assert answer["Content-Type"] == "text/jsonl"
        assert "ResponseStatus" in json.loads(answer.content)
    assert ask.client.get(PATH, headers=ask.headers).status_code == 405
    assert names() == []


@pytest.mark.django_db(transaction=True)  # the connection that failed is closed
def test_a_group_that_fails_is_told_for_each_of_its_lines_and_the_stream_goes_on(
    ask, stream, monkeypatch
):
    from contacts.save_group import save

    def broken(*args, **more):
        monkeypatch.undo()
        raise OperationalError("the database is away")

    monkeypatch.setattr(save, "load", broken)
    bodies = [ask.body(AlternateKey=str(place)) for place in range(GROUP + 1)]
    answers = stream("{", *bodies)
    assert outcomes(answers) == ["ServiceUnavailable"] * GROUP + ["Created"] * 2
    assert ContactGroup.objects.count() == 2


def test_a_groups_statements_do_not_grow_with_its_lines(ask, stream):
    def count(number, name):
        bodies = ask.bodies(number, name)
        with CaptureQueriesContext(connection) as captured:
            stream(*bodies)
        return len(captured)

    count(GROUP, "first")
    assert count(10, "second") == count(GROUP, "third")
