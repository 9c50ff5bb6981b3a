"""Keyset paging: a page begins after the last row of the one before, wherever that is by now.

No COUNT and no OFFSET, so the last page costs what the first one does. A cursor holds the value of
every column that the rows are ordered by, the last of which is always the id: no row is lost or
told twice among equals (DRF's own CursorPagination compares one column).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core import signing
from django.db import connection
from django.db.models import F, Model, Q, Subquery, Value
from django.db.models.functions import Coalesce
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from commsapp.http.origins import base_url

PAGE_SIZE = 100
MAX_PAGE_SIZE = 1_000


@dataclass(frozen=True)
class Column:
    """One of the columns that rows are ordered by. Nulls count as the highest values."""

    field: Any
    descending: bool

    def turned(self) -> Column:
        return Column(self.field, not self.descending)

    def expression(self) -> Any:
        """For order_by(). NULLS is said only where there are some: SQLite's indexes know none."""
        nulls = {"nulls_first" if self.descending else "nulls_last": True}
        column = F(self.field.name)
        order = column.desc if self.descending else column.asc
        return order(**nulls) if self.field.null else order()

    def value_of(self, row: Any) -> str | None:
        value = getattr(row, self.field.attname)
        return None if value is None else str(value)

    def read(self, text: str | None) -> Any:
        return None if text is None else self.field.to_python(text)

    def as_stored(self, value: Any, pk: Any) -> Any:
        """Return the value of the row with this key, as SQL orders by it.

        SQLite may have one that cannot be read, for which None or 0 was read: then it is asked for
        within the statement. Else the page after that row would begin anywhere.
        """
        name = self.field.name
        if connection.vendor != "sqlite" or value not in (None, 0):
            return value
        rows = self.field.model._default_manager.filter(pk=pk, **{f"{name}__isnull": False})
        if value is None and self.field.null and not rows.exists():
            return None
        stored = Subquery(rows.values(name))
        return stored if value is None else Coalesce(stored, Value(value, output_field=self.field))

    def tie(self, value: Any) -> Q:
        name = self.field.name
        return Q(**{f"{name}__isnull": True} if value is None else {name: value})

    def further(self, value: Any) -> Q:
        """The rows that come after all those with this value."""
        name = self.field.name
        if value is None:
            return Q(**{f"{name}__isnull": False}) if self.descending else Q(pk__in=())
        further = Q(**{f"{name}__{'lt' if self.descending else 'gt'}": value})
        if self.field.null and not self.descending:
            further |= Q(**{f"{name}__isnull": True})
        return further

    def not_before(self, value: Any) -> Q:
        """What is true of all rows that follow, said so that an index can begin there."""
        if self.field.null:
            return Q()
        return Q(**{f"{self.field.name}__{'lte' if self.descending else 'gte'}": value})


class KeysetPagination(BasePagination):
    """`{"next", "previous", "results"}`; by the view's `ordering_fields` and `ordering`."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """One page, in one statement."""
        self.request = request
        self.size = _page_size(request.query_params.get("page_size"))
        self.ordering = request.query_params.get("ordering", view.ordering)
        self.columns = _columns(self.ordering, queryset.model, view)
        backward, position = self._read_cursor()

        columns = [column.turned() for column in self.columns] if backward else self.columns
        if position:
            queryset = queryset.filter(_following(columns, position))
        ordered = queryset.order_by(*(column.expression() for column in columns))
        rows = list(ordered[: self.size + 1])
        has_more = len(rows) > self.size
        self.page = rows[: self.size]
        if backward:
            self.page.reverse()
        self.has_previous = has_more if backward else bool(position)
        self.has_next = backward or has_more
        return self.page

    def get_paginated_response(self, data: Any) -> Response:
        first, last = (self.page[0], self.page[-1]) if self.page else (None, None)
        return Response(
            {
                "next": self._link(last, backward=False) if last and self.has_next else None,
                "previous": self._link(first, backward=True)
                if first and self.has_previous
                else None,
                "results": data,
            }
        )

    # --- Cursors: signed, so that whatever comes in is what once went out -------------------

    def _link(self, row: Model, *, backward: bool) -> str:
        cursor = [self.ordering, backward, [column.value_of(row) for column in self.columns]]
        path = self.request.get_full_path()
        sealed = signing.dumps(cursor, salt=self.request.path)
        url = f"{base_url(self.request._request)}{path}"
        link: str = replace_query_param(url, "cursor", sealed)
        return link

    def _read_cursor(self) -> tuple[bool, list[Any]]:
        sealed = self.request.query_params.get("cursor")
        if not sealed:
            return False, []
        try:
            ordering, backward, texts = signing.loads(sealed, salt=self.request.path)
        except signing.BadSignature:
            raise ValidationError({"cursor": ["This is no cursor of this list."]}) from None
        if ordering != self.ordering:
            raise ValidationError({"cursor": ["It belongs to another ordering."]})
        values = [column.read(text) for column, text in zip(self.columns, texts, strict=True)]
        *_others, pk = values
        return backward, [
            column.as_stored(value, pk) for column, value in zip(self.columns, values, strict=True)
        ]

    # --- For the schema ---------------------------------------------------------------------

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        whole = {"type": "integer", "minimum": 1, "maximum": MAX_PAGE_SIZE, "default": PAGE_SIZE}
        names = ", ".join((*view.ordering_fields, "id"))
        text = f"Comma separated, each with “-” before it for the opposite: {names}."
        return [
            _parameter("cursor", "Where the page begins: as `next` and `previous` have it.", {}),
            _parameter("page_size", "How many at most.", whole),
            _parameter("ordering", text, {"default": view.ordering}),
        ]


def _parameter(name: str, told: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": told,
        "schema": {"type": "string", **schema},
    }


def _page_size(given: str | None) -> int:
    if given is None:
        return PAGE_SIZE
    size = int(given) if given.isascii() and given.isdigit() and len(given) < 10 else 0
    if not 1 <= size <= MAX_PAGE_SIZE:
        raise ValidationError({"page_size": [f"Give a number from 1 to {MAX_PAGE_SIZE}."]})
    return size


def _columns(ordering: str, model: type[Model], view: Any) -> list[Column]:
    """The columns of `name,-created_at`, down to the id, which tells all rows apart."""
    known = (*view.ordering_fields, "id")
    wanted = {item.removeprefix("-"): item.startswith("-") for item in ordering.split(",")}
    if not wanted.keys() <= set(known) or len(wanted) <= ordering.count(","):
        text = f"Order by one or several of: {', '.join(known)}."
        raise ValidationError({"ordering": [text]})
    wanted.setdefault("id", [*wanted.values()][-1])
    columns = [Column(model._meta.get_field(name), wanted[name]) for name in wanted]
    return columns[: [*wanted].index("id") + 1]


def _following(columns: Sequence[Column], position: Sequence[Any]) -> Q:
    """The rows after a position: further in the first column, or equal there and further on."""
    (column, *others), (value, *values) = columns, position
    further = column.further(value)
    if not others:
        return further
    return column.not_before(value) & (further | (column.tie(value) & _following(others, values)))
