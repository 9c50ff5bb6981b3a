"""A quote's history: beside what was done to it, what was done to its lines, where most happens."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q
from django.http import HttpRequest
from django.utils.translation import gettext

from commsapp.models import Operation
from commsapp.staff.audit.history import HistoryRow, HistoryRows
from commsapp.staff.request import actor_of, can_view
from quotes.models import QuoteLineItem

_LINES, _OPERATIONS = 2_000, 1_000  # that are searched: the newest


def done_to_lines(request: HttpRequest, quote: Any) -> HistoryRows:
    """The newest operations on the quote's lines. Parts that nobody touched have none."""
    if not can_view(actor_of(request), QuoteLineItem):
        return HistoryRows({})
    touched = quote.lines.filter(Q(split_from=None) | Q(updated_at__gt=F("created_at")))
    lines = touched.order_by("-updated_at").values("pk")[:_LINES]
    on_lines = Operation.objects.filter(
        target_id__in=lines, target_type=QuoteLineItem._meta.label_lower
    )
    found = [*on_lines.order_by("-id").values_list("pk", flat=True)[: _OPERATIONS + 1]]
    note = gettext("Of what was done to lines, the newest is shown.")
    return HistoryRows(
        dict.fromkeys(found[:_OPERATIONS], HistoryRow()),
        note if len(found) > _OPERATIONS else "",
        shows_target=True,
    )
