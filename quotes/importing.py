"""Products from a table."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError

from commsapp.access import Actor
from commsapp.importing import Importable, Imported, Row, import_records
from commsapp.ledger import operation
from quotes.models import Product

PRODUCTS = Importable(
    Product,
    (
        "code", "name", "description", "one_time_price", "recurring_price", "currency",
        "is_active",
    ),
    key="code",
)  # fmt: skip


@operation(again_on=IntegrityError)
def import_products(
    rows: Sequence[Row],
    *,
    by: Actor,
    licensee_id: UUID,
    dry_run: bool = False,
    batch: UUID | None = None,
) -> Imported:
    """Create and change products, by id or code; see import_records()."""
    return import_records(
        PRODUCTS, rows, by=by, licensee_id=licensee_id, dry_run=dry_run, batch=batch
    )
