"""Counts that may lag: kept in memory, and added to their rows in the background.

A row written at every request would cost each of them a commit, and make all that count the same
thing wait for each other (contract 1, Limits). A process that counts says start(), once: wsgi.py
and manage.py do. What a killed process had counted since its last write is lost, nothing else is.
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
    """What is pending for each key, until it is written; safe for threads.

    Nobody who counts ever waits for the database: the lock is not held while it is asked.
    """

    everything: ClassVar[list[_BufferedCounter[Any, Any]]] = []

    def __init__(self, merge: Callable[[Value, Value], Value]) -> None:
        self._merge = merge
        self._pending: dict[Key, Value] = {}
        self._writing: dict[Key, Value] = {}
        self._lock = threading.Lock()  # of the dictionaries
        self._one_writer = threading.Lock()
        self.everything.append(self)

    def flush(self) -> None:
        """Write what is pending. A database too busy for it, or away, gets it the next time."""
        with self._one_writer:
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
        """What could not be written is pending again."""
        with self._lock:
            for key, value in self._writing.items():
                self._note(key, value)
            self._writing = {}

    def forget(self) -> None:
        """Drop what is pending."""
        with self._lock:
            self._pending, self._writing = {}, {}

    def _note(self, key: Key, value: Value) -> None:
        """Under the lock."""
        known = self._pending.get(key)
        self._pending[key] = value if known is None else self._merge(known, value)

    @abstractmethod
    def _write(self, values: Mapping[Key, Value]) -> None:
        """Write all of it, or raise; then empty self._writing, under the lock."""


class DailyCounts(_BufferedCounter[tuple[Any, ...], int]):
    """Numbers in rows of a model, one row for each key: `DailyCounts("commsapp.ApiUse", …)`."""

    def __init__(self, model: str, *, key: Sequence[str], number: str) -> None:
        """`key` names the fields of a unique constraint, `number` the one that is added to."""
        super().__init__(int.__add__)
        self._model, self._key, self._number = model, tuple(key), number
        self._stored: dict[tuple[Any, ...], int] = {}  # what rows said when last written or read

    def __str__(self) -> str:
        return self._model

    def add(self, *key: Any, number: int = 1) -> None:
        """Count. The key's values are Python's own: of a foreign key the id, as a UUID.

        Within a transaction say it in on_commit(): what is taken back must not count.
        """
        with self._lock:
            self._note(key, number)

    def total(self, *key: Any) -> int:
        """What the row says, and what is pending here. Other processes' counts may lag.

        The row is read only where it was not written of late. Nothing is ever told twice.
        """
        with self._lock:
            if key in self._stored:
                return self._current_total(key)
        stored = self._read(key)
        with self._lock:
            if key in self._writing and key not in self._stored:  # in what was read, or not yet
                return stored + self._pending.get(key, 0)
            self._stored.setdefault(key, stored)
            return self._current_total(key)

    def count(self, *key: Any) -> int:
        """Add one and return the total with it: two at once are never told the same."""
        before = self.total(*key)
        with self._lock:
            self._note(key, 1)
            return self._current_total(key) if key in self._stored else before + 1

    def forget(self) -> None:
        """Drop what is pending, and what rows said."""
        super().forget()
        self._stored.clear()

    def _current_total(self, key: tuple[Any, ...]) -> int:
        """Under the lock."""
        return self._stored[key] + self._pending.get(key, 0) + self._writing.get(key, 0)

    def _read(self, key: tuple[Any, ...]) -> int:
        model = apps.get_model(self._model)
        rows = model._default_manager.filter(**dict(zip(self._key, key, strict=True)))
        return rows.values_list(self._number, flat=True).first() or 0

    def _write(self, values: Mapping[tuple[Any, ...], int]) -> None:
        model = apps.get_model(self._model)
        rows = sorted(values.items(), key=str)  # always in this order: no deadlock among writers
        try:
            written = self._upsert(model, rows)
        except IntegrityError:
            written = self._upsert_what_can_be(model, rows)
        with self._lock:
            idle = self._stored.keys() - written.keys() - self._pending.keys()
            for key in idle:  # read anew when it is next asked for
                del self._stored[key]
            self._stored |= written
            self._writing = {}

    def _upsert_what_can_be(
        self, model: type[Model], rows: Iterable[tuple[tuple[Any, ...], int]]
    ) -> dict[tuple[Any, ...], int]:
        """One by one: what the others refer to is not to blame that something was deleted."""
        written: dict[tuple[Any, ...], int] = {}
        for key, number in rows:
            try:
                written |= self._upsert(model, [(key, number)])
            except IntegrityError as error:
                log.warning("%s not kept: %s", self, error)
            with self._lock:
                del self._writing[key]  # what fails later does not write this again
        return written

    def _upsert(
        self, model: type[Model], rows: Sequence[tuple[tuple[Any, ...], int]]
    ) -> dict[tuple[Any, ...], int]:
        """Add to each key's row, whoever else adds to it now: one statement; what they say then."""
        by_name: dict[str, Any] = {field.name: field for field in model._meta.concrete_fields}
        own = [field for field in by_name.values() if field.primary_key and field.has_default()]
        fields = [*own, *(by_name[name] for name in (*self._key, self._number))]
        made = [(*(field.get_default() for field in own), *key, n) for key, n in rows]
        select, params = values_select(model, [field.name for field in fields], made)
        quote = connection.ops.quote_name
        table, number = quote(model._meta.db_table), quote(by_name[self._number].column)
        at = ", ".join(quote(by_name[name].column) for name in self._key)
        told = model._default_manager.raw(
            f"INSERT INTO {table} ({', '.join(quote(field.column) for field in fields)}) {select}"
            f" ON CONFLICT ({at})"
            f" DO UPDATE SET {number} = {table}.{number} + excluded.{number} RETURNING *",
            params,
        )
        attributes = [by_name[name].attname for name in self._key]
        return {
            tuple(getattr(row, name) for name in attributes): getattr(row, self._number)
            for row in told
        }


