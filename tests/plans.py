"""How many rows PostgreSQL visits, told by the server itself: auto_explain and the statistics of
the transaction. What is linear today can be quadratic tomorrow, by an estimate that is off; so
the tests count under the worst estimates, and not seconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import Model

from commsapp.models import Operation

_EXPLAIN = """
LOAD 'auto_explain';
SET LOCAL auto_explain.log_min_duration = 0;
SET LOCAL auto_explain.log_analyze = on;
SET LOCAL auto_explain.log_timing = off;
SET LOCAL auto_explain.log_format = json;
SET LOCAL auto_explain.log_level = notice;
SET LOCAL client_min_messages = notice;
SET LOCAL work_mem = '64kB';
SET LOCAL hash_mem_multiplier = 1;
"""
_REMOVED = ("Filter", "Join Filter", "Index Recheck")
_TABLES = """
SELECT relname, seq_tup_read + COALESCE(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables
"""


@dataclass
class Visited:
    """Rows by the nodes of each statement's plan, and by table with all that constraints read."""

    statements: list[tuple[int, str]] = field(default_factory=list)
    tables: dict[str, int] = field(default_factory=dict)

    @property
    def most(self) -> tuple[int, str]:
        """The statement that visited most rows."""
        return max(self.statements, default=(0, ""))


@contextmanager
def with_little_memory() -> Iterator[Callable[[], Any]]:
    """Within a transaction: `with visits() as visited` gathers what the statements in it visit."""
    with connection.cursor() as cursor:
        cursor.execute(_EXPLAIN)
    yield _visits
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL auto_explain.log_min_duration = -1")


@contextmanager
def _visits() -> Iterator[Visited]:
    visited = Visited()
    before = _by_table()

    def note(diagnostic: Any) -> None:
        _duration, plan, text = (diagnostic.message_primary or "").partition("plan:\n")
        if plan:
            told = json.loads(text)
            if "pg_stat_xact" not in told["Query Text"]:
                visited.statements.append((_rows(told["Plan"]), text))

    connection.connection.add_notice_handler(note)
    try:
        yield visited
        connection.check_constraints()  # what a commit would look for
    finally:
        connection.connection.remove_notice_handler(note)
    after = _by_table()
    visited.tables = {name: rows - before.get(name, 0) for name, rows in after.items()}


def _rows(plan: dict[str, Any]) -> int:
    looked_at = plan["Actual Rows"] + sum(plan.get(f"Rows Removed by {by}", 0) for by in _REMOVED)
    here: int = looked_at * max(plan["Actual Loops"], 1)
    return here + sum(map(_rows, plan.get("Plans", ())))


def _by_table() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return dict(cursor.fetchall())


def begin_anew() -> None:
    """Within a transaction: give the tables of records new files, without what other tests left."""
    connection.check_constraints()
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {_tables()} CASCADE")


def analyze() -> None:
    """What the planner knows from now on is how large these tables are at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {_tables()}")


def _tables() -> str:
    models: list[type[Model]] = [Operation]
    for app in ("contacts", "groups", "quotes"):
        models += apps.get_app_config(app).get_models()
    return ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models)


def outline(plan: str) -> str:
    """The nodes of a plan, with the rows that were expected and those that came."""
    return "\n".join(_lines(json.loads(plan)["Plan"], 1))


def _lines(plan: dict[str, Any], depth: int) -> Iterator[str]:
    names = ("Node Type", "Join Type", "Relation Name", "Index Name", "Index Cond", "Filter")
    text = " ".join(str(plan[name])[:100] for name in names if name in plan)
    counts = f"{plan['Plan Rows']} expected, {plan['Actual Rows']} × {plan['Actual Loops']} came"
    yield f"{'  ' * depth}{text}: {counts}"
    for child in plan.get("Plans", ()):
        yield from _lines(child, depth + 1)
