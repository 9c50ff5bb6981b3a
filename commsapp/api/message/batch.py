"""Batches in JSON: an array of requests, answered by an array (contract 3.5).

Stock ServiceStack's way: all have to be in shape, then they are done in order up to the first that
fails, whose error is the answer; those before it stay.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from commsapp.api.message import responses
from commsapp.api.message.binding import bind
from commsapp.api.message.exceptions import SAFE_TO_REPEAT, error_response
from commsapp.api.message.operation import Operation, ReplySpec
from commsapp.api.message.parsers import UnreadableRequest, as_request, read_many
from commsapp.api.request_body import take_body
from commsapp.core.actors import Actor
from commsapp.core.audit import Busy, Refusal, Refused, unavailable_reason
from commsapp.db.commits import OutcomeUnknown
from commsapp.db.errors import message_of, refusal_of, uncertainty_of

log = logging.getLogger("commsapp")
MAX_BATCH = 1_000  # requests in a batch
CHUNK = 500  # of them in one transaction


def answer_batch(request: HttpRequest, operation: Operation, by: Actor) -> HttpResponse:
    """Do what the body's requests ask, and tell how many of them were completed."""
    batch = _Batch(request, operation, by)
    response = batch.answer()
    response["X-AutoBatch-Completed"] = len(batch.done)
    return response


class _Batch:
    def __init__(self, request: HttpRequest, operation: Operation, by: Actor) -> None:
        self.request, self.operation, self.by = request, operation, by
        self.done: list[ReplySpec] = []

    def answer(self) -> HttpResponse:
        try:
            items = read_many(take_body(self.request))
        except UnreadableRequest as unreadable:
            return error_response(self.request, 400, str(unreadable))
        if len(items) > MAX_BATCH:
            message = _("There are more than %d requests.") % MAX_BATCH
            return self._refused(Refused(Refusal("MaximumLength", message)))
        requests: list[Any] = []
        for place, item in enumerate(items):
            if wrong := self._bind(requests, item, place):
                return wrong
        return self._do(requests)

    def _bind(self, requests: list[Any], item: Any, place: int) -> HttpResponse | None:
        """Take one more request; or, if it is out of shape, answer that."""
        try:
            body = as_request(item)
        except UnreadableRequest as unreadable:
            return error_response(self.request, 400, str(unreadable), _at(place))
        bound = bind(self.operation.request, body, self.request.GET.dict(), place + 1)
        requests.append(bound)
        if wrong := self.operation.check(bound):
            [answer] = self.operation.run([bound], self.by)  # which keeps what was refused
            return self._refused(answer if isinstance(answer, Refused) else wrong, _at(place))
        return None

    def _do(self, requests: Sequence[Any]) -> HttpResponse:
        for start in range(0, len(requests), CHUNK):
            chunk = requests[start : start + CHUNK]
            try:
                answers = self.operation.run(chunk, self.by, until_refused=True)
            except (Busy, DatabaseError, InterfaceError) as error:
                return self._failed(error, len(chunk))
            for answer in answers:
                if isinstance(answer, Refused):
                    return self._refused(answer, _at(len(self.done)))
                self.done.append(answer)
        return responses.all_done(self.request, self.done)

    def _failed(self, error: Exception, count: int) -> HttpResponse:
        """Answer that a transaction of so many requests failed: which of all are done, and which
        are not. One whose outcome is unknown is told from its first request on."""
        place, status = len(self.done), 503
        reason = unavailable_reason(error)
        if isinstance(error, OutcomeUnknown):
            message = _(
                "%(uncertainty)s This is about the requests %(first)d to %(last)d of the batch, "
                "counted from 0; those before are done, those after are not. %(advice)s"
            ) % {
                "uncertainty": uncertainty_of(error),
                "first": place,
                "last": place + count - 1,
                "advice": SAFE_TO_REPEAT,
            }
        elif reason is None:
            log.error(
                "a part of the batch of request %s failed", self.by.request_id, exc_info=error
            )
            status, message = 500, ""
        elif place:
            message = _(
                "%s Those before are done, this one and those after it are not. Try again shortly."
            ) % message_of(reason)
        else:
            message = refusal_of(reason)
        return error_response(self.request, status, message, _at(place))

    def _refused(self, refused: Refused, meta: Mapping[str, str] | None = None) -> HttpResponse:
        return responses.refused(self.request, self.operation, refused, meta or {})


def _at(place: int) -> Mapping[str, str]:
    return {"AutoBatchIndex": str(place)}
