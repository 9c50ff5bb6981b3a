"""A list's filters under a name of one's own: saved, listed above the list, taken away again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.exceptions import NotRegistered
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commsapp.models import SavedFilter
from commsapp.staff.request import actor_of

_NOT_SAVED = ("p", "e", "after", "before")  # where one stood in the list, and its errors


@dataclass(frozen=True)
class Shown:
    """A saved filter, as a list shows it."""

    id: UUID
    name: str
    url: str
    is_current: bool


def normal(query: str) -> str:
    """The filters, search and order of a list's address, written always alike."""
    read = QueryDict(query.replace("\0", ""))
    pairs = [
        (name, value)
        for name, values in sorted(read.lists())
        if name not in _NOT_SAVED
        for value in values
        if value
    ]
    written = QueryDict(mutable=True)
    for name, value in pairs:
        written.appendlist(name, value)
    return str(written.urlencode())


def shown(request: HttpRequest, label: str) -> dict[str, Any]:
    """The user's own of a list, and what saving would save: one statement."""
    query = normal(request.META.get("QUERY_STRING", ""))
    own = SavedFilter.objects.filter(user=request.user.pk, list=label).order_by("name")
    url = _list_url(label)
    filters = [Shown(one.pk, one.name, f"{url}?{one.query}", one.query == query) for one in own]
    known = any(one.is_current for one in filters)
    return {"filters": filters, "query": query, "may_save": query and not known, "label": label}


@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Keep the filter under a name; one of that name in that list is replaced."""
    label, name = request.POST.get("list", ""), " ".join(request.POST.get("name", "").split())
    query = normal(request.POST.get("query", ""))
    back = HttpResponseRedirect(f"{_open_list(request, label)}?{query}")
    if reason := _why_not(request, label, name, query):
        messages.error(request, reason)
        return back
    user = actor_of(request).user
    try:
        with transaction.atomic():
            SavedFilter.objects.update_or_create(
                user=user, list=label, name=name, defaults={"query": query}
            )
    except IntegrityError:  # twice at once: one of them stands
        return back
    messages.success(request, _("Filter “%(name)s” saved. Only you see it.") % {"name": name})
    return back


def _why_not(request: HttpRequest, label: str, name: str, query: str) -> str:
    longest_name = SavedFilter._meta.get_field("name").max_length or 0
    if not name or "\0" in name:
        return _("Give the filter a name.")
    if len(name) > longest_name:
        return _("A name has at most %(count)s characters.") % {"count": longest_name}
    if not query or len(query) > (SavedFilter._meta.get_field("query").max_length or 0):
        return _("There is no filter to save here, or too long a one.")
    others = SavedFilter.objects.filter(user=request.user.pk, list=label).exclude(name=name)
    if others.count() >= SavedFilter.MAX_PER_LIST:
        return _("A list has at most %(count)s saved filters: remove one first.") % {
            "count": SavedFilter.MAX_PER_LIST
        }
    return ""


@require_POST
def remove(request: HttpRequest, filter_id: UUID) -> HttpResponse:
    """Take one's own away; another's is not there."""
    mine = SavedFilter.objects.filter(user=request.user.pk)
    one = get_object_or_404(mine, pk=filter_id)
    one.delete()
    messages.success(request, _("Filter “%(name)s” removed.") % {"name": one.name})
    return HttpResponseRedirect(f"{_list_url(one.list)}?{one.query}")


def _open_list(request: HttpRequest, label: str) -> str:
    """The address of a list that the user may see; Http404 or PermissionDenied if not."""
    try:
        known = admin.site.get_model_admin(apps.get_model(label))
    except (LookupError, ValueError, NotRegistered) as error:
        raise Http404 from error
    if not known.has_view_permission(request):
        raise PermissionDenied
    return _list_url(label)


def _list_url(label: str) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_changelist")


def urlpatterns() -> list[Any]:
    view = admin.site.admin_view
    return [
        path("admin/filters/save/", view(save), name="staff-save-filter"),
        path("admin/filters/<uuid:filter_id>/remove/", view(remove), name="staff-remove-filter"),
    ]
