"""Pages that put recipients into a group, take them out, and set who is in it: each way of naming
recipients ends in the same preview, confirmation and result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commsapp import drafts
from commsapp.faces.staff.actors import actor_of, may_see
from commsapp.faces.staff.lists import count_up_to
from commsapp.faces.staff.pages import Command, Problem, carry_out, page_on, show, url_of
from commsapp.ids import read_guid
from commsapp.ledger import Refusal, Refused
from commsapp.sql import GivenIds
from contacts.models import Contact, ContactConnection
from groups import operations
from groups.forms import Named, RecipientsForm, named, told_of
from groups.listed import Listed
from groups.models import Membership, Recipient, RecipientGroup
from groups.pages.members import Asked, ids_of, is_active
from groups.pages.picking import BY_NAME, candidates

_CANDIDATES_SHOWN = _NAMES_SHOWN = 50
_MOST_CARRIED = 2_000  # rows that travel with the confirmation; a longer list is kept as a draft
_DRAFT_KIND = "groups.members"


@dataclass(frozen=True)
class Verb:
    """What a page does to a group's members."""

    name: str
    change: Callable[..., operations.RecipientsChange]
    title: Any
    button: Any
    is_destructive: bool = False
    all_or_none: bool = False


VERBS = {
    verb.name: verb
    for verb in (
        Verb("add", operations.add_recipients, _("Add recipients"), _("Add")),
        Verb("remove", operations.remove_recipients, _("Remove recipients"), _("Remove"), True),
        # Who is not named leaves: so a name that nobody has stops it all.
        Verb("set", operations.set_recipients, _("Set recipients exactly"), _("Set"), True, True),
    )
}


@page_on(
    RecipientGroup, "add-recipients", label=_("Add recipients"), fits=is_active, is_primary=True
)
def add_recipients(request: HttpRequest, group: RecipientGroup) -> HttpResponse:
    return _change_members(request, group, VERBS["add"])


@page_on(RecipientGroup, "remove-recipients", label=_("Remove recipients"), fits=is_active)
def remove_recipients(request: HttpRequest, group: RecipientGroup) -> HttpResponse:
    return _change_members(request, group, VERBS["remove"])


@page_on(RecipientGroup, "set-recipients", label=_("Set exactly"), fits=is_active)
def set_recipients(request: HttpRequest, group: RecipientGroup) -> HttpResponse:
    return _change_members(request, group, VERBS["set"])


def _change_members(request: HttpRequest, group: RecipientGroup, verb: Verb) -> HttpResponse:
    """Ask who is meant; show what would happen; do it."""
    form = RecipientsForm(request, group)
    if not form.is_valid():
        return _ask(request, group, verb, form)
    chosen = _chosen(request, group, form)
    if "correct" in request.POST and chosen.listed and not chosen.listed.is_file:
        form = RecipientsForm(request, group, chosen.listed.as_pasted())
        return _ask(request, group, verb, form, problems_of(group, verb, chosen.who))
    if not chosen.is_anybody:
        form.add_error("pasted", gettext("Name at least one recipient."))
        return _ask(request, group, verb, form)
    return carry_out(request, group, _command(request, group, verb, chosen))


# --- Who is meant ---------------------------------------------------------------------------


@dataclass
class Chosen:
    """Who is meant, and how the confirmation says it again."""

    who: Named
    fields: list[tuple[str, str]] = field(default_factory=list)
    listed: Listed | None = None
    matching: int | None = None  # how many the filter, group or customer stands for, if any does

    @property
    def is_anybody(self) -> bool:
        return bool(self.who.ids or self.who.problems or self.matching is not None)


def _chosen(request: HttpRequest, group: RecipientGroup, form: RecipientsForm) -> Chosen:
    told = form.cleaned_data
    ticked = [*filter(None, map(read_guid, request.POST.getlist("recipients")))]
    if request.POST.get("selection") == "matching":
        ticked = []  # of those on the page
    fresh = told["pasted"] or told["file"]
    listed, by = fresh or brought_again(request, group), actor_of(request)
    chosen = Chosen(named(listed.entries if listed else (), ticked, group, by=by), listed=listed)
    chosen.fields += (("recipients", id) for id in ticked)
    for standing_for, fields in _standing_for(request, group, told):
        chosen.matching = (chosen.matching or 0) + len(standing_for)
        chosen.who.ids += standing_for
        chosen.fields += fields
    if listed:
        kept = "" if fresh else read_guid(request.POST.get("draft")) or ""
        chosen.fields += _carry(request, group, listed, kept)
    return chosen


