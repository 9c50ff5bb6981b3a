"""Administration: users, their groups and licensees, API clients, and all that was done."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from commsapp import clients, ledger, operation_access, users
from commsapp.admin_changes import AdminChange
from commsapp.faces.compression import keep_uncompressed
from commsapp.faces.staff import (
    activity,
    admin_changes,
    details,
    goes,
    history,
    people,
    timeline,
    undoing,
)
from commsapp.faces.staff.actors import actor_of, licensees_of
from commsapp.faces.staff.audited import AuditedAdmin
from commsapp.faces.staff.lists import RecordChangeList
from commsapp.faces.staff.pages import page_on, panel_on, show, url_of
from commsapp.faces.staff.permissions import PermittingAdmin
from commsapp.faces.staff.visible import KeptAdmin, QuickAdmin, ReadOnly, VisibleAdmin
from commsapp.ids import read_guid
from commsapp.models import ApiUse, Client, Licensee, Operation, User

if TYPE_CHECKING:
    PeopleAdmin = UserAdmin[User]
else:
    PeopleAdmin = UserAdmin

# What other packages hang into the site would go past our operations, and past what is hashed.
for _package in ("axes", "oauth2_provider"):
    import_module(f"{_package}.admin")  # registers, now and not after us
for _model in [*admin.site._registry]:
    if _model._meta.app_label in ("axes", "oauth2_provider") or _model in (Client, Group):
        admin.site.unregister(_model)


_SIBLINGS_SHOWN = 20

# --- Operations -----------------------------------------------------------------------------


@admin.register(Operation)
class OperationAdmin(ReadOnly, VisibleAdmin):
    """All that was done, through whatever face: to be read and undone."""

    menu_place = 40
    list_display = ("at", "sentence", "target", "of_kind", "user", "face", "client")
    list_filter = (activity.GoFilter, activity.DayFilter, "face", timeline.ActingUserFilter,
                   activity.KindFilter, activity.ObjectFilter)  # fmt: skip
    list_select_related = ("user", "licensee", "undone_by", "undoes")
    search_fields = ("target_name", "user__username", "client")
    search_help_text = _("Object, user, client, id or request id")
    ordering = ("-id",)
    facts = (
        "at", "sentence", "target", "of_kind", "user", "face", "client", "request_id",
        "licensee", "touched", "state", "batch",
    )  # fmt: skip

    def get_list_display(self, request: HttpRequest) -> Any:
        """With a way to undo, last: a link to what it would do, for a list is a form already."""
        by, here = actor_of(request), urlencode({"next": request.get_full_path()})

        @admin.display(description=_("Undo"))
        def undo(operation: Operation | AdminChange) -> Any:
            if isinstance(operation, AdminChange):
                return ""
            go = _go_of(operation)
            if not (go.may_undo(by) if go else ledger.may_undo(operation, by)):
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
            return queryset.filter(pk__in=activity.found_by_guid(request, guid)), False
        return activity.found_by_words(request, queryset, self.search_fields, search_term), False

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
        answer.context_data["title"] = ledger.headline(operation).rstrip(".")
        return answer  # type: ignore[no-any-return]

    @admin.display(description=_("what was done"))
    def sentence(self, operation: Operation | AdminChange) -> str:
        if isinstance(operation, AdminChange):
            return admin_changes.sentence(operation)
        go = _go_of(operation)
        return goes.sentence(go, operation) if go else ledger.sentence(operation)

    @admin.display(description=_("object"))
    def target(self, operation: Operation | AdminChange) -> Any:
        if isinstance(operation, AdminChange):
            return admin_changes.target_link(operation)
        go, url = _go_of(operation), history.target_url(operation)
        name = (
            format_html('<a href="{}">{}</a>', url, operation.target_name)
            if url
            else operation.target_name
        )
        if go is None:
            return name
        unfold = format_html('<a href="{}">{}</a>', go.url, goes.unfolding(go, operation))
        return unfold if goes.is_alike(operation) else format_html("{} {}", name, unfold)

    @admin.display(description=_("kind of object"))
    def of_kind(self, operation: Operation | AdminChange) -> str:
        if isinstance(operation, AdminChange):
            return admin_changes.target_kind(operation)
        is_many = _go_of(operation) and goes.is_alike(operation)
        return goes.things(operation) if is_many else history.target_kind(operation)

    @admin.display(description=_("state"))
    def state(self, operation: Operation) -> str:
        if operation.undoes_id:
            return str(_("An undo"))
        return str(_("Undone")) if operation.is_undone else ""

    def get_urls(self) -> list[URLPattern]:
        undo = self.admin_site.admin_view(undoing.undo_batch)
        name = "commsapp_operation_undo_batch"
        return [path("undo-batch/<uuid:batch>/", undo, name=name), *super().get_urls()]


def _go_of(operation: Operation) -> goes.Go | None:
    """The go that it stands for, in a list that folds them."""
    return getattr(operation, "go", None)


@page_on(Operation, "undo", verb="view")
def undo(request: HttpRequest, operation: Operation) -> HttpResponse:
    """GET: what it would do. POST: it is done. The permission is that of what is undone:
    ledger.undo() asks."""
    return undoing.undo_one(request, operation)


@panel_on(Operation, _("What changed"), "staff/differences.html")
def differences(request: HttpRequest, operation: Operation) -> dict[str, Any] | None:
    """Fields before and after, and the records that came, went and moved."""
    by = actor_of(request)
    rows, listings = details.differences(operation, by), details.listings(operation, by)
    return {"rows": rows, "listings": listings} if rows or listings else None


@panel_on(Operation, _("Done in one go with it"), "staff/siblings.html")
def siblings(request: HttpRequest, operation: Operation) -> dict[str, Any] | None:
    by = actor_of(request)
    found = undoing.siblings_of(operation, by, _SIBLINGS_SHOWN)
    return found and {**found, "entries": history.entries(found["rows"], by)}


@panel_on(Operation, _("Undo"), "staff/undo_panel.html")
def how_to_undo(request: HttpRequest, operation: Operation) -> dict[str, Any] | None:
    """The button; or what undid it, or what it undid."""
    other = operation.undoes or (operation.undone_by if operation.is_undone else None)
    can_undo = ledger.may_undo(operation, actor_of(request))
    if not (other or can_undo):
        return None
    is_undo = operation.undoes_id is not None
    undone = operation.undoes if is_undo else operation if other else None
    kept: list[details.Listing] = []
    if undone and other:
        reversal = operation if is_undo else other
        kept = details.kept_by_undo(undone, reversal, actor_of(request))
    return {
        "other": other,
        "is_undo": is_undo,
        "can_undo": can_undo,
        "asks_first": operation.touched > history.A_HANDFUL,
        "listings": kept,
    }


@admin.register(AdminChange)
class AdminChangeAdmin(ReadOnly, VisibleAdmin):
    """Changes of users, groups, licensees and API clients: to be read."""

    menu_place = 46
    list_display = ("at", "sentence", "target", "of_kind", "user", "through", "address")
    list_filter = (
        activity.DayFilter, admin_changes.ChannelFilter, admin_changes.ActingUserFilter,
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


# --- People ---------------------------------------------------------------------------------


@admin.register(User)
class StaffUserAdmin(AuditedAdmin, PermittingAdmin, QuickAdmin, PeopleAdmin):
    """Users. Who is no superuser gives nobody more than they have themselves."""

    menu_place = 41
    list_display = ("username", "name", "email", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff", "groups")
    search_fields = ("username", "first_name", "last_name", "email")
    search_help_text = _("Username, name or e-mail")
    ordering = ("username",)
    form = people.UserForm
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
        return users.visible_users(actor_of(request), super().get_queryset(request))

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or users.may_manage(actor_of(request), obj))

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False  # operations keep who did them: set a user inactive instead

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, "is_superuser")

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        if db_field.name == "licensees":
            kwargs["queryset"] = licensees_of(actor_of(request))
        elif db_field.name == "groups":
            kwargs["queryset"] = users.groups_within(actor_of(request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        field = form.base_fields.get("licensees")
        if field and not request.user.is_superuser:
            field.required = True  # who works for nobody would vanish from one's sight
        return form


@admin.register(Group)
class StaffGroupAdmin(AuditedAdmin, PermittingAdmin, QuickAdmin, GroupAdmin):
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
class LicenseeAdmin(AuditedAdmin, QuickAdmin):
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
class ApiUseAdmin(KeptAdmin):
    """How much of its daily allocation each licensee used."""

    menu_place = 45
    list_display = ("day", "licensee", "calls")
    list_filter = ("day",)
    list_select_related = ("licensee",)
    search_fields = ("licensee__name",)
    ordering = ("-day", "licensee_id")


# --- API clients ----------------------------------------------------------------------------


@admin.register(Client)
class ClientAdmin(AuditedAdmin, QuickAdmin):
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
        return users.visible_clients(actor_of(request), super().get_queryset(request))

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        told = ("client_id", "authorization_grant_type", "user", "created")
        return told if obj else ()

    def get_fields(self, request: Any, obj: Any = None) -> Any:
        more = ("client_id", "authorization_grant_type", "created") if obj else ()
        return ("name", "user", *more)

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or users.may_manage_client(actor_of(request), obj))

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or users.may_manage_client(actor_of(request), obj))

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        if "user" in form.base_fields:
            form.base_fields["user"].required = True
            visible = users.visible_users(actor_of(request), User.objects.all())
            form.base_fields["user"].queryset = visible
        return form

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        if not users.may_act_as(actor_of(request), obj.user):
            raise PermissionDenied(_("The client would have rights that you lack."))
        made, secret = clients.create_client(obj.name, obj.user)
        obj.pk, obj.client_id, request.client_secret = made.pk, made.client_id, secret

    def record_creation(self, obj: Any) -> None:
        """The client's `save()` has done so: commands make clients, too."""

    def response_add(self, request: Any, obj: Any, post_url_continue: Any = None) -> Any:
        """The secret, this once: it is in no message, no cookie and no cache."""
        context = {"client": obj, "client_secret": request.client_secret, "opts": self.opts}
        title = str(_("API client made"))
        page = show(request, None, "staff/client_made.html", title=title, **context)
        return keep_uncompressed(page)
