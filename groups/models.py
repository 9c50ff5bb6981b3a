"""Recipients, and the groups of them that share one configuration on a quote."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from commsapp.models import ArchivedRecord, Operation, Record, RecordQuerySet
from contacts.models import Contact, ContactGroup


class RecipientQuerySet(RecordQuerySet):
    def belonging_to(self, group: RecipientGroup) -> Self:
        """Those of the group's licensee, and no other customer's where both say whose they are."""
        ours = Q(customer=None) | Q(customer=group.customer_id) if group.customer_id else Q()
        return self.filter(ours, licensee=group.licensee_id)

    def eligible_for(self, group: RecipientGroup) -> Self:
        """Those that may become members: they belong to the group and are not archived."""
        return self.belonging_to(group).filter(archived_at=None)


class Recipient(ArchivedRecord):
    """Who or what a service is for: a site (Location) or a line (Subscriber) of a customer."""

    class Type(models.TextChoices):
        LOCATION = "Location", _("Location")
        SUBSCRIBER = "Subscriber", _("Subscriber")

    name = models.CharField(_("name"), max_length=255)
    recipient_type = models.CharField(_("type"), max_length=10, choices=Type.choices)
    customer = models.ForeignKey(
        ContactGroup, models.PROTECT, null=True, blank=True, related_name="recipients",
        verbose_name=_("customer"),
    )  # fmt: skip
    contact = models.ForeignKey(
        Contact, models.PROTECT, null=True, blank=True, related_name="recipients",
        verbose_name=_("contact"),
    )  # fmt: skip
    email = models.EmailField(_("e-mail"), blank=True)
    msisdn = models.CharField(_("MSISDN"), max_length=20, blank=True)
    street = models.CharField(_("street"), max_length=255, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    state = models.CharField(pgettext_lazy("of an address", "state"), max_length=100, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    country = models.CharField(_("country"), max_length=100, blank=True)
    external_reference = models.CharField(_("external reference"), max_length=255, blank=True)

    objects: ClassVar[Any] = RecipientQuerySet.as_manager()

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        indexes = [
            models.Index(fields=("licensee", "name", "id"), name="recipient_by_name"),
            models.Index(
                fields=("licensee", "external_reference"),
                name="recipient_by_reference",
                condition=~Q(external_reference=""),
            ),
            models.Index(
                fields=("licensee", "msisdn"), name="recipient_by_msisdn", condition=~Q(msisdn="")
            ),
            models.Index(
                fields=("licensee",),
                name="recipient_archived",
                condition=Q(archived_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(recipient_type__in=("Location", "Subscriber")),
                name="%(app_label)s_%(class)s_type_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RecipientGroup(Record):
    """Recipients that share offers or products of the same configuration.

    Reusable on any number of quotes of its customer. `member_count` is kept by the operations.
    """

    class Status(models.TextChoices):
        ACTIVE = "active", _("Active")
        ARCHIVED = "archived", _("Archived")

    name = models.CharField(_("name"), max_length=255)
    customer = models.ForeignKey(
        ContactGroup, models.PROTECT, null=True, blank=True, related_name="recipient_groups",
        verbose_name=_("customer"),
    )  # fmt: skip
    description = models.TextField(_("description"), blank=True, max_length=4000)
    status = models.CharField(
        _("status"), max_length=8, choices=Status.choices, default=Status.ACTIVE, editable=False
    )
    expected_member_count = models.PositiveIntegerField(
        _("expected members"), null=True, blank=True
    )
    member_count = models.PositiveIntegerField(_("members"), default=0, editable=False)

    ACTIVE: ClassVar[dict[str, str]] = {"status": "active"}
    ARCHIVED: ClassVar[dict[str, str]] = {"status": "archived"}

    class Meta:
        verbose_name = _("recipient group")
        verbose_name_plural = _("recipient groups")
        indexes = [
            models.Index(fields=("licensee", "name", "id"), name="recipientgroup_by_name"),
            models.Index(
                fields=("licensee", "status"),
                name="recipientgroup_not_active",
                condition=~Q(status="active"),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=("active", "archived")),
                name="%(app_label)s_%(class)s_status_is_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def misses_expected_count(self) -> bool:
        """Whether somebody said how many members there should be, and there are others."""
        return self.expected_member_count not in (None, self.member_count)


class Membership(models.Model):
    """A recipient in a group. The operation that put it there says who, when and through what."""

    pk = models.CompositePrimaryKey("group_id", "recipient_id")
    group = models.ForeignKey(
        RecipientGroup, models.CASCADE, related_name="memberships", db_index=False
    )
    recipient = models.ForeignKey(Recipient, models.PROTECT, related_name="memberships")
    operation = models.ForeignKey(
        Operation, models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")

    def __str__(self) -> str:
        return f"{self.recipient_id} in {self.group_id}"
