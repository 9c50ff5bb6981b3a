"""Data sources, the alternate keys by which they name our objects, and results of their saves."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from commsapp.db.fields import JSONField
from commsapp.db.ids import uuid7
from commsapp.models import Record
from contacts.models.contacts import Contact, ContactGroup, Role


class Outcome(models.TextChoices):
    """What became of a save, as `Meta.Outcome` of the Message API says it."""

    CREATED = "Created", _("Created")
    UPDATED = "Updated", _("Updated")
    UNCHANGED = "Unchanged", _("Unchanged")
    ARCHIVED = "Archived", _("Archived")
    RESTORED = "Restored", _("Restored")
    DELETED = "Deleted", _("Deleted")
    FAILED = "Failed", _("Failed")  # refused; only counted, never an answer


class DataSource(Record):
    """One instance of an external suite, whose keys are unique within it.

    `bindings` counts the changes of what its keys of contacts and roles mean. It is part of every
    content hash of the data source, so one more makes all of them stale without touching them.
    `refusals` counts the refused saves, and numbers them.
    """

    name = models.CharField(_("name"), max_length=255)
    is_active = models.BooleanField(_("active"), default=True)
    bindings = models.PositiveBigIntegerField(_("changes of keys"), default=0, editable=False)
    refusals = models.PositiveBigIntegerField(_("refused saves"), default=0, editable=False)

    class Meta:
        verbose_name = _("data source")
        verbose_name_plural = _("data sources")
        constraints = [
            models.UniqueConstraint(
                fields=("licensee", "name"), name="%(app_label)s_%(class)s_name_is_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class AlternateKey(Record):
    """The key by which an external suite names a contact, contact group or role.

    `content_hash` is that of the last save by this key; every other change of the object clears
    it, so that the suite's next save is applied. `last_saved_at` and `last_outcome` are those of
    the last save that was applied.
    """

    class Kind(models.TextChoices):
        CONTACT = "contact", _("Contact")
        CONTACT_GROUP = "contact_group", _("Contact group")
        ROLE = "role", _("Role")

    data_source = models.ForeignKey(
        DataSource, models.PROTECT, related_name="alternate_keys", verbose_name=_("data source"),
        db_index=False,  # the unique triple begins with it
    )  # fmt: skip
    kind = models.CharField(_("kind"), max_length=13, choices=Kind.choices, editable=False)
    value = models.CharField(_("value"), max_length=255)
    contact = models.ForeignKey(
        Contact, models.CASCADE, null=True, blank=True, related_name="alternate_keys",
        verbose_name=_("contact"),
        db_index=False,  # most keys are of contact groups: the others stand in indexes of their own
    )  # fmt: skip
    contact_group = models.ForeignKey(
        ContactGroup, models.CASCADE, null=True, blank=True, related_name="alternate_keys",
        verbose_name=_("contact group"),
    )  # fmt: skip
    role = models.ForeignKey(
        Role, models.CASCADE, null=True, blank=True, related_name="alternate_keys",
        verbose_name=_("role"), db_index=False,
    )  # fmt: skip
    content_hash = models.CharField(_("content hash"), max_length=64, blank=True, editable=False)
    last_saved_at = models.DateTimeField(_("last saved"), null=True, blank=True, editable=False)
    last_outcome = models.CharField(_("last outcome"), max_length=9, blank=True, editable=False)

    class Meta:
        verbose_name = _("alternate key")
        verbose_name_plural = _("alternate keys")
        indexes = [
            models.Index(
                fields=("data_source", "last_saved_at"),
                name="alternatekey_last_saved",
                condition=Q(last_saved_at__isnull=False),
            ),
            models.Index(
                fields=("contact",),
                name="alternatekey_of_contact",
                condition=Q(contact__isnull=False),
            ),
            models.Index(
                fields=("role",), name="alternatekey_of_role", condition=Q(role__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=("data_source", "kind", "value"),
                name="%(app_label)s_%(class)s_value_is_unique",
            ),
            models.CheckConstraint(
                condition=Q(kind="contact", contact__isnull=False, contact_group=None, role=None)
                | Q(kind="contact_group", contact=None, contact_group__isnull=False, role=None)
                | Q(kind="role", contact=None, contact_group=None, role__isnull=False),
                name="%(app_label)s_%(class)s_names_one_object",
            ),
        ]

    def __str__(self) -> str:
        return self.value

    @property
    def target(self) -> Contact | ContactGroup | Role | None:
        """What the key names."""
        return self.contact or self.contact_group or self.role

    def clean_fields(self, exclude: object = None) -> None:
        """The kind follows from what the key names."""
        named = [kind for kind in self.Kind.values if getattr(self, f"{kind}_id")]
        if len(named) != 1:
            raise ValidationError(
                _("Name exactly one of contact, contact group and role."), code="one_of"
            )
        [self.kind] = named
        super().clean_fields(exclude=exclude)  # type: ignore[arg-type]

    def validate_constraints(self, exclude: Any = None) -> None:
        """Without a kind, all that there is to say has been said."""
        if self.kind:
            super().validate_constraints(exclude=exclude)

    def unique_error_message(self, model_class: Any, unique_check: Any) -> ValidationError:
        """The kind is nobody's to enter."""
        message = _("The data source has this key already for another %(kind)s.")
        kind = self._meta.get_field(self.kind).verbose_name  # type: ignore[union-attr]
        return ValidationError(message % {"kind": kind}, code="unique_together")


class SaveCount(models.Model):
    """How many saves of a data source had an outcome on a day (UTC; contract 3.4)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    data_source = models.ForeignKey(
        DataSource, models.CASCADE, related_name="save_counts", verbose_name=_("data source"),
        db_index=False,  # the unique triple begins with it
    )  # fmt: skip
    day = models.DateField(_("day"))
    outcome = models.CharField(_("outcome"), max_length=9)
    count = models.PositiveBigIntegerField(_("saves"), default=0)

    class Meta:
        default_permissions = ()  # a data source's page shows them
        verbose_name = _("count of saves")
        verbose_name_plural = _("counts of saves")
        constraints = [
            models.UniqueConstraint(
                fields=("data_source", "day", "outcome"),
                name="%(app_label)s_%(class)s_one_row_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.outcome} {self.count}"


class SaveFailure(models.Model):
    """A refused save and why, without what it said. The last 1,000 of each data source are kept.

    They go round: the failure after the last slot takes the place of the oldest one.
    """

    SLOTS: ClassVar[int] = 1_000

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    data_source = models.ForeignKey(
        DataSource, models.CASCADE, related_name="save_failures", verbose_name=_("data source"),
        db_index=False,  # the unique pair begins with it
    )  # fmt: skip
    number = models.PositiveBigIntegerField(_("number"))
    slot = models.PositiveSmallIntegerField(_("slot"))
    at = models.DateTimeField(_("time"))
    key = models.CharField(_("key"), max_length=255, blank=True)
    # 0: it came alone
    line = models.PositiveBigIntegerField(pgettext_lazy("of a file", "line"), default=0)
    faults = JSONField(_("reasons"), default=list)  # each: code, field, message
    fault_count = models.PositiveIntegerField(_("number of reasons"))

    class Meta:
        default_permissions = ()  # a data source's page shows them
        verbose_name = _("failed save")
        verbose_name_plural = _("failed saves")
        constraints = [
            models.UniqueConstraint(
                fields=("data_source", "slot"), name="%(app_label)s_%(class)s_slot_is_taken_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.key}"

    @property
    def untold(self) -> int:
        """How many reasons there were beside those that are kept."""
        return int(self.fault_count) - len(self.faults)
