"""OAuth 2 as the clients of the Connect API know it (contract 1)."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from csp.decorators import csp_update
from django.conf import settings
from django.contrib.auth.hashers import BasePasswordHasher
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, QueryDict
from django.urls import re_path
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.models import (
    get_access_token_model,
    get_refresh_token_model,
    revoke_access_token,
)
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.views import AuthorizationView, TokenView
from oauthlib.oauth2.rfc6749.errors import UnsupportedCodeChallengeMethodError
from oauthlib.oauth2.rfc6749.utils import scope_to_list

from commsapp.api.oauth import schema
from commsapp.api.openapi.fragments import attach_schema
from commsapp.api.request_body import is_utf8, limit_body, read_body
from commsapp.core.actors import Actor
from commsapp.http.compression import keep_uncompressed
from commsapp.http.origins import base_url
from commsapp.logs.security_log import (
    FAILURE,
    REFUSED,
    SUCCESS,
    bounded,
    log_after_commit,
    log_event,
)
from commsapp.models import Channel, Client, authorizations


class SecretHasher(BasePasswordHasher):
    """SHA-256, for client secrets only: 256 random bits need no slow hash, and tokens are many."""

    algorithm = "commsapp_sha256"

    def salt(self) -> str:
        return ""

    def encode(self, password: str, salt: str) -> str:
        return f"{self.algorithm}${hashlib.sha256(password.encode()).hexdigest()}"

    def decode(self, encoded: str) -> dict[str, Any]:
        algorithm, digest = encoded.split("$", 1)
        return {"algorithm": algorithm, "hash": digest}

    def verify(self, password: str, encoded: str) -> bool:
        return hmac.compare_digest(self.encode(password, ""), encoded)

    def safe_summary(self, encoded: str) -> Any:
        return {"algorithm": self.algorithm}

    def must_update(self, encoded: str) -> bool:
        return False

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing to even out."""


