"""Counters in memory, which are added to their rows in the background.

A row written at every request would cost each request a commit, and requests that count the same
key would wait for each other (contract 1, Limits). A process that counts calls start() once:
wsgi.py and manage.py do. A killed process loses what it counted since its last write.
"""

from __future__ import annotations

import atexit
import datetime
import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from django.apps import apps
from django.db import Error, IntegrityError, connection, connections
from django.db.models import Model
from django.utils import timezone

from commsapp.db.values import values_select

SECONDS = 5  # between two writes
log = logging.getLogger(__name__)

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class _BufferedCounter(ABC, Generic[Key, Value]):
    """Values by key that are pending until they are written; safe for threads.

    Counting never waits for the database: the lock is not held during a query.
    """

    instances: ClassVar[list[_BufferedCounter[Any, Any]]] = []

    def __init__(self, merge: Callable[[Value, Value], Value]) -> None:
        self._merge = merge
        self._pending: dict[Key, Value] = {}
        self._writing: dict[Key, Value] = {}
        self._lock = threading.Lock()  # of the dictionaries
        self._writer_lock = threading.Lock()
        self.instances.append(self)

    def flush(self) -> None:
        """Write what is pending; if the database is busy or down, the next flush does."""
        with self._writer_lock:
            with self._lock:
                self._pending, self._writing = {}, self._pending
            try:
                if self._writing:
                    self._write(self._writing)
            except Error as error:
                log.warning("%s not written yet: %s", self, error)
            finally:
                self._restore_pending()

    def _restore_pending(self) -> None:
        """Make the values that could not be written pending again."""
        with self._lock:
            for key, value in self._writing.items():
                self._note(key, value)
            self._writing = {}

    def forget(self) -> None:
        """Drop what is pending."""
        with self._lock:
            self._pending, self._writing = {}, {}

    def _note(self, key: Key, value: Value) -> None:
        """Add to what is pending. The caller holds the lock."""
        pending = self._pending.get(key)
        self._pending[key] = value if pending is None else self._merge(pending, value)

    @abstractmethod
    def _write(self, values: Mapping[Key, Value]) -> None:
        """Write all values, or raise; then empty self._writing, under the lock."""


