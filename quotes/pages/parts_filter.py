"""A filter of the list of lines: with, without, or only the parts of split lines."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _


class PartsFilter(admin.SimpleListFilter):
    """Hide the parts of split lines, which are many, or show them alone."""

    title = _("parts")
    parameter_name = "parts"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [("without", _("Without parts")), ("only", _("Only parts"))]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is None:
            return queryset
        return queryset.filter(split_from__isnull=self.value() == "without")
