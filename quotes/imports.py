"""Products from a table."""

from __future__ import annotations

from commsapp.core.imports.importer import Importable
from quotes.models import Product

PRODUCTS = Importable(
    Product,
    (
        "code", "name", "description", "one_time_price", "recurring_price", "currency",
        "is_active",
    ),
    key="code",
)  # fmt: skip
