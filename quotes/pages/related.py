"""Quotes and their lines on the pages of other apps' records, and what their forms ask for."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from commsapp.core.actors import has_permission
from commsapp.staff.request import actor_of
from contacts.models import ContactGroup
from groups.models import Recipient, RecipientGroup
from quotes.models import Product, Quote
from quotes.templatetags.money import price

_USES_SHOWN = 50


def used_on(request: HttpRequest, group: RecipientGroup) -> dict[str, Any]:
    """The lines of the group; parts are found under theirs."""
    of_group = group.lines.filter(recipient=None)
    joined = of_group.select_related("quote", "product", "recipient_group")
    return {"lines": joined.order_by("-id")[:_USES_SHOWN]}


def lines_of_recipient(request: HttpRequest, recipient: Recipient) -> dict[str, Any]:
    joined = recipient.lines.select_related("quote", "product", "recipient_group")
    return {"lines": joined.order_by("-id")[:_USES_SHOWN]}


def quotes_of(request: HttpRequest, customer: ContactGroup) -> dict[str, Any]:
    quotes = customer.quotes.with_totals().order_by("-id")[:_USES_SHOWN]
    can_add = has_permission(actor_of(request), "add", Quote)
    add_url = reverse("admin:quotes_quote_add")
    return {"quotes": quotes, "can_add": can_add, "add_url": f"{add_url}?customer={customer.pk}"}


def prices(request: HttpRequest, product: Product) -> HttpResponse:
    """What a new line costs if it says nothing else: shown in its form when a product is picked."""
    context = {
        name: f"{price(getattr(product, name), product.currency)} {product.currency}"
        for name in ("one_time_price", "recurring_price")
    }
    return JsonResponse(context)
