"""Rules of the grants, codes and tokens (contract 1, Credentials)."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import oauth2_settings
from oauthlib.oauth2.rfc6749.errors import UnsupportedCodeChallengeMethodError
from oauthlib.oauth2.rfc6749.utils import scope_to_list

from commsapp.core.actors import Actor
from commsapp.logs.security_log import REFUSED, log_after_commit
from commsapp.models import Channel, Client, authorizations

# The values of grant_type, and the grant that a client needs for each.
GRANTS = {
    "client_credentials": Client.GRANT_CLIENT_CREDENTIALS,
    "authorization_code": Client.GRANT_AUTHORIZATION_CODE,
    "refresh_token": Client.GRANT_AUTHORIZATION_CODE,
}


class RequestValidator(OAuth2Validator):
    """Django OAuth Toolkit's, with the rules of contract 1 and the fields that Salesforce-style
    clients read in a token response."""

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kw: Any) -> None:
        super().save_bearer_token(token, request, *args, **kw)
        if request.grant_type == "authorization_code":
            authorizations.remember_code(request.code, token["refresh_token"])
        user = request.user or request.client.user  # client_credentials: the client's user
        licensee = Actor.of(user, Channel.CONNECT).only_licensee() or UUID(int=0)
        token["id"] = f"/id/{licensee}/{user.pk}"  # the view adds the host
        token["issued_at"] = str(time.time_ns() // 1_000_000)
        event = "token_refreshed" if request.grant_type == "refresh_token" else "token_issued"
        log_after_commit(event, user=user, client=request.client, grant_type=request.grant_type)

    def _load_application(self, client_id: str | None, request: Any) -> Any:
        """Return no client for an id with a NUL, which PostgreSQL refuses in a query."""
        return None if "\0" in (client_id or "") else super()._load_application(client_id, request)

    def _extract_basic_auth(self, request: Any) -> str | None:
        """Return ASCII only, as base64 is: the toolkit raises an error for anything else."""
        encoded: str | None = super()._extract_basic_auth(request)
        return encoded if encoded and encoded.isascii() else None

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """Return whether it is the client's one grant, or the refresh of its authorization code.
        client_credentials needs a secret, and an active user to act as."""
        if client.authorization_grant_type != GRANTS[grant_type]:
            return False
        if grant_type != "client_credentials":
            return True
        is_confidential: bool = client.client_type == Client.CLIENT_CONFIDENTIAL
        return is_confidential and bool(client.user and client.user.is_active)

    def validate_response_type(
        self, client_id: str, response_type: str, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """Return whether a code is requested: nothing else is sent back by way of a browser."""
        is_code: bool = client.authorization_grant_type == Client.GRANT_AUTHORIZATION_CODE
        return is_code and response_type == "code"

    def validate_scopes(
        self, client_id: str, scopes: Any, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """Leave out unknown scopes, as they limit nothing (contract 1); without any, use the
        default."""
        request.scopes = [scope for scope in scopes if scope in oauth2_settings.SCOPES]
        request.scopes = request.scopes or self.get_default_scopes(client_id, request)
        return True

    def is_within_original_scope(
        self, scopes: Any, refresh_token: str, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """Let a refresh that names other scopes keep those that the token had."""
        original = scope_to_list(self.get_original_scopes(refresh_token, request))
        request.scopes = [scope for scope in scopes if scope in original] or original
        return True

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        """Complete the challenge, as this is called before it is checked. Without a method it is
        S256, the only one here: jsforce leaves it out, which would mean plain."""
        if request.code_challenge and not request.code_challenge_method:
            request.code_challenge_method = "S256"
        if request.code_challenge_method == "plain":
            raise UnsupportedCodeChallengeMethodError(request=request)
        return bool(super().is_pkce_required(client_id, request))

    def validate_code(
        self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """Return whether the code is valid. One that was used before revokes the tokens that it
        gave, whichever client sends it (RFC 6749, section 4.1.2)."""
        authorizations.lock_user_of_code(code)
        is_valid: bool = super().validate_code(client_id, code, client, request, *args, **kw)
        if not is_valid and authorizations.end_tokens_of_code(code):
            log_after_commit("code_reused", REFUSED, client=client)
        return is_valid and request.user.is_active

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        authorizations.lock_user_of_refresh_token(refresh_token)
        is_valid: bool = super().validate_refresh_token(refresh_token, client, request, *args, **kw)
        return is_valid and request.user.is_active

    def rotate_refresh_token(self, request: Any) -> bool:
        """Rotate the refresh tokens of public clients only (RFC 9700, section 4.14.2). A client
        with a secret keeps its own: jsforce does not read another from the response, and
        Salesforce gives none."""
        return bool(request.client.client_type == Client.CLIENT_PUBLIC)
