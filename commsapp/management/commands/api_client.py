"""manage.py api_client: a client for an integration, and a token for its first try."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from commsapp.core.credentials.api_clients import create_client, issue_token
from commsapp.models import User

MAX_DAYS = 10 * 366  # days


class Command(BaseCommand):
    help = "Make an OAuth client (client_credentials) and an access token, and show them once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="how the client is called in lists and histories")
        parser.add_argument("--user", required=True, help="the user as whom the client acts")
        parser.add_argument("--days", type=int, default=90, help="life of the token (default: 90)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, name: str, user: str, days: int, **options: Any) -> None:
        if not 1 <= days <= MAX_DAYS:
            raise CommandError(f"--days: from 1 to {MAX_DAYS}.")
        shown = self._make(name.strip(), self._active(user), days)
        if options["json"]:
            self.stdout.write(json.dumps(shown))
            return
        for key, value in shown.items():
            self.stdout.write(f"{key:14} {value}")
        self.stderr.write("Keep them: the secret and the token are not shown again.")

    def _active(self, username: str) -> User:
        user: User | None = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user “{username}”.")
        return user

    def _make(self, name: str, user: User, days: int) -> dict[str, str]:
        if not name:
            raise CommandError("Give the client a name.")
        try:
            with transaction.atomic():
                client, client_secret = create_client(name, user)
                token = issue_token(client, days)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        return {
            "client_id": client.client_id,
            "client_secret": client_secret,
            "access_token": token,
        }
