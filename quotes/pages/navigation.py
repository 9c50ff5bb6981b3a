"""Where on a quote's page one is: so that whatever one does, one comes back to the same place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict

from commsapp.core.search import MAX_SEARCH_LENGTH
from commsapp.db.ids import read_guid
from commsapp.db.keyset import Column, keyset_page
from commsapp.staff.changelists import Slice
from commsapp.staff.object_pages import url_of
from commsapp.staff.request import parse_digits
from quotes.models import Quote

# What is looked for among the lines and which of them are shown; the same of the open parts.
_OF_LINES = ("q", "after", "before")
_OF_PARTS = ("parts_of", "parts_q", "parts_after", "parts_before")
_MAX_LENGTH = MAX_SEARCH_LENGTH + 1  # so that too long a search is seen to be one


class QuotePageState:
    """A place on a quote's page: a query of known names, whatever else was sent."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        kept = ((name, str(given.get(name, ""))[:_MAX_LENGTH]) for name in (*_OF_LINES, *_OF_PARTS))
        self._query = {name: value for name, value in kept if value and "\0" not in value}

    @classmethod
    def of(cls, request: HttpRequest) -> QuotePageState:
        """The one that the page shows."""
        return cls(request.GET)

    @classmethod
    def left(cls, request: HttpRequest) -> QuotePageState:
        """The one that somebody came from, who now edits a line or splits one."""
        return cls(QueryDict(request.GET.get("at", "")))

    def get(self, name: str) -> str:
        """What was asked for, as it was sent; empty if it was not."""
        return self._query.get(name, "")

    @property
    def words(self) -> str:
        return self.get("q").strip()

    @property
    def parts_words(self) -> str:
        return self.get("parts_q").strip()

    @property
    def parts_of(self) -> UUID | None:
        """The line whose parts are open."""
        guid = read_guid(self.get("parts_of"))
        return UUID(guid) if guid else None

    def but(self, **changed: Any) -> QuotePageState:
        """The place with something else asked for; None takes it out."""
        return QuotePageState(
            {**self._query, **{name: value or "" for name, value in changed.items()}}
        )

    @property
    def closed(self) -> QuotePageState:
        """The same with no parts open."""
        return self.but(**dict.fromkeys(_OF_PARTS))

    def open_at(self, line_id: Any) -> QuotePageState:
        """The same with the parts of a line open."""
        return self.closed.but(parts_of=line_id)

    @property
    def query(self) -> str:
        """`q=fibre&parts_of=…`"""
        query = QueryDict(mutable=True)
        query.update(self._query)
        return query.urlencode()

    @property
    def at(self) -> str:
        """What the addresses of other pages carry along: `?at=…`."""
        query = QueryDict(mutable=True)
        query["at"] = self.query
        return f"?{query.urlencode()}"

    def url(self, quote: Quote, *, changed: datetime | UUID | None = None, row: str = "") -> str:
        """The address of the place: what changed then, or that line, stands out; `row` is shown."""
        query = QueryDict(mutable=True)
        query.update(self._query)
        if changed is not None:
            query["changed"] = mark_of(changed)
        asked = f"?{query.urlencode()}" if query else ""
        return f"{url_of(quote)}{asked}{f'#{row}' if row else ''}"

    def __str__(self) -> str:
        return self.query


def mark_of(what: datetime | UUID) -> str:
    """How the address of a page names the lines that an operation changed at a time, or one."""
    return what.hex if isinstance(what, UUID) else f"{what:%Y%m%d%H%M%S%f}"


def page_by_line(rows: QuerySet[Any], place: QuotePageState, size: int, prefix: str = "") -> Slice:
    """Return the page of lines after, or before, the line number that the place names. The links
    of its neighbours keep the rest of the place."""
    after, before = (parse_digits(place.get(f"{prefix}{name}")) for name in ("after", "before"))
    start = after if before is None else before
    columns = [Column(rows.model._meta.get_field("line_number"), descending=False)]
    position = [] if start is None else [start]
    page = keyset_page(rows, columns, position, size=size, backward=before is not None)
    previous, following = "", ""
    if page.has_previous:
        first = str(page.rows[0].line_number)
        query = {f"{prefix}after": None, f"{prefix}before": first}
        previous = f"?{place.but(**query).query}"
    if page.has_next:
        last = str(page.rows[-1].line_number)
        query = {f"{prefix}before": None, f"{prefix}after": last}
        following = f"?{place.but(**query).query}"
    return Slice(page.rows, previous, following)
