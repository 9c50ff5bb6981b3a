"""What every list and page of records knows: to show what one may see, always as quickly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, ActionForm
from django.contrib.admin.utils import (
    display_for_field,
    display_for_value,
    label_for_field,
    lookup_field,
)
from django.contrib.admin.views.main import ERROR_FLAG, SEARCH_VAR
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import BooleanField, DateField, DateTimeField, IntegerField, Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from commsapp.core.search import matching
from commsapp.db.fields import FixedPointField, JSONField
from commsapp.db.ids import read_guid
from commsapp.models import Record
from commsapp.staff.boolean_columns import column_of, yes_or_no
from commsapp.staff.changelists import (
    BoundedPaginator,
    DeclaredChangeList,
    RecordChangeList,
    VisibleFilter,
    report_refused_search,
)
from commsapp.staff.combobox import combobox_for
from commsapp.staff.dependents import DependentsFinder
from commsapp.staff.json_fields import ObjectFormField
from commsapp.staff.number_fields import DayInput, FixedPointFormField, WholeFormField
from commsapp.staff.object_pages import (
    Page,
    Panel,
    buttons_for,
    open_object_page,
    pages_on,
    panels_for,
    show,
    url_of,
)
from commsapp.staff.request import actor_of, can_view, has_multiple_licensees, licensees_of

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

_READ_BY: dict[Any, Any] = {
    FixedPointField: FixedPointFormField,
    IntegerField: WholeFormField,
    JSONField: ObjectFormField,
}


class ScriptedActionForm(ActionForm):
    """Django's, with the script that counts what is ticked."""

    class Media:
        js = ("admin/js/actions.js",)


class BoundedListAdmin(ModelAdmin):
    """Lists that cost the same however long they are; who asks for what is not there gets a 404."""

    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    action_form = ScriptedActionForm
    list_per_page = 50
    list_max_show_all = 50
    view_on_site = False
    empty_value_display = ""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DeclaredChangeList]:
        return DeclaredChangeList

    def has_view_permission(self, request: Any, obj: Any = None) -> bool:
        """Django's answer. It asks for "view" before "change", and the log of refusals names the
        permission that was missing last: it is the one to view."""
        if super().has_view_permission(request, obj):
            return True
        codename = get_permission_codename("view", self.opts)
        return bool(request.user.has_perm(f"{self.opts.app_label}.{codename}"))

    def has_view_or_change_permission(self, request: Any, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj) or self.has_view_permission(request, obj)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        """By its id alone: another field is for pop-up windows, which are for nobody."""
        return super().get_object(request, object_id)

    @property
    def media(self) -> forms.Media:
        """Nothing of Django's: no window pops up, no field fills itself from another one. Forms
        and fields name the scripts that they use."""
        return forms.Media()

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Say what was refused of what the address asks for."""
        if ERROR_FLAG in request.GET:
            if len(request.GET) > 1:  # with what else is wrong, Django says the database is
                return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
            messages.error(request, _("The list cannot be filtered in this way."))
        report_refused_search(request, request.GET.get(SEARCH_VAR, ""))
        if request.method == "POST":
            self._clean_selection(request)
        return super().changelist_view(request, extra_context)

    def _clean_selection(self, request: HttpRequest) -> None:
        """Leave out what is no id, which Django would look for.

        Who asks for all that match need not tick one besides, as Django wants: without a
        script, that is one tick too many.
        """
        selected = request.POST.getlist(ACTION_CHECKBOX_NAME)
        ids = [text for text in selected if _is_value_of(self.opts.pk, text)]
        if request.POST.get("select_across") == "1":
            ids = ids or ["all"]
        if ids != selected:
            sent = request.POST.copy()
            sent.setlist(ACTION_CHECKBOX_NAME, ids)
            request.POST = sent  # type: ignore[assignment]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """An id finds its record; anything else is looked for in the search fields."""
        guid = read_guid(search_term.strip())
        fields = self.get_search_fields(request)
        if guid and fields:
            return queryset.filter(pk=UUID(guid)), False
        found = matching(queryset, fields, search_term, actor_of(request)) if fields else queryset
        return found, False

    def get_list_display(self, request: HttpRequest) -> Any:
        fields = {field.name: field for field in self.opts.concrete_fields}
        return [
            column_of(field) if isinstance(field := fields.get(str(name)), BooleanField) else name
            for name in super().get_list_display(request)
        ]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        for column, form_class in _READ_BY.items():
            if isinstance(db_field, column) and not db_field.choices:
                kwargs |= {"form_class": form_class, "widget": form_class.widget}
        if isinstance(db_field, DateField) and not isinstance(db_field, DateTimeField):
            kwargs["widget"] = DayInput
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget  # pop-up windows are for nobody
        return field

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Into a big table one finds by typing."""
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("queryset", db_field.remote_field.model._default_manager.all())
            return combobox_for(db_field, request, **kwargs)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def _get_obj_does_not_exist_redirect(self, request: Any, opts: Any, object_id: str) -> Any:
        raise Http404


def _is_value_of(field: Any, text: str) -> bool:
    try:
        field.to_python(text)
    except ValidationError:
        return False
    return True


class ReadOnly(ModelAdmin):
    """Of what only operations write: to be looked at."""

    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False


class NoDeleteAdmin(ReadOnly, BoundedListAdmin):
    """Of rows that are no records, but somebody's: `licensee_path` leads to whose."""

    licensee_path: ClassVar[str] = "licensee"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.filter(**{f"{self.licensee_path}__in": licensees_of(actor_of(request))})


