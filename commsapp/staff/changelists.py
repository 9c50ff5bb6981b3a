"""Lists that stay quick: bounded counts, pages by key, filters that offer what one may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.admin import ChoicesFieldListFilter, RelatedFieldListFilter, SimpleListFilter
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList, ChangeListSearchForm
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from commsapp.core.number_format import format_count, format_counts
from commsapp.core.search import search_refusal
from commsapp.db.ids import read_guid
from commsapp.db.keyset import Column, keyset_page
from commsapp.models import Licensee
from commsapp.staff.request import actor_of, licensees_of, parse_digits

MAX_COUNTED = 10_000
_MAX_CHOICES = 50
PAGE_OF = _("Page %(number)s of %(pages)s")


def count_up_to(rows: QuerySet[Any], most: int = MAX_COUNTED) -> tuple[int, bool]:
    """How many rows there are, and whether there are more than were counted."""
    count = rows.order_by()[: most + 1].count()
    return min(count, most), count > most


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than somebody would page: a million rows cost what 10,000 do.

    What lies beyond is found by searching, or by turning the order round.
    """

    most_counted = MAX_COUNTED

    @cached_property
    def count(self) -> int:
        count, self.has_more = count_up_to(self.object_list, self.most_counted)  # type: ignore[arg-type]
        return count


class SearchForm(ChangeListSearchForm):
    """Takes any text: where Django's finds it invalid, the list would be shown, exported and
    changed as if nothing had been searched for."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields = {SEARCH_VAR: forms.Field(required=False)}


class DeclaredChangeList(ChangeList):
    """Takes the filters that its admin declares, with the values that they offer, and no others.

    Django takes any lookup on a column of the table: `?name__regex=…` costs as much as its author
    likes, and `?client_secret__startswith=…` reads what no page shows.
    """

    search_form_class = SearchForm

    def get_filters(self, request: HttpRequest) -> Any:
        """Raise IncorrectLookupParameters, which Django answers with `?e=1`."""
        try:
            found = super().get_filters(request)
        except DisallowedModelAdminLookup as error:
            raise IncorrectLookupParameters(error) from error
        specs, _has_filters, undeclared, *_rest = found
        if undeclared or not all(map(_offers_value, specs)):
            raise IncorrectLookupParameters
        return found


def _offers_value(spec: Any) -> bool:
    """Whether a filter's value is one of those that it offers, where those are all."""
    if isinstance(spec, ChoicesFieldListFilter):
        offered = {str(value) for value, _label in spec.field.flatchoices}
        return {*(spec.lookup_val or ())} <= offered
    if isinstance(spec, SimpleListFilter) and not getattr(spec, "takes_ids", False):
        offered = {str(value) for value, _label in spec.lookup_choices}
        return spec.value() is None or spec.value() in offered
    return True


class RecordChangeList(DeclaredChangeList):
    """Links lead to the object's page, not to its form. An empty list offers no actions."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.show_admin_actions = bool(self.result_count)

    def url_for_result(self, result: Any) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_page"
        return reverse(name, args=(result.pk,))


# --- Searches ---------------------------------------------------------------------------------


def searched_words(request: HttpRequest, name: str = "q") -> str:
    """Return what a page's search box asks for, and say so where it is too much to search for."""
    words = request.GET.get(name, "").replace("\0", " ").strip()
    report_refused_search(request, words)
    return words


def report_refused_search(request: HttpRequest, *texts: str) -> None:
    """Say on the page why one of the texts is not searched for, if so."""
    refusals = (refusal for text in texts if (refusal := search_refusal(text)))
    if refusal := next(refusals, ""):
        messages.error(request, refusal)


