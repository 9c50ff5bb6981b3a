"""Recipients as tables: what a file of them says, in and out."""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext_lazy as _

from commsapp.core.imports.drafts import UniqueTogether
from commsapp.core.imports.importer import import_records
from commsapp.staff.tables.column_mapping import target
from commsapp.staff.tables.export_admin import Source
from commsapp.staff.tables.import_admin import ImportKind
from groups.imports import RECIPIENTS
from groups.models import Recipient

_KNOWN_AS = {
    "id": ("recipientid", "guid"),
    "name": ("recipientname", "recipient", "site", "sitename"),
    "recipient_type": ("kind", "art", "typ"),
    "customer": ("customername", "contactgroup", "account", "kunde"),
    "contact": ("contactname", "contactperson", "kontakt"),
    "email": ("emailaddress", "mail"),
    "msisdn": ("phone", "phonenumber", "mobile", "mobilenumber", "number", "telefon", "rufnummer"),
    "street": ("address", "addressline1", "strasse", "straße"),
    "postal_code": ("zip", "zipcode", "postcode", "plz"),
    "city": ("town", "ort", "stadt"),
    "state": ("province", "region", "bundesland"),
    "country": ("land",),
    "external_reference": (
        "reference",
        "externalref",
        "externalid",
        "extref",
        "siteid",
        "ref",
        "referenz",
    ),
}  # fmt: skip

RECIPIENTS_IN = ImportKind(
    run=partial(import_records, RECIPIENTS),
    targets=tuple(target(Recipient, name, _KNOWN_AS) for name in ("id", *RECIPIENTS.fields)),
    once=(UniqueTogether(("id",)), UniqueTogether(("external_reference",), with_id=False)),
    about=_(
        "A row with an id, or with the external reference of a recipient that is there, changes"
        " that recipient. Any other row makes a new one."
    ),
)

RECIPIENTS_OUT: dict[str, Source] = {
    "id": "pk",
    "name": "name",
    "recipient_type": "recipient_type",
    "customer": "customer_id",
    "customer_name": "customer__name",
    "contact": "contact_id",
    "contact_name": "contact__name",
    "email": "email",
    "msisdn": "msisdn",
    "street": "street",
    "postal_code": "postal_code",
    "city": "city",
    "state": "state",
    "country": "country",
    "external_reference": "external_reference",
    "archived_at": "archived_at",
    "licensee": "licensee_id",
}
