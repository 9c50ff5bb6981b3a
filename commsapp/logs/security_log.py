"""The audit log: who signed in, failed to, was refused, and who changed whose rights.

One line of JSON for each event, by the logger `commsapp.audit` (setting AUDIT_LOG). Changes of
business records are Operations (`commsapp.core.audit`) and are not repeated here.

Call `log_event()` where the event happens, or `log_after_commit()` for what a transaction may still
undo; `commsapp.http.sign_in_log` does so for what only Django and
django-axes know. No line has a password, token, code, secret or session id: nothing of
a request's body, query or headers is ever logged.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import structlog
from django.db import transaction

from commsapp.logs.formatting import AUDIT
from commsapp.logs.request_context import current

SUCCESS, FAILURE, REFUSED = "success", "failure", "refused"
MAX_TEXT_LENGTH = 150  # characters of a text that somebody sent: a user name has no more

_log = structlog.stdlib.get_logger(AUDIT)


def log_event(
    event: str, outcome: str = SUCCESS, *, user: Any = None, client: Any = "", **about: Any
) -> None:
    """Write one line: the event, by whom and from where, and what it is about.

    `user` and `client` are who acted, if the current request is not signed in as these.
    """
    _log.info(event, outcome=outcome, **_source(user, client), **about)


def log_after_commit(
    event: str, outcome: str = SUCCESS, *, user: Any = None, client: Any = "", **about: Any
) -> None:
    """Write the same line once the transaction is committed: what is rolled back did not happen.

    Without a transaction, that is at once.
    """
    line = partial(_log.info, event, outcome=outcome, **_source(user, client), **about)
    transaction.on_commit(line)


def _source(user: Any = None, client: Any = "") -> dict[str, Any]:
    source = current()
    actor, user = source.actor, user or source.user
    return {
        "user": user.get_username() if user else None,
        "user_id": str(user.pk) if user else None,
        "address": source.address or None,
        "channel": source.channel,
        "client": str(client) or (actor.client if actor else source.client) or None,
        "request_id": source.request_id or None,
        "licensee": _licensee_of(actor),
    }


def bounded(text: Any) -> str:
    """Return what somebody sent, cut to what a log line may hold of it."""
    return str(text or "")[:MAX_TEXT_LENGTH]


def log_answer(request: Any, status: int) -> None:
    """Log that the current request was refused: 403, with the permission that it took; or 401
    though it came with a token or a session id. A sign-in that fails is logged where it fails."""
    if status == 403:
        permission = getattr(current().user, "missing_permission", None)
        log_event("permission_refused", REFUSED, permission=permission, **_place(request))
    elif status == 401 and current().channel != "oauth" and _has_credentials(request):
        log_event("credentials_refused", FAILURE, **_place(request))


def _place(request: Any) -> dict[str, Any]:
    match = getattr(request, "resolver_match", None)
    return {"method": bounded(request.method), "route": match.route if match else None}


def _has_credentials(request: Any) -> bool:
    return bool({"HTTP_AUTHORIZATION", "HTTP_X_SS_ID"} & request.META.keys())


def _licensee_of(actor: Any) -> str | None:
    """The only licensee of who asks; None for a superuser, or for several."""
    licensees = list(getattr(actor, "licensees", None) or ())
    return str(licensees[0]) if len(licensees) == 1 else None
