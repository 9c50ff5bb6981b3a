"""Who may enter the demo. Passwords and secrets are random, and kept only in the local folder."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import Group
from django.core.management.base import CommandError

from commsapp.core import default_groups
from commsapp.core.credentials.api_clients import renew_token
from commsapp.demo.sample_data import fixed_id
from commsapp.models import Client, Licensee, User, admin_changes

TOKEN_DAYS = 7


@dataclass
class SecretFile:
    """What the local data folder keeps between calls: a file that only its owner can read."""

    path: Path
    values: dict[str, str] = field(repr=False)

    @classmethod
    def read(cls) -> Self:
        path = Path(settings.VAR_DIR) / "demo.json"
        try:
            return cls(path, json.loads(path.read_text()) if path.exists() else {})
        except ValueError as error:
            text = "holds the demo's secrets, but not as JSON: remove it to have new ones made."
            raise CommandError(f"{path} {text}") from error

    def secret(self, name: str, length: int = 32) -> str:
        """The secret of this name: made at first, the same from then on."""
        return self.values.setdefault(name, secrets.token_hex(length // 2))

    def write(self) -> None:
        """In one step: a file half written would lock everybody out."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = self.path.with_suffix(f".{os.getpid()}")
        fresh.touch(0o600)
        fresh.write_text(json.dumps(self.values, indent=2))
        fresh.replace(self.path)


@dataclass(frozen=True)
class Login:
    user: User
    password: str = field(repr=False)


def make_user(
    kept: SecretFile, name: str, licensee: Licensee | None, role: str = "", *, is_staff: bool = True
) -> Login:
    """Make the user, or again what it was. Without a licensee: a superuser."""
    user = User.objects.filter(pk=fixed_id(f"user {name}")).first()
    if user is None:
        taken = User.objects.filter(username=name).exists()
        user = User(pk=fixed_id(f"user {name}"), username=f"demo-{name}" if taken else name)
    user.is_active, user.is_staff, user.is_superuser = True, is_staff, licensee is None
    password = kept.secret(f"password of {name}", 16)
    # Only if it was changed: each hash costs a good part of a second.
    if not user.password or user.password != kept.values.get(f"hash of {name}"):
        user.set_password(password)
        kept.values[f"hash of {name}"] = user.password
    is_new = user._state.adding
    user.save()
    user.groups.set(Group.objects.filter(name=role))
    user.user_permissions.clear()
    user.licensees.set([licensee] if licensee else [])
    if is_new:
        admin_changes.record_creation(user)
    return Login(user, password)


@dataclass(frozen=True)
class ApiClientLogin:
    """An API client, and a token that acts as its user."""

    client_id: str
    client_secret: str = field(repr=False)
    access_token: str = field(repr=False)


def make_client(kept: SecretFile, name: str, user: User) -> ApiClientLogin:
    """Make the user's API client, and let its token live for another week."""
    client_id = kept.secret(f"client id of {name}")
    client_secret = kept.secret(f"client secret of {name}", 64)
    token = kept.secret(f"token of {name}", 64)
    pk = fixed_id(f"client {name}")
    client = Client.objects.filter(pk=pk).first() or Client(pk=pk, name=f"Demo {name}")
    wanted = {
        "user": user,
        "client_id": client_id,
        "client_type": Client.CLIENT_CONFIDENTIAL,
        "authorization_grant_type": Client.GRANT_CLIENT_CREDENTIALS,
    }
    if not check_password(client_secret, client.client_secret):
        wanted["client_secret"] = client_secret
    # Only if it differs: the others' rows may be waiting for this one's, to keep when it was used.
    changed = {name: value for name, value in wanted.items() if getattr(client, name) != value}
    for field_name, value in changed.items():
        setattr(client, field_name, value)
    if client._state.adding:
        client.save()
    elif changed:
        client.save(update_fields=changed)
    renew_token(client, token, TOKEN_DAYS)
    return ApiClientLogin(client_id, client_secret, token)


@dataclass(frozen=True)
class Logins:
    users: dict[str, Login]
    integration: ApiClientLogin
    reader: ApiClientLogin
    outsider: ApiClientLogin
    outsider_user: User


def make_logins(kept: SecretFile, reseller: Licensee, other: Licensee) -> Logins:
    """The four users of the reseller, and one of another licensee, each as it is meant to be."""
    users = {
        "admin": make_user(kept, "admin", None),
        "sales": make_user(kept, "sales", reseller, default_groups.SALES_STAFF),
        "integration": make_user(
            kept, "integration", reseller, default_groups.INTEGRATION, is_staff=False
        ),
        "reader": make_user(kept, "reader", reseller, default_groups.READ_ONLY),
    }
    outsider = make_user(kept, "outsider", other, default_groups.INTEGRATION, is_staff=False).user
    return Logins(
        users,
        make_client(kept, "integration", users["integration"].user),
        make_client(kept, "reader", users["reader"].user),
        make_client(kept, "outsider", outsider),
        outsider,
    )
