"""Who is connected to us: data sources and what they last saved, API clients and their tokens."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commsapp.api.openapi import curl, views
from commsapp.api.openapi.fragments import sample_id
from commsapp.core import user_access
from commsapp.core.actors import Actor, has_permission, require
from commsapp.core.credentials import api_clients
from commsapp.dashboard.command_palette import sees_integrations
from commsapp.http.origins import base_url
from commsapp.models import Client, Operation
from commsapp.staff.object_pages import show
from commsapp.staff.request import actor_of, can_view, has_multiple_licensees, licensees_of
from contacts.models import (
    AlternateKey,
    Contact,
    ContactGroup,
    DataSource,
    Outcome,
    Role,
    SaveCount,
)
from contacts.pages.data_sources import outcome_label
from groups.models import Recipient, RecipientGroup
from quotes.models import Product, Quote, QuoteLineItem

_SHOWN = 100

# The kinds of records that examples of the API name, as commsapp.api.openapi.fragments knows them.
_NAMED: dict[str, Any] = {
    "contact": Contact,
    "contact-group": ContactGroup,
    "data-source": DataSource,
    "operation": Operation,
    "product": Product,
    "quote": Quote,
    "quote-line-item": QuoteLineItem,
    "recipient": Recipient,
    "recipient-group": RecipientGroup,
    "role": Role,
}


def page(request: HttpRequest) -> HttpResponse:
    """Data sources with what became of today's saves, and API clients with their tokens."""
    by = actor_of(request)
    if not sees_integrations(by):
        raise PermissionDenied
    return show(
        request, None, "staff/integrations.html", title=_("Integrations"),
        sources=_sources(by) if can_view(by, DataSource) else None,
        may_add_source=has_permission(by, "add", DataSource),
        tells_licensee=has_multiple_licensees(by),
        clients=_clients(request) if can_view(by, Client) else None,
        may_add_client=has_permission(by, "add", Client),
        may_end_tokens=has_permission(by, "change", Client),
    )  # fmt: skip


def _sources(by: Actor) -> list[dict[str, Any]]:
    """Each with its last save and today's outcomes: two statements, however many there are."""
    keys = AlternateKey.objects.filter(data_source=OuterRef("pk"), last_saved_at__isnull=False)
    newest = keys.order_by("-last_saved_at").values("last_saved_at")[:1]
    visible = DataSource.objects.visible_to(by).annotate(last_saved_at=Subquery(newest))
    sources = [*visible.select_related("licensee").order_by("name", "pk")[:_SHOWN]]
    today: dict[UUID, dict[str, int]] = defaultdict(dict)
    counts = SaveCount.objects.filter(data_source__in=sources, day=timezone.now().date())
    for source, outcome, count in counts.values_list("data_source", "outcome", "count"):
        today[source][outcome] = count
    return [{"record": one, **_outcomes(today[one.pk])} for one in sources]


def _outcomes(counts: dict[str, int]) -> dict[str, Any]:
    failed = counts.pop(Outcome.FAILED, 0)
    told = [(outcome_label(outcome), count) for outcome, count in sorted(counts.items())]
    return {"outcomes": told, "failed": failed}


def _clients(request: HttpRequest) -> QuerySet[Client]:
    """Those that the user sees in their list, with how many tokens are good and until when."""
    now = timezone.now()
    good = Q(accesstoken__expires__gt=now)
    seen: QuerySet[Client] = admin.site.get_model_admin(Client).get_queryset(request)
    told: QuerySet[Client] = (
        seen.select_related("user")
        .annotate(
            token_count=Count("accesstoken", filter=good),
            expires=Max("accesstoken__expires", filter=good),
        )
        .order_by("name", "pk")[:_SHOWN]
    )
    return told


def end_tokens(request: HttpRequest, client_id: UUID) -> HttpResponse:
    """End all tokens of a client: asked on GET, done on POST."""
    staff: Any = admin.site.get_model_admin(Client)
    client = staff.get_queryset(request).select_related("user").filter(pk=client_id).first()
    if client is None:
        raise Http404
    by = actor_of(request)
    require(by, "change", Client)
    if not user_access.may_end_tokens(by, client):
        raise PermissionDenied
    if request.method == "POST":
        ended = api_clients.end_tokens(client)
        message = ngettext("%d token ended.", "%d tokens ended.", ended) % ended
        messages.success(request, f"{client}: {message}")
        return HttpResponseRedirect(reverse("staff-integrations"))
    return show(
        request, None, "staff/end_tokens.html", title=_("End all tokens"), subtitle=str(client),
        client=client, can_delete=staff.has_delete_permission(request, client),
    )  # fmt: skip


def curl_page(request: HttpRequest) -> HttpResponse:
    """A request to every documented address, with ids that are the user's own."""
    by = actor_of(request)
    if not sees_integrations(by):
        raise PermissionDenied
    real = _real_ids(by)
    groups = {
        tag: [_with_ids(command, real) for command in commands]
        for tag, commands in curl.groups_of(views.document()).items()
    }
    base = base_url(request)
    title = _("API by curl")
    return show(request, None, "staff/curl.html", title=title, groups=groups, base=base)


def _real_ids(by: Actor) -> dict[str, str]:
    """For the id that an example has, that of the newest record which the user may see."""
    real = {sample_id("user"): str(by.user.pk)}
    licensee = licensees_of(by).order_by("pk").values_list("pk", flat=True).first()
    if licensee is None:
        return real
    real[sample_id("licensee")] = str(licensee)
    for kind, model in _NAMED.items():
        if can_view(by, model):
            own = model.objects.filter(licensee=licensee, **getattr(model, "ACTIVE", {}))
            newest = own.order_by("-pk").values_list("pk", flat=True).first()
            if newest:
                real[sample_id(kind)] = str(newest)
    return real


def _with_ids(command: curl.Command, real: dict[str, str]) -> curl.Command:
    text = command.text
    for sample, own in real.items():
        text = text.replace(sample, own)
    return curl.Command(command.summary, command.method, command.path, text)


def urlpatterns() -> list[Any]:
    view = admin.site.admin_view
    ending = view(end_tokens)
    return [
        path("admin/integrations/", view(page), name="staff-integrations"),
        path("admin/integrations/curl/", view(curl_page), name="staff-curl"),
        path("admin/integrations/clients/<uuid:client_id>/end/", ending, name="staff-end-tokens"),
    ]
