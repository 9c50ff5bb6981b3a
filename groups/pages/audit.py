"""What the ledger knows of recipients in groups: told on the recipient's page, and by name on the
operation's; and the way back into a group for one of those that left together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext

from commsapp.core.actors import Actor, has_permission, require
from commsapp.core.audit import UNDONE
from commsapp.db.ids import read_guid
from commsapp.models import Operation
from commsapp.staff.audit import history
from commsapp.staff.audit.changes import NAMED, Listing
from commsapp.staff.audit.history import HistoryRow, HistoryRows, Tool
from commsapp.staff.object_pages import tell, url_of
from commsapp.staff.request import actor_of, can_view
from groups import operations
from groups.membership_history import Departure, departures_of, joined_at
from groups.models import Membership, Recipient, RecipientGroup

_RECENT = 10
_READ = 10  # later operations that are read to name who had left

# --- On the recipient's page ------------------------------------------------------------------


def membership_events(request: HttpRequest, recipient: Any) -> HistoryRows:
    """The operations on groups by which the recipient came in and left, and what undid them."""
    by = actor_of(request)
    if not can_view(by, RecipientGroup):
        return HistoryRows({})
    arrivals, departures = joined_at(recipient), departures_of(recipient)
    back = _rejoin_buttons(recipient, by, arrivals, departures.found)
    traces = {operation: HistoryRow(_came) for operation in arrivals.values()}
    traces |= {departure.origin_id: HistoryRow(_came) for departure in departures}
    left = [departure.operation_id for departure in departures]
    undos = Operation.objects.filter(undoes__in=left).values_list("pk", flat=True) if left else ()
    traces |= {undo: HistoryRow(_rejoined_label) for undo in undos}
    traces |= {
        departure.operation_id: HistoryRow(_left, back.get(departure.operation_id, ()))
        for departure in departures
    }
    note = "" if departures.is_complete else gettext(
        "Very much was done to groups since: only the newest of it was searched for when this"
        " recipient left groups."
    )  # fmt: skip
    return HistoryRows(traces, note)


def _came(operation: Operation) -> str:
    return gettext("Came into")


def _rejoined_label(operation: Operation) -> str:
    return gettext("What was undone, as far as it still stood, for")


def _left(operation: Operation) -> str:
    return gettext("Removed from")


def _rejoin_buttons(
    recipient: Recipient, by: Actor, arrivals: dict[UUID, UUID], left: Sequence[Departure]
) -> dict[UUID, list[Tool]]:
    """A button at the last departure from each active group that the recipient is not in."""
    if recipient.is_archived or not has_permission(by, "change", RecipientGroup):
        return {}
    last: dict[UUID, UUID] = {}
    for one in left:
        if one.group_id not in arrivals:
            last.setdefault(one.group_id, one.operation_id)
    groups = RecipientGroup.objects.visible_to(by).filter(pk__in=[*last])
    active = groups.filter(**RecipientGroup.ACTIVE).values_list("pk", flat=True) if last else ()
    url = url_of(recipient, "add-back")
    return {
        last[pk]: [Tool(gettext("Add it back to the group"), url, (("group", str(pk)),))]
        for pk in active
    }


def recent_history(request: HttpRequest, recipient: Recipient) -> dict[str, Any]:
    return history.recent(request, recipient, membership_events(request, recipient), _RECENT)


def rejoin(request: HttpRequest, recipient: Recipient) -> HttpResponse:
    """POST: one recipient into the group that it left; the others of then stay where they are."""
    by = actor_of(request)
    require(by, "change", RecipientGroup)
    group = read_guid(request.POST.get("group"))
    if request.method == "POST" and group:
        change = operations.add_recipients(group, [recipient.pk.hex], by=by)
        name = change.operation.target_name
        if change.added:
            message = gettext("“%(name)s” is in “%(group)s” again.")
            messages.success(
                request,
                message % {"name": recipient, "group": name},
                extra_tags=f"operation:{change.operation.pk}",
            )
        else:
            tell(request, change)
    url = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(url, {request.get_host()})
    return HttpResponseRedirect(url if is_ours else url_of(recipient))


# --- On the operation's page ------------------------------------------------------------------


def changed_members(operation: Operation, by: Actor) -> list[Listing]:
    """Who came in and is there still, and who left, by name."""
    if not can_view(by, Recipient):
        return []
    removed = [id for ids in _removed(operation).values() for id in ids]
    listings = [Listing(gettext("Removed"), _named(removed[:NAMED], by), len(removed))]
    if operation.kind == UNDONE.name:
        return listings
    staying = Membership.objects.filter(group=operation.target_id, operation=operation.pk)
    added = operation.numbers.get("added", operation.touched - len(removed))
    ids = [pk.hex for pk in staying.values_list("recipient_id", flat=True)[: NAMED + 1]]
    count = staying.count() if len(ids) > NAMED else len(ids)
    label = gettext("Added, and in the group today") if count < added else gettext("Added")
    return [Listing(label, _named(ids[:NAMED], by), count), *listings]


def skipped_members(operation: Operation, by: Actor) -> list[Listing]:
    """Whom undoing the operation left alone: who came back otherwise, and who had left since."""
    if not can_view(by, Recipient):
        return []
    removed, group = _removed(operation), operation.target_id
    undo = Operation.objects.filter(undoes=operation).values_list("pk", flat=True).first()
    until = {"id__lt": undo} if undo else {}
    came_back = Membership.objects.none()
    if removed:
        ids = [id for ids in removed.values() for id in ids]
        others = Membership.objects.filter(group=group, recipient__in_ids=ids)
        others = others.exclude(operation__in=[*removed])
        came_back = others.filter(operation_id__lt=undo) if undo else others
    later = Operation.objects.filter(
        target_id=group, id__gt=operation.pk, **until, effects__removed__has_key=operation.pk.hex
    )
    left = [id for one in later.order_by("-id")[:_READ] for id in _removed(one)[operation.pk.hex]]
    back = [pk.hex for pk in came_back.values_list("recipient_id", flat=True)[: NAMED + 1]]
    count = came_back.count() if len(back) > NAMED else len(back)
    return [
        Listing(gettext("Kept: in the group again since"), _named(back[:NAMED], by), count),
        Listing(gettext("Kept: left since"), _named(left[:NAMED], by), len(left)),
    ]


def _removed(operation: Operation) -> dict[str, list[str]]:
    """Who left by the operation, by the operation that had put them in: 32 hex digits each."""
    by_origin = operation.effects.get("removed", {})
    return {origin: ids.replace("-", "").split(",") for origin, ids in by_origin.items()}


def _named(ids: Iterable[str], by: Actor) -> list[tuple[str, str]]:
    rows = Recipient.objects.visible_to(by).in_ids(ids).order_by("name", "pk")
    return [(str(row), url_of(row)) for row in rows.only("pk", "name")]
