"""Saved filters of lists."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from commsapp.db.ids import uuid7
from commsapp.models.accounts import User


class SavedFilter(models.Model):
    """A list as somebody wants to see it again: its query, under a name. Only its user sees it."""

    MAX_PER_LIST: ClassVar[int] = 20  # of one list

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        User, models.CASCADE, related_name="saved_filters", verbose_name=_("user"),
        db_index=False,  # the unique triple begins with it
    )  # fmt: skip
    list = models.CharField(_("list"), max_length=64)  # of records, as "groups.recipient"
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("query"), max_length=2000)

    class Meta:
        default_permissions = ()  # its user's business alone
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        constraints = [
            models.UniqueConstraint(
                fields=("user", "list", "name"), name="%(app_label)s_%(class)s_name_is_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name
