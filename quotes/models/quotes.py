"""Quotes, with their numbers and totals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, NamedTuple, Self

from django.db import models
from django.db.models import BigIntegerField, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from commsapp.models import Licensee, Record, RecordQuerySet
from contacts.models import ContactGroup
from quotes import currencies
from quotes.models.money_fields import amount_field


class QuoteQuerySet(RecordQuerySet):
    def with_totals(self) -> Self:
        """Add what the group lines cost now: their few amounts × members.

        Each sum comes in two halves, of the amount's upper and its lower eight digits: whole, it
        could pass what a BIGINT holds. See Quote.one_time_total.
        """
        halves = {}
        for name in ("one_time", "recurring"):
            raw = F(f"{name}_amount")
            halves[f"_{name}_upper"] = self._live_sum(_whole(raw) / _SPLIT_AT)
            halves[f"_{name}_lower"] = self._live_sum(_whole(raw) % _SPLIT_AT)
        return self.annotate(**halves)

    def _live_sum(self, per_recipient: Any) -> Any:
        """Return the sum over the quote's group lines that are not split, for all members."""
        line_items = self.model._meta.get_field("lines").related_model
        lines = line_items.objects.filter(quote=OuterRef("pk")).live().order_by()
        members = Coalesce("frozen_member_count", "recipient_group__member_count")
        summed = lines.values("quote").annotate(
            sum=Sum(
                models.ExpressionWrapper(per_recipient * members, output_field=_WHOLE),
                output_field=_WHOLE,
            )
        )
        return Coalesce(Subquery(summed.values("sum"), output_field=_WHOLE), 0)


_SPLIT_AT = 10**8
_WHOLE = BigIntegerField()


def _whole(column: F) -> Any:
    """Return a fixed-point column as the integer that is stored."""
    return models.ExpressionWrapper(column, output_field=_WHOLE)


class NumberSeries(models.Model):
    """The last number that was assigned to a quote of a licensee."""

    licensee = models.OneToOneField(
        Licensee, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("licensee")
    )
    last = models.PositiveIntegerField(_("last number"), default=0)

    class Meta:
        default_permissions = ()  # only create_quote() uses it

    def __str__(self) -> str:
        return f"Q-{self.last:06}"


class Totals(NamedTuple):
    """What a quote costs: once, and each recurring period."""

    one_time: Decimal
    recurring: Decimal


class Quote(Record):
    """An offer to a customer. Open while draft or in review; frozen otherwise."""

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        IN_REVIEW = "in_review", _("In review")
        APPROVED = "approved", _("Approved")
        ACCEPTED = "accepted", _("Accepted")
        REJECTED = "rejected", _("Rejected")
        CANCELLED = "cancelled", _("Cancelled")

    class Period(models.TextChoices):
        MONTH = "month", _("Month")
        QUARTER = "quarter", _("Quarter")
        YEAR = "year", _("Year")

    OPEN = (Status.DRAFT, Status.IN_REVIEW)

    number = models.CharField(_("number"), max_length=64, blank=True)
    name = models.CharField(_("name"), max_length=255)
    customer = models.ForeignKey(
        ContactGroup, models.PROTECT, null=True, blank=True, related_name="quotes",
        verbose_name=_("customer"),
    )  # fmt: skip
    currency = models.CharField(_("currency"), max_length=3, choices=currencies.CHOICES)
    recurring_period = models.CharField(
        _("recurring period"), max_length=7, choices=Period.choices, default=Period.MONTH
    )
    status = models.CharField(
        _("status"), max_length=9, choices=Status.choices, default=Status.DRAFT, editable=False
    )
    expires_on = models.DateField(_("expires on"), null=True, blank=True)
    line_count = models.PositiveIntegerField(_("lines"), default=0, editable=False)
    # Of plain lines and parts; only quotes' operations change it. Group lines are added live.
    one_time_sum = amount_field(_("one-time sum"))
    recurring_sum = amount_field(_("recurring sum"))

    objects: ClassVar[Any] = QuoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        permissions = [("approve_quote", "Can approve quote")]
        indexes = [models.Index(fields=("licensee", "status", "id"), name="quote_by_status")]
        constraints = [
            models.UniqueConstraint(
                fields=("licensee", "number"), name="%(app_label)s_%(class)s_number_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(
                    status__in=(
                        "draft", "in_review", "approved", "accepted", "rejected", "cancelled"
                    )
                ),
                name="%(app_label)s_%(class)s_status_is_known",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def one_time_total(self) -> Decimal:
        """What the quote costs once. Exact: stored sum plus the group lines' live one."""
        return self._total("one_time")

    @property
    def recurring_total(self) -> Decimal:
        """What the quote costs each recurring period."""
        return self._total("recurring")

    @property
    def totals(self) -> Totals:
        return Totals(self.one_time_total, self.recurring_total)

    def _total(self, name: str) -> Decimal:
        """Return the stored and the live sum; the quote was read `with_totals()`."""
        upper, lower = getattr(self, f"_{name}_upper"), getattr(self, f"_{name}_lower")
        live = Decimal(upper * _SPLIT_AT + lower).scaleb(-4)
        total: Decimal = getattr(self, f"{name}_sum") + live
        return total.quantize(currencies.minor_unit(self.currency))
