"""The lines on a quote's page: found by words, paged by number, parts folded under their line."""

from __future__ import annotations

from typing import Any

from django.db.models import (
    Case,
    Count,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest

from commsapp.core.actors import has_permission
from commsapp.core.search import search_refusal, search_words
from commsapp.staff.changelists import Slice, report_refused_search
from commsapp.staff.object_pages import url_of
from commsapp.staff.request import actor_of, parse_digits
from quotes.models import Quote, QuoteLineItem
from quotes.pages.navigation import QuotePageState, page_by_line

SHOWN = 200
_SEARCHED = ("description", "product__name", "recipient_group__name", "recipient__name")
_PARTS_SEARCHED = (
    "recipient__name", "recipient__msisdn", "recipient__external_reference", "recipient__city",
    "description",
)  # fmt: skip


def lines(request: HttpRequest, quote: Quote) -> dict[str, Any]:
    """The lines that the place asks for; those of one line's parts are in it, opened."""
    place, by = QuotePageState.of(request), actor_of(request)
    report_refused_search(request, place.words, place.parts_words)
    page = page_by_line(_with_counts(found_lines(quote, place), quote), place, SHOWN)
    can_change = has_permission(by, "change", QuoteLineItem) and quote.is_open
    return {
        "page": page,
        "place": place,
        "opened": _opened(quote, place, page, can_change=can_change),
        "selectable": _selectable(found_lines(quote, place), can_change=can_change),
        "edit_url": url_of(quote, "edit-lines"),
        "changed": request.GET.get("changed", ""),
        "count": quote.line_count,
        "can_change": can_change,
        "can_add": has_permission(by, "add", QuoteLineItem) and quote.is_open,
    }


def _opened(
    quote: Quote, place: QuotePageState, page: Slice, *, can_change: bool
) -> dict[str, Any] | None:
    """The parts of the line whose parts are open, with the line itself."""
    if place.parts_of is None:
        return None
    shown: dict[Any, QuoteLineItem] = {line.pk: line for line in page}
    line = shown.get(place.parts_of) or quote.lines.filter(pk=place.parts_of).first()
    if line is None:
        raise Http404
    parts = found_parts(line, place)
    found = page_by_line(joined(parts), place, SHOWN, "parts_")
    return {
        "line": line,
        "page": found,
        "is_shown": line.pk in shown,
        "selectable": _selectable(parts, can_change=can_change),
    }


def _selectable(every: Any, *, can_change: bool) -> int:
    """How many of the lines found can be edited together, on whatever page they are."""
    return every.in_totals().count() if can_change else 0


# --- Which ----------------------------------------------------------------------------------


def found_lines(quote: Quote, place: QuotePageState) -> Any:
    """The lines of a quote, with their parts folded; looking for words finds parts as well."""
    lines = quote.lines.order_by()
    if not place.words:
        return lines.filter(split_from=None)
    return lines.filter(_matching(place.words, _SEARCHED))


def found_parts(line: QuoteLineItem, place: QuotePageState) -> Any:
    """The parts of a line, or those among them that some words find."""
    parts = QuoteLineItem.objects.filter(quote=line.quote_id, split_from=line.pk).order_by()
    return parts.filter(_matching(place.parts_words, _PARTS_SEARCHED))


def chosen(quote: Quote, place: QuotePageState) -> Any:
    """All lines that a selection over pages means: those found that one can edit."""
    if place.parts_of is None:
        return found_lines(quote, place).in_totals()
    line: QuoteLineItem = quote.lines.get(pk=place.parts_of)
    return found_parts(line, place).in_totals()


def _matching(words: str, fields: tuple[str, ...]) -> Q:
    """Each word in one of the fields; a number may be the line's. Too long a search finds none."""
    if search_refusal(words):
        return Q(pk__in=[])
    query = Q()
    for word in search_words(words):
        either = Q()
        for name in fields:
            either |= Q(**{f"{name}__icontains": word})
        if (number := parse_digits(word)) is not None:
            either |= Q(line_number=number)
        query &= either
    return query


# --- With what they show --------------------------------------------------------------------


def joined(lines: Any) -> QuerySet[Any]:
    """With all that a row of a line tells."""
    related = ("quote", "product", "recipient_group", "recipient")
    rows: QuerySet[Any] = lines.select_related(*related)
    return rows


def _with_counts(lines: Any, quote: Quote) -> QuerySet[Any]:
    """With the number of parts of each, and on an open quote of the members without one."""
    parts = QuoteLineItem.objects.filter(split_from=OuterRef("pk")).order_by()
    counted = parts.values("split_from").annotate(count=Count("pk")).values("count")
    newcomers: Any = Value(0)
    if quote.is_open:
        is_split = When(split_at__isnull=False, then=_NewcomerCount("recipient_group", "pk"))
        newcomers = Case(is_split, default=0, output_field=IntegerField())
    rows: QuerySet[Any] = joined(lines).annotate(
        part_count=Coalesce(Subquery(counted), 0), newcomer_count=newcomers
    )
    return rows


def with_newcomers(lines: Any) -> QuerySet[Any]:
    """Split lines with the number of members that have no part of them."""
    counted = _NewcomerCount("recipient_group", "pk")
    rows: QuerySet[Any] = joined(lines).annotate(newcomer_count=counted)
    return rows


class _NewcomerCount(Func):
    """How many members of a split line's group have no part of it: of its group and its id.

    EXCEPT, because PostgreSQL may join what NOT EXISTS says in a nested loop, members × parts.
    """

    output_field = IntegerField()
    statement = """(SELECT COUNT(*) FROM (
        SELECT recipient_id FROM groups_membership WHERE group_id = {group}
        EXCEPT SELECT recipient_id FROM quotes_quotelineitem AS part WHERE split_from_id = {line}
    ) AS newcomers)"""

    def as_sql(  # type: ignore[override]
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, Any]:
        (group, params), (line, more) = map(compiler.compile, self.get_source_expressions())
        return self.statement.format(group=group, line=line), [*params, *more]