def _standing_for(
    request: HttpRequest, group: RecipientGroup, told: dict[str, Any]
) -> list[tuple[Sequence[str], list[tuple[str, str]]]]:
    """Recipients that are meant by what they are in: asked anew each time."""
    found: list[tuple[Sequence[str], list[tuple[str, str]]]] = []
    if other := told["from_group"]:
        found.append((ids_of(other.memberships), [("from_group", str(other.pk))]))
    if told["from_contacts"] and group.customer_id:
        rows = _of_contacts(group).order_by("pk").values_list("pk", flat=True)
        found.append(([pk.hex for pk in rows], [("from_contacts", "on")]))
    if request.POST.get("selection") == "matching":
        asked = Asked.of(request.POST)
        found.append(
            (
                ids_of(asked.among(group.memberships.all())),
                [("selection", "matching"), *asked.given],
            )
        )
    return found


def _of_contacts(group: RecipientGroup) -> QuerySet[Any]:
    """The recipients that stand for a contact of the group's customer."""
    connected = ContactConnection.objects.filter(group=group.customer_id).values("contact")
    return _standing(group).filter(contact__in=connected)


def _standing(group: RecipientGroup) -> QuerySet[Any]:
    """Those that could be members, without naming the licensee: a contact's recipients are of its
    own, and SQLite would read all of the licensee's instead of the contact's."""
    ours = Q(customer=None) | Q(customer=group.customer_id)
    found: QuerySet[Any] = Recipient.objects.filter(ours, archived_at=None)
    return found


# --- A list on its way through the confirmation ---------------------------------------------


def _carry(
    request: HttpRequest, group: RecipientGroup, listed: Listed, kept: str
) -> list[tuple[str, str]]:
    """A short list travels with the form; a long one waits here, where it may be `kept` already."""
    column = ("column", str(listed.at))
    if kept:
        return [("draft", kept), column]
    if len(listed.rows) <= _MOST_CARRIED:
        return [("listed", listed.dumps()), column]
    draft = drafts.keep(
        by=actor_of(request), licensee_id=group.licensee_id, kind=_DRAFT_KIND,
        file_name=str(group), ending="file" if listed.is_file else "text",
        columns=listed.columns, rows=listed.rows,
    )  # fmt: skip
    return [("draft", draft.pk.hex), column]


def brought_again(request: HttpRequest, group: RecipientGroup) -> Listed | None:
    """The list that the preview showed, read in the column that was chosen there."""
    listed = None
    if guid := read_guid(request.POST.get("draft")):
        mine = drafts.drafts_of(actor_of(request)).filter(kind=_DRAFT_KIND)
        draft = mine.get(pk=UUID(guid), licensee=group.licensee_id)
        rows = [(line, tuple(cells)) for line, cells in drafts.every_row(draft)]
        listed = Listed(tuple(draft.columns), rows, is_file=draft.format == "file")
    elif text := request.POST.get("listed"):
        try:
            listed = Listed.loads(text)
        except ValueError:
            return None
    at = request.POST.get("column", "")
    return listed.reading(int(at)) if listed and at.isdecimal() and len(at) < 4 else listed


# --- Preview, confirmation, result ----------------------------------------------------------


def _command(request: HttpRequest, group: RecipientGroup, verb: Verb, chosen: Chosen) -> Command:
    ids, by = chosen.who.ids, actor_of(request)
    sees = may_see(by, Recipient)
    return Command(
        title=str(verb.title),
        button=str(verb.button),
        run=lambda dry_run: verb.change(
            group.pk, ids, by=by, all_or_none=verb.all_or_none, dry_run=dry_run
        ),
        back=url_of(group),
        fields=chosen.fields,
        problems=chosen.who.problems,
        spell=chosen.who.spell,
        is_destructive=verb.is_destructive,
        all_or_none=verb.all_or_none,
        selected=chosen.matching,
        goes_on=lambda change: _back_with(group, change),
        template="groups/preview.html",
        context={
            "verb": verb.name,
            "listed": chosen.listed,
            "listed_told": told_of(chosen.listed) if chosen.listed else "",
            "sent": chosen.fields,
            "who": partial(_who_moves, group, verb, ids) if sees else (),
            "failed_rows_url": url_of(group, "failed-rows")
            if chosen.listed and not verb.all_or_none
            else "",
        },
    )


