"""What is asked again after a lost COMMIT is done once."""

from __future__ import annotations

import io
import json
from functools import partial

import pytest
from django.core.management import CommandError, call_command

from commsapp.core.imports import drafts
from commsapp.core.imports.importer import import_records
from groups.imports import RECIPIENTS
from groups.models import Recipient
from tests.http.commits.conftest import (
    everything,
    lose_everything,
    on_postgresql,
    wait_for_database,
)
from tests.http.commits.test_answers import ANOTHER

pytestmark = on_postgresql


# --- A retry under an Idempotency-Key -------------------------------------------------------


def test_retry_under_an_idempotency_key_converges(gate, setting):
    creates = [kind for kind in ANOTHER if kind != "rest_undo"]
    fates = [(fate, kind) for fate in ("unsent", "unanswered", "unknown") for kind in creates]
    for fate, kind in [*fates, ("unanswered", "rest_undo")]:
        before, key = everything(), {"Idempotency-Key": f"{kind} {fate}"}
        ask = partial(getattr(setting, kind), **key)
        if fate == "unknown":
            answer = lose_everything(gate, ask)
            assert "Send the request again with the same Idempotency-Key" in answer.json()["detail"]
        else:
            gate.next_commit = fate
            is_done, _answer = ask()
            assert is_done == (fate == "unanswered"), kind
        is_done, answer = ask()
        assert is_done, (kind, answer.content)
        assert ("Idempotent-Replayed" in answer) == (fate != "unsent")
        after = everything()
        assert after[0] != before[0], kind
        assert len(after[0]) == len(before[0]) + 1, kind  # one Operation
        assert ask()[0]
        assert everything() == after, kind


def test_refusal_under_an_idempotency_key_is_answered_though_its_commit_was_lost(gate, setting):
    path = "/api/v1/recipients"
    ask = partial(setting.ask, "POST", path, {"name": ""}, headers={"Idempotency-Key": "K"})
    gate.next_commit = "unanswered"
    first, again = ask(), ask()
    assert (first.status_code, again.status_code) == (400, 400)
    assert first.content == again.content
    assert again["Idempotent-Replayed"] == "true"


# --- Imports and commands -------------------------------------------------------------------


def test_part_of_an_import_is_applied_once_though_its_commit_was_lost(gate, setting, licensee):
    rows = [(n + 2, (f"Import {n}", "Location")) for n in range(3)]
    run = partial(import_records, RECIPIENTS)
    draft = drafts.save_draft(
        by=setting.by, licensee_id=licensee.pk, kind="groups.recipient", file_name="sites.csv",
        ending="csv", columns=("name", "recipient_type"), rows=rows,
    )  # fmt: skip
    drafts.check(draft.pk, {"name": 0, "recipient_type": 1}, by=setting.by)
    drafts.step(draft.pk, 0, run, by=setting.by)
    drafts.confirm(draft.pk, by=setting.by)
    gate.next_commit = "unanswered"
    assert drafts.step(draft.pk, 0, run, by=setting.by).counts["created"] == 3
    drafts.step(draft.pk, 0, run, by=setting.by)
    assert Recipient.objects.filter(name__startswith="Import ").count() == 3


def test_command_saves_on_after_a_lost_commit_and_stops_where_it_is_not_known(
    gate, setting, tmp_path
):
    path = tmp_path / "customers.jsonl"
    path.write_text("\n".join(json.dumps(setting.save_of(f"K{n}")) for n in range(501)))
    save = partial(call_command, "save_contact_groups", str(path), "--user", "alice")
    gate.next_commit, gate.closes_then = "unanswered", True
    with pytest.raises(
        CommandError, match=r"after line 0\. It is not known whether .* Run the same again"
    ):
        save(stdout=io.StringIO(), stderr=io.StringIO())
    gate.close()
    gate.closes_then = False
    gate.open()
    wait_for_database()
    gate.next_commit = "unanswered"
    out = io.StringIO()
    save("--json", stdout=out)
    assert json.loads(out.getvalue())["outcomes"] == {"Unchanged": 500, "Created": 1}