class DailyCounts(_BufferedCounter[tuple[Any, ...], int]):
    """Totals in rows of a model, one row for each key: `DailyCounts("commsapp.ApiUse", …)`."""

    def __init__(self, model: str, *, key: Sequence[str], number: str) -> None:
        """`key` names the fields of a unique constraint, `number` the field of the total."""
        super().__init__(int.__add__)
        self._model, self._key, self._number = model, tuple(key), number
        self._stored: dict[tuple[Any, ...], int] = {}  # totals when last written or read

    def __str__(self) -> str:
        return self._model

    def add(self, *key: Any, number: int = 1) -> None:
        """Add to the total of a key, whose values are Python objects: of a foreign key, the UUID.

        In a transaction call it by on_commit(): changes that are rolled back do not count.
        """
        with self._lock:
            self._note(key, number)

    def total(self, *key: Any) -> int:
        """Return the row's total and what is pending in this process; other processes' counts lag.

        The row is read only if it was not written recently. Nothing is counted twice.
        """
        with self._lock:
            if key in self._stored:
                return self._current_total(key)
        stored = self._read(key)
        with self._lock:
            if key in self._writing and key not in self._stored:  # it may be in what was read
                return stored + self._pending.get(key, 0)
            self._stored.setdefault(key, stored)
            return self._current_total(key)

    def count(self, *key: Any) -> int:
        """Add one and return the total with it: no two callers get the same total."""
        before = self.total(*key)
        with self._lock:
            self._note(key, 1)
            return self._current_total(key) if key in self._stored else before + 1

    def forget(self) -> None:
        """Drop what is pending, and the totals that were read."""
        super().forget()
        self._stored.clear()

    def _current_total(self, key: tuple[Any, ...]) -> int:
        """Return the total. The caller holds the lock."""
        return self._stored[key] + self._pending.get(key, 0) + self._writing.get(key, 0)

    def _read(self, key: tuple[Any, ...]) -> int:
        model = apps.get_model(self._model)
        rows = model._default_manager.filter(**dict(zip(self._key, key, strict=True)))
        return rows.values_list(self._number, flat=True).first() or 0

    def _write(self, values: Mapping[tuple[Any, ...], int]) -> None:
        model = apps.get_model(self._model)
        rows = sorted(values.items(), key=str)  # one order for all writers: no deadlock
        try:
            written = self._upsert(model, rows)
        except IntegrityError:
            written = self._upsert_separately(model, rows)
        with self._lock:
            idle = self._stored.keys() - written.keys() - self._pending.keys()
            for key in idle:  # read again when next needed
                del self._stored[key]
            self._stored |= written
            self._writing = {}

    def _upsert_separately(
        self, model: type[Model], rows: Iterable[tuple[tuple[Any, ...], int]]
    ) -> dict[tuple[Any, ...], int]:
        """Write each row by itself: one whose licensee was deleted must not stop the others."""
        written: dict[tuple[Any, ...], int] = {}
        for key, number in rows:
            try:
                written |= self._upsert(model, [(key, number)])
            except IntegrityError as error:
                log.warning("%s not stored: %s", self, error)
            with self._lock:
                del self._writing[key]  # a later failure does not write it again
        return written

    def _upsert(
        self, model: type[Model], rows: Sequence[tuple[tuple[Any, ...], int]]
    ) -> dict[tuple[Any, ...], int]:
        """Add to each key's row in one statement, safe with other writers; return the new
        totals."""
        by_name: dict[str, Any] = {field.name: field for field in model._meta.concrete_fields}
        own = [field for field in by_name.values() if field.primary_key and field.has_default()]
        fields = [*own, *(by_name[name] for name in (*self._key, self._number))]
        values = [(*(field.get_default() for field in own), *key, n) for key, n in rows]
        select, params = values_select(model, [field.name for field in fields], values)
        quote = connection.ops.quote_name
        table, number = quote(model._meta.db_table), quote(by_name[self._number].column)
        at = ", ".join(quote(by_name[name].column) for name in self._key)
        written = model._default_manager.raw(
            f"INSERT INTO {table} ({', '.join(quote(field.column) for field in fields)}) {select}"
            f" ON CONFLICT ({at})"
            f" DO UPDATE SET {number} = {table}.{number} + excluded.{number} RETURNING *",
            params,
        )
        attributes = [by_name[name].attname for name in self._key]
        return {
            tuple(getattr(row, name) for name in attributes): getattr(row, self._number)
            for row in written
        }


class LatestTimes(_BufferedCounter[Hashable, datetime.datetime]):
    """The latest time of an event, in rows of a model: `LatestTimes("commsapp.Client", …)`."""

    def __init__(self, model: str, field: str) -> None:
        super().__init__(max)
        self._model, self._field = model, field

    def __str__(self) -> str:
        return f"{self._model}.{self._field}"

    def note(self, id: Hashable) -> None:
        """Note that it happened now to the row with this id, a UUID."""
        now = timezone.now()
        with self._lock:
            self._note(id, now)

    def _write(self, values: Mapping[Hashable, datetime.datetime]) -> None:
        """Write in one statement. A time never decreases, and deleted rows are left out."""
        model = apps.get_model(self._model)
        rows = sorted(values.items(), key=str)
        fields = [field for field in model._meta.fields if field.primary_key]
        fields += [field for field in model._meta.fields if field.name == self._field]
        select, params = values_select(model, [field.name for field in fields], rows)
        quote = connection.ops.quote_name
        table, key, moment = map(quote, (model._meta.db_table, *(f.column for f in fields)))
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET {moment} = new.{moment} FROM ({select}) AS new"
                f" WHERE {table}.{key} = new.{key}"
                f" AND ({table}.{moment} IS NULL OR {table}.{moment} < new.{moment})",
                params,
            )
        with self._lock:
            self._writing = {}


# --- Background writing ---------------------------------------------------------------------


def flush() -> None:
    """Write all that is pending in this process."""
    for counter in _BufferedCounter.instances:
        counter.flush()


def forget() -> None:
    """Drop all that is pending in this process: between tests, which have other databases."""
    for counter in _BufferedCounter.instances:
        counter.forget()


def start() -> None:
    """Start a thread that writes every few seconds, and write when this process ends."""
    threading.Thread(target=_flush_forever, name="counts", daemon=True).start()
    atexit.register(flush)


def _flush_forever() -> None:
    while True:
        time.sleep(SECONDS)
        flush()
        connections.close_all()  # of this thread, which sleeps for longer than one is worth
