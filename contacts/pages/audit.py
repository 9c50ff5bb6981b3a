"""What operations changed in the connections of a contact group, by the names of contacts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from commsapp.core.actors import Actor
from commsapp.db.ids import read_guid
from commsapp.models import Operation
from commsapp.staff.audit.changes import NAMED, Listing
from commsapp.staff.object_pages import url_of
from commsapp.staff.request import can_view
from contacts import connection_changes
from contacts.models import Contact, Role

_Stood = dict[str, tuple[int, str | None]]  # place and role by contact


def changed_connections(operation: Operation, by: Actor) -> list[Listing]:
    """Who came and went, whose role is another, and who stands at another place."""
    if not can_view(by, Contact):
        return []
    before, after = (_stood(operation.effects.get(side) or {}) for side in ("before", "after"))
    both = [contact for contact in after if contact in before]
    roles = [contact for contact in both if before[contact][1] != after[contact][1]]
    came = [contact for contact in after if contact not in before]
    went = [contact for contact in before if contact not in after]
    moved = _moved(operation, before, after) if not (came or went) else []
    named = [*came[:NAMED], *went[:NAMED], *roles[:NAMED], *moved[:NAMED]]
    names = {
        id.pk.hex: (str(id), url_of(id)) for id in Contact.objects.visible_to(by).in_ids(named)
    }
    titles = _titles([before.get(c, (0, None))[1] for c in roles[:NAMED]], by) | _titles(
        [after[c][1] for c in roles[:NAMED]], by
    )

    def listing(label: str, contacts: list[str], more: Any = lambda contact: "") -> Listing:
        rows = [(names[c][0] + more(c), names[c][1]) for c in contacts[:NAMED] if c in names]
        return Listing(label, rows, len(contacts))

    return [
        listing(_("Added"), came),
        listing(_("Removed"), went),
        listing(
            _("Another role"),
            roles,
            lambda c: f": {titles[before[c][1]]} → {titles[after[c][1]]}",
        ),
        listing(
            _("Another place"),
            moved,
            lambda c: (
                ": " + _("Place %(from)d → %(to)d") % {"from": before[c][0], "to": after[c][0]}
            ),
        ),
    ]


def _stood(side: dict[str, Any]) -> _Stood:
    rows = side.get("connections") or []
    return {contact: (place, role) for place, (contact, role) in enumerate(rows, 1)}


def _moved(operation: Operation, before: _Stood, after: _Stood) -> list[str]:
    """Who stands elsewhere; where one contact was moved, that one and not whom it passed."""
    moved = [contact for contact in after if after[contact][0] != before[contact][0]]
    if operation.kind != connection_changes.MOVED.name:
        return moved
    place = operation.numbers.get("place")
    return [contact for contact in moved if after[contact][0] == place]


def _titles(roles: Iterable[str | None], by: Actor) -> dict[str | None, str]:
    """The names of roles by their ids, as the ledger keeps them."""
    ids = {role: read_guid(role) or "" for role in roles if role}
    rows = Role.objects.visible_to(by).in_ids(ids.values()) if ids else ()
    names = {row.pk.hex: row.name for row in rows}
    return {None: "—", **{role: names.get(guid, "?") for role, guid in ids.items()}}
