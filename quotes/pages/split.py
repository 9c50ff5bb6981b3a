"""Splitting a line and taking that back, each shown before it is done."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from commsapp.core.audit import Refusal
from commsapp.staff.object_pages import Command, Problem, problem_of, run_command, url_of
from commsapp.staff.request import actor_of
from quotes import operations
from quotes.models import QuoteLineItem
from quotes.pages.navigation import QuotePageState

FORESEEN = ":50"  # of the new lines, as a template slices


def split(request: HttpRequest, line: QuoteLineItem) -> HttpResponse:
    """Show the new lines, and that the totals stay; make them."""
    again = line.is_split
    title = (
        gettext("Split line %(number)d again: %(line)s")
        if again
        else gettext("Split line %(number)d: %(line)s")
    )
    return _carry_out(request, line, title, gettext("Split"), operations.split_line)


def unsplit(request: HttpRequest, line: QuoteLineItem) -> HttpResponse:
    """Take the parts away again, as long as nobody changed one."""
    title = gettext("Unsplit line %(number)d: %(line)s")
    button = gettext("Unsplit")
    return _carry_out(request, line, title, button, operations.unsplit_line, is_destructive=True)


def _carry_out(
    request: HttpRequest,
    line: QuoteLineItem,
    title: str,
    button: str,
    do: Callable[..., operations.SplitChange],
    *,
    is_destructive: bool = False,
) -> HttpResponse:
    """And go on where one was: with the new parts open, if there are any."""
    place, row = QuotePageState.left(request), f"line-{line.pk}"

    def success_url(change: operations.SplitChange) -> str:
        there = place.open_at(line.pk) if change.created else place.closed
        at = change.operation.at if change.operation.touched else line.pk
        return there.url(line.quote, changed=at, row=row)

    command = Command(
        title=title % {"number": line.line_number, "line": line.description or line.product},
        button=button,
        about=line.name_on_quote,
        run=lambda dry_run: do(line.pk, by=actor_of(request), dry_run=dry_run),
        back=place.url(line.quote, row=row),
        success_url=success_url,
        spell=_with_the_part,
        is_destructive=is_destructive,
        template="quotes/split.html",
        context={
            "line": line,
            "quote": line.quote,
            "menu_url": url_of(line.quote),
            "foreseen": FORESEEN,
        },
    )
    return run_command(request, line, command)


def _with_the_part(refusal: Refusal) -> Problem:
    """An edited part is to be looked at: its history tells who edited it, and what was before."""
    if refusal.field != "split_at" or not refusal.record_id:
        return problem_of(refusal)
    part = QuoteLineItem(pk=UUID(refusal.record_id))
    return Problem(refusal.message, value=gettext("Show the line"), url=url_of(part))
