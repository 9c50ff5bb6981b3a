"""API clients, and the page that shows a new one's secret."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from commsapp.core import user_access
from commsapp.core.credentials import api_clients
from commsapp.http.compression import keep_uncompressed
from commsapp.models import Client, User
from commsapp.staff.audited_admin import AuditedAdmin
from commsapp.staff.model_admin import BoundedListAdmin
from commsapp.staff.object_pages import show
from commsapp.staff.request import actor_of, staff_state


@admin.register(Client)
class ClientAdmin(AuditedAdmin, BoundedListAdmin):
    """API clients. A client acts as its user, so it is for those who may manage that user."""

    menu_place = 43
    list_display = ("name", "client_id", "user", "authorization_grant_type", "created")
    list_filter = ("authorization_grant_type",)
    list_select_related = ("user",)
    search_fields = ("name", "client_id", "user__username")
    search_help_text = _("Name, client id or user")
    ordering = ("name", "id")
    fields = ("name", "user")
    autocomplete_fields = ("user",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return user_access.visible_clients(actor_of(request), super().get_queryset(request))

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        told = ("client_id", "authorization_grant_type", "user", "created")
        return told if obj else ()

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        more = ("client_id", "authorization_grant_type", "created") if obj else ()
        return ("name", "user", *more)

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or user_access.may_manage_client(actor_of(request), obj))

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or user_access.may_manage_client(actor_of(request), obj))

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        if "user" in form.base_fields:
            form.base_fields["user"].required = True
            visible = user_access.visible_users(actor_of(request), User.objects.all())
            form.base_fields["user"].queryset = visible
        return form

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        if not user_access.may_act_as(actor_of(request), obj.user):
            raise PermissionDenied(_("The client would have rights that you lack."))
        made, secret = api_clients.create_client(obj.name, obj.user)
        obj.pk, obj.client_id = made.pk, made.client_id
        staff_state(request).client_secret = secret

    def record_creation(self, obj: Any) -> None:
        """The client's `save()` has done so: commands make clients, too."""

    def response_add(self, request: Any, obj: Any, post_url_continue: Any = None) -> Any:
        """The secret, this once: it is in no message, no cookie and no cache."""
        context = {
            "client": obj,
            "client_secret": staff_state(request).client_secret,
            "opts": self.opts,
        }
        title = str(_("API client made"))
        page = show(request, None, "staff/client_made.html", title=title, **context)
        return keep_uncompressed(page)
