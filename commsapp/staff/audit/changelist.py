"""The list of all that was done: by what it is narrowed down, and what finds an operation."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.contrib.admin import ListFilter, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from commsapp.core import audit
from commsapp.core.operation_access import readable_types, redact
from commsapp.core.search import matching
from commsapp.db.ids import first_id_at, read_guid
from commsapp.models import Operation, Record, User
from commsapp.staff.audit import batches
from commsapp.staff.changelists import RecordChangeList
from commsapp.staff.object_pages import url_of
from commsapp.staff.request import actor_of, can_view

_MAX_USERS = 100
_NAMED = 3  # records of each kind, where a search finds no operation
_MAX_REQUEST_ID_LENGTH = datetime.timedelta(hours=6)
_SHARED = {
    "from",
    "to",
    "channel",
    "user",
    "licensee",
}  # filters by what a batch's entries have alike


class KindFilter(SimpleListFilter):
    """Kinds of operations, of all that there are: asking the table would read all of it."""

    title = _("what was done")
    parameter_name = "kind"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        choices = ((kind.name, str(kind.label)) for kind in audit.kinds())
        return sorted(choices, key=lambda choice: choice[1])

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ObjectFilter(SimpleListFilter):
    """Kinds of objects that operations change."""

    title = _("kind of object")
    parameter_name = "object"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        models = (model for model in apps.get_models() if issubclass(model, Record))
        named = [(model._meta.label_lower, str(model._meta.verbose_name)) for model in models]
        return sorted(((name, capfirst(label)) for name, label in named), key=lambda one: one[1])

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(target_type=self.value()) if self.value() else queryset


class UserFilter(SimpleListFilter):
    """Who did any of it: superusers, too, and who works for others by now."""

    title = _("user")
    parameter_name = "user"
    takes_ids = True  # also of those whom it does not offer

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        users = User.objects.filter(self.who_acted(request)).order_by("username")
        return [(str(user.pk), str(user)) for user in users[:_MAX_USERS]]

    def who_acted(self, request: Any) -> Q:
        visible = Operation.objects.visible_to(actor_of(request))
        return Q(Exists(visible.filter(user=OuterRef("pk"))))  # by an index of users and licensees

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return filtered_by_id(queryset, "user", self.value())


class BatchFilter(SimpleListFilter):
    """Show the operations of one batch. Offered only where a link has set it, to remove it."""

    title = _("done in one go")
    parameter_name = "batch"
    takes_ids = True

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [(self.value() or "", _("These entries"))] if self.value() else []

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return filtered_by_id(queryset, "batch", self.value())


def filtered_by_id(rows: QuerySet[Any], field: str, value: str | None) -> QuerySet[Any]:
    """By an id; by what is none, nothing is found."""
    if value is None:
        return rows
    id = read_guid(value)
    return rows.filter(**{field: UUID(id)}) if id else rows.none()


class DayFilter(ListFilter):
    """From one day to another, both included, in the reader's time zone."""

    title = _("day")
    template = "staff/day_filter.html"

    def __init__(self, request: Any, params: Any, model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        for name in ("from", "to"):
            if name in params:
                value = params.pop(name)
                self.used_parameters[name] = value[-1] if isinstance(value, list) else value
        self.first, self.last = (_day(self.used_parameters.get(each)) for each in ("from", "to"))

    def expected_parameters(self) -> list[str | None]:
        return ["from", "to"]

    def has_output(self) -> bool:
        return True

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Some usual ranges; and, last, what the form of two days sends besides."""
        today = timezone.localdate()
        whole = changelist.get_query_string(remove=["from", "to", "p"])
        yield {
            "selected": not (self.first or self.last),
            "query_string": whole,
            "display": _("All"),
        }
        for label, days in ((_("Today"), 0), (_("7 days"), 6), (_("30 days"), 29)):
            start = today - datetime.timedelta(days)
            query = changelist.get_query_string({"from": str(start)}, ["from", "to", "p"])
            is_chosen = self.first == start and self.last is None
            yield {"selected": is_chosen, "query_string": query, "display": label}
        others = {k: v for k, v in changelist.params.items() if k not in ("from", "to", "p")}
        yield {"form": others, "first": self.first, "last": self.last}

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """By the key: an operation's id begins with its time."""
        if self.first:
            queryset = queryset.filter(id__gte=first_id_at(_start_of(self.first)))
        if self.last:
            after = _start_of(self.last + datetime.timedelta(1))
            queryset = queryset.filter(id__lt=first_id_at(after))
        return queryset


def _day(text: Any) -> datetime.date | None:
    try:
        day = parse_date(str(text or ""))
    except ValueError:
        return None
    return day if day and 1970 < day.year < 9999 else None


def _start_of(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))