# --- Pages by key ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Slice:
    """Some rows of many, and the queries of the pages before and after."""

    rows: Sequence[Any]
    previous: str = ""
    next: str = ""
    number: int = 1
    told: str = ""  # which page of how many, where somebody counted

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def with_count(self, count: int, has_more: bool, size: int) -> Slice:
        """Saying which page of how many it is; none where there is only one."""
        if not (self.previous or self.next):
            return self
        pages = max(-(-count // size), self.number)
        sentence = _("Page %(number)s of more than %(pages)s") if has_more else PAGE_OF
        numbers = {"number": self.number, "pages": pages}
        return replace(self, told=str(sentence) % format_counts(numbers))


def page_by_key(
    rows: QuerySet[Any], request: HttpRequest, key: str, size: int, *, newest_first: bool = False
) -> Slice:
    """Return the page that `?after=` or `?before=` a key asks for; the first one without.

    The links carry the page's number, as nothing is counted.
    """
    before = read_guid(request.GET.get("before"))
    start = before or read_guid(request.GET.get("after"))
    number = (parse_digits(request.GET.get("page"), 5) or 1) if start else 1
    field = rows.model._meta.pk if key == "pk" else rows.model._meta.get_field(key)
    columns = [Column(field, descending=newest_first)]
    position = [UUID(start)] if start else []
    page = keyset_page(rows, columns, position, size=size, backward=bool(before))
    if not page.rows:
        return Slice([])
    first, last = (str(getattr(row, key)) for row in (page.rows[0], page.rows[-1]))
    return Slice(
        page.rows,
        _query(request, before=first, page=str(max(number - 1, 1))) if page.has_previous else "",
        _query(request, after=last, page=str(number + 1)) if page.has_next else "",
        number if page.has_previous else 1,
    )


def page_by_number(rows: QuerySet[Any], request: HttpRequest, size: int) -> Slice:
    """The page of `?p=` some number: for short lists in an order that is no key."""
    number = parse_digits(request.GET.get("p"), 5) or 1
    start = (number - 1) * size
    found = list(rows[start : start + size + 1])
    return Slice(
        found[:size],
        _query(request, p=str(number - 1)) if start else "",
        _query(request, p=str(number + 1)) if len(found) > size else "",
        number,
    )


def _query(request: HttpRequest, **place: str) -> str:
    """The request's query, at another place."""
    query = request.GET.copy()
    for name in ("before", "after", "page", "p"):
        query.pop(name, None)
    query.update(place)
    return f"?{query.urlencode()}"


# --- Filters --------------------------------------------------------------------------------


class VisibleFilter(RelatedFieldListFilter):
    """For a small table: offers what the actor may see, and nothing of another licensee."""

    def field_choices(self, field: Any, request: Any, model_admin: Any) -> Any:
        by, model = actor_of(request), field.remote_field.model
        rows: Any
        if model is Licensee:
            rows = licensees_of(by)
        else:
            rows = model.objects.visible_to(by).order_by("name").select_related("licensee")
        shown = rows[:_MAX_CHOICES]
        if len({getattr(row, "licensee_id", None) for row in shown}) < 2:
            return [(str(row.pk), str(row)) for row in shown]
        return [(str(row.pk), f"{row} · {row.licensee}") for row in shown]


class ArchivedFilter(SimpleListFilter):
    """The active ones, unless others are asked for; how many others there are is told."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        model: Any = model_admin.model
        visible = model.objects.visible_to(actor_of(request))
        states = getattr(model, "Status", None)
        named = states.choices[1:] if states else [("archived", _("Archived"))]
        self.counts = {
            value: count_up_to(visible.filter(status=value) if states else _archived(visible))
            for value, _label in named
        }
        return [*named, ("all", _("All"))]

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        first, *others = super().choices(changelist)
        yield {**first, "display": _("Active")}
        for choice, (value, _label) in zip(others, self.lookup_choices, strict=True):
            count, has_more = self.counts.get(str(value), (0, False))
            text = format_count(count) if count else ""
            yield {**choice, "count": f"{text}+" if has_more else text}

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        model: Any = queryset.model
        if self.value() == "all":
            return queryset
        if self.value() is None:
            return queryset.filter(**model.ACTIVE)
        if hasattr(model, "Status"):
            return queryset.filter(status=self.value())
        return _archived(queryset)


def _archived(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Said as the index that holds only them says it."""
    return rows.filter(archived_at__isnull=False)
