"""Pages about all rooms: the first one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from commsapp.faces.staff import history
from commsapp.faces.staff.actors import actor_of, may_see
from commsapp.faces.staff.lists import count_up_to
from commsapp.faces.staff.pages import show
from commsapp.models import Operation
from contacts.models import Contact, ContactGroup
from groups.models import Recipient, RecipientGroup
from quotes.models import Quote

_COUNTED = (Quote, RecipientGroup, Recipient, ContactGroup, Contact)
_SHOWN = 5
_RECENT = 12


def to_staff(request: HttpRequest) -> HttpResponse:
    """`/` leads to the staff side."""
    return HttpResponseRedirect(reverse("admin:index"))


def favicon(request: HttpRequest) -> HttpResponse:
    """For those who ask at the old address."""
    return HttpResponseRedirect(static("staff/favicon.svg"))


def home(request: HttpRequest) -> HttpResponse:
    """What needs attention, how much there is, and what was done lately."""
    by = actor_of(request)
    recent: list[dict[str, Any]] = []
    if may_see(by, Operation):
        operations = Operation.objects.visible_to(by).order_by("-id")
        recent = history.entries(history.readable(operations)[:_RECENT], by)
    return show(
        request, None, "staff/home.html", title=str(_("Home")),
        counts=[*_counts(request)], in_review=_in_review(request),
        unexpected=_unexpected(request), recent=recent, sees_operations=may_see(by, Operation),
    )  # fmt: skip


def _counts(request: HttpRequest) -> list[dict[str, Any]]:
    by = actor_of(request)
    counts = []
    for model in _COUNTED:
        if may_see(by, model):
            rows = model.objects.visible_to(by)
            count, has_more = count_up_to(rows.filter(**model.ACTIVE))
            opts = model._meta
            counts.append(
                {
                    "label": opts.verbose_name if count == 1 else opts.verbose_name_plural,
                    "count": number_format(count, force_grouping=True),
                    "has_more": has_more,
                    "url": reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"),
                }
            )
    return counts


def _in_review(request: HttpRequest) -> QuerySet[Any] | None:
    by = actor_of(request)
    if not may_see(by, Quote):
        return None
    waiting = Quote.objects.visible_to(by).filter(status=Quote.Status.IN_REVIEW)
    newest: QuerySet[Any] = waiting.select_related("customer").order_by("-id")[:_SHOWN]
    return newest


def _unexpected(request: HttpRequest) -> QuerySet[Any] | None:
    """Recipient groups that have another number of members than was said."""
    by = actor_of(request)
    if not may_see(by, RecipientGroup):
        return None
    active = RecipientGroup.objects.visible_to(by).filter(**RecipientGroup.ACTIVE)
    differing = active.exclude(expected_member_count=None).exclude(
        expected_member_count=F("member_count")
    )
    newest: QuerySet[Any] = differing.select_related("customer").order_by("-id")[:_SHOWN]
    return newest


urlpatterns = [
    path("", to_staff),
    path("favicon.ico", favicon),
    path("admin/", admin.site.admin_view(home)),  # before the site's own first page
    path("admin/", admin.site.urls),
]
