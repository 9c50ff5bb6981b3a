"""Rows of values from outside as a SELECT: a few parameters, however many rows.

The rows travel as one JSON text, an array for each. To take a value out of JSON costs a database
about as much as to write it, so a value that all rows have in common travels once, as a parameter
of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
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

# The rows as a table. Without SQLite's WHERE, an ON that follows would read as that of a join.
_TABLES = {
    "postgresql": "jsonb_array_elements(%s::jsonb) AS json_rows (value)",
    "sqlite": "json_each(%s) WHERE true",
}


def values_select(
    model: type[Model],
    names: Sequence[str],
    rows: Collection[Sequence[Any]],
    fixed: Mapping[str, Any] | None = None,
) -> Sql:
    """Return a SELECT of the rows, in columns named and typed as the model's fields.

    `fixed` are further fields that have one value in all rows.
    """
    connection = connections["default"]
    fixed = fixed or {}
    fields = [*fields_of(model, [*names, *fixed]).values()]
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    varying: dict[Any, Sequence[Any]] = {}
    common: dict[Any, Any] = {}
    for field, column in zip(fields[: len(names)], columns, strict=True):
        plain = _plain(field, column, connection)
        if _is_common(field, plain):
            common[field] = plain[0]
        else:
            varying[field] = plain
    for field, value in zip(fields[len(names) :], fixed.values(), strict=True):
        common[field] = field.get_db_prep_save(value, connection)
    values = {field: _value_at(place, field, connection) for place, field in enumerate(varying)}
    values |= {field: _parameter(field, connection) for field in common}
    quote = connection.ops.quote_name
    selected = ", ".join(f"{values[field]} AS {quote(field.column)}" for field in fields)
    parameters = [common[field] for field in fields if field in common]
    parameters.append(_as_json([*zip(*varying.values(), strict=True)] or [()] * len(rows)))
    return f"SELECT {selected} FROM {_TABLES[connection.vendor]}", tuple(parameters)


def fields_of(model: type[Model], names: Sequence[str]) -> dict[str, Any]:
    """Return a model's fields by their names."""
    by_name = {field.name: field for field in model._meta.concrete_fields}
    return {name: by_name[name] for name in names}


def _is_common(field: Any, column: Sequence[Any]) -> bool:
    """Return whether all rows have one value."""
    if not column or isinstance(field, JSONField):
        return False
    first = column[0]
    return isinstance(first, str | int | None) and column.count(first) == len(column)


def _parameter(field: Any, connection: Any) -> str:
    """A parameter of the column's type."""
    return "%s" if connection.vendor == "sqlite" else f"%s::{field.db_type(connection)}"


def _value_at(place: int, field: Any, connection: Any) -> str:
    """The value at a place of a row's array, in the column's type."""
    if connection.vendor == "sqlite":
        return f"json_extract(value, '$[{place}]')"
    if isinstance(field, JSONField):
        return f"value -> {place}"
    return f"(value ->> {place})::{field.db_type(connection)}"


def _as_json(values: Any) -> str:
    """Return JSON. What a JSON column holds may be more than JSON knows, such as a date: all of
    these columns have Django's encoder."""
    try:
        return orjson.dumps(values, _ENCODER.default, orjson.OPT_PASSTHROUGH_DATETIME).decode()
    except TypeError:  # a number of more than 64 bits
        return _ENCODER.encode(values)


_ENCODER = DjangoJSONEncoder()


def _plain(field: Any, column: Sequence[Any], connection: Any) -> Sequence[Any]:
    """Return the values of one column as JSON can hold them, and the column take them out again.

    Django's own way costs several µs a value, and in most columns all are plain already.
    """
    target = field.target_field if field.is_relation else field
    types = {*map(type, column)}
    if isinstance(target, JSONField):
        return column if connection.vendor == "postgresql" else [*map(_as_json, column)]
    if isinstance(target, UUIDField):
        is_plain = types == {str} and {*map(len, column)} == {32}
        return column if is_plain else [*map(_digits, column)]
    if isinstance(field, CharField | TextField) and types == {str}:
        return column
    if isinstance(field, IntegerField) and types == {int}:
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
