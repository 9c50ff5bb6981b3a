"""Pages about all apps: the first one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import path, reverse
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language

from commsapp.core.actors import Actor, has_permission
from commsapp.dashboard import command_palette, integrations, statistics
from commsapp.models import Operation
from commsapp.staff import saved_filters
from commsapp.staff.audit import batches, history
from commsapp.staff.changelists import count_up_to
from commsapp.staff.object_pages import show
from commsapp.staff.request import actor_of, can_view
from contacts.models import Contact, ContactGroup, DataSource
from groups.models import Recipient, RecipientGroup
from quotes.models import Product, Quote

_COUNTED = (Quote, RecipientGroup, Recipient, ContactGroup, Contact)
# From nothing to a quote that can be split: each step stands on those before it.
_STEPS = (
    (_("Add a customer: a contact group"), ContactGroup),
    (_("Add the customer's sites and subscribers: recipients"), Recipient),
    (_("Put them into a recipient group"), RecipientGroup),
    (_("Add a product"), Product),
    (_("Make a quote, add a line for the group, and split it"), Quote),
)
_SHOWN = 5
_RECENT = 12


@csrf_exempt  # changes nothing, so that no form need be read
def to_staff(request: HttpRequest) -> HttpResponse:
    """`/` leads to the staff side."""
    return HttpResponseRedirect(reverse("admin:index"))


@csrf_exempt
def favicon(request: HttpRequest) -> HttpResponse:
    """For those who ask at the old address."""
    return HttpResponseRedirect(static("staff/favicon.svg"))


def home(request: HttpRequest) -> HttpResponse:
    """What needs attention, how much there is, and what was done lately."""
    by = actor_of(request)
    recent: list[dict[str, Any]] = []
    counts = _counts(request)
    chart = None
    if can_view(by, Operation):
        operations = batches.first_of_each_batch(Operation.objects.visible_to(by)).order_by("-id")
        recent = history.folded(history.readable(operations)[:_RECENT], by)
        chart = statistics.chart_of(statistics.last_days(by))
    return show(
        request, None, "staff/home.html", title=str(_("Home")),
        counts=counts, chart=chart,
        in_review=statistics.in_review(by)[:_SHOWN] if can_view(by, Quote) else None,
        unexpected=statistics.unexpected(by)[:_SHOWN] if can_view(by, RecipientGroup) else None,
        failing=statistics.failing_sources(by)[:_SHOWN] if can_view(by, DataSource) else None,
        recent=recent, sees_operations=can_view(by, Operation),
        first_steps=_first_steps(by, counts),
    )  # fmt: skip


def _first_steps(by: Actor, counts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How a new user comes to a first split quote, until they have been there."""
    some = {count["model"] for count in counts if count["some"]}
    if Quote in some:
        return []
    if can_view(by, Product) and Product.objects.visible_to(by).exists():
        some.add(Product)
    return [
        {"label": label, "url": reverse(_address(model, "add")), "is_done": model in some}
        for label, model in _STEPS
        if has_permission(by, "add", model)
    ]


def _address(model: type[Model], name: str) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}"


def _counts(request: HttpRequest) -> list[dict[str, Any]]:
    by = actor_of(request)
    counts = []
    for model in _COUNTED:
        if can_view(by, model):
            rows = model.objects.visible_to(by)
            count, has_more = count_up_to(rows.filter(**model.ACTIVE))
            opts = model._meta
            counts.append(
                {
                    "label": opts.verbose_name if count == 1 else opts.verbose_name_plural,
                    "count": number_format(count, force_grouping=True),
                    "has_more": has_more,
                    "some": count > 0,
                    "model": model,
                    "url": reverse(_address(model, "changelist")),
                }
            )
    return counts


urlpatterns = [
    path("", to_staff),
    path("favicon.ico", favicon),
    path("admin/", admin.site.admin_view(home)),  # before the site's own first page
    path("admin/language/", set_language, name="staff-language"),
    *command_palette.urlpatterns(),
    *integrations.urlpatterns(),
    *saved_filters.urlpatterns(),
    path("admin/", admin.site.urls),
]
