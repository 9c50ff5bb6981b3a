"""Find out what became of a change when the connection to PostgreSQL is lost.

A connection that breaks while COMMIT is being answered leaves open whether the change was made.
Everything that commits comes here, so that no operation, view or command needs to know of it.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError
from django.db.backends.postgresql import base

from commsapp.db.commits import CommitMarker, OutcomeUnknown

log = logging.getLogger(__name__)

_PAUSE = 0.1  # seconds between two tries to reach the server
_READS = re.compile(r"\s*(SELECT|SET|SHOW)\b", re.IGNORECASE)


class LostCommitMixin(base.DatabaseWrapper):
    """A connection whose errors tell whether a change was saved.

    After a lost COMMIT the transaction's CommitMarker is looked for on a new connection, for up to
    LOCK_SECONDS. If it is there, the COMMIT has succeeded; if it is not, the error is raised as it
    came and nothing was changed. Raises OutcomeUnknown where that cannot be asked.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(_report_lost_write)

    def _commit(self) -> None:
        try:
            super()._commit()  # type: ignore[misc]  # (its types leave it out)
        except (OperationalError, InterfaceError) as error:
            if _is_refused(error):
                raise
            callbacks = self.run_on_commit  # which a new connection begins without
            self.close()
            if not self._was_committed(error, callbacks):
                log.warning("The answer to COMMIT was lost: it was rolled back", exc_info=error)
                raise
            log.warning("The answer to COMMIT was lost: it was committed", exc_info=error)
            self.run_on_commit = callbacks

    def _was_committed(self, error: Error, callbacks: list[Any]) -> bool:
        """Ask on a new connection, which is this one's from then on."""
        markers = [call for _ids, call, _robust in callbacks if isinstance(call, CommitMarker)]
        deadline = time.monotonic() + settings.LOCK_SECONDS
        while markers and time.monotonic() < deadline:
            try:
                self.ensure_connection()
                return markers[0].is_committed()
            except Error as reason:  # still away, or still at work on the transaction
                log.warning("What became of a COMMIT cannot be asked: %s", reason)
                self.close()
                time.sleep(_PAUSE)
        self.closed_in_transaction = True  # else Django would first connect, and raise that error
        raise OutcomeUnknown(*error.args) from error


def _is_refused(error: Error) -> bool:
    """Whether the server itself has answered, and goes on: it has rolled the change back."""
    diagnostic = getattr(error.__cause__, "diag", None)
    return getattr(diagnostic, "severity_nonlocalized", None) == "ERROR"


def _report_lost_write(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Outside of a transaction each statement is committed by itself, so its answer may be lost."""
    try:
        return execute(sql, params, many, context)
    except (OperationalError, InterfaceError) as error:
        is_read = isinstance(sql, str) and _READS.match(sql)
        if context["connection"].in_atomic_block or is_read or _is_refused(error):
            raise
        raise OutcomeUnknown(*error.args) from error
