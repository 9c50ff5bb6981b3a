"""What a person granted to API clients, by consent: codes, access and refresh tokens; and how all
of it ends."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from oauth2_provider.models import (
    get_access_token_model,
    get_grant_model,
    get_refresh_token_model,
)


def end_authorizations(user: Any) -> int:
    """End what somebody granted and signed in to: codes, refresh tokens, access tokens and the
    sessions of the Message API. Tokens of client_credentials are the client's, and stay.

    Return how many tokens and sessions were ended. Call it in the transaction that has changed the
    user's row: an exchange that is under way holds that row (`lock_user_of_code`), so that nothing
    is issued behind this one's back.
    """
    get_grant_model().objects.filter(user=user).delete()
    get_refresh_token_model().objects.filter(user=user).delete()
    ended, _by_model = get_access_token_model().objects.filter(user=user).delete()
    return int(ended)


def lock_user_of_code(code: str) -> None:
    """Let the exchange of a code wait for any other of the same user's, until the transaction
    ends."""
    _lock_user(get_grant_model().objects.filter(code=code))


def lock_user_of_refresh_token(token: str) -> None:
    """The same for an exchange of a refresh token."""
    _lock_user(get_refresh_token_model().objects.filter(token_checksum=checksum_of(token)))


def _lock_user(granted: QuerySet[Any]) -> None:
    users = get_user_model().objects.filter(pk__in=granted.values("user"))
    [*users.order_by("pk").values_list("pk").select_for_update(no_key=True)]


def lock_signed_in_user(user: Any) -> bool:
    """Lock the row of somebody who has just shown a password. Return whether that still counts:
    by now there may be a new one, which has ended what the former was good for."""
    users = get_user_model().objects.filter(pk=user.pk, password=user.password, is_active=True)
    return bool([*users.values_list("pk").select_for_update(no_key=True)])


def remember_code(code: str, refresh_token: str) -> None:
    """Remember by which code a refresh token was got, for as long as there is a token of its
    family: a hash of the code is the family's name."""
    issued = get_refresh_token_model().objects.filter(token_checksum=checksum_of(refresh_token))
    issued.update(token_family=_family_of(code))


def end_tokens_of_code(code: str) -> bool:
    """Revoke what a code gave, and return whether there was something: it was used before."""
    tokens, family = get_refresh_token_model(), _family_of(code)
    had_tokens: bool = tokens.objects.filter(token_family=family, revoked=None).exists()
    tokens.revoke_family(family)
    return had_tokens


def _family_of(code: str) -> UUID:
    return UUID(hex=checksum_of(code)[:32])


def checksum_of(secret: str) -> str:
    """Return what is stored of a secret. One of so many random bits needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
