"""API clients and their tokens. OAuth 2 keeps only hashes of them: each can be shown only once."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from oauth2_provider.generators import generate_client_secret
from oauth2_provider.models import (
    get_access_token_model,
    get_grant_model,
    get_refresh_token_model,
    set_token_value,
)

from commsapp.logs.security_log import log_after_commit
from commsapp.models import Client, User, admin_changes
from commsapp.models.admin_changes import AdminChange
from commsapp.models.authorizations import checksum_of


def create_client(name: str, user: User) -> tuple[Client, str]:
    """Make a client that signs in by itself (client_credentials) and acts as the user.

    Returns it with its secret, which nobody can read again. Raises ValidationError for the name.
    """
    client_secret: str = generate_client_secret()
    client = Client(
        name=name,
        user=user,
        client_type=Client.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Client.GRANT_CLIENT_CREDENTIALS,
        client_secret=client_secret,
    )
    client.full_clean()
    client.save()
    log_after_commit("client_secret_made", target=client.name, target_id=str(client.pk))
    return client, client_secret


def issue_token(client: Client, days: float) -> str:
    """Make an access token that acts as the client's user for so many days, and return it."""
    token = secrets.token_urlsafe(32)
    renew_token(client, token, days)
    log_after_commit("token_issued", target=client.name, target_id=str(client.pk), days=days)
    return token


def renew_token(client: Client, token: str, days: float) -> None:
    """Let a token of the client's live for so many days from now, even if it was cleared away."""
    model = get_access_token_model()
    checksum = checksum_of(token)
    entry = model.objects.filter(token_checksum=checksum).first() or model()
    # No user of its own: it acts as the client's, whoever that is by then.
    entry.application, entry.scope = client, "api"
    entry.expires = timezone.now() + timedelta(days=days)
    set_token_value(entry, token)
    entry.save()


def end_tokens(client: Client) -> int:
    """End whatever the client signs in with by now, and return how many tokens were still good.

    Access and refresh tokens, codes not yet exchanged, and sessions. With its secret it can get
    new ones: only deleting it shuts it out.
    """
    access = get_access_token_model().objects.filter(application=client)
    good = access.filter(expires__gt=timezone.now()).count()
    with transaction.atomic():
        get_refresh_token_model().objects.filter(application=client).delete()
        get_grant_model().objects.filter(application=client).delete()
        access.delete()
        admin_changes.record(client, AdminChange.Action.TOKENS_ENDED, number=good)
    return int(good)
