"""Recipients from a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from commsapp.core.imports.importer import Importable, Objection, Pending
from commsapp.core.imports.references import referred_to
from commsapp.db.expressions import lock_table
from groups.models import Membership, Recipient


def _keep_customers(changing: Sequence[Pending]) -> Iterator[Objection]:
    """A customer stays while memberships or lines depend on it: see operations.edit_recipient()."""
    moving = {one.record.pk.hex: one for one in changing if "customer_id" in one.changed}
    if not moving:
        return
    lock_table(Membership)  # else one could be added between this look and the commit
    message = _("The customer cannot be changed while memberships or quote lines depend on it.")
    for id in referred_to(Recipient, [*moving]):
        yield moving[id], "customer", message


RECIPIENTS = Importable(
    Recipient,
    (
        "name", "recipient_type", "customer", "contact", "email", "msisdn", "street",
        "postal_code", "city", "state", "country", "external_reference",
    ),
    key="external_reference",
    check=_keep_customers,
)  # fmt: skip
