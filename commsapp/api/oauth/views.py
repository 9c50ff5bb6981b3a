"""The machine endpoints of OAuth 2: token and revoke (contract 1, Credentials)."""

from __future__ import annotations

import base64
import json
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from oauth2_provider.models import (
    get_access_token_model,
    get_refresh_token_model,
    revoke_access_token,
)
from oauth2_provider.views.mixins import OAuthLibMixin
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from commsapp.api.oauth import exceptions, schema
from commsapp.api.oauth.exceptions import OAuthError
from commsapp.api.oauth.parsers import FormParser, MultiPartParser, has_nul
from commsapp.api.oauth.serializers import (
    RevocationSerializer,
    TokenGrantSerializer,
    TokenSerializer,
)
from commsapp.api.oauth.validators import GRANTS
from commsapp.api.request_body import limit_body
from commsapp.api.views import ApiViewMixin
from commsapp.http.compression import keep_uncompressed
from commsapp.http.origins import base_url
from commsapp.logs.security_log import FAILURE, bounded, log_event
from commsapp.models import authorizations

_GRANT_LISTS = [[grant] for grant in GRANTS]


@method_decorator(sensitive_post_parameters(), name="dispatch")
class OAuthView(ApiViewMixin, APIView):
    """Base of the endpoints: a form in, JSON out, without sign-in."""

    http_method_names = ["post"]
    authentication_classes = []
    permission_classes = []
    parser_classes = [FormParser, MultiPartParser]
    renderer_classes = [JSONRenderer]

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        """Bound the body: the client has not shown its credentials yet."""
        limit_body(request, settings.MAX_SIGN_IN_BODY_BYTES)
        return super().initialize_request(request, *args, **kwargs)

    def get_exception_handler(self) -> Any:
        return exceptions.handle


class TokenView(OAuthLibMixin, OAuthView):
    """`POST /services/oauth2/token`; django-oauth-toolkit does the protocol."""

    @extend_schema(
        operation_id="oauth_token",
        summary="Get an access token",
        description="By client_credentials, an authorization code (with PKCE; a person gives it at "
        "`/services/oauth2/authorize`), or a refresh token.",
        tags=[schema.TAG],
        auth=cast(Any, [{"client": []}, {}]),  # typed as names
        request={schema.FORM: TokenGrantSerializer},
        examples=[schema.request_example(schema.GRANT)],
        parameters=schema.headers(401, 405, 503),
        responses=schema.responses(
            OpenApiResponse(
                TokenSerializer,
                description="A token.",
                examples=[OpenApiExample("token", schema.TOKEN, status_codes=[200])],
            ),
            400, 401, 405, 413, 415, 503,
        ),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Issue a token. Raise OAuthError."""
        if request.POST.getlist("grant_type") not in _GRANT_LISTS:
            # The same whatever else was sent: nobody learns here whether a password is right.
            raise OAuthError("unsupported_grant_type")
        if has_nul(request.POST):
            raise OAuthError("invalid_request", "A parameter has a NUL character")
        headers, token = self._exchange(request)
        base = base_url(request._request)
        token |= {"instance_url": base, "id": base + token["id"]}
        return keep_uncompressed(Response(token, headers=headers))

    def _exchange(self, request: Request) -> tuple[dict[str, str], dict[str, Any]]:
        """Return the toolkit's headers and token. Raise OAuthError, and log it."""
        _url, headers, body, status = self._create_response(request)
        headers.pop("Content-Type", None)
        data = json.loads(body)
        if status != 200:
            error, client_id = data["error"], _client_id(request)
            log_event("token_issued", FAILURE, client_id=client_id, error=error)
            description = data.get("error_description", "")
            raise OAuthError(error, description, status=status, headers=headers)
        return headers, data

    def _create_response(self, request: Request) -> Any:
        """Let the toolkit respond, in one transaction for a code or refresh token and the token
        that it gives: of two requests at once, the second finds it used, and may revoke what the
        first was given."""
        django_request = request._request  # has the form that the parser read
        if request.POST["grant_type"] == "client_credentials":
            return self.create_token_response(django_request)
        with transaction.atomic():
            return self.create_token_response(django_request)


class RevokeView(OAuthView):
    """`POST /services/oauth2/revoke`: takes only the token, as its holder may use it anyway."""

    @extend_schema(
        operation_id="oauth_revoke",
        summary="End a token",
        description="An access token, or a refresh token with its access token. An unknown one is "
        "ended already.",
        tags=[schema.TAG],
        auth=cast(Any, [{}]),
        request={schema.FORM: RevocationSerializer},
        examples=[schema.request_example({"token": "4aGk…"})],
        parameters=schema.headers(405, 503),
        responses=schema.responses(
            OpenApiResponse(
                {"type": "object", "maxProperties": 0},
                description="It is ended.",
                examples=[OpenApiExample("ended", {}, status_codes=[200])],
            ),
            400, 405, 413, 415, 503,
        ),
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Revoke the token (RFC 7009). Raise ValidationError if there is none in the form."""
        serializer = RevocationSerializer(data=request.POST)
        serializer.is_valid(raise_exception=True)
        _revoke(serializer.validated_data["token"])
        return Response({})


def _revoke(token: str) -> None:
    checksum = authorizations.checksum_of(token)
    for access_token in get_access_token_model().objects.filter(token_checksum=checksum):
        revoke_access_token(access_token)
        _log_revocation(access_token)
    refresh_tokens = get_refresh_token_model().objects.filter(token_checksum=checksum)
    for refresh_token in refresh_tokens.filter(revoked=None):
        refresh_token.revoke()
        _log_revocation(refresh_token)


def _log_revocation(token: Any) -> None:
    """Log it with the token's user and client: its holder acts as these."""
    client = token.application
    log_event("token_revoked", user=token.user or (client and client.user), client=client or "")


def _client_id(request: Request) -> str:
    """Return the client id as it was sent: in the form, or in Basic credentials."""
    scheme, _space, encoded = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    if scheme.lower() != "basic":
        return bounded(request.POST.get("client_id"))
    try:
        name, colon, _secret = base64.b64decode(encoded).decode().partition(":")
    except ValueError:
        return ""
    return bounded(name if colon else "")
