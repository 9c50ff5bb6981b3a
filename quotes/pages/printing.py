"""A quote on paper: what one hands to a customer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Min
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from commsapp.staff.object_pages import show
from commsapp.staff.request import actor_of, can_view, parse_digits
from quotes import currencies
from quotes.models import Product, Quote, QuoteLineItem
from quotes.pages.status import is_expired

MAX_ON_A_SHEET = 2_000
_EACH_UP_TO = 500  # lines: parts one by one; of more, those that are the same are told once

_SAME = (
    "description", "quantity", "one_time_price", "recurring_price", "discount_percent",
    "requested_date", "one_time_amount", "recurring_amount",
)  # fmt: skip


@dataclass(frozen=True)
class Printed:
    """A line on paper; or several parts that are the same, told once."""

    line: QuoteLineItem
    count: int = 1

    @property
    def recipient_count(self) -> int:
        return self.line.recipient_count * self.count

    @property
    def one_time_total(self) -> Decimal:
        return self.line.one_time_total if self.count == 1 else self._of_all("one_time")

    @property
    def recurring_total(self) -> Decimal:
        return self.line.recurring_total if self.count == 1 else self._of_all("recurring")

    def _of_all(self, name: str) -> Decimal:
        exact: Decimal = getattr(self.line, f"{name}_amount") * self.count
        return exact.quantize(currencies.minor_unit(self.line.quote.currency))


def paper(request: HttpRequest, quote: Quote) -> HttpResponse:
    """The quote without the site around it, in sheets if it is long, the totals on the last.

    `?parts=each` tells the parts of split lines one by one, `summed` those that are the same once.
    """
    if not can_view(actor_of(request), QuoteLineItem):
        raise PermissionDenied
    asked, sheet = request.GET.get("parts"), parse_digits(request.GET.get("sheet"), 3) or 1
    is_each = asked == "each" or (asked != "summed" and quote.line_count <= _EACH_UP_TO)
    first = (sheet - 1) * MAX_ON_A_SHEET
    rows = (_each if is_each else _summed)(quote, first)
    return show(
        request, quote, "quotes/print.html", title=str(quote),
        rows=rows[:MAX_ON_A_SHEET], quote=quote, today=timezone.localdate(),
        is_expired=is_expired(quote), is_each=is_each, sheet=sheet,
        next_sheet=sheet + 1 if len(rows) > MAX_ON_A_SHEET else None,
        has_parts=any(row.line.is_split or row.line.is_part for row in rows),
    )  # fmt: skip


def _each(quote: Quote, first: int) -> Sequence[Printed]:
    """The lines by number, parts behind the line that they were split from."""
    lines = quote.lines.select_related("product", "recipient_group", "recipient", "quote")
    in_order = lines.order_by(
        Coalesce("split_from__line_number", "line_number"),
        F("split_from").asc(nulls_first=True),
        "line_number",
    )
    return [Printed(line) for line in in_order[first : first + MAX_ON_A_SHEET + 1]]


def _summed(quote: Quote, first: int) -> Sequence[Printed]:
    """The same, with the parts of a line that do not differ told as one."""
    lines = quote.lines.select_related("product", "recipient_group", "quote")
    top = lines.filter(split_from=None).order_by("line_number")
    shown = [*top[first : first + MAX_ON_A_SHEET + 1]]
    kinds = [*_kinds_of_parts(quote, [line.pk for line in shown if line.is_split])]
    if len(kinds) > MAX_ON_A_SHEET:  # nearly each is another
        return _each(quote, first)
    of_line: dict[UUID, list[Printed]] = {}
    for parent, kind in kinds:
        of_line.setdefault(parent, []).append(kind)
    return [row for line in shown for row in (Printed(line), *of_line.get(line.pk, ()))]


def _kinds_of_parts(quote: Quote, parents: Sequence[UUID]) -> Iterator[tuple[UUID, Printed]]:
    """What differs among the parts of some lines, and how many are so: one more than may be."""
    parts = quote.lines.filter(split_from__in=parents).order_by()
    kinds = parts.values("split_from", "product", "product__name", *_SAME)
    counted = kinds.annotate(count=Count("pk"), first=Min("line_number")).order_by("first")
    for row in counted[: MAX_ON_A_SHEET + 1]:
        line = QuoteLineItem(
            quote=quote,
            product=Product(pk=row["product"], name=row["product__name"]),
            split_from_id=row["split_from"],
            line_number=row["first"],
            **{name: row[name] for name in _SAME},
        )
        yield row["split_from"], Printed(line, row["count"])
