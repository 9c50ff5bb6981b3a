"""Panels on the page of an operation."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from commsapp.core import audit
from commsapp.models import Operation
from commsapp.staff.audit import changes, history
from commsapp.staff.audit import undo as undoing
from commsapp.staff.request import actor_of

MAX_SIBLINGS = 20


def differences(request: HttpRequest, operation: Operation) -> dict[str, Any] | None:
    """Return fields before and after, and the records that were added, removed and moved."""
    by = actor_of(request)
    rows, listings = changes.differences(operation, by), changes.listings(operation, by)
    return {"rows": rows, "listings": listings} if rows or listings else None


def siblings(request: HttpRequest, operation: Operation) -> dict[str, Any] | None:
    by = actor_of(request)
    found = undoing.siblings_of(operation, by, MAX_SIBLINGS)
    return found and {**found, "entries": history.entries(found["rows"], by)}


def how_to_undo(request: HttpRequest, operation: Operation) -> dict[str, Any] | None:
    """Return the undo that it has or is, or whether it can be undone."""
    other = operation.undoes or (operation.undone_by if operation.is_undone else None)
    can_undo = audit.may_undo(operation, actor_of(request))
    if not (other or can_undo):
        return None
    is_undo = operation.undoes_id is not None
    undone = operation.undoes if is_undo else operation if other else None
    kept: list[changes.Listing] = []
    if undone and other:
        reversal = operation if is_undo else other
        kept = changes.skipped_by_undo(undone, reversal, actor_of(request))
    return {
        "other": other,
        "is_undo": is_undo,
        "can_undo": can_undo,
        "asks_first": operation.touched > history.MAX_TOGETHER,
        "listings": kept,
    }
