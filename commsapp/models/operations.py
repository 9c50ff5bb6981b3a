"""Operations: the audit log of business records."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commsapp.db.fields import JSONField
from commsapp.db.ids import uuid7
from commsapp.models.accounts import Licensee, User
from commsapp.models.records import RecordQuerySet


class Channel(models.TextChoices):
    """The convention by which somebody met us."""

    CONNECT = "connect", "Connect"
    MESSAGE = "message", "Message"
    REST = "rest", "REST"
    STAFF = "staff", _("Staff")
    COMMAND = "command", _("Command line")


class Operation(models.Model):
    """One change, as it was made: who, when, through what, and all that undoing it takes.

    Append-only: an undo is an operation of its own that `undoes` another. Kind and numbers are
    kept; the sentence is made when it is read, in the reader's language (`audit_log.sentence`).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("time"), default=timezone.now)
    licensee = models.ForeignKey(
        Licensee, models.PROTECT, related_name="+", verbose_name=_("licensee"),
        db_index=False,  # an index of three begins with it
    )  # fmt: skip
    user = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="operations", verbose_name=_("user"),
        db_index=False,  # an index of two begins with it
    )  # fmt: skip
    channel = models.CharField(_("through"), max_length=7, choices=Channel.choices)
    client = models.CharField(_("client"), max_length=255, blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    # The id of the first one that was done as one batch with it, for this licensee; of an import,
    # too.
    batch = models.UUIDField(_("batch"), null=True)
    kind = models.CharField(_("what"), max_length=64)
    target_type = models.CharField(_("kind of object"), max_length=64)  # as "groups.recipientgroup"
    target_id = models.UUIDField(_("object"))
    target_name = models.CharField(_("object"), max_length=255, blank=True)
    touched = models.PositiveIntegerField(_("records touched"), default=0)
    numbers = JSONField(_("numbers"), default=dict, encoder=DjangoJSONEncoder)
    effects = JSONField(_("effects"), default=dict, encoder=DjangoJSONEncoder)
    undoes = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="undone_by", verbose_name=_("undoes")
    )

    objects: ClassVar[Any] = RecordQuerySet.as_manager()

    # In memory only: what `operation_access.redact` leaves for somebody who may not read it all.
    is_target_hidden = False
    replacement_sentence = ""

    class Meta:
        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(touched__gt=0), name="%(app_label)s_%(class)s_touched_something"
            ),
            models.CheckConstraint(
                condition=models.Q(channel__in=Channel.values),
                name="%(app_label)s_%(class)s_known_channel",
            ),
        ]
        indexes = [
            models.Index(fields=("target_id", "id"), name="operation_of_target"),
            models.Index(fields=("licensee", "kind", "id"), name="operation_of_kind"),
            # All that the chart of the first page reads.
            models.Index(fields=("licensee", "id", "channel"), name="operation_by_time"),
            # Who did something that a licensee sees.
            models.Index(fields=("user", "licensee"), name="operation_of_user"),
            models.Index(
                fields=("batch", "id"),
                condition=models.Q(batch__isnull=False),
                name="operation_of_batch",
            ),
            # What lists show of those done as one batch: the first, and who is alone. One's own;
            # all.
            models.Index(
                fields=("licensee", "id"),
                condition=models.Q(batch=None) | models.Q(batch=models.F("id")),
                name="operation_first_of_licensee",
            ),
            models.Index(
                fields=("id",),
                condition=models.Q(batch=None) | models.Q(batch=models.F("id")),
                name="operation_first_of_batch",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.target_name}"

    @property
    def is_undone(self) -> bool:
        """Whether an undo of this operation is recorded."""
        return hasattr(self, "undone_by")
