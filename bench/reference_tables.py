"""F: the reference tables, and what it costs the bare database to fill them.

They are frozen: a uuid key, a unique pair and four indexed foreign keys, as Django makes them. What
our own schema gains shows in the ratio, and what it loses cannot hide.
"""

from __future__ import annotations

import time
from typing import Any

from django.db import connection

from commsapp.db.expressions import UUID7

_TABLES = {
    "bench_note": """
        id {uuid} PRIMARY KEY, text varchar(255) NOT NULL,
        licensee_id {uuid} NOT NULL REFERENCES commsapp_licensee (id) {deferred}
    """,
    "bench_token": """
        key varchar(40) PRIMARY KEY,
        user_id {uuid} NOT NULL UNIQUE REFERENCES commsapp_user (id) {deferred}
    """,
    "bench_membership": """
        id {uuid} PRIMARY KEY,
        licensee_id {uuid} NOT NULL REFERENCES commsapp_licensee (id) {deferred},
        user_id {uuid} NOT NULL REFERENCES commsapp_user (id) {deferred},
        group_id {uuid} NOT NULL REFERENCES groups_recipientgroup (id) {deferred},
        recipient_id {uuid} NOT NULL REFERENCES groups_recipient (id) {deferred},
        UNIQUE (group_id, recipient_id)
    """,
    "bench_line": """
        id {uuid} PRIMARY KEY,
        quote_id {uuid} NOT NULL REFERENCES quotes_quote (id) {deferred},
        product_id {uuid} NOT NULL REFERENCES quotes_product (id) {deferred},
        recipient_id {uuid} NOT NULL REFERENCES groups_recipient (id) {deferred},
        parent_id {uuid} NOT NULL REFERENCES quotes_quotelineitem (id) {deferred},
        line_number integer NOT NULL, description varchar(255) NOT NULL,
        quantity bigint NOT NULL, one_time_price bigint NOT NULL, recurring_price bigint NOT NULL,
        discount_percent bigint NOT NULL, configuration {json} NOT NULL, requested_date date,
        one_time_amount bigint NOT NULL, recurring_amount bigint NOT NULL,
        created_at {time} NOT NULL, updated_at {time} NOT NULL,
        UNIQUE (quote_id, line_number)
    """,
}
_INDEXED = {
    "bench_membership": ("licensee_id", "user_id", "group_id", "recipient_id"),
    "bench_line": ("quote_id", "product_id", "recipient_id", "parent_id"),
}
_DEFERRED = "DEFERRABLE INITIALLY DEFERRED"
_TYPES = {
    "sqlite": {"uuid": "char(32)", "json": "text", "time": "datetime", "deferred": _DEFERRED},
    "postgresql": {
        "uuid": "uuid", "json": "jsonb", "time": "timestamptz", "deferred": _DEFERRED,
    },
}  # fmt: skip


def make_tables(user: Any) -> None:
    """Make the reference tables anew, with a token of the user: his id, as 32 hex digits."""
    with connection.cursor() as cursor:
        for name, columns in _TABLES.items():
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
            cursor.execute(f"CREATE TABLE {name} ({columns.format(**_TYPES[connection.vendor])})")
        for name, columns in _INDEXED.items():
            for column in columns:
                cursor.execute(f"CREATE INDEX {name}_{column} ON {name} ({column})")
        cursor.execute("INSERT INTO bench_token VALUES (%s, %s)", [user.pk.hex, _id(user)])


def settle() -> None:
    """Let the database do now what it would else do in the middle of a measurement."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("CHECKPOINT")
        else:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def analyze() -> None:
    """Tell the planner what there is, as autovacuum would after a while."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def fill_memberships(group: Any, user: Any, count: int) -> float:
    """Seconds to insert a membership of each of the first so many recipients, committed."""
    uuid, params = _new_id()
    return _timed(
        f"INSERT INTO bench_membership (id, licensee_id, user_id, group_id, recipient_id)"
        f" SELECT {uuid}, licensee_id, {_ID}, {_ID}, id"
        f" FROM (SELECT id, licensee_id FROM groups_recipient ORDER BY id LIMIT %s) AS first",
        [*params, _id(user), _id(group), count],
    )


def fill_lines(line: Any, count: int) -> float:
    """Seconds to insert a copy of the line for each of the first so many recipients, committed."""
    uuid, params = _new_id()
    return _timed(
        f"INSERT INTO bench_line SELECT {uuid}, line.quote_id, line.product_id, first.id, line.id,"
        f" 1 + row_number() OVER (ORDER BY first.id), line.description, line.quantity,"
        f" line.one_time_price, line.recurring_price, line.discount_percent, line.configuration,"
        f" line.requested_date, line.one_time_amount, line.recurring_amount, line.created_at,"
        f" line.updated_at"
        f" FROM (SELECT id FROM groups_recipient ORDER BY id LIMIT %s) AS first"
        f" JOIN quotes_quotelineitem AS line ON line.id = {_ID}",
        [*params, count, _id(line)],
    )


def empty(table: str) -> None:
    """Delete all rows of a reference table."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table}")


_ID = "%s"


def _id(record: Any) -> Any:
    return record.pk.hex if connection.vendor == "sqlite" else record.pk


def _new_id() -> tuple[str, tuple[Any, ...]]:
    sql, params = UUID7().as_sql(None, connection)
    return sql, params


def _timed(sql: str, params: list[Any]) -> float:
    with connection.cursor() as cursor:
        began = time.perf_counter()
        cursor.execute(sql, params)
        return time.perf_counter() - began
