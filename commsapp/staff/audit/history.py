"""The ledger, as people read it: what was done to a record, or to others that concern it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from commsapp.core import audit
from commsapp.core.actors import Actor
from commsapp.core.operation_access import redact
from commsapp.core.records import DELETED
from commsapp.models import Operation
from commsapp.staff.audit import batches as goes
from commsapp.staff.changelists import page_by_key
from commsapp.staff.object_pages import show, url_of
from commsapp.staff.request import actor_of, can_view

_PAGE_SIZE = 50
MAX_TOGETHER = 5  # records: undoing more is shown before it is done

# --- What is in the history of a record beside what was done to it ----------------------------


@dataclass(frozen=True)
class Tool:
    """A button in an entry's line: a POST."""

    label: str
    url: str
    fields: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class HistoryRow:
    """What an operation on another record was for this one; `sentence` tells it, if that differs
    from the operation's own sentence."""

    sentence: Callable[[Operation], str] | None = None
    tools: Sequence[Tool] = ()


@dataclass(frozen=True)
class HistoryRows:
    """Operations on other records that concern a record, by the operation's id.

    `note` is shown below, where not all could be searched.
    """

    by_operation: Mapping[UUID, HistoryRow] = field(default_factory=dict)
    note: str = ""
    shows_target: bool = False  # in a column, for the sentences do not name it


def operations_on(record: Any) -> QuerySet[Any]:
    """What was done to the record itself."""
    return Operation.objects.filter(
        target_id=record.pk,
        target_type=record._meta.label_lower,
        licensee=record.licensee_id,
    )


def with_history_rows(own: QuerySet[Any], traces: HistoryRows) -> QuerySet[Any]:
    """The operations on a record and those that concern it: each side by its own index."""
    if not traces.by_operation:
        return own
    traced = Operation.objects.filter(pk__in=[*traces.by_operation]).order_by()
    both = own.order_by().values("pk").union(traced.values("pk"))
    together: QuerySet[Any] = Operation.objects.filter(pk__in=both)
    return together


# --- Entries ----------------------------------------------------------------------------------


def readable(operations: Any) -> QuerySet[Any]:
    """With what an entry's line tells, and without what undoing takes, which may be megabytes."""
    joined = operations.select_related("user", "undone_by__user", "undoes")
    light: QuerySet[Any] = joined.defer("effects", "undone_by__effects", "undoes__effects")
    return light


def entries(
    operations: Iterable[Operation], by: Actor, traces: HistoryRows | None = None
) -> list[dict[str, Any]]:
    """Each operation with its sentence, where it leads, and whether it can be undone."""
    rows, traced = [*operations], traces.by_operation if traces else {}
    redact(rows, by)
    return [
        {**_entry(operation, by), **_row_of_trace(operation, traced.get(operation.pk))}
        for operation in rows
    ]


def _entry(operation: Operation, by: Actor) -> dict[str, Any]:
    return {
        "operation": operation,
        "sentence": audit.sentence(operation),
        "target_kind": target_kind(operation),
        "target_url": target_url(operation),
        "can_undo": audit.may_undo(operation, by),
        "asks_first": operation.touched > MAX_TOGETHER,
        "undo_url": url_of(operation, "undo"),
    }


def folded(operations: Iterable[Operation], by: Actor) -> list[dict[str, Any]]:
    """Entries that stand for all that was done as one batch with them."""
    rows = [*operations]
    redact(rows, by)
    begun = goes.batches_started_by(rows)
    return [
        {**_entry(row, by), **(_as_one(begun[row.pk], row, by) if row.pk in begun else {})}
        for row in rows
    ]


def _as_one(go: goes.OperationBatch, first: Operation, by: Actor) -> dict[str, Any]:
    alike = (
        {"is_homogeneous": True, "target_kind": goes.object_plural(first)}
        if goes.is_homogeneous(first)
        else {}
    )
    return {
        "go": go,
        "sentence": goes.sentence(go, first),
        "expand_label": goes.expand_label(go, first),
        "can_undo": go.may_undo(by),
        "asks_first": max(go.count, first.touched) > MAX_TOGETHER,
        "undo_url": go.undo_url,
        **alike,
    }


def _together(request: HttpRequest, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries of one record, each with how many others were made as one batch with it."""
    by = actor_of(request)
    batches = {one["operation"].batch for one in told} - {None}
    found = goes.found(batches) if batches and can_view(by, Operation) else {}
    return [{**one, "together": found.get(one["operation"].batch)} for one in told]


def _row_of_trace(operation: Operation, trace: HistoryRow | None) -> dict[str, Any]:
    if trace is None:
        return {}
    return {"note": trace.sentence(operation) if trace.sentence else "", "tools": trace.tools}


def target_kind(operation: Operation) -> str:
    """What kind of object the operation changed: `quote line item`."""
    return str(apps.get_model(operation.target_type)._meta.verbose_name)


def target_url(operation: Operation) -> str:
    """The page of what the operation changed; empty where there is none any more."""
    name = operation.target_type.replace(".", "_")
    if operation.kind == DELETED.name or operation.is_target_hidden:
        return ""
    try:
        return reverse(f"admin:{name}_page", args=(operation.target_id,))
    except NoReverseMatch:
        return ""


def show_history(
    request: HttpRequest, record: Any, operations: QuerySet[Any], traces: HistoryRows
) -> HttpResponse:
    """Show all that was done to a record, and the operations of `traces`, the newest first."""
    rows = readable(with_history_rows(operations, traces))
    page = page_by_key(rows, request, "id", _PAGE_SIZE, newest_first=True)
    told = _together(request, entries(page, actor_of(request), traces))
    return show(
        request,
        record,
        "staff/history.html",
        title=_("History"),
        subtitle=str(record),
        entries=told,
        page=page,
        note=traces.note,
        show_target=traces.shows_target,
    )


def recent(request: HttpRequest, record: Any, traces: HistoryRows, count: int) -> dict[str, Any]:
    """Return the newest entries of a record, for a panel on its page."""
    rows = readable(with_history_rows(operations_on(record), traces)).order_by("-id")
    told = entries(rows[: count + 1], actor_of(request), traces)
    shown = _together(request, told[:count])
    return {"entries": shown, "has_more": len(told) > count, "note": traces.note}
