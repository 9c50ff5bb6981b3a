"""Undo: of one operation and of all that was done in one go, with its report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from commsapp import ledger
from commsapp.access import Actor
from commsapp.faces.staff.actors import actor_of
from commsapp.faces.staff.details import NAMED, Listing, kept_by_undo
from commsapp.faces.staff.pages import Problem, show, url_of
from commsapp.models import Operation

_NAMED_IN_A_MESSAGE = 5


def undo_one(request: HttpRequest, operation: Operation) -> HttpResponse:
    """POST: undo an operation, and tell what was reversed, kept and not possible."""
    back = url_of(operation)
    if request.method != "POST":
        return HttpResponseRedirect(back)
    undone = ledger.undo(operation.pk, by=actor_of(request))
    return _report(request, [(operation, undone)], back)


def undo_batch(request: HttpRequest, batch: UUID) -> HttpResponse:
    """POST: undo all that was done in one go."""
    back = reverse("admin:commsapp_operation_changelist")
    if request.method != "POST":
        return HttpResponseRedirect(back)
    try:
        undone = ledger.undo_batch(batch, by=actor_of(request))
    except (ledger.Refused, ledger.Busy) as error:
        messages.error(request, str(error) or _("Nothing was undone; try again."))
        return HttpResponseRedirect(_next(request) or back)
    if not undone:
        messages.info(request, _("There is nothing left to undo."))
        return HttpResponseRedirect(_next(request) or back)
    ids = [one.operation.undoes_id for one in undone if one.kept]
    kept = Operation.objects.in_bulk(ids[:NAMED]) if ids else {}
    pairs = [(kept.get(one.operation.undoes_id), one) for one in undone]
    return _report(request, pairs, back)


def _report(
    request: HttpRequest,
    undone: Sequence[tuple[Operation | None, ledger.Undone]],
    back: str,
) -> HttpResponse:
    """A message where all went well; a page where something failed. Who was kept is named."""
    numbers = {
        "reversed": sum(one.reversed for _operation, one in undone),
        "kept": sum(one.kept for _operation, one in undone),
        "failed": sum(len(one.failed) for _operation, one in undone),
    }
    told = _("Undone: %(reversed)d reversed") % numbers
    if numbers["kept"]:
        told += _(", %(kept)d kept because changed since") % numbers
    if numbers["failed"]:
        told += _(", %(failed)d failed") % numbers
    kept = _kept(undone, actor_of(request)) if numbers["kept"] else []
    back = _next(request) or back
    if not numbers["failed"]:
        for listing in kept:
            messages.info(request, _in_short(listing))
        (messages.success if numbers["reversed"] else messages.warning)(request, f"{told}.")
        return HttpResponseRedirect(back)
    problems = [
        Problem(refusal.message, value=refusal.record_id)
        for _operation, one in undone
        for refusal in one.failed
    ]
    return show(
        request, None, "staff/undone.html", title=_("Undo"), numbers=numbers, problems=problems,
        back=back, told=f"{told}.", listings=kept,
    )  # fmt: skip


def _kept(undone: Sequence[tuple[Operation | None, ledger.Undone]], by: Actor) -> list[Listing]:
    """Who was kept: as the room names them, or else the records that the operations changed."""
    told: list[Listing] = []
    names: list[tuple[str, str]] = []
    count = 0
    for operation, one in undone:
        if not one.kept:
            continue
        listings = kept_by_undo(operation, by) if operation and len(undone) == 1 else []
        if listings:
            told += listings
        else:
            count += 1
            names += [(operation.target_name, url_of(operation))] if operation else []
    if count:
        told.append(Listing(_("Kept because changed since"), names[:NAMED], count))
    return told


def _in_short(listing: Listing) -> str:
    """The listing in one sentence, a few by name."""
    short = Listing(listing.label, listing.names[:_NAMED_IN_A_MESSAGE], listing.count)
    names = ", ".join(f"“{name}”" for name, _url in short.names)
    return f"{short.label}: {names}{f' {short.more}' if short.more else ''}."


def _next(request: HttpRequest) -> str:
    """Where the button was, if that is ours."""
    url = request.POST.get("next", "")
    return url if url_has_allowed_host_and_scheme(url, {request.get_host()}) else ""


def siblings_of(operation: Operation, by: Actor, count: int) -> dict[str, Any] | None:
    """What else was done in one go with the operation: the first ones, and whether that is all."""
    if operation.batch is None:
        return None
    visible = Operation.objects.visible_to(by).filter(batch=operation.batch)
    rows = list(
        visible.exclude(pk=operation.pk)
        .select_related("user", "undone_by", "undoes")
        .defer("effects", "undone_by__effects", "undoes__effects")
        .order_by("-id")[: count + 1]
    )
    if not rows:
        return None
    can_undo = any(ledger.may_undo(one, by) for one in [operation, *rows])
    return {"rows": rows[:count], "has_more": len(rows) > count, "can_undo": can_undo}