class OperationChangeList(RecordChangeList):
    """What was done as one batch in one line, unless one looks for single things: by words, or by
    what not all entries of a go need to have alike."""

    @property
    def is_folded(self) -> bool:
        asked = {name.partition("__")[0] for name in self.get_filters_params()}
        return not self.query and asked <= _SHARED

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request, *args, **kwargs)
        return batches.first_of_each_batch(rows) if self.is_folded else rows

    def get_results(self, request: HttpRequest) -> None:
        """Each with the batch that it begins, and the batch that one looks at."""
        super().get_results(request)
        rows: Any = [*self.result_list]
        begun = batches.batches_started_by(rows) if self.is_folded else {}
        redact(rows, actor_of(request))
        for row in rows:
            row.go = begun.get(row.pk)
        self.result_list = rows
        self.unfolded = self._unfolded(request)
        self.named = [] if rows or not self.query else named(request, self.query)

    def _unfolded(self, request: HttpRequest) -> dict[str, Any] | None:
        """What was done in the batch whose entries these are."""
        id = read_guid(self.params.get("batch"))
        visible = Operation.objects.visible_to(actor_of(request)).select_related("user")
        first = visible.defer("effects").filter(pk=UUID(id)).first() if id else None
        go = batches.found([first.pk], least=1).get(first.pk) if first else None
        if first is None or go is None:
            return None
        can_undo = go.may_undo(actor_of(request))
        redact([first], actor_of(request))
        return {
            "first": first, "go": go, "sentence": batches.sentence(go, first), "can_undo": can_undo,
        }  # fmt: skip

    def url_for_result(self, result: Any) -> str:
        return result.go.url if result.go else super().url_for_result(result)


def named(request: HttpRequest, text: str) -> list[dict[str, Any]]:
    """Some records of each kind whose name has the words: what an operation did to them is in their
    history, also where it is named after another, as a group's is that took them in."""
    by = actor_of(request)
    found: list[Record] = []
    for model in apps.get_models():
        if not issubclass(model, Record) or not admin.site.is_registered(model):
            continue
        searched = admin.site.get_model_admin(model).get_search_fields(request)
        if "name" in searched and can_view(by, model):
            visible = model.objects.visible_to(by)
            found += matching(visible, ("name",), text, by).order_by("-id")[:_NAMED]
    return [
        {"name": str(one), "kind": one._meta.verbose_name, "url": url_of(one, "history")}
        for one in found
    ]


def found_by_words(
    request: HttpRequest, rows: QuerySet[Any], fields: Sequence[str], text: str
) -> QuerySet[Any]:
    """Operations with the words in one of the fields; by the name of what they changed only where
    the actor may read it."""
    by = actor_of(request)
    readable = readable_types(by)
    if readable is None:
        return matching(rows, fields, text, by)
    others = [field for field in fields if field != "target_name"]
    ways = (
        matching(rows.filter(target_type__in=readable), fields, text, by),
        matching(rows, others, text, by),
    )
    named, said = (Q(pk__in=found.order_by().values("pk")) for found in ways)
    return rows.filter(named | said)


def found_by_guid(request: HttpRequest, guid: str) -> QuerySet[Any]:
    """Operations that an id finds: its own, of what was changed, of a batch, or of a request.

    A request's id begins with its time, so its operations stand close behind it in the key.
    """
    id = UUID(guid)
    visible = Operation.objects.visible_to(actor_of(request))
    milliseconds = id.int >> 80
    end = UUID(
        int=milliseconds + int(_MAX_REQUEST_ID_LENGTH.total_seconds() * 1_000) << 80
        & (1 << 128) - 1
    )
    asked = Q(request_id__in=(guid, str(id)), id__gte=UUID(int=milliseconds << 80), id__lt=end)
    ways = (Q(pk=id), Q(target_id=id), Q(batch=id), asked)
    first, *others = (visible.filter(way).order_by().values("pk") for way in ways)
    return first.union(*others)
