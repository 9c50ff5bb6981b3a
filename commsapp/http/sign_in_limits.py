"""How often passwords may be tried: at once, for a name from an address, and from an address.

django-axes asks this handler before a password is looked at, and tells it of each failure. All
that is kept is a counter for each name and address, as long as it counts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.handlers.database import AxesDatabaseHandler
from axes.helpers import get_client_username, get_cool_off
from axes.models import AccessAttempt
from axes.signals import user_locked_out
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from commsapp.logs.security_log import FAILURE, REFUSED, bounded, log_event

MAX_PASSWORD_CHECKS = 2  # at once in a process: a hash holds a core for most of a second
BUSY_SECONDS = 2  # after which it is worth trying again
_MAX_NAME_LENGTH = 255  # of the column


class SignInsBusy(Exception):  # noqa: N818
    """As many passwords are being checked as may be at once. Nothing was counted."""


_checks = BoundedSemaphore(MAX_PASSWORD_CHECKS)


@contextmanager
def password_check() -> Iterator[None]:
    """Hold one of the places for checking a password. Raises SignInsBusy if there is none."""
    if not _checks.acquire(blocking=False):
        raise SignInsBusy
    try:
        yield
    finally:
        _checks.release()


class SignInBackend(AxesStandaloneBackend):
    """Checks a name and a password, within the limits.

    Comes first and decides alone: ModelBackend after it has the permissions, and would hash a
    wrong password once more.
    """

    @sensitive_variables("password")
    def authenticate(
        self, request: Any, username: str | None = None, password: str | None = None, **more: Any
    ) -> Any:
        """The user, if name and password are right. Raises SignInsBusy, and PermissionDenied for
        whoever is locked out or wrong."""
        super().authenticate(request, username, password, **more)
        try:
            with password_check():
                user = ModelBackend().authenticate(request, username, password, **more)
        except SignInsBusy:
            log_event("sign_in", REFUSED, user_name=bounded(username), reason="busy")
            raise
        if user is None:
            raise PermissionDenied
        return user

    def get_user(self, user_id: int) -> Any:
        """The user of a session that was opened by a password."""
        return ModelBackend().get_user(user_id)


class SignInFailures(AxesDatabaseHandler):
    """Counts failures by name and address, of which nothing else is kept.

    What is locked costs no hash, is not counted, and is not locked any longer for being tried.
    """

    def is_locked(self, request: Any, credentials: Any = None) -> bool:
        """Whether name or address are locked; the request then knows for how many seconds."""
        request.sign_in_wait = _seconds_locked(_name(request, credentials), request.axes_ip_address)
        return bool(request.sign_in_wait)

    def user_login_failed(
        self, sender: Any, credentials: Any, request: Any = None, **more: Any
    ) -> None:
        """Count and log the failure. One that was refused unseen is logged as locked out alone."""
        name, address = _name(request, credentials), request.axes_ip_address
        if not request.axes_locked_out:
            log_event("sign_in", FAILURE, user_name=bounded(name))
            _count(name, address)
            request.axes_locked_out = self.is_locked(request, credentials)
        if request.axes_locked_out:
            request.axes_credentials = credentials
            user_locked_out.send("axes", request=request, username=name, ip_address=address)

    def user_logged_in(self, sender: Any, request: Any, user: Any, **more: Any) -> None:
        """Forget the failures of this name from this address. Those for other names stay, or
        whoever has one password could try others' for ever."""
        failures = AccessAttempt.objects.filter(ip_address=request.axes_ip_address or None)
        failures.filter(username=user.get_username()).delete()


def seconds_to_wait(request: HttpRequest) -> int:
    """How long a sign-in that was refused is locked."""
    seconds: int = getattr(request, "sign_in_wait", 0)
    return seconds


def _name(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    name: str | None = get_client_username(request, credentials)
    return (name or "")[:_MAX_NAME_LENGTH]


def _count(name: str, address: str) -> None:
    """Count one failure, and clear those that no longer count."""
    now = timezone.now()
    AccessAttempt.objects.filter(attempt_time__lte=now - _window()).delete()
    with transaction.atomic():
        failures, is_new = AccessAttempt.objects.select_for_update().get_or_create(
            username=name, ip_address=address or None, user_agent="",
            defaults={"failures_since_start": 1},
        )  # fmt: skip
        if not is_new:
            AccessAttempt.objects.filter(pk=failures.pk).update(
                failures_since_start=F("failures_since_start") + 1, attempt_time=now
            )


def _seconds_locked(name: str, address: str) -> int:
    """Seconds until a password may be tried for this name from this address; 0 is now."""
    now = timezone.now()
    failures = AccessAttempt.objects.filter(
        ip_address=address or None, attempt_time__gt=now - _window()
    )
    if not address or not settings.SIGN_IN_FAILURES_PER_ADDRESS:
        failures = failures.filter(username=name)
    counts = [*failures.order_by("attempt_time").values_list("username", *_COUNT)]
    of_name = [(count, at) for username, count, at in counts if username == name]
    ends = [_end(of_name, settings.AXES_FAILURE_LIMIT)]
    if address and settings.SIGN_IN_FAILURES_PER_ADDRESS:
        of_all = [(count, at) for _username, count, at in counts]
        ends.append(_end(of_all, settings.SIGN_IN_FAILURES_PER_ADDRESS))
    return max(math.ceil((end - now).total_seconds()) if end else 0 for end in ends)


_COUNT = ("failures_since_start", "attempt_time")


def _end(failures: list[tuple[int, datetime]], limit: int) -> datetime | None:
    """When the failures, the oldest first, will be fewer than the limit; None if they are."""
    total, end = sum(count for count, _at in failures), None
    for count, at in failures:
        if total < limit:
            break
        total, end = total - count, at + _window()
    return end


def _window() -> timedelta:
    window: timedelta = get_cool_off()
    return window
