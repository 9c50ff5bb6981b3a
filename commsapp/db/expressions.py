"""Set-based SQL that the ORM cannot say: once, for SQLite and PostgreSQL."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import (
    Aggregate,
    CharField,
    Expression,
    ForeignObject,
    Lookup,
    Model,
    QuerySet,
    TextField,
    UUIDField,
    Value,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now as _Now

Sql = tuple[str, tuple[Any, ...]]
_MANY = 100  # rows, from which on it matters how they are joined


class Now(_Now):
    """The database's time, with all six digits: SQLite keeps and compares times as texts, and
    Django's own writes three there, so that what is equal to it would be less than it."""

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Sql:
        template = "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f000', 'NOW')"
        sql, params = self.as_sql(compiler, connection, template=template, **context)
        return sql, tuple(params)


@UUIDField.register_lookup
@ForeignObject.register_lookup
@CharField.register_lookup
class InArray(Lookup):
    """Ids or texts from outside, in one parameter however many: filter(pk__in_ids=ids).

    Raises ValueError for an id that is none: a list of ids is written as it is read below.
    """

    lookup_name = "in_ids"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> Sql:
        column, params = self.process_lhs(compiler, connection)
        if connection.vendor == "sqlite":
            values = json.dumps([*self.rhs]) if self._is_text() else _list_of_ids(self.rhs)
            return f"{column} IN (SELECT value FROM json_each(%s))", (*params, values)
        # Of a constant array PostgreSQL makes a hash table, or looks for each in an index. Rows of
        # unnest() it joins: in a nested loop, if it believes that few rows of the table count, as
        # it does right after an import. 30,000 times 30,000 took a minute.
        if self._is_text():
            return f"{column} = ANY(%s::text[])", (*params, as_array(map(quoted, self.rhs)))
        return f"{column} = ANY(%s::uuid[])", (*params, as_array(_checked_ids(self.rhs)))

    def _is_text(self) -> bool:
        return isinstance(self.lhs.output_field, CharField)


def ids_select(ids: Iterable[str], connection: Any) -> Sql:
    """A table of ids from outside, for a FROM: one parameter."""
    if connection.vendor == "sqlite":
        return "(SELECT value AS id FROM json_each(%s)) AS given", (_list_of_ids(ids),)
    return "unnest(%s::uuid[]) AS given (id)", (as_array(_checked_ids(ids)),)


def _list_of_ids(ids: Iterable[str]) -> str:
    """JSON. A hundred thousand ids are four megabytes, and on the way there no more."""
    digits = '","'.join(_checked_ids(ids))
    return f'["{digits}"]' if digits else "[]"


_HEX_DIGITS = b"0123456789abcdef"


def _checked_ids(ids: Iterable[str]) -> list[str]:
    """Return the ids, all as 32 hex digits; raise ValueError for what is none.

    Looked at all at once: 100,000 patterns or UUID objects would take longer than the statement.
    """
    if isinstance(ids, str):
        raise TypeError("Several ids are a list, even of one.")
    found = [*ids]
    if {*map(len, found)} <= {32} and not "".join(found).encode().translate(None, _HEX_DIGITS):
        return found
    return [UUID(id).hex for id in found]


def as_array(literals: Iterable[str]) -> str:
    """PostgreSQL's array of ids that are checked, or of texts once they are quoted(). One text, not
    a list: psycopg quotes a list item by item, 0.3 s for 100,000."""
    return f"{{{','.join(literals)}}}"