def _back_with(group: RecipientGroup, change: operations.RecipientsChange) -> str:
    """The group's page, with those marked who have come."""
    return f"{url_of(group)}?changed={change.operation.pk}" if change.added else url_of(group)


def _who_moves(group: RecipientGroup, verb: Verb, ids: Sequence[str]) -> list[dict[str, Any]]:
    """Who would come and who would go: names, up to a bound."""
    moving: list[dict[str, Any]] = []
    given = GivenIds([id for id in ids if len(id) == 32])
    if verb.name != "remove":
        member = Membership.objects.filter(group=group, recipient=OuterRef("pk"))
        coming = Recipient.objects.eligible_for(group).filter(pk__in=given).exclude(Exists(member))
        moving.append({"title": gettext("Who comes"), "sign": "+", "rows": _first(coming)})
    if verb.name != "add":
        members = group.memberships.all()
        named_here = {"recipient__in": given}
        staying = members.exclude(**named_here)
        leaving = members.filter(**named_here) if verb.name == "remove" else staying
        gone = Recipient.objects.filter(pk__in=leaving.values("recipient"))
        moving.append({"title": gettext("Who goes"), "sign": "−", "rows": _first(gone)})
    return [one for one in moving if one["rows"]]


def _first(recipients: QuerySet[Any]) -> list[Any]:
    return list(recipients.order_by("name", "pk")[: _NAMES_SHOWN + 1])


def problems_of(group: RecipientGroup, verb: Verb, who: Named) -> list[Problem]:
    """What could not be done, in the order of the lines.

    Asked anew, by a dry run: what was done meanwhile is no failure.
    """
    try:
        change = verb.change(group.pk, who.ids, by=who.by, all_or_none=False, dry_run=True)
        refusals: Sequence[Refusal] = change.skipped
    except Refused as refused:
        refusals = refused.refusals
    problems = [*who.problems, *map(who.spell, refusals)]
    return sorted(problems, key=lambda one: one.line or 0)


# --- The page that asks ---------------------------------------------------------------------


def _ask(
    request: HttpRequest,
    group: RecipientGroup,
    verb: Verb,
    form: RecipientsForm,
    problems: Sequence[Problem] = (),
) -> HttpResponse:
    """The ways of naming recipients; with `problems` of a list that is pasted in already."""
    words = request.GET.get("q", "").strip()
    context: dict[str, Any] = {
        "form": form, "q": words, "verb": verb.name, "problems": problems or form.unreadable,
        "is_correcting": bool(problems),
        "can_pick": may_see(actor_of(request), Recipient),
    }  # fmt: skip
    if context["can_pick"]:
        rows = candidates(request, group, verb.name, words).select_related("customer")
        found = list(rows.order_by(*BY_NAME)[: _CANDIDATES_SHOWN + 1])
        context["candidates"] = found[:_CANDIDATES_SHOWN]
        context["has_more"] = len(found) > _CANDIDATES_SHOWN
    if group.customer_id and may_see(actor_of(request), Contact):
        context |= _contacts_told(group)
    status = 400 if form.is_bound else 200
    return show(
        request, group, "groups/change_members.html", title=str(verb.title), status=status,
        **context,
    )  # fmt: skip


def _counted(count: int, has_more: bool) -> str:
    told = number_format(count, force_grouping=True)
    return f"{told}+" if has_more else told


def _contacts_told(group: RecipientGroup) -> dict[str, Any]:
    """How many recipients stand for the customer's contacts, and how many contacts have none."""
    standing = _standing(group).filter(contact=OuterRef("contact"))
    connected = ContactConnection.objects.filter(group=group.customer_id)
    count, has_more = count_up_to(_of_contacts(group))
    without, more_without = count_up_to(connected.exclude(Exists(standing)))
    return {
        "of_contacts": _counted(count, has_more),
        "has_contacts": count > 0,
        "without_recipient": _counted(without, more_without) if without else "",
    }
