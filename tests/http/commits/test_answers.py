"""The connection breaks while COMMIT is being answered: every answer says what is true.

Contract 2.1, 3.2 and 4: 503 with "Nothing was changed" only where that is known.
"""

from __future__ import annotations

from oauth2_provider.models import get_access_token_model

from tests.http.commits.conftest import everything, lose_everything, on_postgresql

pytestmark = on_postgresql

NOTHING = "Nothing was changed"
SAFE = "It is safe to send the request again."

SAME_AGAIN = (
    "connect_add", "connect_split", "save_contact_group", "save_batch", "save_stream", "rest_set",
    "rest_edit", "rest_archive", "staff_edit",
)  # fmt: skip
ANOTHER = ("rest_create", "rest_create_quote", "rest_create_line", "rest_undo")


def test_lost_commit_is_answered_by_what_became_of_the_change(gate, setting):
    for kind in SAME_AGAIN + ANOTHER:
        ask, before = getattr(setting, kind), everything()
        gate.next_commit = "unsent"
        is_done, answer = ask()
        assert not is_done, kind
        if kind != "staff_edit":
            says_that_nothing_was_changed(answer)
        assert everything() == before, kind

        gate.next_commit = "unanswered"
        is_done, answer = ask()
        assert is_done, (kind, answer)
        after = everything()
        assert after != before, kind
        if kind in SAME_AGAIN:
            is_done, answer = ask()
            assert is_done, (kind, answer)
            assert everything() == after, kind


def says_that_nothing_was_changed(answer):
    if isinstance(answer, list):
        assert all("nothing was changed" in status["Message"].lower() for status in answer)
        return
    assert answer.status_code == 503, answer.content
    assert answer["Retry-After"]
    text = answer.content.decode().lower()
    assert "nothing was changed" in text


def test_commit_that_is_still_at_work_is_waited_for(gate, setting):
    for kind in ("connect_add", "rest_create", "save_stream"):
        before = everything()
        gate.next_commit = "late"
        is_done, answer = getattr(setting, kind)()
        assert is_done, (kind, answer)
        assert everything() != before, kind


def test_commit_that_stays_open_too_long_is_not_said_to_be_undone(gate, setting):
    before = everything()
    gate.next_commit = "stuck"
    _is_done, answer = setting.connect_add()
    [error] = answer.json()
    assert (answer.status_code, error["errorCode"]) == (503, "SERVER_UNAVAILABLE")
    assert SAFE in error["message"]
    assert NOTHING not in error["message"]
    assert everything() == before


def test_outcome_that_cannot_be_asked_is_said_to_be_unknown_in_each_shape(gate, setting):
    lines = {
        "connect_add": lambda answer: answer.json()[0]["errorCode"] == "SERVER_UNAVAILABLE",
        "save_contact_group": _is_unavailable,
        "save_batch": _is_unavailable,
        "rest_create": lambda answer: answer.json()["errors"][0]["code"] == "OUTCOME_UNKNOWN",
        "staff_edit": lambda answer: answer["Content-Type"].startswith("text/html"),
    }
    for kind, is_in_shape in lines.items():
        before = everything()
        answer = lose_everything(gate, getattr(setting, kind))
        assert answer.status_code == 503, (kind, answer.content)
        assert is_in_shape(answer), (kind, answer.content)
        assert answer["Retry-After"].isdigit()
        text = answer.content.decode()
        assert "not known whether" in text, (kind, text)
        assert NOTHING.lower() not in text.lower()
        assert everything() != before


def _is_unavailable(answer):
    return answer.json()["ResponseStatus"]["ErrorCode"] == "ServiceUnavailable"


def test_outcome_of_a_streams_lines_is_unknown_to_each_and_the_stream_goes_on(gate, setting):
    statuses = lose_everything(gate, setting.save_stream)
    assert [status["ErrorCode"] for status in statuses] == ["ServiceUnavailable"] * 2
    assert all(SAFE in status["Message"] for status in statuses)
    is_done, statuses = setting.save_stream()
    assert is_done
    assert [status["Meta"]["Outcome"] for status in statuses] == ["Unchanged"] * 2


def test_outcome_of_what_records_no_operation_is_unknown(gate, setting):
    ask, tokens = setting.oauth_token(), get_access_token_model().objects
    before = tokens.count()
    gate.next_commit = "unanswered"
    answer = ask()
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")
    assert "not known whether" in answer.json()["error_description"]
    assert answer["Retry-After"].isdigit()
    assert tokens.count() == before + 1
    assert ask().status_code == 200
