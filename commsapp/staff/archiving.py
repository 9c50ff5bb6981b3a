"""Records that are archived and restored, on their page and many at once from their list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commsapp.core import records
from commsapp.core.actors import Actor
from commsapp.core.number_format import format_count
from commsapp.staff.dependents import PlannedChange, dependents_of
from commsapp.staff.object_pages import Command, run_command, url_of
from commsapp.staff.record_admin import RecordAdmin
from commsapp.staff.request import actor_of

_NAMED = 5  # of those selected


class ArchivedAdmin(RecordAdmin):
    """Of records that are archived and restored, on their page and many at once."""

    actions: Any = ("archive_selected", "restore_selected")

    def archive(self, ids: Iterable[str], by: Actor, dry_run: bool) -> Any:
        return records.archive(self.model, ids, by=by, dry_run=dry_run)

    def restore(self, ids: Iterable[str], by: Actor, dry_run: bool) -> Any:
        return records.restore(self.model, ids, by=by, dry_run=dry_run)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:object_id>/archive/", wrap(self.archive_view), name=f"{name}_archive"),
            path("<uuid:object_id>/restore/", wrap(self.restore_view), name=f"{name}_restore"),
            *super().get_urls(),
        ]

    def archive_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        return self._move_one(request, object_id, self.archive, _("Archive"), "archive")

    def restore_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        return self._move_one(request, object_id, self.restore, _("Restore"))

    def _move_one(
        self, request: HttpRequest, object_id: UUID, move: Any, label: Any, verb: str = ""
    ) -> HttpResponse:
        """`verb` is that of what puts the record away: what stands on it is told first."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        record = self.find(request, object_id)
        command = Command(
            title=str(label),
            subtitle=str(record),
            button=str(label),
            run=lambda dry_run: move([record.pk.hex], actor_of(request), dry_run),
            back=url_of(record),
            context=self._touched(request, [record.pk.hex], verb),
        )
        return run_command(request, record, command)

    @admin.action(permissions=["change"], description=_("Archive"))
    def archive_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        return self._move_selected(request, queryset, self.archive, _("Archive"), "archive")

    @admin.action(permissions=["change"], description=_("Restore"))
    def restore_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        return self._move_selected(request, queryset, self.restore, _("Restore"))

    def _move_selected(
        self, request: HttpRequest, queryset: Any, move: Any, label: Any, verb: str = ""
    ) -> HttpResponse:
        ids = [pk.hex for pk in queryset.order_by().values_list("pk", flat=True)]
        sent = ("action", "select_across", "_selected_action", "index")
        command = Command(
            title=str(label),
            subtitle=f"{capfirst(self.opts.verbose_name_plural)}: {_first_of(queryset, len(ids))}",
            button=str(label),
            run=lambda dry_run: move(ids, actor_of(request), dry_run),
            back=request.get_full_path(),
            fields=[(name, value) for name in sent for value in request.POST.getlist(name)],
            is_destructive=verb == "discard",
            selected=len(ids) if request.POST.get("select_across") == "1" else None,
            context={"opts": self.opts, **self._touched(request, ids, verb)},
        )
        return run_command(request, None, command)

    def _touched(self, request: HttpRequest, ids: Sequence[str], verb: str) -> dict[str, Any]:
        """What the confirmation tells of what stands on the records, looked up if it is shown."""
        if not verb:
            return {}
        return {
            "touches": partial(
                dependents_of, self.model, PlannedChange(verb, ids, actor_of(request))
            )
        }

    def object_buttons(self, request: HttpRequest, record: Any) -> list[dict[str, Any]]:
        tools = super().object_buttons(request, record)
        if not self.has_change_permission(request, record):
            return tools
        name, label = ("restore", _("Restore")) if record.is_archived else ("archive", _("Archive"))
        return [*tools, {"url": url_of(record, name), "label": label}]


def _first_of(queryset: QuerySet[Any], count: int) -> str:
    """The first of the records by their names, and how many there are besides."""
    names = ", ".join(f"“{record}”" for record in queryset[:_NAMED])
    if count <= _NAMED:
        return names
    return gettext("%(names)s and %(number)s more") % {
        "names": names,
        "number": format_count(count - _NAMED),
    }
