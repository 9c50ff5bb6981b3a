"""Rows of values, given to the database as one parameter however many: inserted, updated, deleted.

The same for SQLite and PostgreSQL; what selects rows in ways that the ORM cannot say is in sql.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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

from commsapp.sql import Sql


def write_rows(
    rows: Iterable[Model], *, unique: Sequence[str] = (), update: Sequence[str] = ()
) -> int:
    """Insert the rows, Python defaults and all; see insert_values()."""
    objects = list(rows)
    if not objects:
        return 0
    model = type(objects[0])
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    columns = [[field.pre_save(row, add=True) for row in objects] for field in fields]
    names = [field.name for field in fields]
    return insert_values(model, names, zip(*columns, strict=True), unique=unique, update=update)


def insert_values(
    model: type[Model],
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    fixed: Mapping[str, Any] | None = None,
    unique: Sequence[str] = (),
    update: Sequence[str] = (),
) -> int:
    """Insert rows of values for the named fields: one statement, however many rows.

    bulk_create makes one statement per 999 variables on SQLite. `fixed` are further fields that
    have one value in all rows. With `unique`, rows that are there already get the fields of
    `update` from the new values, or stay as they are. Returns how many rows it wrote.
    """
    values = list(rows)
    if not values:
        return 0
    connection = connections["default"]
    quote = connection.ops.quote_name
    fields = _fields(model, [*names, *(fixed or ())])
    column = {name: quote(field.column) for name, field in fields.items()}
    select, params = given_rows(model, names, values, fixed)
    at = ", ".join(column[name] for name in unique)
    to = ", ".join(f"{column[name]} = excluded.{column[name]}" for name in update)
    action = f"UPDATE SET {to}" if update else "NOTHING"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(column.values())}) {select}"
            + (f" ON CONFLICT ({at}) DO {action}" if unique else ""),
            params,
        )
        return int(cursor.rowcount)


def put_values(
    model: type[Model],
    names: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    fixed: Mapping[str, Any],
    update: Sequence[str],
    are_there: bool,
) -> int:
    """Insert rows by their ids, which the names begin with; those that are there get the fields of
    `update` alone: one statement. To try the insert first takes up to three times as long, so it is
    left out where all `are_there`. See insert_values()."""
    if not rows:
        return 0
    if not are_there:
        return insert_values(model, names, rows, fixed=fixed, unique=("id",), update=update)
    given = [name for name in names if name in ("id", *update)]
    columns = [*zip(*rows, strict=True)]
    picked = zip(*(columns[names.index(name)] for name in given), strict=True)
    anew = {name: value for name, value in fixed.items() if name in update}
    return update_values(model, given, picked, fixed=anew)


def add_to(model: type[Model], name: str, amounts: Mapping[str, int]) -> dict[str, int]:
    """Add to a number of rows, each by its id (32 hex digits): one statement. Returns the sums."""
    connection = connections["default"]
    quote = connection.ops.quote_name
    table, column = quote(model._meta.db_table), quote(_fields(model, [name])[name].column)
    given, params = given_rows(model, ("id", name), sorted(amounts.items()))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {column} = {table}.{column} + given.{column}"
            f" FROM ({given}) AS given WHERE {table}.id = given.id"
            f" RETURNING {table}.id, {table}.{column}",
            params,
        )
        return {getattr(id, "hex", id): total for id, total in cursor.fetchall()}


def update_values(
    model: type[Model],
    names: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    fixed: Mapping[str, Any] | None = None,
) -> int:
    """Give the named fields of rows that are there new values, each row by its id, which the names
    begin with: one statement, one parameter. `fixed` as in insert_values(). Returns how many.
    """
    values = list(rows)
    if not values:
        return 0
    connection = connections["default"]
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    given, params = given_rows(model, names, values, fixed)
    columns = [quote(each.column) for each in _fields(model, [*names[1:], *(fixed or ())]).values()]
    to = ", ".join(f"{column} = given.{column}" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {to} FROM ({given}) AS given WHERE {table}.id = given.id", params
        )
        return int(cursor.rowcount)


def delete_values(model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Delete the rows that have one of the given rows of values in the named fields: one statement.

    Nothing that refers to them is looked at. Returns how many rows it deleted.
    """
    values = list(rows)
    if not values:
        return 0
    connection = connections["default"]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in _fields(model, names).values())
    select, params = given_rows(model, names, values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {quote(model._meta.db_table)} WHERE ({columns}) IN ({select})", params
        )
        return int(cursor.rowcount)


