"""Pages of a recipient group: who is in it, and putting in, taking out and setting recipients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commsapp.faces.staff.actors import actor_of
from commsapp.faces.staff.lists import page_by_key
from commsapp.faces.staff.pages import Command, carry_out, page_on, panel_on, show, url_of
from commsapp.ids import read_guid
from groups import operations
from groups.forms import RecipientsForm, named
from groups.models import Membership, Recipient, RecipientGroup

_MEMBERS_SHOWN, _CANDIDATES_SHOWN = 50, 50
_SEARCHED = ("name", "email", "msisdn", "external_reference", "city")


def _is_active(group: RecipientGroup) -> bool:
    return not group.is_archived


def _matching(words: str, prefix: str = "") -> Q:
    """Each word in one of the searched fields."""
    query = Q()
    for word in words.split():
        fields = (Q(**{f"{prefix}{name}__icontains": word}) for name in _SEARCHED)
        query &= next(fields) | next(fields) | next(fields) | next(fields) | next(fields)
    return query


# --- Who is in it ---------------------------------------------------------------------------


@panel_on(RecipientGroup, _("Members"), "groups/members.html", sees=Recipient)
def members(request: HttpRequest, group: RecipientGroup) -> dict[str, Any]:
    """A page of the members, in the order in which the recipients were made: by their key."""
    words = request.GET.get("q", "").strip()
    memberships = Membership.objects.filter(group=group).filter(_matching(words, "recipient__"))
    joined = memberships.select_related("recipient", "operation__user")
    light = joined.defer("operation__effects", "operation__numbers")
    page = page_by_key(light, request, "recipient_id", _MEMBERS_SHOWN)
    can_change = request.user.has_perm("groups.change_recipientgroup") and _is_active(group)
    return {"page": page, "q": words, "count": group.member_count, "can_change": can_change}


@panel_on(Recipient, _("In recipient groups"), "groups/groups_of.html", sees=RecipientGroup)
def groups_of(request: HttpRequest, recipient: Recipient) -> dict[str, Any] | None:
    memberships = Membership.objects.filter(recipient=recipient)
    joined = memberships.select_related("group__customer", "operation__user")
    light = joined.defer("operation__effects", "operation__numbers")
    page = page_by_key(light, request, "group_id", _MEMBERS_SHOWN)
    return {"page": page}


# --- Add, remove, set -----------------------------------------------------------------------


@page_on(
    RecipientGroup, "add-recipients", label=_("Add recipients"), fits=_is_active, is_primary=True
)
def add_recipients(request: HttpRequest, group: RecipientGroup) -> HttpResponse:
    return _change_members(
        request, group, operations.add_recipients, gettext("Add recipients"), gettext("Add")
    )


@page_on(RecipientGroup, "remove-recipients", label=_("Remove recipients"), fits=_is_active)
def remove_recipients(request: HttpRequest, group: RecipientGroup) -> HttpResponse:
    return _change_members(
        request, group, operations.remove_recipients, gettext("Remove recipients"),
        gettext("Remove"), is_destructive=True,
    )  # fmt: skip


@page_on(RecipientGroup, "set-recipients", label=_("Set exactly"), fits=_is_active)
def set_recipients(request: HttpRequest, group: RecipientGroup) -> HttpResponse:
    """Who is not named leaves: so a name that nobody has stops it all."""
    return _change_members(
        request, group, operations.set_recipients, gettext("Set recipients exactly"),
        gettext("Set"), is_destructive=True, all_or_none=True,
    )  # fmt: skip


def _change_members(
    request: HttpRequest,
    group: RecipientGroup,
    change_members: Callable[..., operations.RecipientsChange],
    title: str,
    button: str,
    *,
    is_destructive: bool = False,
    all_or_none: bool = False,
) -> HttpResponse:
    """Ask who is meant; show what would happen; do it."""
    form = RecipientsForm(request.POST or None)
    ticked = [*filter(None, map(read_guid, request.POST.getlist("recipients")))]
    if not form.is_valid() or not (ticked or form.cleaned_data["pasted"]):
        if form.is_bound and form.is_valid():
            form.add_error("pasted", gettext("Name at least one recipient."))
        return _ask(request, group, form, title, button)
    who = named(form.cleaned_data["pasted"], ticked, group)
    command = Command(
        title=title,
        button=button,
        run=lambda dry_run: change_members(
            group.pk, who.ids, by=actor_of(request), all_or_none=all_or_none, dry_run=dry_run
        ),
        back=url_of(group),
        fields=[("pasted", request.POST.get("pasted", "")), *(("recipients", id) for id in ticked)],
        problems=who.problems,
        spell=who.spell,
        is_destructive=is_destructive,
        all_or_none=all_or_none,
    )
    return carry_out(request, group, command)


def _ask(
    request: HttpRequest, group: RecipientGroup, form: RecipientsForm, title: str, button: str
) -> HttpResponse:
    words = request.GET.get("q", "").strip()
    context: dict[str, Any] = {"form": form, "button": button, "q": words, "is_adding": False}
    if request.path.endswith("/add-recipients/"):
        found = page_by_key(_candidates(request, group, words), request, "pk", _CANDIDATES_SHOWN)
        context |= {"is_adding": True, "page": found}
    status = 400 if form.is_bound else 200
    return show(request, group, "groups/change_members.html", title=title, status=status, **context)


def _candidates(request: HttpRequest, group: RecipientGroup, words: str) -> QuerySet[Any]:
    """Who could be added: fits the group and is not in it."""
    member = Membership.objects.filter(group=group, recipient=OuterRef("pk"))
    eligible = Recipient.objects.visible_to(actor_of(request)).eligible_for(group)
    return eligible.filter(_matching(words)).exclude(Exists(member)).select_related("customer")
