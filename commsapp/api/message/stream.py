"""JSON Lines: any number of requests, answered while they arrive (contract 3.5).

One group of lines is run at a time, and no more is in memory. Nothing is read from a client that
does not read its answers; one that disconnects ends the work with the current group.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from commsapp.api.message.binding import bind_line
from commsapp.api.message.exceptions import SAFE_TO_REPEAT, error_reply, error_status
from commsapp.api.message.json_lines import PAUSE, Line, groups_of
from commsapp.api.message.renderers import JSONLinesRenderer, in_camel, is_camel
from commsapp.api.message.responses import done_status, refused_status
from commsapp.api.request_stream import iter_body
from commsapp.core.audit import Busy, Refused, unavailable_reason
from commsapp.db.availability import availability
from commsapp.db.commits import OutcomeUnknown
from commsapp.db.errors import refusal_of, uncertainty_of
from commsapp.server.environ import body_of, is_stopping
from commsapp.server.responses import BodyDrivenResponse, WaitForBody

log = logging.getLogger("commsapp")
Status = dict[str, Any]


def open_stream(view: Any) -> HttpResponseBase:
    """Return the response that runs the lines of the body and answers each by a ResponseStatus on
    a line. `view` is an OperationViewSet."""
    client = view.by.client_id or view.by.user.pk
    if refused := _open_streams.add(client):
        status, message = refused
        response = error_reply(view.request, status, message)
        response["Retry-After"] = "5"
        return response
    request = view.request._request
    _release_connection(request)
    return BodyDrivenResponse(
        _Stream(view, request).answers(),
        content_type=JSONLinesRenderer.content_type(),
        on_close=lambda: _open_streams.remove(client),
    )


def _release_connection(request: HttpRequest) -> None:
    """Close this thread's connection, where another thread may run the next group."""
    if body_of(request.META) is not None:
        close_old_connections()


class _OpenStreams:
    """How many streams are open in this process, by client; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: Counter[UUID | int] = Counter()

    def add(self, client: UUID | int) -> tuple[int, str] | None:
        """Count one more; or return the status and the sentence that refuse it."""
        with self._lock:
            if self._open[client] >= settings.STREAMS_PER_CLIENT:
                return 429, _("This client has too many streams open.")
            if self._open.total() >= settings.STREAMS_PER_WORKER:
                return 503, _("Too many streams are open. Nothing was changed.")
            self._open[client] += 1
            return None

    def remove(self, client: UUID | int) -> None:
        """Count one less."""
        with self._lock:
            self._open[client] -= 1
            self._open += Counter()  # drops those that have none


_open_streams = _OpenStreams()


class _Stream:
    def __init__(self, view: Any, request: HttpRequest) -> None:
        self.view, self.request = view, request
        self.parameters = view.parameters
        self.is_camel = is_camel(request)

    def answers(self) -> Iterator[bytes]:
        """Yield the answers of each group, and WaitForBody where there is nothing to do."""
        number = 0
        yield b""  # sends the head: a client may want to see it before it goes on
        for group in groups_of(iter_body(self.request)):
            if isinstance(group, WaitForBody):
                yield group
                if group.seconds == PAUSE:
                    continue  # there are lines to do
            else:
                number = group[-1].number
                yield self._answer(group)
            if is_stopping(self.request.META):
                message = _("The server is about to stop. Send the lines from here on again.")
                yield self._written(self._error(number + 1, 503, message))
                return

    def _answer(self, group: Sequence[Line]) -> bytes:
        """Return the answers to the lines, in their order."""
        request_message = self.view.operation.request
        requests = {
            line.number: bind_line(request_message, line.text, self.parameters, line.number)
            for line in group
            if not line.wrong
        }
        try:
            answers = self._done(requests)
        finally:
            _release_connection(self.request)
        for line in group:
            if line.wrong:
                answers[line.number] = self._error(line.number, line.status, line.wrong)
        return b"".join([self._written(answers[line.number]) for line in group])

    def _done(self, requests: Mapping[int, Any]) -> dict[int, Status]:
        """Do them in one transaction. If that fails, it fails for each, and the stream goes on.

        Busy, and any error of the database but OutcomeUnknown, means that none of them was done.
        """
        if not requests:
            return {}
        if connection.connection is None:
            availability.wait(settings.LOCK_SECONDS)  # a stream holds its thread anyway
        try:
            answers = self.view.run([*requests.values()])
        except OutcomeUnknown as error:
            return self._failed(requests, 503, f"{uncertainty_of(error)} {SAFE_TO_REPEAT}")
        except (Busy, DatabaseError, InterfaceError) as error:
            if reason := unavailable_reason(error):
                return self._failed(requests, 503, refusal_of(reason))
            log.exception("a group of request %s failed", self.view.by.request_id)
            return self._failed(requests, 500)
        return {
            number: refused_status(answer, _at(number))
            if isinstance(answer, Refused)
            else done_status(answer, _at(number))
            for number, answer in zip(requests, answers, strict=True)
        }

    def _failed(self, numbers: Iterable[int], status: int, message: str = "") -> dict[int, Status]:
        close_old_connections()  # one that is broken is not to be used again
        return {number: self._error(number, status, message) for number in numbers}

    def _error(self, number: int, status: int, message: str = "") -> Status:
        return error_status(self.request, status, message, _at(number))

    def _written(self, status: Status) -> bytes:
        answer = in_camel(status) if self.is_camel else status
        return orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE)


def _at(number: int) -> dict[str, str]:
    return {"Line": str(number)}
