"""SaveContactGroup on the Message API. Its messages are defined in save_group/request.py."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from commsapp.api.message.operation import Operation, ReplySpec
from commsapp.api.openapi.fragments import sample_id
from commsapp.core.actors import Actor
from commsapp.core.audit import Refusal, Refused
from commsapp.db.ids import dashed
from contacts import operations
from contacts.operations import Outcome, SaveContactGroup, Saved
from contacts.save_group.outcome import Counts, sentence
from contacts.save_group.request import faults

_STATUSES = {"Forbidden": 403, "Conflict": 409, "Deleted": 409}


def _status_of(refusal: Refusal) -> int:
    """Unknown is what the request is about: 404; unknown is what it refers to: 400."""
    if (refusal.code, refusal.field) == ("NotFound", "ObjectId"):
        return 404
    return _STATUSES.get(refusal.code, 400)


def _check(save: SaveContactGroup) -> Refused | None:
    found = faults(save)
    return Refused(*found) if found else None


def _run(
    requests: Sequence[SaveContactGroup], by: Actor, *, until_refused: bool = False
) -> list[ReplySpec | Refused]:
    answers = operations.save_contact_groups(requests, by=by, until_refused=until_refused)
    return [answer if isinstance(answer, Refused) else _reply(answer) for answer in answers]


def _reply(saved: Saved) -> ReplySpec:
    outcome, id = saved.outcome, saved.object_id
    meta = {"ObjectId": dashed(id), "Outcome": outcome} if id else {"Outcome": outcome}
    return ReplySpec(_message(outcome, saved.counts), meta)


@lru_cache(maxsize=1024)  # this API has one language, and a stream always the same few sentences
def _message(outcome: Outcome, counts: Counts) -> str:
    return sentence(outcome, counts)


_SAMPLE = {
    "SuiteDataSourceInstanceId": sample_id("data-source"),
    "AlternateKey": "CUSTOMER-1001",
    "ContactGroup": {
        "ContactGroupName": "Example Bakeries",
        "GroupRoleId": sample_id("role"),
        "ContactConnections": [{"Index": 1, "ContactId": sample_id("contact")}],
    },
}
_REPLY = ReplySpec("Created.", {"ObjectId": sample_id("contact-group"), "Outcome": "Created"})

SAVE_CONTACT_GROUP = Operation(
    "Inserts or Updates a contact group and its contact connections.",
    SaveContactGroup,
    _run,
    _check,
    _status_of,
    _SAMPLE,
    _REPLY,
)
