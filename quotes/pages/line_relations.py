"""On a line's own page: the parts that it was split into, or the line that it is a part of."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from commsapp.core.actors import has_permission
from commsapp.staff.request import actor_of
from quotes.models import QuoteLineItem
from quotes.pages.lines import joined
from quotes.pages.navigation import QuotePageState

_SHOWN = 50


def group_and_parts(request: HttpRequest, line: QuoteLineItem) -> dict[str, Any] | None:
    """Nothing for a plain line, which has neither."""
    if line.recipient_group is None:
        return None
    can_change = has_permission(actor_of(request), "change", QuoteLineItem) and line.quote.is_open
    parent = line.split_from or line
    on_quote = (
        QuotePageState({}).open_at(parent.pk)
        if line.is_part or line.is_split
        else QuotePageState({})
    )
    context = {
        "parent": parent,
        "can_change": can_change,
        "on_quote_url": on_quote.url(line.quote, row=f"line-{line.pk}"),
    }
    if not line.is_split:
        return context
    parts = joined(line.parts.order_by("line_number"))[:_SHOWN]
    return context | {"parts": parts, "count": line.parts.count()}
