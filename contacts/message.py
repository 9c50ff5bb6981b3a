"""SaveContactGroup on the Message API: the request as its document prints it, and its answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import orjson

from commsapp.api.message.operation import (
    ListOf,
    Model,
    Operation,
    Property,
    Reader,
    ReplySpec,
    Scalar,
)
from commsapp.api.openapi.fragments import sample_id
from commsapp.core.actors import Actor
from commsapp.core.audit import Refusal, Refused
from commsapp.db.ids import dashed, read_guid_cached
from contacts import operations
from contacts.operations import (
    ConnectionSave,
    ContactGroupSave,
    GroupContent,
    Outcome,
    RawSave,
    Saved,
)
from contacts.save_group.outcome import Counts, sentence
from contacts.save_group.request import faults, key_of

_GUID, _TEXT, _BOOL, _INT = Scalar.GUID, Scalar.TEXT, Scalar.BOOL, Scalar.INT

# The texts are the document's, but for its misspellings and what is no longer so: that a role's
# alternate key is not implemented, and that the texts of a RuleValidationResult are Guids.
LINK = Model(
    "SubscriptionLinkContact",
    (
        Property("ContactId", _GUID, "Guid of the contact object within PSTPF."),
        Property(
            "ContactAlternateKey", _TEXT,
            "The unique key that represents the contact on the external system.",
        ),
        Property(
            "RoleId", _GUID,
            "Guid of the Role List Item object within PSTPF.",
        ),
        Property(
            "RoleAlternateKey", _TEXT,
            "The unique key that represents the role type on the external system.",
        ),
    ),
)  # fmt: skip
CONNECTION = Model(
    "SubscriptionContactGroupConnectionModel",
    (
        Property(
            "Index", _INT,
            "The order this contact is in priority. 1 would be the primary contact, 2 the "
            "secondary and so forth.",
        ),
        Property(
            "MarkAsDeleted", _BOOL,
            "Set this to be true if the contact connection to the group is to be deleted",
        ),
    ),
    ConnectionSave,
    base=LINK,
)  # fmt: skip
GROUP = Model(
    "SubscriptionContactGroupModel",
    (
        Property("ContactGroupName", _TEXT, "A name for the contact group.", is_required=True),
        Property(
            "GroupRoleId", _GUID,
            "Guid of the Role List Item object within PSTPF that defines the role of the group.",
            is_required=True,
        ),
        Property(
            "RoleAlternateKey", _TEXT,
            "The unique key that represents the role type of the group on the external system.",
        ),
        Property(
            "ContactConnections", ListOf(CONNECTION),
            "A list of ContactGroupConnection records that link contacts (and their role in the "
            "contact group) to the contact group.",
        ),
        Property(
            "MarkAsDeleted", _BOOL,
            "Set this to be true if the contact group is to be deleted",
        ),
        Property(
            "MarkAsArchived", _BOOL,
            "Set this to be true if the contact group is to be archived",
        ),
        Property(
            "MarkAsRestored", _BOOL,
            "Set this to be true if the contact group is to be restored",
        ),
    ),
    GroupContent,
)  # fmt: skip
VALIDATION = Model(
    "RuleValidationResult",
    (
        Property("Message", _TEXT, "Validation/Error message details"),
        Property("Key", _TEXT, "Summary/label of validation/error"),
        Property("ErrorCode", _TEXT, "Key/code representing validation/error"),
    ),
)
VALIDATIONS = Model(
    "ValidationErrorList",
    (
        Property(
            "ValidationErrors", ListOf(VALIDATION),
            "List of any validation/errors occurring during a method call",
            is_ignored=True,
        ),
    ),
)  # fmt: skip
REQUEST = Model(
    "SaveContactGroup",
    (
        Property(
            "SuiteDataSourceInstanceId", _GUID,
            "Guid representing the external systems datasource information.",
            is_required=True,
        ),
        Property(
            "AlternateKey", _TEXT,
            "The unique key that represents the contact group on the external system.",
            is_required=True,
        ),
        Property(
            "ObjectId", _GUID,
            "Guid of the contact group object within PSTPF. If ObjectId is known, the external "
            "system may pass this instead of the alternate key.",
        ),
        Property(
            "IgnoreHash", _BOOL,
            "If set to true, the object will be updated/refreshed. If false, the hash "
            "representation of the ContactGroup model and its data will be compared with the "
            "current ContactGroup to determine if there are any changes to save.",
        ),
        Property(
            "ContactGroup", GROUP,
            "Object containing all details of the contact group to be inserted or updated.",
            is_required=True,
        ),
        Property("LicenseeId", _GUID, "The data source's licensee.", in_query=True),
        Property("SessionId", _GUID, "Signs in.", in_query=True, is_ignored=True),
    ),
    ContactGroupSave,
    base=VALIDATIONS,
)  # fmt: skip

_STATUSES = {"Forbidden": 403, "Conflict": 409, "Deleted": 409}


def _status_of(refusal: Refusal) -> int:
    """Unknown is what the request is about: 404; unknown is what it refers to: 400."""
    if (refusal.code, refusal.field) == ("NotFound", "ObjectId"):
        return 404
    return _STATUSES.get(refusal.code, 400)


def _check(save: ContactGroupSave) -> Refused | None:
    found = faults(save)
    return Refused(*found) if found else None


def _run(
    requests: Sequence[ContactGroupSave], by: Actor, *, until_refused: bool = False
) -> list[ReplySpec | Refused]:
    answers = operations.save_contact_groups(requests, by=by, until_refused=until_refused)
    return [answer if isinstance(answer, Refused) else _reply(answer) for answer in answers]


def _reply(saved: Saved) -> ReplySpec:
    outcome, id = saved.outcome, saved.object_id
    meta = {"ObjectId": dashed(id), "Outcome": outcome} if id else {"Outcome": outcome}
    return ReplySpec(_message(outcome, saved.counts), meta)


@lru_cache(maxsize=1024)  # this API has one language, and a stream always the same few sentences
def _message(outcome: Outcome, counts: Counts) -> str:
    return sentence(outcome, counts)


# As most clients write them; who writes otherwise is read, and told the same.
_SOURCE = rb'"[Ss]uiteDataSourceInstanceId"\s*:\s*"([^"\\]*)"'
_KEY = rb'"[Aa]lternateKey"\s*:\s*("[^"\\]*(?:\\.[^"\\]*)*")'
_BEGINNING = re.compile(rb"\{\s*" + _SOURCE + rb"\s*,\s*" + _KEY)
_SOMEWHERE = re.compile(_SOURCE), re.compile(_KEY)


def _recognize(text: bytes, line: int, read: Reader) -> ContactGroupSave | RawSave:
    """A line that seems to name its group by a key may be the same as last time: whether it is, the
    operation sees, and what only seemed so is never the same."""
    if begins := _BEGINNING.match(text):
        source, key = begins.groups()
    else:
        source, key = (found and found[1] for found in (one.search(text) for one in _SOMEWHERE))
    if source and key:
        guid = read_guid_cached(source.decode("latin-1"))
        name = _text_in(key)
        if guid and name:
            return RawSave(guid, name, text, line, read)
    save: ContactGroupSave = read(text, line)
    return save


def _text_in(literal: bytes) -> str:
    """The key in a JSON string; nothing, if it is none or has what no key may have."""
    try:
        text = key_of(orjson.loads(literal))
    except orjson.JSONDecodeError:
        return ""
    return text if "\0" not in text else ""


_SAMPLE = {
    "SuiteDataSourceInstanceId": sample_id("data-source"),
    "AlternateKey": "CUSTOMER-1001",
    "ContactGroup": {
        "ContactGroupName": "Example Bakeries",
        "GroupRoleId": sample_id("role"),
        "ContactConnections": [{"Index": 1, "ContactId": sample_id("contact")}],
    },
}
_REPLY = ReplySpec("Created.", {"ObjectId": sample_id("contact-group"), "Outcome": "Created"})

SAVE_CONTACT_GROUP = Operation(
    "Inserts or Updates a contact group and its contact connections.",
    REQUEST,
    _run,
    _recognize,
    _check,
    _status_of,
    _SAMPLE,
    _REPLY,
)
