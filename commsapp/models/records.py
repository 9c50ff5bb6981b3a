"""Base classes of business records: each belongs to a licensee, some are archived."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from commsapp.db.expressions import Now
from commsapp.db.fields import CreationTimeField
from commsapp.db.ids import uuid7
from commsapp.models.accounts import Licensee

if TYPE_CHECKING:
    from commsapp.core.actors import Actor


class RecordQuerySet(models.QuerySet[Any]):
    """Business records, as the one who asks may see them."""

    def visible_to(self, by: Actor) -> Self:
        """Those of the actor's licensees: another's are as good as not there."""
        return self if by.licensees is None else self.filter(licensee__in=by.licensees)

    def in_ids(self, ids: Iterable[str]) -> Self:
        """Those with one of these ids (32 hex digits each): one parameter, however many."""
        return self.filter(pk__in_ids=list(ids))

    def change(self, **values: Any) -> int:
        """Update, and say so in updated_at, which QuerySet.update() leaves alone."""
        return self.update(updated_at=Now(), **values)


class Record(models.Model):
    """A business record. Its name in a list or a sentence is its `str()`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    licensee = models.ForeignKey(
        Licensee, models.PROTECT, related_name="+", verbose_name=_("licensee")
    )
    created_at = CreationTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects: ClassVar[Any] = RecordQuerySet.as_manager()

    # What separates the archived from the active, for the models that know archiving.
    ARCHIVED: ClassVar[dict[str, Any]] = {}
    ACTIVE: ClassVar[dict[str, Any]] = {}

    class Meta:
        abstract = True

    @property
    def is_archived(self) -> bool:
        return any(getattr(self, field) != value for field, value in self.ACTIVE.items())

    def clean(self) -> None:
        """What a record refers to belongs to the same licensee."""
        super().clean()
        for field in self._meta.concrete_fields:
            if not isinstance(field, models.ForeignKey) or field.related_model is Licensee:
                continue
            other = getattr(self, field.name) if getattr(self, field.attname) else None
            if other is not None and other.licensee_id != self.licensee_id:
                raise ValidationError(
                    {field.name: _("It belongs to another licensee.")}, code="licensee"
                )


class ArchivedRecord(Record):
    """A record that is archived, never deleted."""

    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    ARCHIVED: ClassVar[dict[str, Any]] = {"archived_at": Now()}
    ACTIVE: ClassVar[dict[str, Any]] = {"archived_at": None}

    class Meta:
        abstract = True
