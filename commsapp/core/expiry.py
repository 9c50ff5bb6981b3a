"""Clear what has expired: tokens, codes and sessions that nobody can use any more, failed sign-ins
that no longer count, and the stored answers of Idempotency-Keys.

A client that asks for a token every two seconds leaves 1.3 million rows a month. Each worker clears
within its first quarter of an hour and hourly from then on (`start`, in wsgi.py), and so does
`manage.py clear_expired`. What is cleared is read in the order of the key, of which the oldest rows
have expired first.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django.contrib.sessions.models import Session as BrowserSession
from django.db import Error, connections, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from oauth2_provider.models import (
    get_access_token_model,
    get_grant_model,
    get_id_token_model,
    get_refresh_token_model,
    refresh_token_expire_timedelta,
)

from commsapp.models.idempotency import IdempotencyKey

SECONDS = 60 * 60  # between two times
BATCH = 1_000  # rows, in a transaction of their own
_PAUSE = 0.05  # seconds after each, for whoever else wants to write
log = logging.getLogger(__name__)


def clear_expired(*, batch: int = BATCH, pause: float = 0) -> dict[str, int]:
    """Delete all that has expired, and return how many rows of each kind."""
    now = timezone.now()
    return {name: _clear(expired(now), batch, pause) for name, expired in _EXPIRED.items()}


def _clear(expired: QuerySet[Any], batch: int, pause: float) -> int:
    """Delete in batches. Rows that somebody else has locked, as another worker that clears has,
    are left for the next time."""
    oldest, cleared, last = expired.order_by("pk"), 0, None
    while True:
        with transaction.atomic():
            rest = oldest if last is None else oldest.filter(pk__gt=last)
            locked = rest.select_for_update(skip_locked=True, of=("self",))
            keys = [*locked.values_list("pk", flat=True)[:batch]]
            if keys:
                expired.model._default_manager.filter(pk__in=keys).delete()
        cleared += len(keys)
        if len(keys) < batch:
            return cleared
        last = keys[-1]
        time.sleep(pause)


# --- What has expired: querysets ------------------------------------------------------------


def _refresh_tokens(now: datetime) -> Any:
    """Also revoked ones live for as long as they could have been used: by them a token or a code
    that is presented again is recognized. Without an access token there is nothing to refresh."""
    life = refresh_token_expire_timedelta()
    orphaned = Q(revoked=None, access_token=None)
    if life is None:
        return get_refresh_token_model().objects.filter(orphaned)
    unused = get_access_token_model().objects.filter(
        pk=OuterRef("access_token"), expires__lte=now - life
    )
    return get_refresh_token_model().objects.filter(
        orphaned | Q(revoked__lte=now - life) | Q(Exists(unused), revoked=None)
    )


def _access_tokens(now: datetime) -> Any:
    """With the sessions of the Message API that they carry. From the time of one with a refresh
    token it is known how long that lives."""
    refreshing = get_refresh_token_model().objects.filter(access_token=OuterRef("pk"))
    return get_access_token_model().objects.filter(~Exists(refreshing), expires__lte=now)


def _id_tokens(now: datetime) -> Any:
    used = get_access_token_model().objects.filter(id_token=OuterRef("pk"))
    return get_id_token_model().objects.filter(~Exists(used), expires__lte=now)


def _codes(now: datetime) -> Any:
    return get_grant_model().objects.filter(expires__lte=now)


def _browser_sessions(now: datetime) -> Any:
    return BrowserSession.objects.filter(expire_date__lte=now)


def _failed_sign_ins(now: datetime) -> Any:
    """With the names and addresses that were sent. Another failure clears them, too, but none may
    come."""
    return AccessAttempt.objects.filter(attempt_time__lte=now - get_cool_off())


def _idempotency_keys(now: datetime) -> Any:
    return IdempotencyKey.objects.expired(now)


# In this order: an access token goes after the refresh token that it is kept for.
_EXPIRED: Mapping[str, Callable[[datetime], QuerySet[Any]]] = {
    "refresh tokens": _refresh_tokens,
    "access tokens": _access_tokens,
    "id tokens": _id_tokens,
    "authorization codes": _codes,
    "browser sessions": _browser_sessions,
    "failed sign-ins": _failed_sign_ins,
    "idempotency keys": _idempotency_keys,
}


# --- When it is cleared ---------------------------------------------------------------------


def start() -> None:
    """From now on clear hourly, in the background."""
    threading.Thread(target=_keep_clearing, name="expiry", daemon=True).start()


def _keep_clearing() -> None:
    time.sleep(random.uniform(60, SECONDS / 4))  # noqa: S311  (so that workers take turns)
    while True:
        try:
            clear_expired(pause=_PAUSE)
        except Error as error:
            log.warning("What has expired is not cleared yet: %s", error)
        finally:
            connections.close_all()  # this thread's: it is not worth keeping in between
        time.sleep(SECONDS)
