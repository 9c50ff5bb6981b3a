"""Activity as one list: operations, and between them the changes of users and rights."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.http import urlencode

from commsapp.models.admin_changes import AdminChange
from commsapp.staff.audit.admin_changes import channel_label, may_see_changes, visible_changes
from commsapp.staff.audit.changelist import DayFilter, OperationChangeList, UserFilter
from commsapp.staff.object_pages import url_of
from commsapp.staff.request import actor_of

_MAX_CHANGES = 50  # on a page; all are in their own list
_CHANNEL = "channel__exact"
_COMMON = {"from", "to", "user", _CHANNEL}  # filters that both kinds of rows have


class ActingUserFilter(UserFilter):
    """Who did any of it, operation or change."""

    def who_acted(self, request: Any) -> Q:
        changes = visible_changes(actor_of(request)).filter(user=OuterRef("pk"))
        return super().who_acted(request) | Q(Exists(changes))


class TimelineChangeList(OperationChangeList):
    """Operations with the changes that were made between them, as far as the reader may see these.

    Both ids begin with the time, so a page has the changes whose ids lie between its operations:
    each list is read by its own key, and neither is counted or sorted for the other.
    """

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        by = actor_of(request)
        self.changes_query: str | None = None
        self.has_more_changes = False
        if not may_see_changes(by):
            return
        common = {name: value for name, value in self.params.items() if name in _COMMON}
        self.changes_query = urlencode({k.removesuffix("__exact"): v for k, v in common.items()})
        if self.query or not {*self.params} <= _COMMON:  # nor in another order
            return
        changes = [*self._between(self._narrowed(request, visible_changes(by)))]
        self.has_more_changes = len(changes) > _MAX_CHANGES
        for change in changes:
            change.go, change.channel = None, channel_label(change)
            change.client = "" if change.user is None else change.client  # a command's is long
        rows = [*self.result_list, *changes[:_MAX_CHANGES]]
        self.result_list: Any = sorted(rows, key=lambda row: row.pk, reverse=True)
        self.result_count = self.result_count or len(changes)

    def _narrowed(self, request: HttpRequest, changes: QuerySet[Any]) -> QuerySet[Any]:
        """By the filters that are set, as these narrow the operations."""
        for spec in self.filter_specs:
            if isinstance(spec, DayFilter | UserFilter):
                changes = spec.queryset(request, changes)
        channel = self.params.get(_CHANNEL)
        return changes.filter(channel=channel) if channel else changes

    def _between(self, changes: QuerySet[Any]) -> QuerySet[Any]:
        """Those made after this page's last operation, and before the previous page's last one."""
        rows: list[Any] = [*self.result_list]
        start = (self.page_num - 1) * self.list_per_page
        if start:
            [before] = self.queryset.values_list("pk", flat=True)[start - 1 : start] or [None]
            changes = changes.filter(pk__lt=before) if before else changes.none()
        if rows and self.page_num < self.paginator.num_pages:
            changes = changes.filter(pk__gt=rows[-1].pk)
        return changes.order_by("-pk")[: _MAX_CHANGES + 1]

    def url_for_result(self, result: Any) -> str:
        return url_of(result) if isinstance(result, AdminChange) else super().url_for_result(result)
