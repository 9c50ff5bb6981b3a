"""Pages that change users, groups, licensees and API clients record what they change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse

from commsapp.models import admin_changes
from commsapp.models.admin_changes import AdminChange
from commsapp.staff.audit import admin_changes as admin_pages
from commsapp.staff.request import staff_state

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class AuditedAdmin(ModelAdmin):
    """Records each change with the values before and after, in the transaction of the change."""

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        """Read the stored values first: the form has put its own into the object by now."""
        stored = self.model._default_manager.get(pk=obj.pk) if change else None
        staff_state(request).values_before = admin_changes.values_of(stored) if stored else {}
        super().save_model(request, obj, form, change)

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        """Compare when groups, permissions and licensees are stored, too."""
        super().save_related(request, form, formsets, change)
        if not change:
            self.record_creation(form.instance)
            return
        after = admin_changes.values_of(form.instance)
        if changes := admin_changes.differences(staff_state(request).values_before, after):
            admin_changes.record(form.instance, AdminChange.Action.CHANGED, changes)

    def record_creation(self, obj: Any) -> None:
        admin_changes.record_creation(obj)

    def delete_model(self, request: Any, obj: Any) -> None:
        changes = admin_changes.differences(admin_changes.values_of(obj), {})
        admin_changes.record(obj, AdminChange.Action.DELETED, changes)
        super().delete_model(request, obj)

    def history_view(self, request: Any, object_id: str, extra_context: Any = None) -> HttpResponse:
        target = self.get_object(request, object_id)
        if target is None:
            raise Http404
        if not self.has_view_or_change_permission(request, target):
            raise PermissionDenied
        return admin_pages.show_history(request, target)

    # Django's own log knows neither the values nor the address, and is shown nowhere.

    def log_addition(self, request: Any, obj: Any, message: Any) -> Any:
        """Recorded by `save_related()`."""

    def log_change(self, request: Any, obj: Any, message: Any) -> Any:
        """Recorded by `save_related()`; a new password by the user's `save()`."""

    def log_deletions(self, request: Any, queryset: Any) -> Any:
        """Recorded by `delete_model()`."""
