"""Who could be named on the pages that change a group's members, and what their pickers offer."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext

from commsapp.core.number_format import format_count
from commsapp.core.search import shorten_search
from commsapp.staff.combobox import as_options, searching
from commsapp.staff.request import actor_of, can_view
from groups.models import Membership, Recipient, RecipientGroup
from groups.pages.members import matching

BY_NAME = ("licensee", "name", "pk")  # as an index has them


def candidates(request: HttpRequest, group: RecipientGroup, verb: str, words: str) -> QuerySet[Any]:
    """Who could be named: to add, who fits the group and is not in it; to remove, who is in it."""
    member = Membership.objects.filter(group=group, recipient=OuterRef("pk"))
    visible = Recipient.objects.visible_to(actor_of(request)).filter(matching(words))
    if verb == "remove":
        return visible.filter(Exists(member))
    eligible: QuerySet[Any] = visible.eligible_for(group)
    return eligible if verb == "set" else eligible.exclude(Exists(member))


def find_recipients(request: HttpRequest, group: RecipientGroup) -> JsonResponse:
    """What the picker offers for what was typed."""
    if not can_view(actor_of(request), Recipient):
        raise PermissionDenied
    verb, term = request.GET.get("for", "add"), shorten_search(request.GET.get("term", "").strip())
    rows = candidates(request, group, verb, term)
    return as_options(rows.order_by(*BY_NAME), hint)


def find_groups(request: HttpRequest, group: RecipientGroup) -> JsonResponse:
    """Other groups of the same licensee."""
    search, _exact = searching(request, RecipientGroup)
    rows = RecipientGroup.objects.visible_to(actor_of(request)).filter(licensee=group.licensee_id)
    term = request.GET.get("term", "").replace("\0", "")
    found = search(rows.exclude(pk=group.pk), term)
    return as_options(found, lambda other: gettext("%s members") % format_count(other.member_count))


def hint(recipient: Recipient) -> str:
    """What tells a recipient from others of its name."""
    told = (recipient.msisdn or recipient.email, recipient.city, recipient.external_reference)
    return " · ".join(part for part in told if part)
