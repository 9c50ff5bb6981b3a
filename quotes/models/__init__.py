"""Products, quotes and their line items."""

from quotes.models.line_items import MAX_LINE_NUMBER, MAX_QUANTITY, LineQuerySet, QuoteLineItem
from quotes.models.money_fields import MAX_PRICE
from quotes.models.products import Product
from quotes.models.quotes import NumberSeries, Quote, QuoteQuerySet, Totals

__all__ = [
    "MAX_LINE_NUMBER",
    "MAX_PRICE",
    "MAX_QUANTITY",
    "LineQuerySet",
    "NumberSeries",
    "Product",
    "Quote",
    "QuoteLineItem",
    "QuoteQuerySet",
    "Totals",
]
