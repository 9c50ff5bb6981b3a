"""Business records: saved by operations, never past them; the few that are deleted, by one too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from commsapp.core import records
from commsapp.core.actors import Actor
from commsapp.core.audit import Busy, Refused
from commsapp.db.ids import read_guid
from commsapp.models import Licensee, Operation, Record
from commsapp.staff.audit import history
from commsapp.staff.audit.changes import OperationReport
from commsapp.staff.dependents import PlannedChange, dependents_of
from commsapp.staff.forms import RecordForm
from commsapp.staff.model_admin import ModelAdmin, TenantAdmin
from commsapp.staff.object_pages import busy_message, url_of
from commsapp.staff.request import actor_of, licensees_of


class RecordAdmin(TenantAdmin):
    """Of business records: saved by operations, never past them, and never deleted."""

    form = RecordForm
    operation_reports: ClassVar[Sequence[OperationReport]] = ()

    # --- Saving -------------------------------------------------------------------------------

    def create(self, record: Any, by: Actor) -> Record:
        """The operation that makes one."""
        made: Record = records.create(record, by=by)
        return made

    def edit(
        self, pk: UUID, values: Mapping[str, Any], by: Actor, expected: records.Expected
    ) -> Record:
        """The operation that changes one, unless others changed the same meanwhile."""
        edited: Record = records.edit(self.model, pk, values, by=by, expected=expected)
        return edited

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Without Django's transaction around it: the operation is one, and may try again.

        What it refuses is shown on the form: asked again, now knowing why.
        """
        answer = partial(self._changeform_view, request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
        try:
            return answer()
        except self.model.DoesNotExist as error:  # since the form was read
            raise Http404 from error
        except (Refused, ValidationError, Busy) as error:
            request.refused = error  # type: ignore[attr-defined]
            return answer()

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.refused = getattr(request, "refused", None)
        form.licensee_id = None if change else self._preset_licensee(request)
        return form

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            context["record_url"] = url_of(obj)
            context["show_save_and_add_another"] = False
        return super().render_change_form(request, context, add, change, form_url, obj)

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        by = actor_of(request)
        if change:
            self.edit(obj.pk, self.values_from(form), by, form.values_read)
        else:
            self.create(obj, by)

    def values_from(self, form: Any) -> dict[str, Any]:
        """What the form changed: the rest stays as it may have become meanwhile."""
        return {name: form.cleaned_data[name] for name in form.changed_data}

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: an operation has saved it all."""

    def log_addition(self, request: Any, obj: Any, message: Any) -> Any:
        """Nothing: the ledger has it."""

    def log_change(self, request: Any, obj: Any, message: Any) -> Any:
        """Nothing: the ledger has it."""

    def response_post_save_add(self, request: Any, obj: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(self.after_saving(obj))

    def response_post_save_change(self, request: Any, obj: Any) -> HttpResponseRedirect:
        return HttpResponseRedirect(self.after_saving(obj))

    def after_saving(self, obj: Any) -> str:
        """Where one goes on."""
        return url_of(obj)

    # --- Forms --------------------------------------------------------------------------------

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        """With the licensee of a new record, for those who have a choice."""
        fieldsets = [*super().get_fieldsets(request, obj)]
        if obj is None and self._preset_licensee(request) is None:
            name, options = fieldsets[0]
            fieldsets[0] = (name, {**options, "fields": ("licensee", *options["fields"])})
        return fieldsets

    def _preset_licensee(self, request: Any) -> UUID | None:
        if not hasattr(request, "_only_licensee"):
            request._only_licensee = actor_of(request).only_licensee()
        only: UUID | None = request._only_licensee
        return only

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Offers what the actor may see, and takes nothing else."""
        by, model = actor_of(request), db_field.remote_field.model
        if model is Licensee:
            kwargs["queryset"] = licensees_of(by)
        elif issubclass(model, Record):
            kwargs["queryset"] = self.choices_for(db_field, model.objects.visible_to(by))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def choices_for(self, db_field: Any, visible: QuerySet[Any]) -> QuerySet[Any]:
        """Which of the visible ones fit the field."""
        return visible

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    # --- History --------------------------------------------------------------------------------

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        guid = read_guid(object_id)
        if guid is None:
            raise Http404
        record = self.find(request, UUID(guid))
        operations = Operation.objects.filter(
            target_id=record.pk, target_type=self.opts.label_lower, licensee=record.licensee_id
        )
        traces = self.history_rows(request, record)
        return history.show_history(request, record, operations, traces)

    def history_rows(self, request: HttpRequest, record: Any) -> history.HistoryRows:
        """Return operations on other records that belong into the history of this one."""
        return history.HistoryRows()


class DeletableAdmin(RecordAdmin):
    """Of the few records that are deleted, by an operation that says what it deletes."""

    def delete(self, pk: UUID, by: Actor) -> None:
        """The operation that deletes one."""
        raise NotImplementedError

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        may_delete = ModelAdmin.has_delete_permission(self, request, obj)
        return may_delete and (obj is None or not self.is_frozen(obj))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Without Django's transaction around it; what is refused is told on the record's page."""
        touch = PlannedChange("delete", [*filter(None, [read_guid(object_id)])], actor_of(request))
        context = {"touches": partial(dependents_of, self.model, touch), **(extra_context or {})}
        try:
            answer: HttpResponse = self._delete_view(request, object_id, context)  # type: ignore[attr-defined]
        except (Refused, Busy) as error:
            messages.error(request, str(error) or busy_message(error))
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_page"
            return HttpResponseRedirect(reverse(name, args=(object_id,)))
        return answer

    def get_deleted_objects(self, objs: Any, request: Any) -> Any:
        return [str(obj) for obj in objs], {}, set(), []

    def delete_model(self, request: Any, obj: Any) -> None:
        request.goes_on_at = self.after_deleting(obj)
        self.delete(obj.pk, actor_of(request))

    def log_deletions(self, request: Any, queryset: Any) -> Any:
        """Nothing: the ledger has it."""

    def response_delete(self, request: Any, obj_display: str, obj_id: Any) -> HttpResponse:
        messages.success(request, _("Deleted: %s") % obj_display)
        return HttpResponseRedirect(request.goes_on_at)

    def after_deleting(self, obj: Any) -> str:
        """Where one goes on."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def object_buttons(self, request: HttpRequest, record: Any) -> list[dict[str, Any]]:
        tools = super().object_buttons(request, record)
        if not self.has_delete_permission(request, record):
            return tools
        delete = {"url": url_of(record, "delete"), "label": _("Delete"), "is_destructive": True}
        return [*tools, delete]
