"""Exports: a list, as it is filtered, as a file. Any number of rows, in bounded memory.

    class RecipientAdmin(ExportedAdmin, ArchivedAdmin):
        exported = {"id": "pk", "name": "name", "customer": "customer_id", …}

The addresses are the list's, with `export.csv`, `export.xlsx` or `export.jsonl` behind it and the
same query: `/admin/groups/recipient/export.csv?state=all&q=berlin`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone, translation
from django.utils.text import slugify

from commsapp.core.search import search_refusal
from commsapp.staff.model_admin import TenantAdmin
from commsapp.staff.tables.writer import FORMATS, table_response

Source = str | Callable[[Any], Any]  # a path from the record to a column, or what makes the value
_ROWS_AT_ONCE = 2_000


class ExportedAdmin(TenantAdmin):
    """Of records whose list can be had as a file. `exported`: by column, where its value is."""

    exported: ClassVar[Mapping[str, Source]] = {}

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        view = self.admin_site.admin_view(self.export_view)
        exports = [
            path(f"export.{ending}", view, {"ending": ending}, name=f"{name}_{ending}")
            for ending in FORMATS
        ]
        return [*exports, *super().get_urls()]

    def export_view(self, request: HttpRequest, ending: str) -> HttpResponseBase:
        """All that the list would show on all of its pages, in its order; where it shows an error,
        the list with that."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        list_url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        try:
            changelist = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(f"{list_url}?{ERROR_FLAG}=1")
        if search_refusal(changelist.query):
            return HttpResponseRedirect(f"{list_url}?{request.GET.urlencode()}")
        with translation.override("en"):  # what is in the file is the same in every language, too
            title = str(self.opts.verbose_name_plural)
        return export(request, ending, title, self.exported, changelist.queryset)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """With the links to the exports."""
        links = self.export_links(request)
        return super().changelist_view(request, {**(extra_context or {}), "exports": links})

    def export_links(self, request: HttpRequest) -> list[dict[str, str]]:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_export"
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        return [
            {"label": ending.upper(), "url": reverse(f"{name}_{ending}") + query}
            for ending in FORMATS
        ]


def export(
    request: HttpRequest, ending: str, title: str, columns: Mapping[str, Source], rows: Any
) -> HttpResponseBase:
    """The rows as a file that is named after the title and the day."""
    name = f"{slugify(title) or 'export'}-{timezone.localdate():%Y-%m-%d}"
    return table_response(ending, name, [*columns], _values(rows, [*columns.values()]))


def _values(rows: QuerySet[Any], sources: Sequence[Source]) -> Iterator[Sequence[Any]]:
    """The columns' values, row by row: plain values where no column has to be computed."""
    paths = [source for source in sources if isinstance(source, str)]
    if len(paths) == len(sources):
        yield from rows.values_list(*paths).iterator(chunk_size=_ROWS_AT_ONCE)
        return
    for record in rows.iterator(chunk_size=_ROWS_AT_ONCE):
        yield [_value(record, source) for source in sources]


def _value(record: Any, source: Source) -> Any:
    if not isinstance(source, str):
        return source(record)
    for name in source.split("__"):
        record = getattr(record, name, None)
    return record
