"""The list of all that was done: by what it is narrowed down, and what finds an operation."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib.admin import ListFilter, SimpleListFilter
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from commsapp import ledger
from commsapp.faces.staff.actors import actor_of
from commsapp.faces.staff.people import colleagues
from commsapp.models import Operation, Record, User

_MOST_USERS = 100
_LONGEST_REQUEST = datetime.timedelta(hours=6)

# Every room's: a kind that is missing here is told by its name.
KINDS = {
    "archived": _("Archived"),
    "created": _("Created"),
    "edited": _("Edited"),
    "removed": _("Removed"),
    "restored": _("Restored"),
    "undone": _("Undone"),
    "contacts.connection_moved": _("Connection moved"),
    "contacts.connections_added": _("Connections added"),
    "contacts.connections_removed": _("Connections removed"),
    "contacts.connections_reordered": _("Connections reordered"),
    "contacts.group_archived": _("Group archived"),
    "contacts.group_deleted": _("Group deleted"),
    "contacts.group_restored": _("Group restored"),
    "contacts.group_saved": _("Group saved"),
    "contacts.roles_changed": _("Roles changed"),
    "groups.made_from_contacts": _("Made from contacts"),
    "groups.recipients_added": _("Recipients added"),
    "groups.recipients_removed": _("Recipients removed"),
    "groups.recipients_set": _("Recipients set"),
    "quotes.line_split": _("Line split"),
    "quotes.line_unsplit": _("Line unsplit"),
    "quotes.lines_edited": _("Lines edited"),
    "quotes.quote_moved": _("Quote moved"),
}


class KindFilter(SimpleListFilter):
    """Kinds of operations, of all that there are: asking the table would read all of it."""

    title = _("what was done")
    parameter_name = "kind"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        named = ((name, str(KINDS.get(name, name))) for name in ledger.kinds())
        return sorted(named, key=lambda one: one[1])

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
    """Who did it, of those whom one may see."""

    title = _("user")
    parameter_name = "user"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        users = colleagues(request, User.objects.all()).order_by("username")
        return [(str(user.pk), str(user)) for user in users[:_MOST_USERS]]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        known = {value for value, _label in self.lookup_choices}
        if self.value() is None:
            return queryset
        return queryset.filter(user=self.value()) if self.value() in known else queryset.none()


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
            queryset = queryset.filter(id__gte=first_id_of(_start_of(self.first)))
        if self.last:
            after = _start_of(self.last + datetime.timedelta(1))
            queryset = queryset.filter(id__lt=first_id_of(after))
        return queryset


def _day(text: Any) -> datetime.date | None:
    try:
        day = parse_date(str(text or ""))
    except ValueError:
        return None
    return day if day and 1970 < day.year < 9999 else None


def _start_of(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))


def first_id_of(moment: datetime.datetime) -> UUID:
    """The smallest UUIDv7 of a moment."""
    return UUID(int=int(moment.timestamp() * 1_000) << 80)


def found_by_guid(request: HttpRequest, guid: str) -> QuerySet[Any]:
    """Operations that an id finds: its own, of what was changed, of a batch, or of a request.

    A request's id begins with its time, so its operations stand close behind it in the key.
    """
    id = UUID(guid)
    visible = Operation.objects.visible_to(actor_of(request))
    milliseconds = id.int >> 80
    end = UUID(
        int=milliseconds + int(_LONGEST_REQUEST.total_seconds() * 1_000) << 80 & (1 << 128) - 1
    )
    asked = Q(request_id__in=(guid, str(id)), id__gte=UUID(int=milliseconds << 80), id__lt=end)
    ways = (Q(pk=id), Q(target_id=id), Q(batch=id), asked)
    first, *others = (visible.filter(way).order_by().values("pk") for way in ways)
    return first.union(*others)
