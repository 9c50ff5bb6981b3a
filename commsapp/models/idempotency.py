"""Stored answers to requests that have an Idempotency-Key, for clients that repeat them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db import models
from django.utils import timezone

from commsapp.db.ids import uuid7

RETENTION = timedelta(hours=24)


class IdempotencyKeyManager(models.Manager[Any]):
    def expired(self, now: datetime) -> models.QuerySet[Any]:
        """Return the keys that are out of date."""
        return self.filter(created_at__lte=now - RETENTION)

    def clear_expired(self, limit: int) -> int:
        """Delete the oldest of the keys that are out of date, at most `limit`; return how many.

        Keys that another transaction is deleting are left to it, so that nobody waits.
        """
        expired = self.expired(timezone.now()).order_by("created_at")
        ids = expired.select_for_update(skip_locked=True).values("pk")[:limit]
        deleted, _by_model = self.filter(pk__in=ids).delete()
        return deleted


class IdempotencyKey(models.Model):
    """A key that a client gave to a request, and the answer, in one transaction with the change."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    checksum = models.CharField(max_length=64, unique=True)  # of client, user and key
    fingerprint = models.CharField(max_length=64)  # of the request
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects: ClassVar[IdempotencyKeyManager] = IdempotencyKeyManager()

    class Meta:
        app_label = "commsapp"
        default_permissions = ()  # its client's business alone

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_expired(self) -> bool:
        return self.created_at <= timezone.now() - RETENTION
