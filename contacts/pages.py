"""Pages of a contact group: its connections in their order, and the keys that others know."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commsapp.faces.staff.actors import actor_of
from commsapp.faces.staff.lists import page_by_key, page_by_number
from commsapp.faces.staff.pages import Command, carry_out, page_on, panel_on, show, tell, url_of
from commsapp.ids import read_guid
from contacts import operations
from contacts.forms import ConnectionRoleForm
from contacts.models import AlternateKey, Contact, ContactConnection, ContactGroup, Role

_SHOWN = 50


def _is_there(group: ContactGroup) -> bool:
    return group.status != ContactGroup.Status.DELETED


# --- Connections ----------------------------------------------------------------------------


@panel_on(ContactGroup, _("Connected contacts"), "contacts/connections.html", sees=Contact)
def connections(request: HttpRequest, group: ContactGroup) -> dict[str, Any]:
    """The contacts in their order; the first is the primary one."""
    rows = group.connections.select_related("contact", "role").order_by("position", "id")
    words = request.GET.get("contact", "").strip()
    if words:
        rows = rows.filter(Q(contact__name__icontains=words) | Q(contact__email__icontains=words))
    can_change = request.user.has_perm("contacts.change_contactgroup") and _is_there(group)
    page = page_by_number(rows, request, _SHOWN)
    return {"page": page, "q": words, "can_change": can_change}


@page_on(ContactGroup, "add-connections", label=_("Add contacts"), fits=_is_there, is_primary=True)
def add_connections(request: HttpRequest, group: ContactGroup) -> HttpResponse:
    """Tick contacts, and say in which role they are connected."""
    by = actor_of(request)
    form = ConnectionRoleForm(request.POST or None, by=by)
    ids = [*filter(None, map(read_guid, request.POST.getlist("contacts")))]
    if form.is_valid() and ids:
        role: Role | None = form.cleaned_data["role"]
        new = [operations.NewConnection(id, role.pk.hex if role else None) for id in ids]
        tell(request, operations.add_connections(group.pk, new, by=by))
        return HttpResponseRedirect(url_of(group))
    words = request.GET.get("q", "").strip()
    connected = ContactConnection.objects.filter(group=group, contact=OuterRef("pk"))
    candidates = Contact.objects.visible_to(by).filter(licensee=group.licensee_id, archived_at=None)
    matching = candidates.filter(Q(name__icontains=words) | Q(email__icontains=words))
    page = page_by_key(matching.exclude(Exists(connected)), request, "pk", _SHOWN)
    return show(
        request, group, "contacts/add_connections.html", title=gettext("Add contacts"),
        status=400 if form.is_bound else 200, form=form, page=page, q=words,
        nothing_ticked=form.is_bound and not ids,
    )  # fmt: skip


@page_on(ContactGroup, "move-connection")
def move_connection(request: HttpRequest, group: ContactGroup) -> HttpResponse:
    """POST: one contact up, down, first, or to a number."""
    moved, to = read_guid(request.POST.get("contact")), request.POST.get("to", "")
    order = [pk.hex for pk in group.connections.values_list("contact_id", flat=True)]
    if request.method == "POST" and moved in order:
        at = order.index(moved)
        places = {"up": at - 1, "down": at + 1, "first": 0}
        to_place = int(to) - 1 if to.isdecimal() and to.isascii() else places.get(to, at)
        order.insert(max(0, min(to_place, len(order) - 1)), order.pop(at))
        tell(request, operations.reorder_connections(group.pk, order, by=actor_of(request)))
    return HttpResponseRedirect(f"{url_of(group)}#connections")


@page_on(ContactGroup, "remove-connections")
def remove_connections(request: HttpRequest, group: ContactGroup) -> HttpResponse:
    """The ticked contacts are named once more, then disconnected."""
    ids = [*filter(None, map(read_guid, request.POST.getlist("contacts")))]
    if not ids:
        return HttpResponseRedirect(url_of(group))
    if "confirm" in request.POST:
        tell(request, operations.remove_connections(group.pk, ids, by=actor_of(request)))
        return HttpResponseRedirect(url_of(group))
    leaving = group.connections.filter(contact__in=Contact.objects.among(ids).values("pk"))
    return show(
        request, group, "contacts/remove_connections.html",
        title=gettext("Remove contacts from the group"),
        connections=leaving.select_related("contact"),
    )  # fmt: skip


@page_on(ContactGroup, "delete-group", label=_("Delete"), verb="delete", fits=_is_there)
def delete_group(request: HttpRequest, group: ContactGroup) -> HttpResponse:
    """Mark it deleted: it leaves the lists, and can be restored."""
    command = Command(
        title=gettext("Delete"),
        subtitle=str(group),
        button=gettext("Delete"),
        run=lambda dry_run: operations.delete_contact_groups(
            [group.pk.hex], by=actor_of(request), dry_run=dry_run
        ),
        back=url_of(group),
        is_destructive=True,
    )
    return carry_out(request, group, command)


# --- What else hangs on them ----------------------------------------------------------------


@panel_on(ContactGroup, _("Alternate keys"), "contacts/keys.html", sees=AlternateKey)
def keys_of_group(request: HttpRequest, group: ContactGroup) -> dict[str, Any]:
    return _keys(request, "contact_group", group)


@panel_on(Contact, _("Alternate keys"), "contacts/keys.html", sees=AlternateKey)
def keys_of_contact(request: HttpRequest, contact: Contact) -> dict[str, Any]:
    return _keys(request, "contact", contact)


def _keys(request: HttpRequest, name: str, record: Any) -> dict[str, Any]:
    keys = record.alternate_keys.select_related("data_source").order_by("value")[:_SHOWN]
    can_add = request.user.has_perm("contacts.add_alternatekey")
    return {"keys": keys, "name": name, "can_add": can_add}


@panel_on(Contact, _("In contact groups"), "contacts/groups_of.html", sees=ContactGroup)
def groups_of_contact(request: HttpRequest, contact: Contact) -> dict[str, Any]:
    rows = contact.connections.select_related("group", "role").order_by("group__name", "id")
    return {"connections": rows[:_SHOWN]}
