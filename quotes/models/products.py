"""Products, which quotes offer."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from commsapp.models import Record
from quotes import currencies
from quotes.models.money_fields import price_field


class Product(Record):
    """What is sold: once at a one-time price, then at a recurring one."""

    code = models.CharField(_("code"), max_length=64)
    name = models.CharField(_("name"), max_length=255)
    description = models.TextField(_("description"), blank=True, max_length=4000)
    one_time_price = price_field(_("one-time price"), default=Decimal(0))
    recurring_price = price_field(_("recurring price"), default=Decimal(0))
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
