"""Products, quotes and lines as tables: what a file of them says, in and out."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from commsapp.core.imports.drafts import UniqueTogether
from commsapp.core.imports.importer import import_records
from commsapp.staff.tables.column_mapping import target
from commsapp.staff.tables.export_admin import Source, export
from commsapp.staff.tables.import_admin import ImportKind
from quotes import currencies
from quotes.imports import PRODUCTS
from quotes.models import Product, Quote

_KNOWN_AS = {
    "id": ("productid", "guid"),
    "code": ("productcode", "sku", "articlenumber", "artikelnummer"),
    "name": ("productname", "product", "title", "bezeichnung"),
    "description": ("text", "details", "beschreibung"),
    "one_time_price": ("onetime", "price", "setupfee", "einmalpreis"),
    "recurring_price": ("recurring", "monthlyprice", "monthly", "monatspreis"),
    "currency": ("currencycode", "waehrung", "währung"),
    "is_active": ("active", "enabled", "aktiv"),
}

PRODUCTS_IN = ImportKind(
    run=partial(import_records, PRODUCTS),
    targets=tuple(target(Product, name, _KNOWN_AS) for name in ("id", *PRODUCTS.fields)),
    once=(UniqueTogether(("id",)), UniqueTogether(("code",))),
    about=_(
        "A row with an id, or with the code of a product that is there, changes that product."
        " Any other row makes a new one."
    ),
)


PRODUCTS_OUT: dict[str, Source] = {
    "id": "pk",
    "code": "code",
    "name": "name",
    "description": "description",
    "one_time_price": lambda product: currencies.price(product.one_time_price, product.currency),
    "recurring_price": lambda product: currencies.price(product.recurring_price, product.currency),
    "currency": "currency",
    "is_active": "is_active",
    "licensee": "licensee_id",
}

QUOTES_OUT: dict[str, Source] = {
    "id": "pk",
    "number": "number",
    "name": "name",
    "customer": "customer_id",
    "customer_name": "customer__name",
    "status": "status",
    "currency": "currency",
    "recurring_period": "recurring_period",
    "one_time_total": lambda quote: currencies.amount(quote.one_time_total, quote.currency),
    "recurring_total": lambda quote: currencies.amount(quote.recurring_total, quote.currency),
    "line_count": "line_count",
    "expires_on": "expires_on",
    "created_at": "created_at",
    "licensee": "licensee_id",
}

LINES_OUT: dict[str, Source] = {
    "id": "pk",
    "quote": "quote_id",
    "quote_number": "quote__number",
    "line_number": "line_number",
    "product": "product_id",
    "product_code": "product__code",
    "product_name": "product__name",
    "description": "description",
    "quantity": "quantity",
    "one_time_price": lambda line: currencies.price(line.one_time_price, line.quote.currency),
    "recurring_price": lambda line: currencies.price(line.recurring_price, line.quote.currency),
    "discount_percent": "discount_percent",
    "requested_date": "requested_date",
    "recipient_group": "recipient_group_id",
    "recipient_group_name": "recipient_group__name",
    "recipient": "recipient_id",
    "recipient_name": "recipient__name",
    "split_from": "split_from_id",
    "one_time_total": lambda line: currencies.amount(line.one_time_total, line.quote.currency),
    "recurring_total": lambda line: currencies.amount(line.recurring_total, line.quote.currency),
    "currency": "quote__currency",
    "configuration": "configuration",
}


def export_lines(request: HttpRequest, quote: Quote, ending: str) -> HttpResponseBase:
    """All lines of a quote, parts and all, in their order."""
    joined = quote.lines.select_related("quote", "product", "recipient_group", "recipient")
    rows: Any = joined.order_by("line_number", "id")
    return export(request, ending, str(quote.number), LINES_OUT, rows)
