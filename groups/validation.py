"""Which recipients may be members of a group, and why the others may not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from commsapp.core.audit import Refusal
from commsapp.db.expressions import missing_ids, planned_for
from commsapp.db.ids import Guids, dashed
from groups.models import Membership, Recipient, RecipientGroup


def _no_ids(malformed: Mapping[int, str]) -> Iterator[Refusal]:
    for place, text in malformed.items():
        yield Refusal("MALFORMED_ID", _("“%s” is no id.") % text[:64], "recipients", place)


def ineligible_recipients(group: RecipientGroup, given: Guids) -> Iterator[Refusal]:
    """Those of the given ids that neither are members nor may become one."""
    others = missing_ids(Recipient.objects.eligible_for(group), given.ids)
    if not others:
        return
    places = given.places()
    ours = Recipient.objects.belonging_to(group).in_ids(others)
    member = Membership.objects.filter(group=group, recipient=OuterRef("pk"))
    members = Recipient.objects.in_ids(others).filter(Exists(member))
    archived = {pk.hex for pk in ours.values_list("pk", flat=True)}
    with planned_for(len(others)):
        staying = {pk.hex for pk in members.values_list("pk", flat=True)}
    for id in set(others) - staying:
        if id in archived:
            message = _("The recipient %s is archived.") % dashed(id)
            yield Refusal("ENTITY_IS_DELETED", message, "recipients", places[id], dashed(id))
        else:
            yield _stranger(id, places)


def _stranger(id: str, places: Mapping[str, int]) -> Refusal:
    message = _("There is no recipient %s for this group.") % dashed(id)
    return Refusal("INVALID_CROSS_REFERENCE_KEY", message, "recipients", places[id], dashed(id))


def no_way_back(id: str, places: Mapping[str, int]) -> Refusal:
    """Of one who was taken out and has another customer by now."""
    message = _("The recipient is none of the group's customer any more.")
    return Refusal("INVALID_CROSS_REFERENCE_KEY", message, "recipients", places[id], dashed(id))


def unknown(group: RecipientGroup, given: Guids) -> Iterator[Refusal]:
    """Those of the given ids that are no recipient of the group's licensee."""
    others = missing_ids(Recipient.objects.filter(licensee=group.licensee_id), given.ids)
    places = given.places() if others else {}
    return (_stranger(id, places) for id in others)


def in_order(malformed: Mapping[int, str], others: Iterable[Refusal]) -> list[Refusal]:
    """What is no id at all, and the others, as the caller gave them."""
    return sorted(chain(_no_ids(malformed), others), key=lambda refusal: refusal.index or 0)
