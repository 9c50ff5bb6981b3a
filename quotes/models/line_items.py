"""Line items of quotes."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from commsapp.db.fields import FixedPointField, JSONField
from commsapp.models import Record, RecordQuerySet
from groups.models import Recipient, RecipientGroup
from quotes import currencies, pricing
from quotes.models.money_fields import amount_field, price_field
from quotes.models.products import Product
from quotes.models.quotes import Quote, Totals

MAX_QUANTITY = Decimal("9999999999999999.99")
MAX_LINE_NUMBER = 1_000_000_000  # entered by hand; a split counts on from there


class LineQuerySet(RecordQuerySet):
    def of_groups(self) -> Self:
        """Lines of recipient groups as a whole, split or not."""
        return self.filter(recipient_group__isnull=False, recipient=None)

    def live(self) -> Self:
        """Group lines that are not split: what they cost follows their group."""
        return self.of_groups().filter(split_at=None)

    def in_totals(self) -> Self:
        """Those whose amounts count: all but split parents."""
        return self.filter(split_at=None)

    def with_members(self) -> Self:
        """With what recipient_count and the totals need, in one statement."""
        return self.select_related("quote", "recipient_group")


class QuoteLineItem(Record):
    """One line of a quote: plain, of a recipient group, split into parts, or such a part.

    plain: no group, no recipient · group line: a group · split: a group and `split_at`, out of the
    totals · part: a group, one of its recipients and the line it was `split_from`.
    Amounts are per recipient, computed once in `pricing` and kept.
    """

    quote = models.ForeignKey(
        Quote, models.CASCADE, related_name="lines", verbose_name=_("quote"),
        db_index=False,  # the unique pair begins with it
    )  # fmt: skip
    line_number = models.PositiveIntegerField(
        _("line"), blank=True,  # left out: the next free one
        validators=[MinValueValidator(1), MaxValueValidator(MAX_LINE_NUMBER)],
    )  # fmt: skip
    product = models.ForeignKey(
        Product, models.PROTECT, related_name="+", verbose_name=_("product"),
        db_index=False,  # products are never deleted; no page asks for a product's lines
    )  # fmt: skip
    description = models.CharField(_("description"), max_length=255, blank=True)
    quantity = FixedPointField(
        _("quantity"), places=2, default=Decimal(1),
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(MAX_QUANTITY)],
    )  # fmt: skip
    one_time_price = price_field(_("one-time unit price"), blank=True)  # left out: the product's
    recurring_price = price_field(_("recurring unit price"), blank=True)
    discount_percent = FixedPointField(
        _("discount %"), places=2, default=Decimal(0),
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(100))],
    )  # fmt: skip
    configuration = JSONField(
        _("configuration"), default=dict, blank=True, encoder=DjangoJSONEncoder
    )
    requested_date = models.DateField(_("requested date"), null=True, blank=True)
    recipient_group = models.ForeignKey(
        RecipientGroup, models.PROTECT, null=True, blank=True, related_name="lines",
        verbose_name=_("recipient group"), db_index=False,  # a partial one below
    )  # fmt: skip
    recipient = models.ForeignKey(
        Recipient, models.PROTECT, null=True, blank=True, editable=False, related_name="lines",
        verbose_name=_("recipient"),
    )  # fmt: skip
    split_from = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, editable=False, related_name="parts",
        verbose_name=_("split from"), db_index=False,  # the unique pair begins with it
        # The operations see to it. PostgreSQL would look for parts of each part that is removed,
        # and where its statistics know but one split line, it would read the whole table each time.
        db_constraint=False,
    )  # fmt: skip
    split_at = models.DateTimeField(_("split"), null=True, blank=True, editable=False)
    # Taken when the quote leaves "open", so that later group changes do not touch it.
    frozen_member_count = models.PositiveIntegerField(
        _("members when frozen"), null=True, blank=True, editable=False
    )
    one_time_amount = amount_field(_("one-time amount per recipient"))
    recurring_amount = amount_field(_("recurring amount per recipient"))

    objects: ClassVar[Any] = LineQuerySet.as_manager()

    class Meta:
        verbose_name = _("quote line item")
        verbose_name_plural = _("quote line items")
        ordering = ("quote", "line_number")
        constraints = [
            models.UniqueConstraint(
                fields=("quote", "line_number"),
                name="%(app_label)s_%(class)s_line_number_is_unique",
            ),
            models.UniqueConstraint(
                fields=("split_from", "recipient"),
                name="%(app_label)s_%(class)s_one_part_per_recipient",
            ),
            models.CheckConstraint(
                condition=Q(recipient=None, split_from=None)
                | Q(
                    recipient__isnull=False, split_from__isnull=False,
                    recipient_group__isnull=False, split_at=None,
                ),
                name="%(app_label)s_%(class)s_part_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(split_at=None) | Q(recipient_group__isnull=False),
                name="%(app_label)s_%(class)s_split_has_a_group",
            ),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, discount_percent__range=(0, 100)),
                name="%(app_label)s_%(class)s_quantity_and_discount",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=("recipient_group",),
                name="line_of_group",
                condition=Q(recipient_group__isnull=False, recipient=None),
            ),
            models.Index(  # of a quote with 100,000 parts, the totals read only its group lines
                fields=("quote",),
                name="group_line_of_quote",
                condition=Q(recipient_group__isnull=False, recipient=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line_number}. {self.description or self.product}"

    @property
    def name_on_quote(self) -> str:
        """With the quote's number, for where the line stands among others': wants the quote."""
        return f"{self.quote.number} · {self}"

    @property
    def is_part(self) -> bool:
        return self.split_from_id is not None

    @property
    def is_split(self) -> bool:
        return self.split_at is not None

    @property
    def is_group_line(self) -> bool:
        """Of a recipient group as a whole, split or not."""
        return self.recipient_group_id is not None and not self.is_part

    @property
    def recipient_count(self) -> int:
        """For how many recipients the line counts: a group's members, else one."""
        if self.is_part or self.recipient_group is None:
            return 1
        if self.frozen_member_count is not None:
            return self.frozen_member_count
        return self.recipient_group.member_count

    @property
    def recipient_scaled_quantity(self) -> Decimal:
        """Quantity × members: what is delivered in all (contract 2.4)."""
        scaled: Decimal = self.quantity * self.recipient_count
        return scaled

    @property
    def one_time_total(self) -> Decimal:
        """Amount × members; nothing for a split line, whose parts count instead."""
        return self._total(self.one_time_amount)

    @property
    def recurring_total(self) -> Decimal:
        return self._total(self.recurring_amount)

    def _total(self, amount: Decimal) -> Decimal:
        factor = 0 if self.is_split else self.recipient_count
        return (amount * factor).quantize(currencies.minor_unit(self.quote.currency))

    @property
    def stored_amounts(self) -> Totals:
        """What the line adds to the quote's stored sums: of a group's line, nothing."""
        if self.is_group_line:
            return Totals(Decimal(0), Decimal(0))
        return Totals(self.one_time_amount, self.recurring_amount)

    def price(self) -> None:
        """Compute the amounts from prices, quantity and discount, in the quote's currency."""
        for name in ("one_time", "recurring"):
            exact = pricing.amount(
                getattr(self, f"{name}_price"), self.quantity, self.discount_percent,
                self.quote.currency,
            )  # fmt: skip
            if exact > pricing.MAX_AMOUNT:
                raise ValidationError(
                    {f"{name}_price": _("Price × quantity is more than a line can hold.")},
                    code="max_value",
                )
            setattr(self, f"{name}_amount", exact)

    def clean(self) -> None:
        """A group belongs to the quote's customer, if both say whose they are."""
        super().clean()
        if not isinstance(self.configuration, dict):
            raise ValidationError({"configuration": _("Give an object: names and values.")})
        if self.recipient_group and self.quote_id is not None:
            ours, theirs = self.quote.customer_id, self.recipient_group.customer_id
            if ours and theirs and ours != theirs:
                raise ValidationError({"recipient_group": _("It belongs to another customer.")})
