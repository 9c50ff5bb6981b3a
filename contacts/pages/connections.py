"""Pages of a contact group: who is connected to it, in which order and role."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from commsapp.core.actors import Actor, has_permission
from commsapp.core.number_format import format_count
from commsapp.core.search import having, shorten_search
from commsapp.db.ids import read_guid
from commsapp.staff.changelists import page_by_key, page_by_number, searched_words
from commsapp.staff.combobox import as_options
from commsapp.staff.object_pages import (
    Command,
    run_command,
    selection_buttons_for,
    show,
    tell,
    url_of,
)
from commsapp.staff.request import actor_of, parse_digits
from contacts import operations
from contacts.forms import ConnectionRoleForm
from contacts.models import Contact, ContactConnection, ContactGroup, Role

SHOWN = 200  # contacts on a page: a group of as many is on one
_CANDIDATES_SHOWN, _NAMED, _MAX_ROLES = 50, 20, 200


def is_not_deleted(group: ContactGroup) -> bool:
    """Whether the group is not deleted: it may be changed."""
    return group.status != ContactGroup.Status.DELETED


def selected_ids(request: HttpRequest) -> list[str]:
    """The contacts that were ticked, each once."""
    sent = map(read_guid, request.POST.getlist("contacts"))
    return [*dict.fromkeys(id for id in sent if id)]


# --- The panel --------------------------------------------------------------------------------


def connections(request: HttpRequest, group: Any) -> dict[str, Any]:
    """The contacts in their order; the first is the primary one."""
    by = actor_of(request)
    rows = group.connections.select_related("contact", "role").order_by("position", "id")
    words = searched_words(request, "contact")
    rows = rows.filter(having(words, ("contact__name", "contact__email")))
    page = page_by_number(rows, request, SHOWN)
    can_change = has_permission(by, "change", ContactGroup) and is_not_deleted(group)
    roles = _roles_of(group) if can_change and page.rows else []
    return {
        "page": page,
        "lines": [*_lines(page, roles)],
        "q": words,
        "can_change": can_change,
        "has_roles": bool(roles),
        "uses": selection_buttons_for(request, group),
        "count": group.connected,
    }


def _roles_of(group: ContactGroup) -> list[Role]:
    roles = Role.objects.filter(licensee=group.licensee_id, kind=Role.Kind.CONNECTION)
    return list(roles.order_by("name")[:_MAX_ROLES])


def _lines(rows: Iterable[Any], roles: Sequence[Role]) -> Iterator[tuple[Any, str]]:
    """Each connection with the options of its role's select, which are made once for each role."""
    made: dict[Any, SafeString] = {}
    for row in rows:
        if roles and row.role_id not in made:
            made[row.role_id] = _options(roles, row.role)
        yield row, made.get(row.role_id, "")


def _options(roles: Sequence[Role], chosen: Role | None) -> SafeString:
    known: list[Role | None] = [None, *roles]
    if chosen and chosen not in roles:
        known.append(chosen)
    return mark_safe("".join(_option(role, role == chosen) for role in known))  # noqa: S308


def _option(role: Role | None, is_chosen: bool) -> str:
    template = '<option value="{}" selected>{}</option>' if is_chosen else _OPTION
    return format_html(template, role.pk.hex if role else "", role.name if role else "—")


_OPTION = '<option value="{}">{}</option>'


# --- Place and role ---------------------------------------------------------------------------


def move_connection(request: HttpRequest, group: ContactGroup) -> HttpResponse:
    """POST: one contact up, down, first, or to a number; then back to the button in its row."""
    contact, to = read_guid(request.POST.get("contact")), request.POST.get("to", "")
    way = {"up": {"step": -1}, "down": {"step": 1}, "first": {"to": 1}}.get(to)
    place_text = request.POST.get("place") if to == "place" else to
    if way is None and (number := parse_digits(place_text)):
        way = {"to": number}
    if request.method != "POST" or not contact or way is None:
        if request.method == "POST":
            messages.error(request, gettext("Give the place as a number: 1 is the first."))
        return HttpResponseRedirect(f"{url_of(group)}#connections")
    by = actor_of(request)
    change = operations.move_connection(group.pk, contact, by=by, **way)
    tell(request, change)
    place, of = change.operation.numbers["place"], change.operation.numbers["of"]
    return HttpResponseRedirect(_row_url(request, group, contact, to, place, of))


def _row_url(
    request: HttpRequest, group: ContactGroup, contact: str, to: str, place: int, of: int
) -> str:
    """The page with the contact's row, at what has the focus there: the button that was pressed,
    if it still does anything."""
    can_stay = {"up": place > 1, "down": place < of, "first": place > 1}
    at = to if can_stay.get(to) else "place"
    number = (place - 1) // SHOWN + 1
    words = request.POST.get("q", "")
    query = f"?p={number}" if number > 1 and not words else ""
    return f"{url_of(group)}{query}#{at}-{contact}"


