"""The history of business records: a change and its Operation are written together, or not at all.

Every operation of every app has the same shape: `recording()` opens one transaction, `lock()`
reads what will change, the app decides and writes, and the transaction's operations are written
with it. To refuse, at whatever point, raise `Refused`: all is rolled back.
"""

from commsapp.core.audit.audit_log import AuditLog, Change, lock, recording
from commsapp.core.audit.operation_kinds import (
    MAX_RETAINED_LISTED,
    UNDONE,
    Kind,
    Numbers,
    Undoing,
    for_each,
    headline,
    is_undoable,
    kind_of,
    kinds,
    may_undo,
    named_models,
    sentence,
    undoable_kinds,
)
from commsapp.core.audit.refusals import (
    Busy,
    Refusal,
    RefusalCode,
    Refused,
    TimedOut,
    unavailable_reason,
)
from commsapp.core.audit.retrying import operation
from commsapp.core.audit.undoing import Undone, undo, undo_batch

__all__ = [
    "MAX_RETAINED_LISTED",
    "UNDONE",
    "AuditLog",
    "Busy",
    "Change",
    "Kind",
    "Numbers",
    "Refusal",
    "RefusalCode",
    "Refused",
    "TimedOut",
    "Undoing",
    "Undone",
    "for_each",
    "headline",
    "is_undoable",
    "kind_of",
    "kinds",
    "lock",
    "may_undo",
    "named_models",
    "operation",
    "recording",
    "sentence",
    "unavailable_reason",
    "undo",
    "undo_batch",
    "undoable_kinds",
]
