"""Sessions of the Message API: opened by a name and a password, ended by hand or by time."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from oauth2_provider.models import get_access_token_model, set_token_value

from commsapp.models import Session, User
from commsapp.models.authorizations import checksum_of, lock_signed_in_user


@dataclass(frozen=True)
class Opened:
    """The secrets of a new session, shown once."""

    id: UUID = field(repr=False)  # 128 random bits, no version among them
    token: str = field(repr=False)


def open_session(user: User) -> Opened | None:
    """Sign the user in for SESSION_HOURS, by a session id and by an access token: contract 1.

    Return None if the password that the user has shown is no longer theirs.
    """
    opened = Opened(UUID(bytes=secrets.token_bytes(16)), secrets.token_urlsafe(32))
    ends = timezone.now() + timedelta(hours=settings.SESSION_HOURS)
    token = get_access_token_model()(user=user, scope="api", expires=ends)
    set_token_value(token, opened.token)
    with transaction.atomic():
        if not lock_signed_in_user(user):
            return None
        token.save()
        Session.objects.create(checksum=checksum_of(opened.id.hex), token=token)
    return opened


def end_session(token_pk: int | None) -> bool:
    """End the session with this access token, and the token with it. False if it has none: a
    client's token is not a person's to end."""
    tokens = get_access_token_model().objects.filter(pk=token_pk).exclude(session=None)
    ended, _by_model = tokens.delete()
    return bool(ended)
