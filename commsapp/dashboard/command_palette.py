"""Going to a page, or to a record by name, number or id: the palette, and the page without it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import reduce
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commsapp.core.actors import Actor
from commsapp.core.search import shorten_search
from commsapp.db.ids import read_guid
from commsapp.models import Client
from commsapp.staff.changelists import report_refused_search
from commsapp.staff.object_pages import show, url_of
from commsapp.staff.request import actor_of, can_view, licensees_of
from contacts.models import Contact, ContactGroup, DataSource
from groups.models import Recipient, RecipientGroup
from quotes.models import Product, Quote

_SHOWN = 5  # of each kind
_MAX_LICENSEES = 10  # each is a stretch of an index of its own
_NEWEST = 2_000  # of each kind, in which a word is also found within a name


class Findable(NamedTuple):
    """A kind of record: by what its index is ordered, and what else finds one when it is equal."""

    model: Any
    column: str = "name"
    equal: tuple[str, ...] = ()


FINDABLE = (
    Findable(RecipientGroup),
    Findable(Recipient, equal=("msisdn", "external_reference")),
    Findable(Quote, "number"),
    Findable(ContactGroup),
    Findable(Contact),
    Findable(Product, "code"),
)


@dataclass(frozen=True)
class Found:
    """Where one can go."""

    title: str
    kind: str
    url: str


# --- What is found --------------------------------------------------------------------------


def found(request: HttpRequest, text: str) -> list[Found]:
    """Pages, then records, then the lists in which the same can be searched to the end.

    One statement for each kind that the user may see, none of which reads a big table through:
    stretches of its index, and its newest records.
    """
    words = shorten_search(" ".join(text.replace("\0", "").split()))
    pages = [*_pages(request, words)]
    if not words:
        return pages
    by = actor_of(request)
    seen = [one for one in FINDABLE if can_view(by, one.model)]
    licensees = [*licensees_of(by).order_by("pk").values_list("pk", flat=True)[:_MAX_LICENSEES]]
    records = [_as_result(row) for one in seen for row in _records(one, words, by, licensees)]
    if read_guid(words):
        return [*pages, *records]
    return [*pages, *records, *(_in_list(one.model, words) for one in seen)]


def _pages(request: HttpRequest, words: str) -> Iterator[Found]:
    """Of the menu, those whose name has all of the words."""
    wanted = words.casefold().split()
    for name, url in _menu(request):
        if all(word in name.casefold() for word in wanted):
            yield Found(name, _("Page"), url)


def _menu(request: HttpRequest) -> Iterator[tuple[str, str]]:
    yield _("Home"), reverse("admin:index")
    apps = admin.site.get_app_list(request)
    for app in apps:
        for model in app["models"]:
            if model["admin_url"]:
                yield capfirst(str(model["name"])), model["admin_url"]
    if sees_integrations(actor_of(request)):
        yield _("Integrations"), reverse("staff-integrations")
        yield _("API by curl"), reverse("staff-curl")
    yield _("Keyboard shortcuts"), reverse("staff-shortcuts")
    for app in apps:
        for model in app["models"]:
            if model["add_url"] and model["perms"].get("add"):
                name = model["model"]._meta.verbose_name
                yield _("Add: %(thing)s") % {"thing": name}, model["add_url"]


def sees_integrations(by: Actor) -> bool:
    return can_view(by, DataSource) or can_view(by, Client)


def _records(one: Findable, words: str, by: Actor, licensees: list[UUID]) -> list[Any]:
    visible = one.model.objects.visible_to(by)
    if guid := read_guid(words):
        return [*visible.filter(pk=UUID(guid))]
    named = Q(**{f"{one.column}__icontains": words}) | Q(name__icontains=words)
    fits = reduce(Q.__or__, (Q(**{name: words}) for name in one.equal), named)
    rows = visible.filter(fits, pk__in=_candidates(one, words, licensees))
    best = [*rows.order_by(one.column, "pk")[: _SHOWN * 4]]
    best.sort(key=lambda row: _rank(str(row), getattr(row, one.column), words.casefold()))
    return best[:_SHOWN]


def _rank(name: str, column: str, words: str) -> int:
    texts = [name.casefold(), column.casefold()]
    if words in texts:
        return 0
    return 1 if any(text.startswith(words) for text in texts) else 2


def _candidates(one: Findable, words: str, licensees: Iterable[UUID]) -> QuerySet[Any]:
    """Ids: the first from where the words stand in each licensee's order, however they are written;
    those that equal them in another indexed column; and the newest."""
    rows = one.model.objects.order_by()
    parts = [rows.order_by("-pk")[:_NEWEST]]
    for licensee in licensees:
        own = rows.filter(licensee=licensee)
        for start in {words, words.lower(), words.upper(), words.title(), words.capitalize()}:
            onwards = own.filter(**{f"{one.column}__gte": start})
            parts.append(onwards.order_by(one.column)[: _SHOWN * 2])
        parts += [own.filter(**{name: words}).exclude(**{name: ""})[:_SHOWN] for name in one.equal]
    # Each in a statement around it: SQLite takes no LIMIT directly within a UNION.
    first, *others = (rows.filter(pk__in=part.values("pk")).values("pk") for part in parts)
    together: QuerySet[Any] = first.union(*others)
    return together


def _as_result(record: Model) -> Found:
    kind = capfirst(str(record._meta.verbose_name))
    if getattr(record, "is_archived", False):
        kind = _("%(kind)s, archived") % {"kind": kind}
    return Found(str(record), kind, url_of(record))


def _in_list(model: type[Model], words: str) -> Found:
    opts = model._meta
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    title = _("Search %(things)s for “%(words)s”") % {
        "things": opts.verbose_name_plural,
        "words": words,
    }
    return Found(title, _("Search"), f"{url}?{urlencode({'q': words})}")


# --- Its pages ------------------------------------------------------------------------------


def find(request: HttpRequest) -> HttpResponse:
    """The search page, for whoever has no JavaScript or wants to see all that was found."""
    text = request.GET.get("q", "")
    report_refused_search(request, text)
    results = found(request, text)
    return show(request, None, "staff/find.html", title=_("Find"), text=text, results=results)


def options(request: HttpRequest) -> HttpResponse:
    """The same, for the palette."""
    results = found(request, request.GET.get("q", ""))
    return JsonResponse({"results": [asdict(result) for result in results]})


SHORTCUTS = (
    (((gettext_lazy("Ctrl"), "K"), ("⌘", "K")), gettext_lazy("Go to a page, or find a record")),
    ((("/",),), gettext_lazy("Search on this page")),
    ((("?",),), gettext_lazy("Show these shortcuts")),
    ((("↑",), ("↓",)), gettext_lazy("Choose among what was found")),
    (((gettext_lazy("Enter"),),), gettext_lazy("Open what was chosen")),
    ((("Esc",),), gettext_lazy("Close what is open")),
    ((("Alt", "↑"), ("Alt", "↓")), gettext_lazy("Move a contact up or down in its group")),
    ((("Alt", "Shift", "↑"),), gettext_lazy("Make a contact the primary one")),
)


def shortcuts(request: HttpRequest) -> HttpResponse:
    """What the keys do, as a page."""
    title = _("Keyboard shortcuts")
    return show(request, None, "staff/shortcuts.html", title=title, shortcuts=SHORTCUTS)


def urlpatterns() -> list[Any]:
    view = admin.site.admin_view
    return [
        path("admin/find/", view(find), name="staff-find"),
        path("admin/find/options/", view(options), name="staff-find-options"),
        path("admin/shortcuts/", view(shortcuts), name="staff-shortcuts"),
    ]
