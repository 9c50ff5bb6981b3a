"""Write sign-ins, sign-outs and lock-outs to the audit log, on every way in.

Only Django and django-axes know of these, and say so by signals. Failures are logged where they are
counted (`commsapp.http.sign_in_limits`): an attempt while locked out is no failure.
"""

from __future__ import annotations

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver

from commsapp.logs.security_log import REFUSED, bounded, log_event


@receiver(user_logged_in)
def _signed_in(sender: Any, user: Any, **_signal: Any) -> None:
    log_event("sign_in", user=user)


@receiver(user_locked_out)
def _locked_out(sender: Any, username: str, **_signal: Any) -> None:
    log_event("locked_out", REFUSED, user_name=bounded(username))


@receiver(user_logged_out)
def _signed_out(sender: Any, user: Any, **_signal: Any) -> None:
    if user is not None:
        log_event("sign_out", user=user)
