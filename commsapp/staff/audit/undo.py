"""Undo: of one operation and of all that was done as one batch, with its report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from commsapp.core import audit
from commsapp.core.actors import Actor
from commsapp.core.number_format import format_count, format_counts
from commsapp.core.operation_access import redact
from commsapp.db.ids import read_guid
from commsapp.models import Operation
from commsapp.staff.audit import batches as goes
from commsapp.staff.audit import changes, history
from commsapp.staff.audit.changes import NAMED, Listing
from commsapp.staff.changelists import count_up_to
from commsapp.staff.dependents import effects_of_undo
from commsapp.staff.object_pages import Problem, busy_message, show, url_of
from commsapp.staff.request import actor_of

_NAMED_IN_A_MESSAGE = 5


def undo_one(request: HttpRequest, operation: Operation) -> HttpResponse:
    """GET: what undoing would do. POST: undo, and tell what was reversed, kept and not possible."""
    by, planned = actor_of(request), request.method != "POST"
    undone = audit.undo(operation.pk, by=by, dry_run=planned)
    back = url_of(operation)
    if planned:
        did = {
            "rows": changes.differences(operation, by),
            "did": changes.listings(operation, by),
            "standing": effects_of_undo(operation, undone, by),
        }
        subject = audit.headline(operation)
        return _preview(request, [(operation, undone)], back, subject=subject, **did)
    return _report(request, [(operation, undone)], back)


def undo_batch(request: HttpRequest, batch: UUID) -> HttpResponse:
    """The same of all that was done as one batch: with `?and=`, of several licensees."""
    by, planned = actor_of(request), request.method != "POST"
    others = [UUID(id) for id in map(read_guid, request.GET.getlist("and")) if id]
    back = reverse("admin:commsapp_operation_changelist")
    try:
        undone = audit.undo_batch(batch, *others, by=by, dry_run=planned)
    except (audit.Refused, audit.Busy) as error:
        messages.error(request, str(error) or busy_message(error))
        return HttpResponseRedirect(_next(request) or back)
    if not undone:
        messages.info(request, _("There is nothing left to undo."))
        return HttpResponseRedirect(_next(request) or back)
    ids = [one.operation.undoes_id for one in undone if one.kept]
    kept = Operation.objects.in_bulk(ids[:NAMED]) if ids else {}
    redact((*kept.values(), *(one.operation for one in undone)), by)
    pairs = [(kept.get(one.operation.undoes_id), one) for one in undone]
    if planned:
        did = [_named_targets(undone)]
        return _preview(request, pairs, back, did=did, **_about([batch, *others], by))
    return _report(request, pairs, back)


def _about(batches: Sequence[UUID], by: Actor) -> dict[str, str]:
    """What was done in the batch, and how much of it is of kinds that cannot be undone."""
    visible = Operation.objects.visible_to(by).defer("effects")
    first = visible.filter(pk=batches[0]).first()
    go = goes.found(batches[:1]).get(batches[0]) if first else None
    if first is None or go is None:
        return {}
    redact([first], by)
    subject = goes.sentence(go, first)
    if not goes.is_homogeneous(first):
        return {"subject": subject}
    entries = visible.filter(batch__in=batches).exclude(kind__in=audit.undoable_kinds())
    count, has_more = count_up_to(entries)
    text = format_count(count) if count else ""
    return {"subject": subject, "staying": _("more than %s") % text if has_more else text}


Pairs = Sequence[tuple[Operation | None, audit.Undone]]


def _report(request: HttpRequest, undone: Pairs, back: str) -> HttpResponse:
    """A message where all went well; a page where something failed. Who was kept is named."""
    numbers = _numbers(undone)
    kept = _kept(undone, actor_of(request)) if numbers["kept"] else []
    told, back = _undo_summary(numbers), _next(request) or back
    if numbers["failed"]:
        return _show(request, undone, back, numbers=numbers, told=told, listings=kept)
    for listing in [*kept, *_touched(undone, actor_of(request))]:
        messages.info(request, _in_short(listing))
    (messages.success if numbers["reversed"] else messages.warning)(request, told)
    return HttpResponseRedirect(back)


def _touched(undone: Pairs, by: Actor) -> Sequence[Listing]:
    """What undoing one operation touched besides what it reversed."""
    [(operation, one), *others] = undone
    standing = effects_of_undo(operation, one, by) if operation and not others else None
    return standing.listings if standing else ()


def _preview(request: HttpRequest, undone: Pairs, back: str, **context: Any) -> HttpResponse:
    """What would become of the records, and the button that does it."""
    numbers, back = _numbers(undone), _next(request) or back
    kept = _kept(undone, actor_of(request)) if numbers["kept"] else []
    told = _undo_summary(numbers, planned=True)
    return _show(
        request, undone, back, planned=True, numbers=numbers, told=told, listings=kept, **context
    )


def _show(request: HttpRequest, undone: Pairs, back: str, **context: Any) -> HttpResponse:
    return show(
        request, None, "staff/undone.html", title=_("Undo"), opts=Operation._meta, back=back,
        problems=_problems(undone, actor_of(request)), **context,
    )  # fmt: skip


def _numbers(undone: Pairs) -> dict[str, int]:
    return {
        "reversed": sum(one.reversed for _operation, one in undone),
        "kept": sum(one.kept for _operation, one in undone),
        "failed": sum(len(one.failed) for _operation, one in undone),
    }


def _undo_summary(numbers: dict[str, int], *, planned: bool = False) -> str:
    counts = format_counts(numbers)
    message = _("%(reversed)s would be reversed") if planned else _("Undone: %(reversed)s reversed")
    message %= counts
    if numbers["kept"]:
        message += _(", %(kept)s kept because changed since") % counts
    if numbers["failed"]:
        message += (_(", %(failed)s would fail") if planned else _(", %(failed)s failed")) % counts
    return f"{message}."


def _problems(undone: Pairs, by: Actor) -> list[Problem]:
    """Why records cannot be put back, each by its name."""
    failed = [refusal for _operation, one in undone for refusal in one.failed]
    ids = {refusal.record_id: read_guid(refusal.record_id) or "" for refusal in failed}
    names = changes.name_any(filter(None, ids.values()), by) if failed else {}
    return [
        Problem(refusal.message, value=name, url=url)
        for refusal in failed
        for name, url in [names.get(ids[refusal.record_id], (refusal.record_id, ""))]
    ]


def _named_targets(undone: Sequence[audit.Undone]) -> Listing:
    """What a batch changed that can be put back."""
    standing = [one.operation for one in undone if one.reversed]
    first = (one for one in standing[:NAMED] if not one.is_target_hidden)
    names = [(one.target_name, history.target_url(one)) for one in first]
    return Listing(_("What would be as before"), names, len(standing))


def _kept(undone: Pairs, by: Actor) -> list[Listing]:
    """Who was kept: as the app names them, or else the records that the operations changed."""
    if len(undone) == 1:
        [(operation, one)] = undone
        told = changes.skipped_by_undo(operation, one.operation, by) if operation else []
    else:
        told = changes.skipped_by_name([one.operation for _operation, one in undone], by)
    others = [(operation, one) for operation, one in undone if one.kept and not _names_kept(one)]
    if others and not (told and len(undone) == 1):
        seen = (each for each, _one in others if each and not each.is_target_hidden)
        names = [(each.target_name, url_of(each)) for each in seen]
        told.append(Listing(_("Kept because changed since"), names[:NAMED], len(others)))
    return told


def _names_kept(one: audit.Undone) -> bool:
    return "kept" in one.operation.effects


def _in_short(listing: Listing) -> str:
    """The listing in one sentence, a few by name."""
    first = slice(_NAMED_IN_A_MESSAGE)
    short = replace(listing, names=listing.names[first], notes=listing.notes[first])
    told = ((_link(name, url), f" {note}" if note else "") for name, url, note in short.rows)
    named = format_html_join(", ", "“{}”{}", told)
    return format_html("{}: {}{}.", short.label, named, f" {short.more}" if short.more else "")


def _link(name: str, url: str) -> str:
    return format_html('<a href="{}">{}</a>', url, name) if url else name


def _next(request: HttpRequest) -> str:
    """Where the button was, if that is ours."""
    url = request.POST.get("next") or request.GET.get("next", "")
    return url if url_has_allowed_host_and_scheme(url, {request.get_host()}) else ""


def siblings_of(operation: Operation, by: Actor, count: int) -> dict[str, Any] | None:
    """Return the first other operations of the operation's batch, and whether there are more."""
    go = goes.found([operation.batch]).get(operation.batch) if operation.batch else None
    if go is None:
        return None
    visible = Operation.objects.visible_to(by).filter(batch=operation.batch)
    rows = list(
        visible.exclude(pk=operation.pk)
        .select_related("user", "undone_by", "undoes")
        .defer("effects", "undone_by__effects", "undoes__effects")
        .order_by("-id")[: count + 1]
    )
    return {
        "rows": rows[:count],
        "go": go,
        "count": None if go.has_more else go.other_count,
        "has_more": len(rows) > count,
        "can_undo": go.may_undo(by),
        "asks_first": sum(one.touched for one in [operation, *rows]) > history.MAX_TOGETHER,
    }
