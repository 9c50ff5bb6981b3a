"""Credentials → Actor, in one statement."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, UnsupportedMediaType
from rest_framework.request import Request, is_form_media_type

from commsapp.core.actors import Actor
from commsapp.core.metering import usage
from commsapp.db.ids import NIL, as_uuid, read_guid
from commsapp.http.origins import is_foreign
from commsapp.logs.redaction import session_id_of
from commsapp.models import Channel, User

# One join for the user and the client, and all licensees and permissions as two texts. The ORM
# would spend ten times the query's own time on building it, at every request.
_SIGN_IN = """
SELECT u.*, c.name AS client_name, c.id AS client_pk, a.id AS token_pk,
  (SELECT {join_licensees} FROM commsapp_user_licensees WHERE user_id = u.id) AS licensee_ids,
  (SELECT {join_permissions}
   FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id
   WHERE p.id IN (
     SELECT permission_id FROM commsapp_user_user_permissions WHERE user_id = u.id
     UNION SELECT gp.permission_id FROM auth_group_permissions gp
     JOIN commsapp_user_groups ug ON ug.group_id = gp.group_id WHERE ug.user_id = u.id
   )) AS permission_names
FROM oauth2_provider_accesstoken a {through}
LEFT JOIN commsapp_client c ON c.id = a.application_id
JOIN commsapp_user u ON u.id = COALESCE(a.user_id, c.user_id)
WHERE {checksum} = %s AND a.expires > %s AND u.is_active
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
_TOKEN = {"through": "", "checksum": "a.token_checksum"}
_SESSION = {
    "through": "JOIN commsapp_session s ON s.token_id = a.id",
    "checksum": "s.checksum",
}
_SCHEMES = ("bearer", "oauth")

SESSION_COOKIE = "ss-id"


def actor_of(request: HttpRequest, channel: str) -> Actor | None:
    """Who asks, by the first of these that is given, which decides alone: the Authorization
    header; on the Message API the header X-ss-id, the query's SessionId, the cookie ss-id.

    None without one, or if it is not valid. Raises PermissionDenied for a session whose cookie
    another site's page has the browser send (contract 1). Asked once a request, however often it
    is called.
    """
    known: dict[str, Actor | None] = request.__dict__  # as a request keeps what it has worked out
    if "_actor" not in known:
        known["_actor"] = _signed_in(request, channel)
    return known["_actor"]


@sensitive_variables()
def _signed_in(request: HttpRequest, channel: str) -> Actor | None:
    if request.META.get("HTTP_AUTHORIZATION", "").strip():
        token = token_of(request)
        return _by_secret(request, token, channel, _TOKEN) if token else None
    if channel != Channel.MESSAGE:
        return None
    if session_id := _sent_session_id(request):
        return _by_secret(request, session_id, channel, _SESSION)
    cookie = _session_cookie(request)
    actor = _by_secret(request, cookie, channel, _SESSION) if cookie else None
    if actor is not None and is_foreign(request):
        raise PermissionDenied
    return actor


def _sent_session_id(request: HttpRequest) -> str:
    """Return the session id of the header X-ss-id, or else of the query; "" without either."""
    header = _guid_of(request.META.get("HTTP_X_SS_ID", ""))
    return header or _guid_of(session_id_of(request))


def _session_cookie(request: HttpRequest) -> str:
    return _guid_of(request.COOKIES.get(SESSION_COOKIE, ""))


def _guid_of(text: str) -> str:
    """A session id as its hash is made of; what is none stays, and is nobody's. The all-zero Guid
    is not given."""
    guid = read_guid(text.strip()) or text.strip()
    return "" if guid == NIL else guid


def token_pk_of(by: Actor) -> int | None:
    """The key of the access token that the actor came with, or that is behind its session."""
    pk: int | None = getattr(by.user, "token_pk", None)
    return pk


def token_of(request: HttpRequest) -> str | None:
    """The token of the Authorization header, if that is of one of our schemes."""
    scheme, _space, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() in _SCHEMES else None


@sensitive_variables()
def _by_secret(
    request: HttpRequest, secret: str, channel: str, kind: Mapping[str, str]
) -> Actor | None:
    checksum = hashlib.sha256(secret.encode()).hexdigest()
    sql = _SIGN_IN.format(**_JOINED[connection.vendor], **kind)
    for user in User.objects.raw(sql, [checksum, timezone.now()]):
        fill_permissions(user, user.permission_names)
        client_id = as_uuid(user.client_pk) if user.client_pk else None
        if client_id:
            usage.note(client_id)
        ids: str = user.licensee_ids or ""
        return Actor(
            user,
            channel,
            None if user.is_superuser else frozenset(UUID(id) for id in ids.split(",") if id),
            client=user.client_name or "",
            client_id=client_id,
            request_id=getattr(request, "request_id", ""),
        )
    return None


def fill_permissions(user: Any, names: str | None) -> None:
    """Give the user's has_perm() what it would otherwise ask the database for."""
    user._perm_cache = set(names.split(",")) if names else set()


class TokenAuthentication(BaseAuthentication):
    """An access token in the Authorization header; `request.auth` is the Actor, of the view's
    channel."""

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        """Return the user and the actor; None without a token. Raises AuthenticationFailed."""
        if not self.has_credentials(request._request):
            return None
        actor = actor_of(request._request, _view_of(request).channel)
        if actor is None:
            raise AuthenticationFailed("Session expired or invalid.")
        return actor.user, actor

    def has_credentials(self, request: HttpRequest) -> bool:
        """Return whether the request has credentials of this kind, valid or not."""
        return token_of(request) is not None

    def authenticate_header(self, request: Request) -> str:
        """Return the WWW-Authenticate of a 401, in the realm of the view's API."""
        return f'Bearer realm="{_view_of(request).realm}"'


def _view_of(request: Request) -> Any:
    """Return the view that answers the request: it knows its channel and its realm."""
    return request.parser_context["view"]


class MessageAuthentication(TokenAuthentication):
    """An access token, or a session of the Message API: header X-ss-id, `SessionId` in the query,
    cookie ss-id. The first of these that is sent decides alone.

    Raises PermissionDenied for a cookie that another site's page has the browser send.
    """

    def has_credentials(self, request: HttpRequest) -> bool:
        """Return whether the request has a token or a session id, valid or not."""
        if super().has_credentials(request):
            return True
        return bool(_sent_session_id(request) or _session_cookie(request))


class BrowserAuthentication(SessionAuthentication):
    """A person's browser session, with CSRF; `request.auth` is the Actor."""

    def enforce_csrf(self, request: Request) -> None:
        """Check the CSRF token. Raises PermissionDenied; UnsupportedMediaType for a form, which
        the check would read, and no API takes."""
        if is_form_media_type(request.content_type):
            raise UnsupportedMediaType(request.content_type)
        super().enforce_csrf(request)

    def authenticate(self, request: Request) -> tuple[User, Actor] | None:
        """Return the user and the actor; None without a session. Raises PermissionDenied."""
        signed_in = super().authenticate(request)
        if signed_in is None:
            return None
        user: Any = signed_in[0]
        id = getattr(request._request, "request_id", "")
        actor = Actor.of(user, _view_of(request).channel, request_id=id)
        request._request.__dict__["_actor"] = actor
        return user, actor
