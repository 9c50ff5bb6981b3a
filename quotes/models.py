"""Products, quotes and their lines. Money is fixed point: see commsapp.db.fields."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, NamedTuple, Self

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import BigIntegerField, F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from commsapp.db.fields import FixedPointField, JSONField
from commsapp.models import Licensee, Record, RecordQuerySet
from contacts.models import ContactGroup
from groups.models import Recipient, RecipientGroup
from quotes import currencies, pricing

MAX_PRICE = Decimal("999999999999.999999")
MAX_QUANTITY = Decimal("9999999999999999.99")
MAX_LINE_NUMBER = 1_000_000_000  # given by hand; a split counts on from there


def _price(verbose_name: Any, **options: Any) -> FixedPointField:
    validators = [MinValueValidator(Decimal(0)), MaxValueValidator(MAX_PRICE)]
    return FixedPointField(verbose_name, places=6, validators=validators, **options)


def _amount(verbose_name: Any) -> FixedPointField:
    return FixedPointField(verbose_name, places=4, default=Decimal(0), editable=False)


class Product(Record):
    """What is sold: once at a one-time price, then at a recurring one."""

    code = models.CharField(_("code"), max_length=64)
    name = models.CharField(_("name"), max_length=255)
    description = models.TextField(_("description"), blank=True, max_length=4000)
    one_time_price = _price(_("one-time price"), default=Decimal(0))
    recurring_price = _price(_("recurring price"), default=Decimal(0))
    currency = models.CharField(_("currency"), max_length=3, choices=currencies.CHOICES)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.UniqueConstraint(
                fields=("licensee", "code"), name="%(app_label)s_%(class)s_code_is_unique"
            ),
            models.CheckConstraint(
                condition=Q(one_time_price__gte=0, recurring_price__gte=0),
                name="%(app_label)s_%(class)s_prices_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class QuoteQuerySet(RecordQuerySet):
    def with_totals(self) -> Self:
        """With what its group lines cost now: their few amounts × members, added live.

        Each sum comes in two halves, of the amount's upper and its lower eight digits: whole, it
        could pass what a BIGINT holds. See Quote.one_time_total.
        """
        halves = {}
        for name in ("one_time", "recurring"):
            raw = F(f"{name}_amount")
            halves[f"_{name}_upper"] = _live_sum(_whole(raw) / _SPLIT_AT)
            halves[f"_{name}_lower"] = _live_sum(_whole(raw) % _SPLIT_AT)
        return self.annotate(**halves)


_SPLIT_AT = 10**8
_WHOLE = BigIntegerField()


def _whole(column: F) -> Any:
    """A fixed-point column as the integer it is kept as."""
    return models.ExpressionWrapper(column, output_field=_WHOLE)


def _live_sum(per_recipient: Any) -> Any:
    lines = QuoteLineItem.objects.filter(quote=OuterRef("pk")).live().order_by()
    members = Coalesce("frozen_member_count", "recipient_group__member_count")
    summed = lines.values("quote").annotate(
        sum=Sum(
            models.ExpressionWrapper(per_recipient * members, output_field=_WHOLE),
            output_field=_WHOLE,
        )
    )
    return Coalesce(Subquery(summed.values("sum"), output_field=_WHOLE), 0)


class NumberSeries(models.Model):
    """The last number that a licensee's quotes were given by themselves."""

    licensee = models.OneToOneField(
        Licensee, models.CASCADE, primary_key=True, related_name="+", verbose_name=_("licensee")
    )
    last = models.PositiveIntegerField(_("last number"), default=0)

    class Meta:
        default_permissions = ()  # nobody's business but that of create_quote()

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
    one_time_sum = _amount(_("one-time sum"))
    recurring_sum = _amount(_("recurring sum"))

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
        """Wants with_totals()."""
        upper, lower = getattr(self, f"_{name}_upper"), getattr(self, f"_{name}_lower")
        live = Decimal(upper * _SPLIT_AT + lower).scaleb(-4)
        total: Decimal = getattr(self, f"{name}_sum") + live
        return total.quantize(currencies.minor_unit(self.currency))


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
    one_time_price = _price(_("one-time unit price"), blank=True)  # left out: the product's
    recurring_price = _price(_("recurring unit price"), blank=True)
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
    one_time_amount = _amount(_("one-time amount per recipient"))
    recurring_amount = _amount(_("recurring amount per recipient"))

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
