"""Pages that put recipients into a group, take them out, and set who is in it: each way of naming
recipients ends in the same preview, confirmation and result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commsapp.core.audit import Refusal, Refused
from commsapp.staff.changelists import count_up_to, searched_words
from commsapp.staff.dependents import Dependents, PlannedChange, dependents_of
from commsapp.staff.object_pages import Command, Problem, run_command, show, url_of
from commsapp.staff.post_pagination import Numbered
from commsapp.staff.request import actor_of, can_view
from contacts.models import Contact, ContactConnection
from groups import operations
from groups.forms import MatchedRecipients, RecipientsForm, recipients_summary
from groups.models import Membership, Recipient, RecipientGroup
from groups.pages.pickers import BY_NAME, candidates
from groups.pages.selection import Selection, eligible_recipients, of_contacts, selection_of

_CANDIDATES_SHOWN = _NAMES_SHOWN = 50  # on a page
MAX_FORM_CHARACTERS = 40 * operations.MAX_MEMBERS  # an id and the end of its line are 38


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


def add_recipients(request: HttpRequest, group: RecipientGroup) -> HttpResponse:
    return _change_members(request, group, VERBS["add"])


def remove_recipients(request: HttpRequest, group: RecipientGroup) -> HttpResponse:
    return _change_members(request, group, VERBS["remove"])


def set_recipients(request: HttpRequest, group: RecipientGroup) -> HttpResponse:
    return _change_members(request, group, VERBS["set"])


def _change_members(request: HttpRequest, group: RecipientGroup, verb: Verb) -> HttpResponse:
    """Ask who is meant; show what would happen; do it."""
    form = RecipientsForm(request, group)
    if not form.is_valid():
        return _ask(request, group, verb, form)
    chosen = selection_of(request, group, form)
    if "correct" in request.POST and chosen.listed and not chosen.listed.is_file:
        form = RecipientsForm(request, group, chosen.listed.as_pasted())
        return _ask(request, group, verb, form, problems_of(group, verb, chosen.who))
    if not chosen.is_anybody:
        form.add_error("pasted", gettext("Name at least one recipient."))
        return _ask(request, group, verb, form)
    return run_command(request, group, _command(request, group, verb, chosen))


# --- Preview, confirmation, result ----------------------------------------------------------


def _command(request: HttpRequest, group: RecipientGroup, verb: Verb, chosen: Selection) -> Command:
    ids, by = chosen.who.ids, actor_of(request)
    foretold: list[operations.RecipientsChange] = []

    def run(dry_run: bool) -> operations.RecipientsChange:
        change = verb.change(group.pk, ids, by=by, all_or_none=verb.all_or_none, dry_run=dry_run)
        foretold.append(change)
        return change

    def touches() -> Dependents:
        touch = PlannedChange(verb.name, [group.pk.hex], by, foretold[-1])
        return dependents_of(Membership, touch)

    return Command(
        title=str(verb.title),
        button=str(verb.button),
        run=run,
        back=url_of(group),
        fields=chosen.fields,
        problems=chosen.who.problems,
        spell=chosen.who.spell,
        is_destructive=verb.is_destructive,
        all_or_none=verb.all_or_none,
        selected=chosen.matching,
        success_url=lambda change: _back_with(group, change),
        template="groups/preview.html",
        context={
            "verb": verb.name,
            "listed": chosen.listed,
            "listed_told": recipients_summary(chosen.listed, chosen.who) if chosen.listed else "",
            "sent": chosen.fields,
            "who": (lambda: _who_moves(request, group, verb, ids, foretold[-1])),
            "touches": touches,
            "failed_rows_url": url_of(group, "failed-rows")
            if chosen.listed and not verb.all_or_none
            else "",
        },
    )


def _back_with(group: RecipientGroup, change: operations.RecipientsChange) -> str:
    """The group's page, with those marked who have come."""
    return f"{url_of(group)}?changed={change.operation.pk}" if change.added else url_of(group)


def _who_moves(
    request: HttpRequest,
    group: RecipientGroup,
    verb: Verb,
    ids: Sequence[str],
    change: operations.RecipientsChange,
) -> list[dict[str, Any]]:
    """Who would come and who would go, by name and page by page."""
    if not can_view(actor_of(request), Recipient):
        return []
    moving: list[dict[str, Any]] = []
    given = [id for id in ids if len(id) == 32]
    if change.added:
        member = Membership.objects.filter(group=group, recipient=OuterRef("pk"))
        coming = (
            Recipient.objects.eligible_for(group).filter(pk__in_ids=given).exclude(Exists(member))
        )
        page = _page(request, "coming", coming, change.added)
        moving.append({"title": gettext("Who comes"), "sign": "+", **page})
    if change.removed:
        members = group.memberships.all()
        named_here = {"recipient__in_ids": given}
        staying = members.exclude(**named_here)
        leaving = members.filter(**named_here) if verb.name == "remove" else staying
        gone = Recipient.objects.filter(pk__in=leaving.values("recipient"))
        page = _page(request, "going", gone, change.removed)
        moving.append({"title": gettext("Who goes"), "sign": "−", **page})
    return moving


def _page(request: HttpRequest, name: str, recipients: QuerySet[Any], count: int) -> dict[str, Any]:
    asks = f"{name}_page"
    rows = recipients.order_by("name", "pk")
    page = Numbered.of(rows, request.POST.get(asks), _NAMES_SHOWN, count)
    return {"name": name, "asks": asks, "page": page}


def problems_of(group: RecipientGroup, verb: Verb, who: MatchedRecipients) -> list[Problem]:
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
    words = searched_words(request)
    context: dict[str, Any] = {
        "form": form, "q": words, "verb": verb.name, "problems": problems or form.unreadable,
        "is_correcting": bool(problems),
        "can_pick": can_view(actor_of(request), Recipient),
    }  # fmt: skip
    if context["can_pick"]:
        rows = candidates(request, group, verb.name, words).select_related("customer")
        found = list(rows.order_by(*BY_NAME)[: _CANDIDATES_SHOWN + 1])
        context["candidates"] = found[:_CANDIDATES_SHOWN]
        context["has_more"] = len(found) > _CANDIDATES_SHOWN
    if group.customer_id and can_view(actor_of(request), Contact):
        context |= _contacts_context(group)
    status = 400 if form.is_bound else 200
    return show(
        request, group, "groups/change_members.html", title=str(verb.title), status=status,
        **context,
    )  # fmt: skip


def _counted(count: int, has_more: bool) -> str:
    told = number_format(count, force_grouping=True)
    return f"{told}+" if has_more else told


def _contacts_context(group: RecipientGroup) -> dict[str, Any]:
    """How many recipients stand for the customer's contacts, and how many contacts have none."""
    standing = eligible_recipients(group).filter(contact=OuterRef("contact"))
    connected = ContactConnection.objects.filter(group=group.customer_id)
    count, has_more = count_up_to(of_contacts(group))
    without, more_without = count_up_to(connected.exclude(Exists(standing)))
    return {
        "of_contacts": _counted(count, has_more),
        "has_contacts": count > 0,
        "without_recipient": _counted(without, more_without) if without else "",
    }
