"""All that was done, through whatever API or page: to be read and undone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from commsapp.core import audit, operation_access
from commsapp.db.ids import read_guid
from commsapp.models import Operation
from commsapp.models.admin_changes import AdminChange
from commsapp.staff.audit import admin_changes, batches, changelist, history, timeline
from commsapp.staff.audit import panels as audit_panels
from commsapp.staff.audit import undo as undoing
from commsapp.staff.changelists import RecordChangeList
from commsapp.staff.model_admin import ReadOnly, TenantAdmin
from commsapp.staff.object_pages import Page, Panel, url_of
from commsapp.staff.request import actor_of


@admin.register(Operation)
class OperationAdmin(ReadOnly, TenantAdmin):
    """All that was done, through whatever API or page: to be read and undone."""

    menu_place = 40
    list_display = ("at", "sentence", "target", "of_kind", "user", "channel", "client")
    list_filter = (
        changelist.BatchFilter, changelist.DayFilter, "channel", timeline.ActingUserFilter,
        changelist.KindFilter, changelist.ObjectFilter,
    )  # fmt: skip
    list_select_related = ("user", "licensee", "undone_by", "undoes")
    search_fields = ("target_name", "user__username", "client")
    search_help_text = _("Object, user, client, id or request id")
    ordering = ("-id",)
    facts = (
        "at", "sentence", "target", "of_kind", "user", "channel", "client", "request_id",
        "licensee", "touched", "state", "batch",
    )  # fmt: skip
    pages = (Page("undo", undoing.undo_one, verb="view"),)
    panels = (
        Panel(_("What changed"), "staff/differences.html", audit_panels.differences),
        Panel(_("Done in one go with it"), "staff/siblings.html", audit_panels.siblings),
        Panel(_("Undo"), "staff/undo_panel.html", audit_panels.how_to_undo),
    )

    def get_list_display(self, request: HttpRequest) -> Any:
        """With a way to undo, last: a link to what it would do, for a list is a form already."""
        by, here = actor_of(request), urlencode({"next": request.get_full_path()})

        @admin.display(description=_("Undo"))
        def undo(operation: Operation | AdminChange) -> Any:
            if isinstance(operation, AdminChange):
                return ""
            go = _batch_of(operation)
            if not (go.may_undo(by) if go else audit.may_undo(operation, by)):
                return self.state(operation)
            url, hidden = go.undo_url if go else url_of(operation, "undo"), self.sentence(operation)
            link = '<a class="quiet" href="{}?{}">{}<span class="visually-hidden">: {}</span></a>'
            return format_html(link, url, here, _("Undo…"), hidden)

        return (*super().get_list_display(request), undo)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RecordChangeList]:
        return timeline.TimelineChangeList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super().get_queryset(request).defer("effects", "undone_by__effects", "undoes__effects")
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An id is an operation's, an object's, a batch's or a request's."""
        guid = read_guid(search_term.strip())
        if guid:
            return queryset.filter(pk__in=changelist.found_by_guid(request, guid)), False
        return changelist.found_by_words(request, queryset, self.search_fields, search_term), False

    def of_one(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.select_related("user", "licensee", "undone_by__user", "undoes__user")

    def find(self, request: HttpRequest, object_id: UUID) -> Any:
        operation = super().find(request, object_id)
        operation_access.redact([operation], actor_of(request))
        return operation

    def object_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """Under what was done, and to what."""
        answer: Any = super().object_view(request, object_id)
        operation = answer.context_data["record"]
        answer.context_data["title"] = audit.headline(operation).rstrip(".")
        return answer  # type: ignore[no-any-return]

    @admin.display(description=_("what was done"))
    def sentence(self, operation: Operation | AdminChange) -> str:
        if isinstance(operation, AdminChange):
            return admin_changes.sentence(operation)
        go = _batch_of(operation)
        return batches.sentence(go, operation) if go else audit.sentence(operation)

    @admin.display(description=_("object"))
    def target(self, operation: Operation | AdminChange) -> Any:
        if isinstance(operation, AdminChange):
            return admin_changes.target_link(operation)
        go, url = _batch_of(operation), history.target_url(operation)
        name = (
            format_html('<a href="{}">{}</a>', url, operation.target_name)
            if url
            else operation.target_name
        )
        if go is None:
            return name
        unfold = format_html('<a href="{}">{}</a>', go.url, batches.expand_label(go, operation))
        return unfold if batches.is_homogeneous(operation) else format_html("{} {}", name, unfold)

    @admin.display(description=_("kind of object"))
    def of_kind(self, operation: Operation | AdminChange) -> str:
        if isinstance(operation, AdminChange):
            return admin_changes.target_kind(operation)
        is_many = _batch_of(operation) and batches.is_homogeneous(operation)
        return batches.object_plural(operation) if is_many else history.target_kind(operation)

    @admin.display(description=_("state"))
    def state(self, operation: Operation) -> str:
        if operation.undoes_id:
            return str(_("An undo"))
        return str(_("Undone")) if operation.is_undone else ""

    def get_urls(self) -> list[URLPattern]:
        undo = self.admin_site.admin_view(undoing.undo_batch)
        name = "commsapp_operation_undo_batch"
        return [path("undo-batch/<uuid:batch>/", undo, name=name), *super().get_urls()]


def _batch_of(operation: Operation) -> batches.OperationBatch | None:
    """The go that it stands for, in a list that folds them."""
    return getattr(operation, "go", None)
