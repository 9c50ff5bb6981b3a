"""Which recipients may be members of a group, and why the others may not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from commsapp.core.audit import Refusal, RefusalCode
from commsapp.db.expressions import missing_ids, planned_for
from commsapp.db.ids import Guids, dashed
from groups.models import Membership, Recipient, RecipientGroup


def _malformed_ids(malformed: Mapping[int, str]) -> Iterator[Refusal]:
    for place, text in malformed.items():
        yield Refusal(
            RefusalCode.MALFORMED_ID, _("“%s” is no id.") % text[:64], "recipients", place
        )


def ineligible_recipients(group: RecipientGroup, requested: Guids) -> Iterator[Refusal]:
    """Refuse the requested ids that neither are members nor may become one."""
    others = missing_ids(Recipient.objects.eligible_for(group), requested.ids)
    if not others:
        return
    places = requested.places()
    ours = Recipient.objects.belonging_to(group).in_ids(others)
    member = Membership.objects.filter(group=group, recipient=OuterRef("pk"))
    members = Recipient.objects.in_ids(others).filter(Exists(member))
    archived = {pk.hex for pk in ours.values_list("pk", flat=True)}
    with planned_for(len(others)):
        staying = {pk.hex for pk in members.values_list("pk", flat=True)}
    for id in set(others) - staying:
        if id in archived:
            message = _("The recipient %s is archived.") % dashed(id)
            yield Refusal(
                RefusalCode.ENTITY_IS_DELETED, message, "recipients", places[id], dashed(id)
            )
        else:
            yield _unknown_recipient(id, places)


def _unknown_recipient(id: str, places: Mapping[str, int]) -> Refusal:
    message = _("There is no recipient %s for this group.") % dashed(id)
    return Refusal(
        RefusalCode.INVALID_CROSS_REFERENCE_KEY, message, "recipients", places[id], dashed(id)
    )


def no_way_back(id: str, places: Mapping[str, int]) -> Refusal:
    """Refuse a recipient who was removed and has another customer by now."""
    message = _("The recipient is none of the group's customer any more.")
    return Refusal(
        RefusalCode.INVALID_CROSS_REFERENCE_KEY, message, "recipients", places[id], dashed(id)
    )


def unknown(group: RecipientGroup, requested: Guids) -> Iterator[Refusal]:
    """Refuse the requested ids that are no recipient of the group's licensee."""
    others = missing_ids(Recipient.objects.filter(licensee=group.licensee_id), requested.ids)
    places = requested.places() if others else {}
    return (_unknown_recipient(id, places) for id in others)


def in_order(malformed: Mapping[int, str], others: Iterable[Refusal]) -> list[Refusal]:
    """Return the refusals of malformed ids and the others, in the order of the request."""
    return sorted(chain(_malformed_ids(malformed), others), key=lambda refusal: refusal.index or 0)