def quoted(text: str) -> str:
    """A text in an array; see as_array()."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'


class UUID7(Expression):
    """A new UUIDv7 for each row: the statement's millisecond, then the database's chance."""

    def __init__(self) -> None:
        super().__init__(output_field=UUIDField())

    def as_sql(self, compiler: Any, connection: Any) -> Sql:
        ms = f"{time.time_ns() // 1_000_000:012x}"
        if connection.vendor == "sqlite":  # time, version 7, 12 bits of chance, variant, 60 bits
            chance = "lower(substr(hex(randomblob(2)), 2) || '8' || substr(hex(randomblob(8)), 2))"
            return f"(%s || {chance})", (f"{ms}7",)
        return "overlay(gen_random_uuid()::text PLACING %s FROM 1)::uuid", (f"{ms[:8]}-{ms[8:]}-7",)


class KeyHolding(Expression):
    """Of an object of texts within a JSON column: the first key whose text contains a given one.

    NULL where there is none: KeyHolding(Operation, "effects", "removed", id).
    """

    def __init__(self, model: type[Model], column: str, name: str, text: str) -> None:
        super().__init__(output_field=TextField())
        self.model, self.column, self.name, self.text = model, column, name, text

    def as_sql(self, compiler: Any, connection: Any) -> Sql:
        quote = connection.ops.quote_name
        column = f"{quote(self.model._meta.db_table)}.{quote(self.column)}"
        if connection.vendor == "sqlite":
            found = f"SELECT key FROM json_each({column}, %s) WHERE instr(value, %s) LIMIT 1"
            return f"({found})", (f"$.{self.name}", self.text)
        each = f"jsonb_each_text({column} -> %s)"
        found = f"SELECT key FROM {each} WHERE position(%s in value) > 0 LIMIT 1"
        is_there = f"jsonb_typeof({column} -> %s) = 'object'"
        sql = f"(CASE WHEN {is_there} THEN ({found}) END)"
        return sql, (self.name, self.name, self.text)


class Joined(Aggregate):
    """All values of a group in one text, separated by commas."""

    function = "string_agg"
    template = "%(function)s(%(distinct)s%(expressions)s::text, ',')"
    allow_distinct = True
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        template = "group_concat(%(distinct)s%(expressions)s)"
        return super().as_sql(compiler, connection, template=template, **extra)


def insert_select(model: type[Model], rows: QuerySet[Any], **columns: Any) -> int:
    """INSERT INTO model SELECT columns FROM rows: one statement. Returns how many rows it wrote.

    A column is an expression over the rows, or a plain value. Python defaults do not apply:
    a column left out gets the database's default, or raises IntegrityError.
    """
    fields = {field.name: field for field in model._meta.concrete_fields}
    chosen = {
        f"new_{name}": column
        if hasattr(column, "resolve_expression")
        else Value(getattr(column, "pk", column), output_field=fields[name])
        for name, column in columns.items()
    }
    connection = connections[rows.db]
    quote = connection.ops.quote_name
    into = ", ".join(quote(str(fields[name].column)) for name in columns)
    try:
        select, params = _compiled(rows.annotate(**chosen).values_list(*chosen))
    except EmptyResultSet:  # rows.none()
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {quote(model._meta.db_table)} ({into}) {select}", params)
        written = int(cursor.rowcount)
    discard_plans(connection, written)
    return written


def discard_plans(connection: Any, written: int) -> None:
    """Have the foreign keys of many rows, just written, looked up by plans of this moment.

    PostgreSQL keeps these plans for as long as the connection lives, or until it analyzes the
    table. One made while a table had a few rows reads all of it for each row that is checked.
    """
    if connection.vendor == "postgresql" and written >= _MANY:
        _tell_planner(connection, "DISCARD PLANS")


def _tell_planner(connection: Any, setting: str) -> None:
    """As no statement of Django's, which has its own wrappers and is counted in tests."""
    with connection.wrap_database_errors:
        connection.connection.execute(setting)


def lock_table(model: type[Model]) -> None:
    """Until the transaction ends, nobody writes to the model's table: for rare and small changes.

    SQLite has one writer at a time anyway.
    """
    connection = connections["default"]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            table = connection.ops.quote_name(model._meta.db_table)
            cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")


def missing_ids(rows: QuerySet[Any], ids: Sequence[str]) -> list[str]:
    """Those of the ids that are no row's key: one statement, and only they come to Python."""
    connection, ids = connections[rows.db], _checked_ids(ids)
    given, params = ids_select(ids, connection)
    # EXCEPT sorts or hashes, whatever PostgreSQL guesses. Joined, or looked for one by one, by an
    # index of a column that it believes to be as selective as the key, each id might visit them all
    if connection.vendor == "postgresql":
        existing, more = _compiled(rows.order_by().filter(pk__in_ids=ids).values("pk"))
        sql = f"SELECT given.id FROM {given} EXCEPT {existing}"
    else:
        looked_up = rows.order_by().filter(pk=RawSQL("given.id", ())).values("pk")
        existing, more = _compiled(looked_up)
        sql = f"SELECT given.id FROM {given} WHERE NOT EXISTS ({existing})"
    with connection.cursor() as cursor:
        cursor.execute(sql, (*params, *more))
        missing = {getattr(id, "hex", id) for (id,) in cursor.fetchall()}
    return [id for id in ids if id in missing] if missing else []


@contextmanager
def planned_for(rows: int) -> Iterator[None]:
    """Within a transaction: plan statements as for so many rows, whatever is known of the tables.

    Right after an import, or while statistics are old, PostgreSQL may believe that there is one
    row and go through all others for it: for each of 100,000 through 100,000. Where there are many
    rows it gets no choice but to hash or to sort. What it does in the same way anyway is to look
    up by a key in subqueries, and few rows.
    """
    connection = connections["default"]
    if connection.vendor != "postgresql" or rows < _MANY:
        yield
        return
    _tell_planner(connection, "SET LOCAL enable_nestloop = off")
    yield
    _tell_planner(connection, "SET LOCAL enable_nestloop = on")


def _compiled(rows: QuerySet[Any]) -> tuple[str, Sequence[Any]]:
    select, params = rows.query.get_compiler(rows.db).as_sql()
    return select, params