class TenantAdmin(BoundedListAdmin):
    """Of records that belong to licensees: one sees one's own, each on a page of its own."""

    facts: ClassVar[Sequence[str]] = ()  # what the page tells, as list_display names it
    badge: ClassVar[str] = ""  # the field that says how it stands
    object_template = "staff/object.html"
    pages: ClassVar[Sequence[Page]] = ()
    panels: ClassVar[Sequence[Panel]] = ()
    dependents: ClassVar[Sequence[DependentsFinder]] = ()
    tells_licensee: ClassVar[bool] = False  # in its list: names alone would not tell whose it is

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset: Any = super().get_queryset(request)
        visible: QuerySet[Any] = queryset.visible_to(actor_of(request))
        return visible

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RecordChangeList]:
        return RecordChangeList

    def get_list_display(self, request: HttpRequest) -> Any:
        told = super().get_list_display(request)
        is_told = self.tells_licensee and has_multiple_licensees(actor_of(request))
        return [*told, "licensee"] if is_told else told

    def get_list_filter(self, request: HttpRequest) -> Any:
        by = actor_of(request)
        several = by.licensees is None or len(by.licensees) > 1
        return [*self.list_filter, *([("licensee", VisibleFilter)] if several else [])]

    # --- The page of one ---------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        pages = []
        for page in pages_on(self.model):
            view: Any = wrap(partial(self.object_page_view, page=page))
            if page.max_form_characters:
                view.max_form_characters = page.max_form_characters
            route = f"<uuid:object_id>/{page.name}/"
            pages.append(path(route, view, name=f"{name}_{page.name}"))
        own = path("<uuid:object_id>/", wrap(self.object_view), name=f"{name}_page")
        return [*pages, own, *super().get_urls()]

    def object_page_view(self, request: HttpRequest, object_id: UUID, page: Page) -> HttpResponse:
        return open_object_page(request, partial(self.find, request, object_id), page)

    def find(self, request: HttpRequest, object_id: UUID) -> Any:
        """The record, if the user may see it; Http404 if not."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = self.of_one(self.get_queryset(request)).filter(pk=object_id).first()
        if found is None:
            raise Http404
        return found

    def of_one(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """With what one record's page reads besides."""
        related = self.list_select_related
        return queryset.select_related(*related) if isinstance(related, list | tuple) else queryset

    def object_view(self, request: HttpRequest, object_id: UUID) -> HttpResponse:
        record = self.find(request, object_id)
        return show(
            request,
            record,
            self.object_template,
            title=str(record),
            facts=self.detail_fields_of(request, record),
            badge=self.badge_of(record),
            **self._grouped_buttons(request, record),
            panels=panels_for(request, record),
            can_edit=self.has_change_permission(request, record) and not self.is_frozen(record),
            has_history=isinstance(record, Record),
        )

    def is_frozen(self, record: Any) -> bool:
        """Whether it stands as it is, whoever asks."""
        return False

    @admin.display(description=_("status"), ordering="status")
    def standing(self, record: Any) -> Any:
        """The status as a badge, for lists."""
        label = record.get_status_display()
        return format_html('<span class="badge is-{}">{}</span>', record.status, label)

    def badge_of(self, record: Any) -> dict[str, str] | None:
        if not self.badge:
            return None
        value = getattr(record, self.badge)
        return {"value": value, "label": getattr(record, f"get_{self.badge}_display")()}

    def object_buttons(self, request: HttpRequest, record: Any) -> list[dict[str, Any]]:
        return buttons_for(request, record)

    def _grouped_buttons(self, request: HttpRequest, record: Any) -> dict[str, Any]:
        """The buttons; those that destroy stand behind all others."""
        tools = self.object_buttons(request, record)
        return {
            "tools": [tool for tool in tools if not tool.get("is_destructive")],
            "last_tools": [tool for tool in tools if tool.get("is_destructive")],
        }

    def detail_fields_of(self, request: HttpRequest, record: Any) -> list[tuple[str, Any]]:
        """What the page tells of the record: labels and values; empty ones are left out."""
        told = ((name, self._fact(request, record, name)) for name in self.facts)
        return [
            (capfirst(str(label_for_field(name, self.model, self))), value)
            for name, value in told
            if value not in (None, "", self.get_empty_value_display())
        ]

    def _fact(self, request: HttpRequest, record: Any, name: str) -> Any:
        field, _attribute, value = lookup_field(name, record, self)
        if field is None:
            return display_for_value(value, self.get_empty_value_display())
        if field.remote_field and value is not None:
            return linked(request, getattr(record, field.name))
        if isinstance(field, BooleanField):
            return yes_or_no(value)
        return display_for_field(value, field, self.get_empty_value_display())


def linked(request: HttpRequest, record: Model | None) -> Any:
    """A record's name, leading to its page for those who may see it; and whether it is put away,
    which one wants to know before going on with what refers to it."""
    if record is None:
        return ""
    if not (admin.site.is_registered(type(record)) and isinstance(record, Record)):
        return str(record)
    if not can_view(actor_of(request), type(record)):
        return str(record)
    link = format_html('<a href="{}">{}</a>', url_of(record), record)
    if not record.is_archived:
        return link
    status = getattr(record, "status", "archived")
    told: Callable[[], str] | None = getattr(record, "get_status_display", None)
    label = told() if told else _("Archived")
    return format_html('{} <span class="badge is-{}">{}</span>', link, status, label)
