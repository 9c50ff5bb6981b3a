"""Rows of values: inserted, updated, deleted, in one statement however many.

The same for SQLite and PostgreSQL; what selects rows in ways that the ORM cannot say is in sql.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import connections
from django.db.models import Model

from commsapp.db.expressions import discard_plans
from commsapp.db.values import fields_of, values_select


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
    fields = fields_of(model, [*names, *(fixed or ())])
    column = {name: quote(field.column) for name, field in fields.items()}
    select, params = values_select(model, names, values, fixed)
    at = ", ".join(column[name] for name in unique)
    to = ", ".join(f"{column[name]} = excluded.{column[name]}" for name in update)
    action = f"UPDATE SET {to}" if update else "NOTHING"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(column.values())}) {select}"
            + (f" ON CONFLICT ({at}) DO {action}" if unique else ""),
            params,
        )
        written = int(cursor.rowcount)
    discard_plans(connection, written)
    return written


def upsert_values(
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


def increment(model: type[Model], name: str, amounts: Mapping[str, int]) -> dict[str, int]:
    """Add to a number of rows, each by its id (32 hex digits): one statement. Returns the sums."""
    connection = connections["default"]
    quote = connection.ops.quote_name
    table, column = quote(model._meta.db_table), quote(fields_of(model, [name])[name].column)
    given, params = values_select(model, ("id", name), sorted(amounts.items()))
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
    begin with: one statement. `fixed` as in insert_values(). Returns how many.
    """
    values = list(rows)
    if not values:
        return 0
    connection = connections["default"]
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    given, params = values_select(model, names, values, fixed)
    columns = [
        quote(each.column) for each in fields_of(model, [*names[1:], *(fixed or ())]).values()
    ]
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
    columns = ", ".join(quote(field.column) for field in fields_of(model, names).values())
    select, params = values_select(model, names, values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {quote(model._meta.db_table)} WHERE ({columns}) IN ({select})", params
        )
        return int(cursor.rowcount)
