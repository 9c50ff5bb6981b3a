"""Users, their groups and licensees, and what the licensees use of the APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from commsapp.core import user_access
from commsapp.models import ApiUse, Licensee, User
from commsapp.staff import user_forms
from commsapp.staff.audited_admin import AuditedAdmin
from commsapp.staff.model_admin import BoundedListAdmin, NoDeleteAdmin
from commsapp.staff.permission_matrix import PermittingAdmin
from commsapp.staff.request import actor_of, licensees_of

if TYPE_CHECKING:
    PeopleAdmin = UserAdmin[User]
else:
    PeopleAdmin = UserAdmin


@admin.register(User)
class StaffUserAdmin(AuditedAdmin, PermittingAdmin, BoundedListAdmin, PeopleAdmin):
    """Users. Who is no superuser gives nobody more than they have themselves."""

    menu_place = 41
    list_display = ("username", "name", "email", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "groups")
    search_fields = ("username", "first_name", "last_name", "email")
    search_help_text = _("Username, name or e-mail")
    ordering = ("username",)
    form = user_forms.UserForm
    boxes = "user_permissions"
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Works for"), {"fields": ("licensees",)}),
        (
            _("May"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        (_("Works for"), {"fields": ("licensees",)}),
    )
    readonly_fields = ("last_login", "date_joined")

    @admin.display(description=_("name"))
    def name(self, user: User) -> str:
        return user.get_full_name()

    def get_queryset(self, request: HttpRequest) -> Any:
        return user_access.visible_users(actor_of(request), super().get_queryset(request))

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or user_access.may_manage(actor_of(request), obj))

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False  # operations keep who did them: set a user inactive instead

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, "is_superuser")

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        if db_field.name == "licensees":
            kwargs["queryset"] = licensees_of(actor_of(request))
        elif db_field.name == "groups":
            kwargs["queryset"] = user_access.groups_within(actor_of(request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        field = form.base_fields.get("licensees")
        if field and not request.user.is_superuser:
            field.required = True  # who works for nobody would vanish from one's sight
        return form


@admin.register(Group)
class StaffGroupAdmin(AuditedAdmin, PermittingAdmin, BoundedListAdmin, GroupAdmin):
    """What a group may is for superusers to say: it would be a way to every right."""

    menu_place = 42
    menu_section, menu_label = "commsapp", _("User groups")
    fields = ("name", "permissions")

    def has_add_permission(self, request: Any) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return bool(request.user.is_superuser)


@admin.register(Licensee)
class LicenseeAdmin(AuditedAdmin, BoundedListAdmin):
    """The tenants."""

    menu_place = 44
    list_display = ("name", "created_at")
    search_fields = ("name",)
    fields = ("name",)
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        licensees = super().get_queryset(request)
        return licensees.filter(pk__in=licensees_of(actor_of(request)))

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


@admin.register(ApiUse)
class ApiUseAdmin(NoDeleteAdmin):
    """How much of its daily allocation each licensee used."""

    menu_place = 45
    list_display = ("day", "licensee", "calls")
    list_filter = ("day",)
    list_select_related = ("licensee",)
    search_fields = ("licensee__name",)
    ordering = ("-day", "licensee_id")
