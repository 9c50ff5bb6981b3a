"""Pages of lists, by keyset: see `commsapp.db.keyset`."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.db.models import Model
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from commsapp.db.keyset import Column, keyset_page
from commsapp.http.origins import base_url

PAGE_SIZE = 100
MAX_PAGE_SIZE = 1_000


class KeysetPagination(BasePagination):
    """`{"next", "previous", "results"}`; by the view's `ordering_fields` and `ordering`."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        """Return a page, read by one statement."""
        self.request = request
        self.size = _page_size(request.query_params.get("page_size"))
        self.ordering = request.query_params.get("ordering", view.ordering)
        self.columns = _columns(self.ordering, queryset.model, view)
        backward, position = self._read_cursor()
        self.page = keyset_page(queryset, self.columns, position, size=self.size, backward=backward)
        return self.page.rows

    def get_paginated_response(self, data: Any) -> Response:
        page = self.page
        following = self._link(page.rows[-1], backward=False) if page.has_next else None
        previous = self._link(page.rows[0], backward=True) if page.has_previous else None
        return Response({"next": following, "previous": previous, "results": data})

    # --- Cursors: signed, so that only those of our own links are read ----------------------

    def _link(self, row: Model, *, backward: bool) -> str:
        cursor = [self.ordering, backward, [column.text_of(row) for column in self.columns]]
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


def _parameter(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": {"type": "string", **schema},
    }


def _page_size(text: str | None) -> int:
    if text is None:
        return PAGE_SIZE
    size = int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
    if not 1 <= size <= MAX_PAGE_SIZE:
        raise ValidationError({"page_size": [f"Give a number from 1 to {MAX_PAGE_SIZE}."]})
    return size


def _columns(ordering: str, model: type[Model], view: Any) -> list[Column]:
    """Return the columns of `name,-created_at`, of which the last is the id, as it is unique."""
    allowed = (*view.ordering_fields, "id")
    is_descending = {item.removeprefix("-"): item.startswith("-") for item in ordering.split(",")}
    if not is_descending.keys() <= set(allowed) or len(is_descending) <= ordering.count(","):
        text = f"Order by one or several of: {', '.join(allowed)}."
        raise ValidationError({"ordering": [text]})
    is_descending.setdefault("id", [*is_descending.values()][-1])
    columns = [Column(model._meta.get_field(name), is_descending[name]) for name in is_descending]
    return columns[: [*is_descending].index("id") + 1]
