"""Who is meant on the pages that change a group's members, and how a confirmation says it again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from commsapp.core.imports import drafts
from commsapp.db.ids import read_guid
from commsapp.staff.request import actor_of, parse_digits
from contacts.models import ContactConnection
from groups.forms import MatchedRecipients, RecipientsForm, match_recipients
from groups.models import Recipient, RecipientGroup
from groups.pages.members import MemberFilter, ids_of
from groups.recipient_list import MAX_CARRIED, RecipientList

_DRAFT_KIND = "groups.members"


@dataclass
class Selection:
    """Who is meant, and how the confirmation says it again."""

    who: MatchedRecipients
    fields: list[tuple[str, str]] = field(default_factory=list)
    listed: RecipientList | None = None
    matching: int | None = None  # how many the filter, group or customer stands for, if any does

    @property
    def is_anybody(self) -> bool:
        return bool(self.who.ids or self.who.problems or self.matching is not None)


def selection_of(request: HttpRequest, group: RecipientGroup, form: RecipientsForm) -> Selection:
    told = form.cleaned_data
    ticked = [*filter(None, map(read_guid, request.POST.getlist("recipients")))]
    if request.POST.get("selection") == "matching":
        ticked = []  # of those on the page
    fresh = told["pasted"] or told["file"]
    listed, by = fresh or resubmitted_list(request, group), actor_of(request)
    chosen = Selection(
        match_recipients(listed.entries if listed else (), ticked, group, by=by), listed=listed
    )
    chosen.fields += (("recipients", id) for id in ticked)
    for ids, fields in _meant_by(request, group, told):
        chosen.matching = (chosen.matching or 0) + len(ids)
        chosen.who.ids += ids
        chosen.fields += fields
    if listed:
        kept = "" if fresh else read_guid(request.POST.get("draft")) or ""
        chosen.fields += _carry(request, group, listed, kept)
    return chosen


def _meant_by(
    request: HttpRequest, group: RecipientGroup, told: dict[str, Any]
) -> list[tuple[Sequence[str], list[tuple[str, str]]]]:
    """Recipients that are meant by what they are in: asked anew each time."""
    found: list[tuple[Sequence[str], list[tuple[str, str]]]] = []
    if other := told["from_group"]:
        found.append((ids_of(other.memberships), [("from_group", str(other.pk))]))
    if told["from_contacts"] and group.customer_id:
        rows = of_contacts(group).order_by("pk").values_list("pk", flat=True)
        found.append(([pk.hex for pk in rows], [("from_contacts", "on")]))
    if request.POST.get("selection") == "matching":
        asked = MemberFilter.of(request.POST)
        found.append(
            (
                ids_of(asked.among(group.memberships.all())),
                [("selection", "matching"), *asked.given],
            )
        )
    return found


def of_contacts(group: RecipientGroup) -> QuerySet[Any]:
    """The recipients that stand for a contact of the group's customer."""
    connected = ContactConnection.objects.filter(group=group.customer_id).values("contact")
    return eligible_recipients(group).filter(contact__in=connected)


def eligible_recipients(group: RecipientGroup) -> QuerySet[Any]:
    """Those that could be members, without naming the licensee: a contact's recipients are of its
    own, and SQLite would read all of the licensee's instead of the contact's."""
    ours = Q(customer=None) | Q(customer=group.customer_id)
    found: QuerySet[Any] = Recipient.objects.filter(ours, archived_at=None)
    return found


# --- A list on its way through the confirmation ---------------------------------------------


def _carry(
    request: HttpRequest, group: RecipientGroup, listed: RecipientList, kept: str
) -> list[tuple[str, str]]:
    """A short list travels with the form; a long one waits here, where it may be `kept` already."""
    column = ("column", str(listed.at))
    if kept:
        return [("draft", kept), column]
    if len(listed.rows) <= MAX_CARRIED:
        return [("listed", listed.dumps()), column]
    draft = drafts.save_draft(
        by=actor_of(request), licensee_id=group.licensee_id, kind=_DRAFT_KIND,
        file_name=str(group), ending="file" if listed.is_file else "text",
        columns=listed.columns, rows=listed.rows,
    )  # fmt: skip
    return [("draft", draft.pk.hex), column]


def resubmitted_list(request: HttpRequest, group: RecipientGroup) -> RecipientList | None:
    """The list that the preview showed, read in the column that was chosen there."""
    listed = None
    if guid := read_guid(request.POST.get("draft")):
        mine = drafts.drafts_of(actor_of(request)).filter(kind=_DRAFT_KIND)
        draft = mine.get(pk=UUID(guid), licensee=group.licensee_id)
        rows = [(line, tuple(cells)) for line, cells in drafts.every_row(draft)]
        listed = RecipientList(tuple(draft.columns), rows, is_file=draft.format == "file")
    elif text := request.POST.get("listed"):
        try:
            listed = RecipientList.loads(text)
        except ValueError:
            return None
    column = parse_digits(request.POST.get("column"), 3)
    return listed if listed is None or column is None else listed.reading(column)
