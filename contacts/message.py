"""SaveContactGroup on the Message API. Its messages are defined in save_group/request.py."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from commsapp.api.message.operation import Operation, ReplySpec
from commsapp.api.message.viewsets import OperationViewSet
from commsapp.api.openapi.fragments import sample_id
from commsapp.core.audit import Refusal, RefusalCode, Refused
from commsapp.db.ids import dashed
from contacts import operations
from contacts.operations import Outcome, SaveContactGroup, Saved
from contacts.save_group.outcome import Counts, sentence
from contacts.save_group.request import faults

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
_STATUSES = {RefusalCode.FORBIDDEN: 403, RefusalCode.CONFLICT: 409, RefusalCode.DELETED: 409}


class SaveContactGroupViewSet(OperationViewSet):
    """SaveContactGroup. Its permissions depend on the data, so that the operation checks them."""

    operation = Operation(
        SaveContactGroup,
        "Inserts or Updates a contact group and its contact connections.",
        _SAMPLE,
        _REPLY,
    )

    def run(
        self, requests: Sequence[Any], *, until_refused: bool = False
    ) -> Sequence[ReplySpec | Refused]:
        results = operations.save_contact_groups(requests, by=self.by, until_refused=until_refused)
        return [result if isinstance(result, Refused) else _reply(result) for result in results]

    def check(self, request: SaveContactGroup) -> Refused | None:
        refusals = faults(request)
        return Refused(*refusals) if refusals else None

    def status_of(self, refusal: Refusal) -> int:
        """Return 404 for an unknown object of the request, 400 for one that it refers to."""
        if (refusal.code, refusal.field) == (RefusalCode.NOT_FOUND, "ObjectId"):
            return 404
        return _STATUSES.get(refusal.code, 400)


def _reply(saved: Saved) -> ReplySpec:
    outcome, id = saved.outcome, saved.object_id
    meta = {"ObjectId": dashed(id), "Outcome": outcome} if id else {"Outcome": outcome}
    return ReplySpec(_message(outcome, saved.counts), meta)


@lru_cache(maxsize=1024)  # this API has one language, and a stream always the same few sentences
def _message(outcome: Outcome, counts: Counts) -> str:
    return sentence(outcome, counts)


OPERATIONS = [SaveContactGroupViewSet]
