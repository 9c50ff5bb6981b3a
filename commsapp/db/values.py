"""Values from outside as the rows of a SELECT: a few parameters, however many rows.

To take a value out of JSON costs a database about as much as to write it. So what all rows have in
common travels once; and to SQLite, which looks through a whole row for each of its values, a row is
one text wherever that can be.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections
from django.db.models import (
    CharField,
    DateTimeField,
    IntegerField,
    JSONField,
    Model,
    TextField,
    UUIDField,
)

from commsapp.db.expressions import Sql

Columns = dict[Any, Sequence[Any]]  # by their fields


def values_select(
    model: type[Model],
    names: Sequence[str],
    rows: Collection[Sequence[Any]],
    fixed: Mapping[str, Any] | None = None,
) -> Sql:
    """A SELECT of the rows, in columns named and typed as the model's fields. `fixed` are further
    ones that have one value in all rows."""
    connection = connections["default"]
    fixed = fixed or {}
    fields = [*fields_of(model, [*names, *fixed]).values()]
    values = zip(*rows, strict=True) if rows else [()] * len(names)
    columns = {
        field: _plain(field, column, connection)
        for field, column in zip(fields[: len(names)], values, strict=True)
    }
    once = {field: column[0] for field, column in columns.items() if _is_one(field, column)}
    vary = {field: column for field, column in columns.items() if field not in once}
    once |= {
        field: field.get_db_prep_save(value, connection)
        for field, value in zip(fields[len(names) :], fixed.values(), strict=True)
    }
    given = (_sqlite_values if connection.vendor == "sqlite" else _postgres_values)(
        vary, len(rows), connection
    )
    picks = {**given.picks, **{field: _constant(field, connection) for field in once}}
    quote = connection.ops.quote_name
    picked = ", ".join(f"{picks[field]} AS {quote(field.column)}" for field in fields)
    constants = (once[field] for field in fields if field in once)
    return f"SELECT {picked} FROM {given.table}", (*constants, _as_json(given.rows))


def fields_of(model: type[Model], names: Sequence[str]) -> dict[str, Any]:
    """A model's fields by their names."""
    by_name = {field.name: field for field in model._meta.concrete_fields}
    return {name: by_name[name] for name in names}


def _is_one(field: Any, column: Sequence[Any]) -> bool:
    """Whether it has one value in all rows."""
    if not column or isinstance(field, JSONField):
        return False
    first = column[0]
    return isinstance(first, str | int | None) and column.count(first) == len(column)


def _constant(field: Any, connection: Any) -> str:
    """A parameter, as the column's type."""
    return "%s" if connection.vendor == "sqlite" else f"%s::{field.db_type(connection)}"


# --- Rows in JSON, and their values out of it ---------------------------------------------------


class _Values(NamedTuple):
    """Rows that JSON holds, the table that it is to the database, and where the values are."""

    rows: Sequence[Any]
    table: str
    picks: dict[Any, str]  # by their fields


def _postgres_values(columns: Columns, count: int, connection: Any) -> _Values:
    """For PostgreSQL: each row an array."""
    picks = {
        field: f"value -> {place}"
        if isinstance(field, JSONField)
        else f"(value ->> {place})::{field.db_type(connection)}"
        for place, field in enumerate(columns)
    }
    table = "jsonb_array_elements(%s::jsonb) AS given (value)"
    return _Values(_rows_of(columns, count), table, picks)


def _sqlite_values(columns: Columns, count: int, connection: Any) -> _Values:
    """For SQLite: each row one text, if at most one column has texts of more than one length or
    numbers, which stands at the end; else an array. To SQLite a text ends at a NUL: no API lets
    one in."""
    table = "json_each(%s) WHERE true"  # without WHERE, an ON that follows would read as a join's
    kinds = {field: {*map(type, column)} for field, column in columns.items()}
    widths = {
        field: len(column[0])
        for field, column in columns.items()
        if kinds[field] == {str} and len({*map(len, column)}) == 1
    }
    last = [field for field in columns if field not in widths]
    if len(last) > 1 or not all(kinds[field] in ({str}, {int}) for field in last):
        picks = {field: f"json_extract(value, '$[{n}]')" for n, field in enumerate(columns)}
        return _Values(_rows_of(columns, count), table, picks)
    picks, at = {}, 1
    for field, width in widths.items():
        picks[field] = f"substr(value, {at}, {width})"
        at += width
    for field in last:
        text = f"substr(value, {at})"
        picks[field] = text if kinds[field] == {str} else f"CAST({text} AS integer)"
    texts = [columns[field] for field in widths] + [[*map(str, columns[field])] for field in last]
    return _Values([*map("".join, _rows_of(dict(enumerate(texts)), count))], table, picks)


def _rows_of(columns: Columns, count: int) -> Sequence[tuple[Any, ...]]:
    return [*zip(*columns.values(), strict=True)] if columns else [()] * count


def _as_json(rows: Sequence[Any]) -> str:
    """JSON, and in it what else is in a JSON column: all of ours have Django's encoder."""
    try:
        return orjson.dumps(rows, _ENCODER.default, orjson.OPT_PASSTHROUGH_DATETIME).decode()
    except TypeError:  # a number of more than 64 bits
        return _ENCODER.encode(rows)


_ENCODER = DjangoJSONEncoder()


def _plain(field: Any, column: Sequence[Any], connection: Any) -> Sequence[Any]:
    """The values of one column as they go into JSON, that the column can take them out again.

    Django's own way costs several µs a value, and in most columns all are plain already.
    """
    target = field.target_field if field.is_relation else field
    kinds = {*map(type, column)}
    if isinstance(target, JSONField):
        return column if connection.vendor == "postgresql" else [*map(_as_json, column)]
    if isinstance(target, UUIDField):
        is_plain = kinds == {str} and {*map(len, column)} == {32}
        return column if is_plain else [*map(_digits, column)]
    if isinstance(field, CharField | TextField) and kinds == {str}:
        return column
    if isinstance(field, IntegerField) and kinds == {int}:
        return column

    def prepare(value: Any) -> Any:
        plain = field.get_db_prep_save(value, connection)
        return plain.isoformat() if isinstance(plain, datetime) else plain

    # Mostly it is one moment for all rows.
    return [*map(cache(prepare) if isinstance(field, DateTimeField) else prepare, column)]


def _digits(id: UUID | str | None) -> str | None:
    if isinstance(id, UUID):
        return id.hex
    return id if id is None or len(id) == 32 else UUID(id).hex
