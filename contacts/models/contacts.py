"""Contacts, and the groups to which they are connected in an order."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from commsapp.db.ids import uuid7
from commsapp.models import ArchivedRecord, Record


class Role(Record):
    """What a contact group is to the business, or a contact to its group."""

    class Kind(models.TextChoices):
        GROUP = "group", _("Group")
        CONNECTION = "connection", _("Connection")

    name = models.CharField(_("name"), max_length=255)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)

    class Meta:
        verbose_name = _("role")
        verbose_name_plural = _("roles")
        constraints = [
            models.UniqueConstraint(
                fields=("licensee", "kind", "name"), name="%(app_label)s_%(class)s_name_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("group", "connection")),
                name="%(app_label)s_%(class)s_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Contact(ArchivedRecord):
    """A person or an organisation."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        ORGANISATION = "organisation", _("Organisation")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices, default=Kind.PERSON)
    name = models.CharField(_("name"), max_length=255)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        indexes = [
            models.Index(fields=("licensee", "name", "id"), name="contact_by_name"),
            models.Index(
                fields=("licensee",),
                name="contact_archived",
                condition=Q(archived_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=("person", "organisation")),
                name="%(app_label)s_%(class)s_kind_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ContactGroup(Record):
    """A customer, or another set of contacts: who is connected to it, in order of priority."""

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        ARCHIVED = "archived", _("Archived")
        DELETED = "deleted", _("Deleted")

    name = models.CharField(_("name"), max_length=255)
    role = models.ForeignKey(Role, models.PROTECT, related_name="+", verbose_name=_("role"))
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.ACTIVE, editable=False
    )
    contacts = models.ManyToManyField(
        Contact, through="ContactConnection", related_name="groups", verbose_name=_("contacts")
    )

    ACTIVE: ClassVar[dict[str, str]] = {"status": "active"}
    ARCHIVED: ClassVar[dict[str, str]] = {"status": "archived"}

    class Meta:
        verbose_name = _("contact group")
        verbose_name_plural = _("contact groups")
        indexes = [
            models.Index(fields=("licensee", "name", "id"), name="contactgroup_by_name"),
            models.Index(
                fields=("licensee", "status"),
                name="contactgroup_not_active",
                condition=~Q(status="active"),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=("active", "archived", "deleted")),
                name="%(app_label)s_%(class)s_status_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        super().clean()
        if hasattr(self, "role") and self.role.kind != Role.Kind.GROUP:
            raise ValidationError({"role": _("This is a role of connections, not of groups.")})


class ContactConnection(models.Model):
    """A contact in a group: in which role, and at which place. 1 is the primary contact.

    Positions of a group are 1..n without gaps; the operations keep them so, under the group's lock.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    group = models.ForeignKey(
        ContactGroup, models.CASCADE, related_name="connections", verbose_name=_("contact group"),
        db_index=False,  # the unique pair begins with it
    )  # fmt: skip
    contact = models.ForeignKey(
        Contact, models.PROTECT, related_name="connections", verbose_name=_("contact")
    )
    role = models.ForeignKey(
        Role, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("role"),
        db_index=False,  # most have none, and need not stand in an index
    )  # fmt: skip
    position = models.PositiveIntegerField(_("position"))

    class Meta:
        verbose_name = _("contact connection")
        verbose_name_plural = _("contact connections")
        ordering = ("position", "id")
        indexes = [
            models.Index(
                fields=("role",), name="contactconnection_of_role", condition=Q(role__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=("group", "contact"), name="%(app_label)s_%(class)s_contact_is_in_once"
            ),
            models.CheckConstraint(
                condition=Q(position__gte=1), name="%(app_label)s_%(class)s_position_from_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.contact}"
