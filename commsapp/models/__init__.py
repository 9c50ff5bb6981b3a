"""The models that all apps share."""

from commsapp.models.accounts import ApiUse, Client, Licensee, Session, User
from commsapp.models.admin_changes import AdminChange
from commsapp.models.idempotency import IdempotencyKey
from commsapp.models.imports import Draft, DraftPart
from commsapp.models.operations import Channel, Operation
from commsapp.models.records import ArchivedRecord, Record, RecordQuerySet
from commsapp.models.saved_filters import SavedFilter

__all__ = [
    "AdminChange",
    "ApiUse",
    "ArchivedRecord",
    "Channel",
    "Client",
    "Draft",
    "DraftPart",
    "IdempotencyKey",
    "Licensee",
    "Operation",
    "Record",
    "RecordQuerySet",
    "SavedFilter",
    "Session",
    "User",
]
