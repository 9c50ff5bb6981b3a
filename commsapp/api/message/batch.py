"""Batches in JSON: an array of requests, answered by an array (contract 3.5).

Stock ServiceStack's way: all requests are checked first, then they are run in order up to the first
that is refused, whose error is the answer; those before it stay.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.utils.translation import gettext as _
from rest_framework.response import Response

from commsapp.api.message.binding import bind
from commsapp.api.message.exceptions import SAFE_TO_REPEAT, error_reply
from commsapp.api.message.operation import ReplySpec
from commsapp.api.message.parsers import UnreadableRequest, as_request
from commsapp.api.message.responses import done_status
from commsapp.core.audit import Busy, Refusal, RefusalCode, Refused, unavailable_reason
from commsapp.db.commits import OutcomeUnknown
from commsapp.db.errors import message_of, refusal_of, uncertainty_of

log = logging.getLogger("commsapp")
MAX_BATCH = 1_000  # requests in a batch
CHUNK = 500  # of them in one transaction


class Batch:
    """The batch of one HTTP request. `done` has the replies to those that succeeded."""

    def __init__(self, view: Any) -> None:  # an OperationViewSet
        self.view = view
        self.done: list[ReplySpec] = []

    def respond(self) -> Response:
        """Run the requests, and return the response."""
        try:
            items = self.view.data
        except UnreadableRequest as error:
            return self._error(400, str(error.detail))
        if not isinstance(items, list):
            return self._error(400, "The requests are not a JSON array.")
        if len(items) > MAX_BATCH:
            message = _("There are more than %d requests.") % MAX_BATCH
            return self._refused(Refused(Refusal(RefusalCode.MAXIMUM_LENGTH, message)))
        requests: list[Any] = []
        for place, item in enumerate(items):
            if refusal := self._bind(requests, item, place):
                return refusal
        return self._run(requests)

    def _bind(self, requests: list[Any], item: Any, place: int) -> Response | None:
        """Add a request to the list, or return its error."""
        view = self.view
        try:
            body = as_request(item)
        except UnreadableRequest as error:
            return self._error(400, str(error.detail), _at(place))
        bound = bind(view.operation.request, body, view.parameters, place + 1)
        requests.append(bound)
        if refused := view.check(bound):
            [reply] = view.run([bound])  # which records the failure
            return self._refused(reply if isinstance(reply, Refused) else refused, _at(place))
        return None

    def _run(self, requests: Sequence[Any]) -> Response:
        for start in range(0, len(requests), CHUNK):
            chunk = requests[start : start + CHUNK]
            try:
                replies = self.view.run(chunk, until_refused=True)
            except (Busy, DatabaseError, InterfaceError) as error:
                return self._failed(error, len(chunk))
            for reply in replies:
                if isinstance(reply, Refused):
                    return self._refused(reply, _at(len(self.done)))
                self.done.append(reply)
        return Response([done_status(reply) for reply in self.done])

    def _failed(self, error: Exception, count: int) -> Response:
        """Return the error of a transaction of so many requests: it says which of all are done. If
        its outcome is unknown, the first of them is named."""
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
                "a part of the batch of request %s failed", self.view.by.request_id, exc_info=error
            )
            status, message = 500, ""
        elif place:
            message = _(
                "%s Those before are done, this one and those after it are not. Try again shortly."
            ) % message_of(reason)
        else:
            message = refusal_of(reason)
        return self._error(status, message, _at(place))

    def _refused(self, refused: Refused, meta: Mapping[str, str] | None = None) -> Response:
        response: Response = self.view.refused(refused, meta or {})
        return response

    def _error(
        self, status: int, message: str = "", meta: Mapping[str, str] | None = None
    ) -> Response:
        return error_reply(self.view.request, status, message, meta or {})


def _at(place: int) -> Mapping[str, str]:
    return {"AutoBatchIndex": str(place)}
