"""Keyset pagination: a page begins after the last row of the page before it.

No COUNT and no OFFSET, so the last page costs what the first one does, and rows that are added or
deleted meanwhile move no other. A position holds the value of every column that the rows are
ordered by. The last of these is unique, so that no row is lost or repeated among equal ones, as
with Django REST framework's CursorPagination, which compares one column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce


@dataclass(frozen=True)
class Column:
    """A column that rows are ordered by. Nulls count as the highest values."""

    field: Any
    descending: bool

    def reversed(self) -> Column:
        return Column(self.field, not self.descending)

    def expression(self) -> Any:
        """Return the term for order_by(). NULLS is added for nullable columns only, as SQLite's
        indexes cannot serve it."""
        nulls = {"nulls_first" if self.descending else "nulls_last": True}
        column = F(self.field.name)
        order = column.desc if self.descending else column.asc
        return order(**nulls) if self.field.null else order()

    def text_of(self, row: Any) -> str | None:
        """Return the row's value as text; `read()` is the inverse."""
        value = getattr(row, self.field.attname)
        return None if value is None else str(value)

    def read(self, text: str | None) -> Any:
        return None if text is None else self.field.to_python(text)

    def as_stored(self, value: Any, pk: Any) -> Any:
        """Return the value of the row with this primary key, as SQL orders by it.

        SQLite may store one that cannot be read, for which None or 0 was read. It is then read by
        a subquery, or the page after that row would begin anywhere.
        """
        name = self.field.name
        if connection.vendor != "sqlite" or value not in (None, 0):
            return value
        rows = self.field.model._default_manager.filter(pk=pk, **{f"{name}__isnull": False})
        if value is None and self.field.null and not rows.exists():
            return None
        stored = Subquery(rows.values(name))
        return stored if value is None else Coalesce(stored, Value(value, output_field=self.field))

    def equal(self, value: Any) -> Q:
        """Return the condition of rows with this value."""
        name = self.field.name
        return Q(**{f"{name}__isnull": True} if value is None else {name: value})

    def after(self, value: Any) -> Q:
        """Return the condition of rows after all those with this value."""
        name = self.field.name
        if value is None:
            return Q(**{f"{name}__isnull": False}) if self.descending else Q(pk__in=())
        following = Q(**{f"{name}__{'lt' if self.descending else 'gt'}": value})
        if self.field.null and not self.descending:
            following |= Q(**{f"{name}__isnull": True})
        return following

    def not_before(self, value: Any) -> Q:
        """Return a condition that all rows from this value on meet, where an index can begin."""
        if self.field.null:
            return Q()
        return Q(**{f"{self.field.name}__{'lte' if self.descending else 'gte'}": value})


@dataclass(frozen=True)
class KeysetPage:
    """The rows of a page in their order, and whether there are rows before and after them."""

    rows: list[Any]
    has_previous: bool
    has_next: bool


def keyset_page(
    rows: QuerySet[Any],
    columns: Sequence[Column],
    position: Sequence[Any] = (),
    *,
    size: int,
    backward: bool = False,
) -> KeysetPage:
    """Return the page after a position, or before it; without one the first page. One statement.

    `position` has a value for each column, and the last column is unique.
    """
    ordered = [column.reversed() for column in columns] if backward else columns
    if position:
        rows = rows.filter(_following(ordered, position))
    found = list(rows.order_by(*(column.expression() for column in ordered))[: size + 1])
    has_more = len(found) > size
    found = found[:size]
    if backward:
        found.reverse()
    if not found:
        return KeysetPage([], has_previous=False, has_next=False)
    has_previous, has_next = (has_more, True) if backward else (bool(position), has_more)
    return KeysetPage(found, has_previous, has_next)


def _following(columns: Sequence[Column], position: Sequence[Any]) -> Q:
    """Return the condition of rows after a position: after it in the first column, or equal there
    and after it in the others."""
    (column, *others), (value, *values) = columns, position
    after = column.after(value)
    if not others:
        return after
    return column.not_before(value) & (after | (column.equal(value) & _following(others, values)))
