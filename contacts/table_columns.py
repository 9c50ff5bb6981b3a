"""Contacts and contact groups as tables: what a file of them says, in and out."""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext_lazy as _

from commsapp.core.imports.drafts import UniqueTogether
from commsapp.core.imports.importer import import_records
from commsapp.staff.tables.column_mapping import Target, target
from commsapp.staff.tables.export_admin import Source
from commsapp.staff.tables.import_admin import ImportKind
from contacts.imports import CONTACT_GROUPS, CONTACTS, import_contact_groups
from contacts.models import Contact, ContactGroup

_KNOWN_AS = {
    "id": ("contactid", "contactgroupid", "guid"),
    "name": ("contactname", "fullname", "contactgroupname", "customer", "customername", "kunde"),
    "kind": ("type", "contacttype", "typ"),
    "email": ("emailaddress", "mail"),
    "phone": ("phonenumber", "telephone", "mobile", "msisdn", "telefon"),
    "role": ("rolename", "grouprole", "rolle"),
}

CONTACTS_IN = ImportKind(
    run=partial(import_records, CONTACTS),
    targets=tuple(target(Contact, name, _KNOWN_AS) for name in ("id", *CONTACTS.fields)),
    once=(UniqueTogether(("id",)),),
    about=_("A row with an id changes that contact. Any other row makes a new one."),
)

CONTACTS_OUT: dict[str, Source] = {
    "id": "pk",
    "name": "name",
    "kind": "kind",
    "email": "email",
    "phone": "phone",
    "archived_at": "archived_at",
    "licensee": "licensee_id",
}

CONTACT_GROUPS_IN = ImportKind(
    run=import_contact_groups,
    targets=(
        *(target(ContactGroup, name, _KNOWN_AS) for name in ("id", *CONTACT_GROUPS.fields)),
        Target(
            "data_source", _("Data source"), _("Of the alternate key: its id, or its name."),
            ("datasourcename", "source", "suite"),
        ),
        Target(
            "alternate_key", _("Alternate key"), _("What the data source calls the group."),
            ("key", "externalid", "externalreference"),
        ),
    ),
    once=(UniqueTogether(("id",)), UniqueTogether(("data_source", "alternate_key"))),
    about=_(
        "A row with a data source and an alternate key is saved as that data source would save it."
        " Otherwise a row with an id changes that contact group, and any other row makes a new one."
    ),
    undoing=_(
        "Groups that were saved by an alternate key can be undone, all at once or one by one."
        " All else shows in each record's history what it was before and after."
    ),
)  # fmt: skip

CONTACT_GROUPS_OUT: dict[str, Source] = {
    "id": "pk",
    "name": "name",
    "role": "role_id",
    "role_name": "role__name",
    "status": "status",
    "connection_count": "connected",
    "licensee": "licensee_id",
}
