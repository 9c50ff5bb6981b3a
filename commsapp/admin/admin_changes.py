"""Changes of users, groups, licensees and API clients: to be read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from commsapp.db.ids import read_guid
from commsapp.models.admin_changes import AdminChange
from commsapp.staff.audit import admin_changes, changelist
from commsapp.staff.model_admin import ReadOnly, TenantAdmin
from commsapp.staff.request import actor_of


@admin.register(AdminChange)
class AdminChangeAdmin(ReadOnly, TenantAdmin):
    """Changes of users, groups, licensees and API clients: to be read."""

    menu_place = 46
    menu_label = _("Users and rights")
    list_display = ("at", "sentence", "target", "of_kind", "user", "through", "address")
    list_filter = (
        changelist.DayFilter, admin_changes.ChannelFilter, admin_changes.ChangingUserFilter,
        admin_changes.TargetFilter,
    )  # fmt: skip
    search_fields = ("target_name", "user__username", "client", "address")
    search_help_text = _("Object, user, client, address, id or request id")
    ordering = ("-id",)
    facts = (
        "at", "sentence", "target", "of_kind", "user", "through", "address", "request_id",
    )  # fmt: skip
    object_template = "staff/admin_change.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return admin_changes.visible_changes(actor_of(request)).order_by(*self.ordering)

    def get_list_filter(self, request: HttpRequest) -> Any:
        return self.list_filter

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An id is a change's, a target's, or a request's."""
        guid = read_guid(search_term.strip())
        if guid is None:
            return super().get_search_results(request, queryset, search_term)
        id = UUID(guid)
        found = Q(pk=id) | Q(target_id=str(id)) | Q(request_id=guid)
        return queryset.filter(found), False

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        is_active = bool(request.user.is_active)  # the sign-in page asks for nobody
        return is_active and admin_changes.may_see_changes(actor_of(request))

    def has_module_permission(self, request: Any) -> bool:
        return self.has_view_permission(request)

    def object_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        """With the values before and after."""
        answer: Any = super().object_view(request, object_id)
        change, by = answer.context_data["record"], actor_of(request)
        answer.context_data["rows"] = admin_changes.differences(change, by)
        return answer  # type: ignore[no-any-return]

    @admin.display(description=_("what was done"))
    def sentence(self, change: AdminChange) -> str:
        return admin_changes.sentence(change)

    @admin.display(description=_("object"))
    def target(self, change: AdminChange) -> Any:
        return admin_changes.target_link(change)

    @admin.display(description=_("kind of object"))
    def of_kind(self, change: AdminChange) -> str:
        return admin_changes.target_kind(change)

    @admin.display(description=_("through"))
    def through(self, change: AdminChange) -> str:
        return admin_changes.channel_and_client(change)