def given_rows(
    model: type[Model],
    names: Sequence[str],
    rows: Collection[Sequence[Any]],
    fixed: Mapping[str, Any] | None = None,
) -> Sql:
    """A SELECT of given values, in columns named and typed as the model's fields: one parameter,
    and one more for each of the `fixed` and each column that has one value in all rows. To take a
    value out of JSON costs the database more than to write it."""
    connection = connections["default"]
    quote = connection.ops.quote_name
    picked: list[str] = []
    once: list[Any] = []
    columns: list[Sequence[Any]] = []
    of_fields = [*zip(*rows, strict=True)] if rows else [()] * len(names)
    for field, column in zip(_fields(model, names).values(), of_fields, strict=True):
        plain = _plain(field, column, connection)
        if _is_one(plain) and not isinstance(field, JSONField):
            pick = _constant(field, connection)
            once.append(plain[0])
        else:
            pick = _picked(field, len(columns), connection)
            columns.append(plain)
        picked.append(f"{pick} AS {quote(field.column)}")
    fixed = fixed or {}
    for name, field in _fields(model, [*fixed]).items():
        picked.append(f"{_constant(field, connection)} AS {quote(field.column)}")
        once.append(field.get_db_prep_save(fixed[name], connection))
    table = (
        "json_each(%s) WHERE true"  # without WHERE, an ON that follows would read as a join's
        if connection.vendor == "sqlite"
        else "jsonb_array_elements(%s::jsonb) AS given (value)"
    )
    plain_rows = [*zip(*columns, strict=True)] if columns else [()] * len(rows)
    return f"SELECT {', '.join(picked)} FROM {table}", (*once, _as_json(plain_rows))


def _is_one(column: Sequence[Any]) -> bool:
    """Whether it has one value in all rows."""
    first = column[0] if column else ()
    return isinstance(first, str | int | None) and column.count(first) == len(column)


def _fields(model: type[Model], names: Sequence[str]) -> dict[str, Any]:
    by_name = {field.name: field for field in model._meta.concrete_fields}
    return {name: by_name[name] for name in names}


# --- As JSON, and out of it again ---------------------------------------------------------------


def _plain(field: Any, column: Sequence[Any], connection: Any) -> Sequence[Any]:
    """The values of one column as they go into JSON, that the column can take them out again.

    Django's own way costs several µs a value, and in most columns all are plain already.
    """
    target = field.target_field if field.is_relation else field
    kinds = {*map(type, column)}
    if isinstance(target, JSONField):
        return column
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


def _as_json(rows: Sequence[Any]) -> str:
    """JSON, and in it what else is in a JSON column: all of ours have Django's encoder."""
    try:
        return orjson.dumps(rows, _ENCODER.default, orjson.OPT_PASSTHROUGH_DATETIME).decode()
    except TypeError:  # a number of more than 64 bits
        return _ENCODER.encode(rows)


_ENCODER = DjangoJSONEncoder()


def _picked(field: Any, place: int, connection: Any) -> str:
    """The value at a place of the JSON row, as the column's type."""
    if isinstance(field, JSONField):
        return f"value -> {place}"
    if connection.vendor == "sqlite":
        return f"json_extract(value, '$[{place}]')"
    return f"(value ->> {place})::{field.db_type(connection)}"


def _constant(field: Any, connection: Any) -> str:
    """A parameter, as the column's type."""
    return "%s" if connection.vendor == "sqlite" else f"%s::{field.db_type(connection)}"
