"""Credentials → Actor, in one statement."""

from __future__ import annotations

import hashlib
from typing import Any
from uuid import UUID

from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from commsapp.access import Actor
from commsapp.models import Face, User, as_uuid

# One join for the user and the client, and all licensees and permissions as two texts. The ORM
# would spend ten times the query's own time on building it, at every request.
_SIGN_IN = """
SELECT u.*, c.name AS client_name, c.id AS client_pk,
  (SELECT {join_licensees} FROM commsapp_user_licensees WHERE user_id = u.id) AS licensee_ids,
  (SELECT {join_permissions}
   FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id
   WHERE p.id IN (
     SELECT permission_id FROM commsapp_user_user_permissions WHERE user_id = u.id
     UNION SELECT gp.permission_id FROM auth_group_permissions gp
     JOIN commsapp_user_groups ug ON ug.group_id = gp.group_id WHERE ug.user_id = u.id
   )) AS permission_names
FROM oauth2_provider_accesstoken a
LEFT JOIN commsapp_client c ON c.id = a.application_id
JOIN commsapp_user u ON u.id = COALESCE(a.user_id, c.user_id)
WHERE a.token_checksum = %s AND a.expires > %s AND u.is_active
"""
_JOINED = {
    "sqlite": {
        "join_licensees": "group_concat(licensee_id)",
        "join_permissions": "group_concat(t.app_label || '.' || p.codename)",
    },
    "postgresql": {
        "join_licensees": "string_agg(licensee_id::text, ',')",
        "join_permissions": "string_agg(t.app_label || '.' || p.codename, ',')",
    },
}
_SCHEMES = ("bearer", "oauth")


def actor_of(request: HttpRequest, face: str) -> Actor | None:
    """Who asks, by the token in the Authorization header; None without one that is valid.

    Contract 1: `Bearer` and `OAuth` are equal. Asked once a request, however often it is called.
    """
    known: dict[str, Actor | None] = request.__dict__  # as a request keeps what it has worked out
    if "_actor" not in known:
        token = token_of(request)
        known["_actor"] = _by_token(request, token, face) if token else None
    return known["_actor"]


def token_of(request: HttpRequest) -> str | None:
    """The token of the Authorization header, if that is of one of our schemes."""
    scheme, _space, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() in _SCHEMES else None


def _by_token(request: HttpRequest, token: str, face: str) -> Actor | None:
    checksum = hashlib.sha256(token.encode()).hexdigest()
    sql = _SIGN_IN.format(**_JOINED[connection.vendor])
    for user in User.objects.raw(sql, [checksum, timezone.now()]):
        fill_permissions(user, user.permission_names)
        ids: str = user.licensee_ids or ""
        return Actor(
            user,
            face,
            None if user.is_superuser else frozenset(UUID(id) for id in ids.split(",") if id),
            client=user.client_name or "",
            client_id=as_uuid(user.client_pk) if user.client_pk else None,
            request_id=getattr(request, "request_id", ""),
        )
    return None


def fill_permissions(user: Any, names: str | None) -> None:
    """Give the user's has_perm() what it would otherwise ask the database for."""
    user._perm_cache = set(names.split(",")) if names else set()


class TokenAuthentication(BaseAuthentication):
    """For Django REST framework: request.auth is the Actor."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        if token_of(request._request) is None:
            return None
        actor = actor_of(request._request, Face.REST)
        if actor is None:
            raise AuthenticationFailed("Session expired or invalid.")
        return actor.user, actor

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class BrowserAuthentication(SessionAuthentication):
    """A person's browser session, with CSRF; request.auth is the Actor."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        signed_in = super().authenticate(request)
        if signed_in is None:
            return None
        user: Any = signed_in[0]
        id = getattr(request._request, "request_id", "")
        actor = Actor.of(user, Face.REST, request_id=id)
        request._request.__dict__["_actor"] = actor
        return user, actor
