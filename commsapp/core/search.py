"""Search for records by words: the same on every page and on both databases, and by an index.

A word of three characters or more matches anywhere in a text; a shorter one matches only where a
word begins, as a trigram index requires. A word without a letter or a digit is ignored. A search
has at most MAX_SEARCH_LENGTH characters and MAX_SEARCH_WORDS words: each word is a condition on
each field, and thousands of conditions occupy a worker for seconds.

PostgreSQL searches by a trigram index of the table (`SearchIndex`, in a migration). It needs the
extension pg_trgm, which comes with PostgreSQL and is trusted: a role that may CREATE in the
database, as its owner may, can install it. SQLite scans the table.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial, reduce
from operator import or_
from typing import Any

from django.db import connection
from django.db.migrations.operations.base import Operation
from django.db.models import Model, Q, QuerySet
from django.utils.text import smart_split, unescape_string_literal
from django.utils.translation import gettext as _

from commsapp.core.actors import Actor
from commsapp.models import Record

log = logging.getLogger(__name__)

TRIGRAM_LENGTH = 3  # characters of the shortest word that a trigram index finds
_FEW = 1_000
MAX_SEARCH_LENGTH = 200  # characters
MAX_SEARCH_WORDS = 10


def search_refusal(text: str, words: Sequence[str] | None = None) -> str:
    """Return the sentence that says why a text is not searched for; empty if it is.

    `words` are those of the text where the caller splits it in another way.
    """
    if len(text) <= MAX_SEARCH_LENGTH:
        count = len([*smart_split(text)] if words is None else words)
        if count <= MAX_SEARCH_WORDS:
            return ""
    limits = {"characters": MAX_SEARCH_LENGTH, "words": MAX_SEARCH_WORDS}
    return _("Search for at most %(characters)s characters and %(words)s words.") % limits


def shorten_search(text: str) -> str:
    """Return as much of a text as may be searched for. For pickers, where a person chooses among
    the matches; a list, all of whose matches are meant, refuses a text that is too long."""
    if not search_refusal(text):
        return text
    return " ".join([*smart_split(text[:MAX_SEARCH_LENGTH])][:MAX_SEARCH_WORDS])


def matching(rows: QuerySet[Any], fields: Sequence[str], text: str, by: Actor) -> QuerySet[Any]:
    """Return the rows that have each word in one of the fields: `name`, `customer__name`.

    Related records are looked up first, among those that the actor may see: no index serves an OR
    over two tables. A search that is too long matches nothing; the page says why.
    """
    query = _each_word(text, (partial(_either, rows.model, field, by) for field in fields))
    if not query:
        return rows
    found = rows.filter(query)
    ids = _ids_if_few(found)
    return found if ids is None else rows.filter(pk__in=ids)


def having(text: str, fields: Iterable[str]) -> Q:
    """Return the condition that each word is in one of the fields, all of one table."""
    return _each_word(text, (partial(holding, field) for field in fields))


def _each_word(text: str, places: Iterable[Callable[[str], Q]]) -> Q:
    if search_refusal(text):
        return Q(pk__in=[])
    all_words, anywhere, query = [*search_words(text)], [*places], Q()
    words = [word for word in all_words if any(map(str.isalnum, word))]
    for word in words:
        query &= reduce(or_, (holds(word) for holds in anywhere))
    return query if words or not all_words else Q(pk__in=[])


def holding(field: str, word: str) -> Q:
    """Return the condition that the field has the word, in any case."""
    spellings = {word}
    if connection.vendor == "sqlite" and not word.isascii():  # it folds the case of ASCII alone
        spellings |= {word.lower(), word.upper(), word.capitalize()}
    if len(word) >= TRIGRAM_LENGTH:
        return reduce(or_, (Q(**{f"{field}__icontains": spelling}) for spelling in spellings))
    first = (Q(**{f"{field}__istartswith": spelling}) for spelling in spellings)
    later = (Q(**{f"{field}__icontains": f" {spelling}"}) for spelling in spellings)
    return reduce(or_, (*first, *later))


def search_words(text: str) -> Iterator[str]:
    """Yield the words of a text; words in quotation marks are one."""
    for part in smart_split(text.replace("\0", " ")):
        is_quoted = part[0] in "\"'" and part[-1] == part[0] and len(part) > 1
        yield (unescape_string_literal(part) if is_quoted else part).strip()


def _either(model: type[Model], path: str, by: Actor, word: str) -> Q:
    name, _link, rest = path.partition("__")
    if not rest:
        return holding(name, word)
    other: Any = model._meta.get_field(name).related_model
    is_record = issubclass(other, Record)
    rows = other.objects.visible_to(by) if is_record else other._base_manager.all()
    found = rows.filter(_either(other, rest, by, word))
    ids = _ids_if_few(found)
    return Q(**{f"{name}__in": found.order_by().values("pk") if ids is None else ids})


def _ids_if_few(found: QuerySet[Any]) -> list[Any] | None:
    """Return the ids of the rows that the index finds; None if they are many, as a list that is
    read in its order soon meets some of those.

    Left to itself, PostgreSQL also reads in the list's order for rare words, if it estimates them
    to be less rare: 6 s instead of 20 ms, with a million rows.
    """
    ids = [*found.order_by().values_list("pk", flat=True)[: _FEW + 1]]
    return ids if len(ids) <= _FEW else None


class SearchIndex(Operation):
    """A migration operation: the index by which PostgreSQL finds words in columns of a table.

    Without pg_trgm, and without the right to install it, no index is made, and a search scans the
    table. Once the extension is installed, migrating back and forth makes the index.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, name: str, columns: Iterable[str]) -> None:
        self.model_name, self.name, self.columns = model_name, name, tuple(columns)

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            return
        if not _has_trigrams(schema_editor):
            log.warning("Without the extension pg_trgm, searching long lists will be slow.")
            return
        quote = schema_editor.quote_name
        table = quote(to_state.apps.get_model(app_label, self.model_name)._meta.db_table)
        # The expression that `icontains` compares.
        keys = ", ".join(f"UPPER({quote(column)}::text) gin_trgm_ops" for column in self.columns)
        schema_editor.execute(f"CREATE INDEX {quote(self.name)} ON {table} USING gin ({keys})")

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP INDEX IF EXISTS {schema_editor.quote_name(self.name)}")

    def describe(self) -> str:
        return f"Index the words of {self.model_name}"


_IS_INSTALLED = "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')"
_MAY_BE_INSTALLED = """
    SELECT EXISTS (
        SELECT FROM pg_available_extension_versions
        WHERE name = 'pg_trgm' AND (trusted OR current_setting('is_superuser') = 'on')
    ) AND has_database_privilege(current_database(), 'CREATE')
"""


def _has_trigrams(schema_editor: Any) -> bool:
    """Return whether the extension is installed, after trying to install it."""
    with schema_editor.connection.cursor() as cursor:
        for question in (_IS_INSTALLED, _MAY_BE_INSTALLED):
            cursor.execute(question)
            if cursor.fetchone()[0]:
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
                return True
    return False
