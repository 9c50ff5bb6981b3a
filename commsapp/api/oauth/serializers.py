"""Forms and responses of the token and revocation endpoints."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from commsapp.api.oauth.validators import GRANTS

_MISSING = "token is missing"


class TokenGrantSerializer(serializers.Serializer[Any]):
    """A grant, and the parameters that it takes; oauthlib checks them."""

    grant_type = serializers.ChoiceField(choices=[*GRANTS])
    client_id = serializers.CharField(required=False)
    client_secret = serializers.CharField(required=False)
    code = serializers.CharField(required=False)
    code_verifier = serializers.CharField(required=False)
    redirect_uri = serializers.CharField(required=False)
    refresh_token = serializers.CharField(required=False)
    scope = serializers.CharField(required=False, help_text="Limits nothing: permissions decide.")


class TokenSerializer(serializers.Serializer[Any]):
    """An access token."""

    access_token = serializers.CharField()
    token_type = serializers.ChoiceField(choices=["Bearer"])
    instance_url = serializers.CharField(help_text="Scheme and host of the APIs.")
    id = serializers.CharField(help_text="Ends in /id/<licensee>/<user>.")
    issued_at = serializers.CharField(help_text="Milliseconds since 1970.")
    expires_in = serializers.IntegerField(help_text="Seconds.")
    scope = serializers.CharField()
    refresh_token = serializers.CharField(required=False, help_text="With authorization_code only.")


class RevocationSerializer(serializers.Serializer[Any]):
    """An access token or a refresh token."""

    token = serializers.CharField(
        trim_whitespace=False, error_messages={"required": _MISSING, "blank": _MISSING}
    )


class OAuthErrorSerializer(serializers.Serializer[Any]):
    """RFC 6749, section 5.2."""

    error = serializers.CharField()
    error_description = serializers.CharField()