def change_roles(request: HttpRequest, group: ContactGroup) -> HttpResponse:
    """POST: the roles that were chosen, of those rows where they are another than was shown."""
    chosen = {
        name.removeprefix("role."): str(value)
        for name, value in request.POST.items()
        if name.startswith("role.")
    }
    wanted = {
        contact: role or None
        for contact, role in chosen.items()
        if role != request.POST.get(f"was.{contact}", "")
    }
    if wanted:
        tell(request, operations.change_roles(group.pk, wanted, by=actor_of(request)))
    elif request.method == "POST":
        messages.info(request, gettext("No role was changed."))
    number = parse_digits(request.POST.get("p", ""))
    return HttpResponseRedirect(f"{url_of(group)}{f'?p={number}' if number else ''}#connections")


# --- Add and remove ---------------------------------------------------------------------------


def add_connections(request: HttpRequest, group: ContactGroup) -> HttpResponse:
    """Pick or tick contacts, and say in which role they are connected; see it; do it."""
    by = actor_of(request)
    form = ConnectionRoleForm(request.POST or None, by=by)
    ids = selected_ids(request)
    if form.is_valid() and ids:
        return run_command(request, group, _adding(group, ids, form.cleaned_data["role"], by))
    words = searched_words(request)
    page = page_by_key(_candidates(request, group, words), request, "pk", _CANDIDATES_SHOWN)
    return show(
        request, group, "contacts/add_connections.html", title=gettext("Add contacts"),
        status=400 if form.is_bound else 200, form=form, page=page, q=words,
        nothing_ticked=form.is_bound and not ids,
    )  # fmt: skip


def _adding(group: Any, ids: Sequence[str], role: Role | None, by: Actor) -> Command:
    new = [operations.NewConnection(id, role.pk.hex if role else None) for id in ids]
    return Command(
        title=gettext("Add contacts"),
        button=gettext("Add"),
        run=lambda dry_run: operations.add_connections(group.pk, new, by=by, dry_run=dry_run),
        back=f"{url_of(group)}#connections",
        fields=[*(("contacts", id) for id in ids), ("role", role.pk.hex if role else "")],
        template="contacts/adding.html",
        context={"role": role, **_named_first(ids, by)},
    )


def _named_first(ids: Sequence[str], by: Actor) -> dict[str, Any]:
    """Contacts as far as can be read at a glance, in the order of their ids."""
    found = {one.pk.hex: one for one in Contact.objects.visible_to(by).in_ids(ids[:_NAMED])}
    more = len(ids) - _NAMED
    told = _and_more(more)
    return {"contacts": [found[id] for id in ids[:_NAMED] if id in found], "more": told}


def _and_more(count: int) -> str:
    message = ngettext("and %(count)s more", "and %(count)s more", count)
    return message % {"count": format_count(count)} if count > 0 else ""


def contact_options(request: HttpRequest, group: ContactGroup) -> HttpResponse:
    """What the picker offers: contacts that are not connected yet."""
    words = shorten_search(request.GET.get("term", "").replace("\0", "").strip())
    found = _candidates(request, group, words).order_by("name", "pk")
    return as_options(found, lambda contact: contact.email or contact.phone)


def _candidates(request: HttpRequest, group: ContactGroup, words: str) -> QuerySet[Any]:
    connected = ContactConnection.objects.filter(group=group, contact=OuterRef("pk"))
    contacts = Contact.objects.visible_to(actor_of(request))
    rows: QuerySet[Any] = contacts.filter(licensee=group.licensee_id, archived_at=None)
    rows = rows.filter(having(words, ("name", "email", "phone")))
    return rows.exclude(Exists(connected))


def remove_connections(request: HttpRequest, group: ContactGroup) -> HttpResponse:
    """The ticked contacts are named once more, then disconnected."""
    ids = selected_ids(request)
    if not ids:
        if request.method == "POST":
            messages.warning(request, gettext("Tick at least one contact."))
        return HttpResponseRedirect(f"{url_of(group)}#connections")
    command = Command(
        title=gettext("Remove contacts from the group"),
        button=gettext("Remove"),
        run=lambda dry_run: operations.remove_connections(
            group.pk, ids, by=actor_of(request), dry_run=dry_run
        ),
        back=f"{url_of(group)}#connections",
        fields=[("contacts", id) for id in ids],
        is_destructive=True,
        template="contacts/remove_connections.html",
        context=_leaving(group, ids),
    )
    return run_command(request, group, command)


def _leaving(group: Any, ids: Sequence[str]) -> dict[str, Any]:
    """Who leaves, as far as can be read at a glance, and who would be the primary one then."""
    rows = group.connections.select_related("contact", "role").order_by("position")
    leaving = rows.filter(contact__in_ids=ids)
    named = list(leaving[: _NAMED + 1])
    more = leaving.count() - _NAMED if len(named) > _NAMED else 0
    heir = None
    if named and named[0].position == 1:
        heir = rows.exclude(contact__in_ids=ids).first()
    told = _and_more(more)
    return {"connections": named[:_NAMED], "more": told, "heir": heir}


def names_of(ids: Iterable[str]) -> dict[str, str]:
    """The names of contacts by their ids (32 hex digits): one statement."""
    rows = Contact.objects.in_ids(ids).values_list("pk", "name")
    return {pk.hex: name for pk, name in rows}
