"""One part of an import, asked for twice at once: applied once, whoever comes first."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial

import pytest
from django.db import transaction

from commsapp.core.imports import drafts
from commsapp.core.imports.importer import import_records
from commsapp.models import Draft, Operation
from groups.imports import RECIPIENTS
from groups.models import Recipient
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)

ROWS, PARTS, AT_ONCE = 2_010, 3, 4
run = partial(import_records, RECIPIENTS)


@pytest.fixture
def draft(by_alice, licensee) -> Draft:
    """Read, checked and confirmed: its first part waits."""
    rows = [(n + 2, (f"Site {n}", "Location")) for n in range(ROWS)]
    draft = drafts.save_draft(
        by=by_alice, licensee_id=licensee.pk, kind="groups.recipient", file_name="sites.csv",
        ending="csv", columns=("name", "recipient_type"), rows=rows,
    )  # fmt: skip
    mapping = {"name": 0, "recipient_type": 1}
    draft = drafts.check(draft.pk, mapping, by=by_alice)
    while draft.is_at_work:
        draft = drafts.step(draft.pk, draft.next_part, run, by=by_alice)
    assert draft.planned["created"] == ROWS
    return drafts.confirm(draft.pk, by=by_alice)


def applied(draft: Draft, by) -> None:
    """Every part, each asked for by several at once."""
    for part in range(PARTS):
        answers = at_once(partial(drafts.step, draft.pk, part, run, by=by), AT_ONCE)
        assert not [answer for answer in answers if isinstance(answer, Exception)]


def test_parts_asked_for_by_several_at_once_are_applied_once_each(draft, by_alice):
    applied(draft, by_alice)
    draft.refresh_from_db()
    assert (draft.state, draft.counts["created"]) == (Draft.State.DONE, ROWS)
    assert Recipient.objects.count() == Recipient.objects.values("name").distinct().count() == ROWS
    assert Operation.objects.count() == ROWS
    assert Operation.objects.values("batch").distinct().count() == 1


def test_without_the_lock_a_part_is_applied_more_than_once(draft, by_alice, monkeypatch):
    """The control: what the test above would see, were it not for the lock."""

    @contextmanager
    def no_transaction():
        yield

    def unlocked(draft_id, by):
        return drafts.drafts_of(by).get(pk=draft_id)

    monkeypatch.setattr(drafts, "_lock", unlocked)
    monkeypatch.setattr(transaction, "atomic", no_transaction)  # on SQLite, it is the lock
    at_once(lambda: drafts.step(draft.pk, 0, run, by=by_alice), AT_ONCE)
    assert Recipient.objects.count() > drafts.PART_ROWS