class LatestTimes(_BufferedCounter[Hashable, datetime.datetime]):
    """When something last happened to rows of a model: `LatestTimes("commsapp.Client", …)`."""

    def __init__(self, model: str, field: str) -> None:
        super().__init__(max)
        self._model, self._field = model, field

    def __str__(self) -> str:
        return f"{self._model}.{self._field}"

    def note(self, id: Hashable) -> None:
        """It happened now. The id is Python's own, as a UUID."""
        now = timezone.now()
        with self._lock:
            self._note(id, now)

    def _write(self, values: Mapping[Hashable, datetime.datetime]) -> None:
        """One statement. A moment never goes back, and what is not there any more is left out."""
        model = apps.get_model(self._model)
        rows = sorted(values.items(), key=str)
        fields = [field for field in model._meta.fields if field.primary_key]
        fields += [field for field in model._meta.fields if field.name == self._field]
        select, params = values_select(model, [field.name for field in fields], rows)
        quote = connection.ops.quote_name
        table, key, moment = map(quote, (model._meta.db_table, *(f.column for f in fields)))
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET {moment} = given.{moment} FROM ({select}) AS given"
                f" WHERE {table}.{key} = given.{key}"
                f" AND ({table}.{moment} IS NULL OR {table}.{moment} < given.{moment})",
                params,
            )
        with self._lock:
            self._writing = {}


# --- When it is written ---------------------------------------------------------------------


def flush() -> None:
    """Write all that is pending in this process."""
    for each in _BufferedCounter.everything:
        each.flush()


def forget() -> None:
    """Drop all that is pending in this process: between tests, whose database is another."""
    for each in _BufferedCounter.everything:
        each.forget()


def start() -> None:
    """From now on write every few seconds, in the background, and when this process ends."""
    threading.Thread(target=_keep_writing, name="counts", daemon=True).start()
    atexit.register(flush)


def _keep_writing() -> None:
    while True:
        time.sleep(SECONDS)
        flush()
        connections.close_all()  # this thread's: it is not worth keeping in between
