"""Django's backend for SQLite, with bounded waits, and with columns that can always be read.

SQLite keeps whatever another program writes into a column: a date `0000-00-00`, a text where a
number should be. Django's converters raise ValueError for some of it, and one such row would make
every list and export that has it a 500.
"""

from __future__ import annotations

import logging
import math
import sqlite3
import uuid
from collections.abc import Callable
from functools import cache
from typing import Any

from django.db.backends.sqlite3 import base, operations
from django.utils.dateparse import parse_date, parse_datetime, parse_time

from commsapp.db.waits import bounded

log = logging.getLogger(__name__)
_NIL = uuid.UUID(int=0)  # never the id of a record
_INTEGERS = {
    "AutoField", "BigAutoField", "SmallAutoField", "IntegerField", "BigIntegerField",
    "SmallIntegerField", "PositiveIntegerField", "PositiveBigIntegerField",
    "PositiveSmallIntegerField",
}  # fmt: skip


def _reader(parse: Callable[[str], Any]) -> Callable[[bytes], Any]:
    """Return a converter of sqlite3 that reads what cannot be parsed as missing."""

    def read(stored: bytes) -> Any:
        try:
            return parse(stored.decode())
        except ValueError:  # as is UnicodeDecodeError
            return None

    return read


# In place of Django's, which are registered for the whole process, too.
sqlite3.register_converter("date", _reader(parse_date))
sqlite3.register_converter("time", _reader(parse_time))
sqlite3.register_converter("datetime", _reader(parse_datetime))
sqlite3.register_converter("timestamp", _reader(parse_datetime))


class DatabaseOperations(operations.DatabaseOperations):
    """Reads a value that is none of its column's type as missing: None.

    Two that have to be there are something else. An id is the nil id: a record without any can
    neither be compared nor linked to. A number is 0, which is what SQLite's own sums take it for,
    so that lines and totals agree. The first of each column is logged.
    """

    def get_db_converters(self, expression: Any) -> list[Any]:
        converters: list[Any] = super().get_db_converters(expression)
        if expression.output_field.get_internal_type() in _INTEGERS:
            converters.append(_read_integer)
        return converters

    def convert_datetimefield_value(self, value: Any, expression: Any, connection: Any) -> Any:
        try:
            if isinstance(value, str):  # of an expression: columns were read by sqlite3
                value = parse_datetime(value)
            return super().convert_datetimefield_value(value, expression, connection)
        except (OverflowError, TypeError, ValueError):  # or no time of the connection's zone
            return None

    def convert_datefield_value(self, value: Any, expression: Any, connection: Any) -> Any:
        try:
            return super().convert_datefield_value(value, expression, connection)
        except (TypeError, ValueError):
            return None

    def convert_timefield_value(self, value: Any, expression: Any, connection: Any) -> Any:
        try:
            return super().convert_timefield_value(value, expression, connection)
        except (TypeError, ValueError):
            return None

    def convert_uuidfield_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value is None:
            return None
        try:
            return uuid.UUID(value)
        except (AttributeError, TypeError, ValueError):
            return _missing(expression, _NIL)


def _read_integer(value: Any, expression: Any, connection: Any) -> Any:
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float) and math.isfinite(value):  # an average; a sum with a text in it
        return value
    return _missing(expression, 0)


def _missing(expression: Any, required: Any) -> Any:
    """Return what is read in place of an unreadable value: `required`, where one has to be."""
    column = getattr(expression, "target", expression.output_field)
    _log_unreadable(str(column))
    return None if column.null else required


@cache
def _log_unreadable(column: str) -> None:
    log.warning("%s has a value that cannot be read", column)


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(bounded)

    def shorten_lock_waits(self, seconds: float) -> None:
        """Nothing to do: a transaction waits for its lock at its start, and never again."""
