"""manage.py clear_expired: delete what has expired, such as tokens, codes and sessions."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from commsapp.core.expiry import clear_expired


class Command(BaseCommand):
    help = (
        "Delete expired tokens, authorization codes, sessions, failed sign-ins and idempotency"
        " keys. Workers do so hourly by themselves; for a timer of your own, or a database that was"
        " long without them."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for name, count in clear_expired().items():
            self.stdout.write(f"{name:20} {count}")
