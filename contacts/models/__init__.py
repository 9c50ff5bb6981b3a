"""Contacts, contact groups, and the keys by which other systems know them."""

from contacts.models.contacts import Contact, ContactConnection, ContactGroup, Role
from contacts.models.data_sources import AlternateKey, DataSource, Outcome, SaveCount, SaveFailure

__all__ = [
    "AlternateKey",
    "Contact",
    "ContactConnection",
    "ContactGroup",
    "DataSource",
    "Outcome",
    "Role",
    "SaveCount",
    "SaveFailure",
]
