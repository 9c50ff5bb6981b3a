"""The ledger, as people read it: history, activity, before and after, and Undo."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import messages
from django.core.exceptions import FieldDoesNotExist
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from commsapp import ledger
from commsapp.access import Actor
from commsapp.faces.staff.actors import actor_of
from commsapp.faces.staff.lists import page_by_key
from commsapp.faces.staff.pages import Problem, show
from commsapp.models import Operation

_PAGE_SIZE = 50
_LONGEST_VALUE = 300


def readable(operations: Any) -> QuerySet[Any]:
    """With what an entry's line tells, and without what undoing takes, which may be megabytes."""
    joined = operations.select_related("user", "undone_by", "undoes")
    light: QuerySet[Any] = joined.defer("effects", "undone_by__effects", "undoes__effects")
    return light


def entries(operations: Iterable[Operation], by: Actor) -> list[dict[str, Any]]:
    """Each operation with its sentence, where it leads, and whether it can be undone."""
    return [
        {
            "operation": operation,
            "sentence": ledger.sentence(operation),
            "target_kind": target_kind(operation),
            "target_url": target_url(operation),
            "can_undo": ledger.may_undo(operation, by),
        }
        for operation in operations
    ]


def target_kind(operation: Operation) -> str:
    """What kind of object the operation changed: `quote line item`."""
    return str(apps.get_model(operation.target_type)._meta.verbose_name)


def target_url(operation: Operation) -> str:
    """The page of what the operation changed; empty where there is none any more."""
    name = operation.target_type.replace(".", "_")
    if operation.kind == "removed":
        return ""
    try:
        return reverse(f"admin:{name}_page", args=(operation.target_id,))
    except NoReverseMatch:
        return ""


def show_history(request: HttpRequest, record: Any, operations: QuerySet[Any]) -> HttpResponse:
    """All that was done to a record, the newest first."""
    page = page_by_key(readable(operations), request, "id", _PAGE_SIZE, newest_first=True)
    told = entries(page, actor_of(request))
    return show(
        request,
        record,
        "staff/history.html",
        title=_("History"),
        subtitle=str(record),
        entries=told,
        page=page,
    )


# --- Before and after -----------------------------------------------------------------------


def differences(operation: Operation, by: Actor) -> list[dict[str, Any]]:
    """What changed, field by field: its name, before and after, as a person reads them."""
    before = operation.effects.get("before") or {}
    after = operation.effects.get("after") or {}
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    model = apps.get_model(operation.target_type)
    rows = []
    for name in dict.fromkeys((*before, *after)):
        label, told = _reader_of(model, name, (before.get(name), after.get(name)), by)
        rows.append(
            {"label": label, "before": told(before.get(name)), "after": told(after.get(name))}
        )
    return rows


def _reader_of(model: Any, name: str, values: tuple[Any, ...], by: Actor) -> Any:
    """A field's label, and how its values are told: choices and records by their names."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name, _plain
    label, names = capfirst(field.verbose_name), {str(key): text for key, text in field.flatchoices}
    if field.many_to_one and hasattr(field.related_model.objects, "visible_to"):
        ids = [value for value in values if value]
        rows = field.related_model.objects.visible_to(by).filter(pk__in=ids) if ids else ()
        names = {str(row.pk): str(row) for row in rows}
    return label, lambda value: names.get(str(value), _plain(value))


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    text = str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


# --- Undo -----------------------------------------------------------------------------------


def undo_one(request: HttpRequest, operation: Operation) -> HttpResponse:
    """POST: undo an operation, and tell what was reversed, kept and not possible."""
    if request.method != "POST":
        return HttpResponseRedirect(_page_of(operation))
    return _report(request, [ledger.undo(operation.pk, by=actor_of(request))], _page_of(operation))


def undo_batch(request: HttpRequest, batch: UUID) -> HttpResponse:
    """POST: undo all that was done in one go."""
    back = reverse("admin:commsapp_operation_changelist")
    if request.method != "POST":
        return HttpResponseRedirect(back)
    try:
        undone = ledger.undo_batch(batch, by=actor_of(request))
    except (ledger.Refused, ledger.Busy) as error:
        messages.error(request, str(error) or _("Nothing was undone; try again."))
        return HttpResponseRedirect(back)
    if not undone:
        messages.info(request, _("There is nothing left to undo."))
        return HttpResponseRedirect(back)
    return _report(request, undone, back)


def _report(request: HttpRequest, undone: list[ledger.Undone], back: str) -> HttpResponse:
    numbers = {
        "reversed": sum(one.reversed for one in undone),
        "kept": sum(one.kept for one in undone),
        "failed": sum(len(one.failed) for one in undone),
    }
    told = _("Undone: %(reversed)d reversed") % numbers
    if numbers["kept"]:
        told += _(", %(kept)d kept because changed since") % numbers
    if numbers["failed"]:
        told += _(", %(failed)d failed") % numbers
    back = _next(request) or back
    if not numbers["failed"]:
        (messages.success if numbers["reversed"] else messages.warning)(request, f"{told}.")
        return HttpResponseRedirect(back)
    problems = [Problem(refusal.message) for one in undone for refusal in one.failed]
    return show(
        request, None, "staff/undone.html", title=_("Undo"), numbers=numbers, problems=problems,
        back=back, told=f"{told}.",
    )  # fmt: skip


def _next(request: HttpRequest) -> str:
    """Where the button was, if that is ours."""
    url = request.POST.get("next", "")
    return url if url_has_allowed_host_and_scheme(url, {request.get_host()}) else ""


def _page_of(operation: Operation) -> str:
    return reverse("admin:commsapp_operation_page", args=(operation.pk,))
