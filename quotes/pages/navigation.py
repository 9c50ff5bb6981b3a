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
    """The page of lines that follow, or precede, a line number: as quick at the end as at the
    start. Its neighbours' queries keep the rest of the place."""
    after, before = (parse_digits(place.get(f"{prefix}{name}")) for name in ("after", "before"))
    if before is not None:
        found = [*rows.filter(line_number__lt=before).order_by("-line_number")[: size + 1]]
        has_more, shown = len(found) > size, found[:size][::-1]
        has_previous, has_next = has_more, True
    else:
        later = rows if after is None else rows.filter(line_number__gt=after)
        found = [*later.order_by("line_number")[: size + 1]]
        has_previous, has_next, shown = after is not None, len(found) > size, found[:size]
    first, last = (shown[0].line_number, shown[-1].line_number) if shown else (0, 0)
    here, there = f"{prefix}after", f"{prefix}before"
    return Slice(
        shown,
        f"?{place.but(**{here: None, there: str(first)}).query}" if has_previous and shown else "",
        f"?{place.but(**{there: None, here: str(last)}).query}" if has_next and shown else "",
    )