class Validator(OAuth2Validator):
    """The provider's own, with what Salesforce-style clients look for in a token answer."""

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kw: Any) -> None:
        super().save_bearer_token(token, request, *args, **kw)
        if request.grant_type == "authorization_code":
            authorizations.remember_code(request.code, token["refresh_token"])
        user = request.user or request.client.user  # client_credentials: the client's user
        licensee = Actor.of(user, Channel.CONNECT).only_licensee() or UUID(int=0)
        token["id"] = f"/id/{licensee}/{user.pk}"  # the view knows the host
        token["issued_at"] = str(time.time_ns() // 1_000_000)
        event = "token_refreshed" if request.grant_type == "refresh_token" else "token_issued"
        log_after_commit(event, user=user, client=request.client, grant_type=request.grant_type)

    def _load_application(self, client_id: str | None, request: Any) -> Any:
        """PostgreSQL cannot even be asked for a text with a NUL, nor can a client's id have one."""
        return None if "\0" in (client_id or "") else super()._load_application(client_id, request)

    def _extract_basic_auth(self, request: Any) -> str | None:
        """Base64 is ASCII; the provider fails over anything else."""
        encoded: str | None = super()._extract_basic_auth(request)
        return encoded if encoded and encoded.isascii() else None

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """A client has one grant, and a refresh token comes with a code alone. What acts as the
        client's user takes a secret, and an active user."""
        if client.authorization_grant_type != GRANTS[grant_type]:
            return False
        if grant_type != "client_credentials":
            return True
        is_confidential: bool = client.client_type == Client.CLIENT_CONFIDENTIAL
        return is_confidential and bool(client.user and client.user.is_active)

    def validate_response_type(
        self, client_id: str, response_type: str, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """A code is all that a browser is sent back with."""
        is_code: bool = client.authorization_grant_type == Client.GRANT_AUTHORIZATION_CODE
        return is_code and response_type == "code"

    def validate_scopes(
        self, client_id: str, scopes: Any, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """Scopes limit nothing (contract 1): an unknown one is left out, and none is the usual."""
        request.scopes = [scope for scope in scopes if scope in oauth2_settings.SCOPES]
        request.scopes = request.scopes or self.get_default_scopes(client_id, request)
        return True

    def is_within_original_scope(
        self, scopes: Any, refresh_token: str, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """Asked where a refresh names another scope: the token keeps those that it had."""
        original = scope_to_list(self.get_original_scopes(refresh_token, request))
        request.scopes = [scope for scope in scopes if scope in original] or original
        return True

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        """Asked before the challenge is looked at. One that does not say how it was made is S256,
        as there is no other way here; jsforce leaves it out, and would be taken to mean plain."""
        if request.code_challenge and not request.code_challenge_method:
            request.code_challenge_method = "S256"
        if request.code_challenge_method == "plain":
            raise UnsupportedCodeChallengeMethodError(request=request)
        return bool(super().is_pkce_required(client_id, request))

    def validate_code(
        self, client_id: str, code: str, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        """A code is good once: presented again, by whichever client, it ends what it gave (RFC
        6749, section 4.1.2)."""
        authorizations.lock_user_of_code(code)
        known: bool = super().validate_code(client_id, code, client, request, *args, **kw)
        if not known and authorizations.end_tokens_of_code(code):
            log_after_commit("code_reused", REFUSED, client=client)
        return known and request.user.is_active

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Any, *args: Any, **kw: Any
    ) -> bool:
        authorizations.lock_user_of_refresh_token(refresh_token)
        known: bool = super().validate_refresh_token(refresh_token, client, request, *args, **kw)
        return known and request.user.is_active

    def rotate_refresh_token(self, request: Any) -> bool:
        """Only a public client's (RFC 9700, section 4.14.2). One that has to show its secret keeps
        its refresh token: jsforce does not look for another in the answer, nor does Salesforce
        give one."""
        return bool(request.client.client_type == Client.CLIENT_PUBLIC)


class Authorize(AuthorizationView):
    """`/services/oauth2/authorize`: a staff page that asks the signed-in person for consent."""

    def dispatch(self, request: HttpRequest, *args: Any, **kw: Any) -> HttpResponseBase:
        """Let the answer's redirect leave for the client: form-action holds for redirects, too."""
        if _has_nul(request.GET) or _has_nul(request.POST):
            raise SuspiciousOperation("A parameter has a NUL character")
        response: HttpResponseBase = super().dispatch(request, *args, **kw)
        wanted = urlsplit(getattr(self, "oauth2_data", {}).get("redirect_uri", ""))
        if wanted.netloc:
            action = {"form-action": f"{wanted.scheme}://{wanted.netloc}"}
            return csp_update(action)(lambda request: response)(request)
        return response

    def form_valid(self, form: Any) -> Any:
        """Let the provider carry out what the person decided, and log what came of it."""
        response = super().form_valid(form)
        outcome = SUCCESS if self.success_url else REFUSED  # set once there is a code
        client = Client.objects.get(client_id=form.cleaned_data["client_id"])
        scope = bounded(form.cleaned_data.get("scope"))
        log_event("consent", outcome, client=client, client_id=client.client_id, scope=scope)
        return response

    def create_authorization_response(self, *args: Any, **kw: Any) -> Any:
        """Make a code, unless there is a new password since this request began, which has ended
        what was granted before."""
        with transaction.atomic():
            if not authorizations.lock_signed_in_user(self.request.user):
                raise PermissionDenied
            return super().create_authorization_response(*args, **kw)


@method_decorator(csrf_exempt, name="dispatch")
class Token(TokenView):
    """`POST /services/oauth2/token`: contract 1, Credentials."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, *args: Any, **kw: Any) -> HttpResponse:
        """The provider's answer, with the host; an error it does not describe is described."""
        if not _is_form(request):
            return error_response(request, 415)
        if request.POST.getlist("grant_type") not in _GRANT_LISTS:
            return _unsupported_grant()
        if _has_nul(request.POST):
            return error_response(request, 400, "A parameter has a NUL character")
        response = keep_uncompressed(self._exchange(request))
        told = json.loads(response.content)
        if response.status_code == 200:
            base = base_url(request)
            told |= {"instance_url": base, "id": base + told["id"]}
        else:
            log_event("token_issued", FAILURE, client_id=_client_id(request), error=told["error"])
            if not told.get("error_description"):
                told["error_description"] = _TOLD.get(told["error"], _MESSAGES[400])
        if response.status_code == 401:
            response["WWW-Authenticate"] = 'Basic realm="oauth2"'
        response.content = json.dumps(told)
        return response

    def _exchange(self, request: HttpRequest) -> HttpResponse:
        """Answer with a token. In one transaction what is used up and what is given for it, so
        that of two at once the second finds it used, and may end what the first was given."""
        if request.POST["grant_type"] == "client_credentials":
            return super().post(request)  # type: ignore[no-any-return]
        with transaction.atomic():
            return super().post(request)  # type: ignore[no-any-return]

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kw: Any) -> HttpResponse:
        return _only_post(request)


@csrf_exempt
def revoke(request: HttpRequest) -> HttpResponse:
    """`POST /services/oauth2/revoke`: end a token and what hangs on it. Takes only the token, as
    its holder may use it anyway (contract 1); one that is not there is ended already (RFC 7009)."""
    if request.method != "POST":
        return _only_post(request)
    if not _is_form(request):
        return error_response(request, 415)
    token = request.POST.get("token", "")
    if not token:
        return error_response(request, 400, "token is missing")
    checksum = authorizations.checksum_of(token)
    for access in get_access_token_model().objects.filter(token_checksum=checksum):
        revoke_access_token(access)
        _log_revocation(access)
    for refresh in get_refresh_token_model().objects.filter(token_checksum=checksum, revoked=None):
        refresh.revoke()
        _log_revocation(refresh)
    return JsonResponse({})


# What may be asked for, and which grant the client has to have for it.
GRANTS = {
    "client_credentials": Client.GRANT_CLIENT_CREDENTIALS,
    "authorization_code": Client.GRANT_AUTHORIZATION_CODE,
    "refresh_token": Client.GRANT_AUTHORIZATION_CODE,
}
_GRANT_LISTS = [[grant] for grant in GRANTS]


def _unsupported_grant() -> HttpResponse:
    """The same for whatever came with it: nobody learns here whether a password is right."""
    code = "unsupported_grant_type"
    return JsonResponse({"error": code, "error_description": _TOLD[code]}, status=400)


def _log_revocation(token: Any) -> None:
    """Log it with the token's user and client: whoever holds the token acts as these."""
    client = token.application
    log_event("token_revoked", user=token.user or (client and client.user), client=client or "")


def _client_id(request: HttpRequest) -> str:
    """The client id as it was sent: in the form, or before the colon of Basic credentials."""
    scheme, _space, encoded = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "basic":
        return bounded(request.POST.get("client_id"))
    try:
        name, colon, _secret = base64.b64decode(encoded).decode().partition(":")
    except ValueError:
        return ""
    return bounded(name if colon else "")


def _has_nul(parameters: QueryDict) -> bool:
    """Whether there is a character that PostgreSQL's texts cannot hold; no parameter means one."""
    return any("\0" in text for name, texts in parameters.lists() for text in (name, *texts))


_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def _is_form(request: HttpRequest) -> bool:
    """A form in UTF-8, as RFC 6749 wants it; in parts will do. No body needs no type."""
    limit_body(request, settings.MAX_SIGN_IN_BODY_BYTES)
    body = read_body(request)
    return (request.content_type in _FORMS and is_utf8(request)) or not body


def _only_post(request: HttpRequest) -> HttpResponse:
    response = error_response(request, 405)
    response["Allow"] = "POST"
    return response


_CODES = {
    401: "invalid_client",
    404: "not_found",
    500: "server_error",
    503: "temporarily_unavailable",
}
_MESSAGES = {
    400: "The request could not be processed",
    404: "The requested resource does not exist",
    405: "Only POST is answered here",
    408: "The request body did not arrive in time",
    413: "The request body is too large",
    415: "The request body must be a form in UTF-8",
    503: "Try again shortly",
}


# What the provider leaves without a word.
_TOLD = {
    "invalid_client": "The client's id or secret is wrong",
    "invalid_grant": "The code or token is wrong, used up or out of date",
    "unauthorized_client": "The client has another grant, or nobody to act as",
    "unsupported_grant_type": "Give a grant_type: client_credentials, authorization_code or"
    " refresh_token",
}


def error_response(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    """An error as OAuth words it (RFC 6749, section 5.2)."""
    told = message or _MESSAGES.get(status, _MESSAGES[400])
    body = {"error": _CODES.get(status, "invalid_request"), "error_description": told}
    response = JsonResponse(body, status=status)
    if status == 503:
        response["Retry-After"] = "5"  # seconds
    return response


def outcome_unknown(request: HttpRequest, uncertainty: str) -> HttpResponse:
    """A token that may have been issued, or ended: neither does harm when asked for again."""
    return error_response(request, 503, f"{uncertainty} It is safe to send the request again")


def urlpatterns() -> list[Any]:
    """The three addresses of contract 1, Credentials."""
    token = Token.as_view()
    attach_schema(token, schema.TOKEN)
    attach_schema(revoke, schema.REVOKE)
    return [
        re_path(r"^services/oauth2/token/?$", token, name="oauth-token"),
        re_path(r"^services/oauth2/revoke/?$", revoke, name="oauth-revoke"),
        re_path(r"^services/oauth2/authorize/?$", Authorize.as_view(), name="oauth-authorize"),
    ]
