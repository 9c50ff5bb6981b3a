"""Drafts of imports: the rows of a file, until they are applied."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from commsapp.db.fields import CreationTimeField, JSONField
from commsapp.db.ids import uuid7
from commsapp.models.accounts import Licensee, User


class Draft(models.Model):
    """A table that somebody is importing: read, checked, then applied part after part.

    Nobody but its user sees it, and it is forgotten some days after it was last used. See
    `commsapp.core.imports.drafts`, which alone writes it.
    """

    class State(models.TextChoices):
        READ = "read", _("Read")
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Checked")
        APPLYING = "applying", _("Being imported")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", _("Done")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="drafts", verbose_name=_("user"))
    licensee = models.ForeignKey(
        Licensee, models.CASCADE, related_name="+", verbose_name=_("licensee")
    )
    kind = models.CharField(_("kind"), max_length=64)  # of record, as "groups.recipient"
    file_name = models.CharField(_("file"), max_length=255)
    format = models.CharField(_("format"), max_length=4)
    columns = JSONField(_("columns"))  # the file's header
    mapping = JSONField(_("mapping"), default=dict)  # field → place of its column
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.READ)
    row_count = models.PositiveIntegerField(_("rows"))
    part_count = models.PositiveIntegerField(_("parts"))
    next_part = models.PositiveIntegerField(_("next part"), default=0)
    planned = JSONField(_("planned"), default=dict)  # what the check counted
    counts = JSONField(_("counts"), default=dict)  # what is done so far
    batch = models.UUIDField(_("batch"), null=True)  # of its operations: an import is one go
    created_at = CreationTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True, db_index=True)

    class Meta:
        default_permissions = ()  # its user's business alone
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_at_work(self) -> bool:
        """Whether a next part waits to be checked or applied."""
        return self.state in (self.State.CHECKING, self.State.APPLYING)


class DraftPart(models.Model):
    """Some rows of a draft, which are applied in one transaction; and what was wrong with them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    draft = models.ForeignKey(
        Draft, models.CASCADE, related_name="parts", verbose_name=_("import"),
        db_index=False,  # the unique pair begins with it
    )  # fmt: skip
    number = models.PositiveIntegerField(_("number"))
    rows = models.BinaryField(_("rows"))  # compressed: [line, cells] of each
    repeated = JSONField(_("repeated"), default=dict)  # see drafts.check()
    problems = models.BinaryField(_("problems"), default=b"")  # compressed
    problem_count = models.PositiveIntegerField(_("number of problems"), default=0)

    class Meta:
        default_permissions = ()
        verbose_name = _("part of an import")
        verbose_name_plural = _("parts of imports")
        constraints = [
            models.UniqueConstraint(
                fields=("draft", "number"), name="%(app_label)s_%(class)s_number_is_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.draft_id} {self.number}"
