"""Pages of a quote: its lines, splitting and unsplitting them, and its way to being accepted."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commsapp.access import may, require
from commsapp.faces.staff.actors import actor_of
from commsapp.faces.staff.lists import page_by_number
from commsapp.faces.staff.pages import Command, carry_out, page_on, panel_on, tell, url_of
from commsapp.ids import read_guid
from contacts.models import ContactGroup
from groups.models import Recipient, RecipientGroup
from quotes import operations
from quotes.models import Quote, QuoteLineItem

_LINES_SHOWN = 100
_USES_SHOWN = 50

MOVE_LABELS = {
    "submit": _("Submit for review"),
    "approve": _("Approve"),
    "accept": _("Mark accepted"),
    "reject": _("Reject"),
    "cancel": _("Cancel quote"),
    "reopen": _("Reopen"),
}


# --- Lines ----------------------------------------------------------------------------------


@panel_on(Quote, _("Lines"), "quotes/lines.html", sees=QuoteLineItem)
def lines(request: HttpRequest, quote: Quote) -> dict[str, Any]:
    """The lines; parts are folded under their line until `?parts_of=` asks for them."""
    parts_of = _parent_asked_for(request, quote)
    every: QuerySet[Any] = quote.lines.filter(split_from=parts_of)
    joined = every.select_related("quote", "product", "recipient_group", "recipient")
    page = page_by_number(_with_part_counts(joined), request, _LINES_SHOWN)
    can_change = may(actor_of(request), "change", QuoteLineItem) and quote.is_open
    can_add = may(actor_of(request), "add", QuoteLineItem) and quote.is_open
    return {
        "page": page,
        "parts_of": parts_of,
        "count": quote.line_count,
        "can_change": can_change,
        "can_add": can_add,
        "may_split": may(actor_of(request), "change", QuoteLineItem),
    }


def _parent_asked_for(request: HttpRequest, quote: Quote) -> QuoteLineItem | None:
    guid = read_guid(request.GET.get("parts_of"))
    if guid is None:
        return None
    parent: QuoteLineItem | None = quote.lines.filter(pk=UUID(guid)).first()
    if parent is None:
        raise Http404
    return parent


def _with_part_counts(lines: QuerySet[Any]) -> QuerySet[Any]:
    parts = QuoteLineItem.objects.filter(split_from=OuterRef("pk")).order_by()
    counted = parts.values("split_from").annotate(count=Count("pk")).values("count")
    with_counts: QuerySet[Any] = lines.annotate(part_count=Coalesce(Subquery(counted), 0))
    return with_counts.order_by("line_number")


@page_on(QuoteLineItem, "split")
def split(request: HttpRequest, line: QuoteLineItem) -> HttpResponse:
    """Show the new lines, and that the totals stay; make them."""
    command = Command(
        title=gettext("Split line %(number)d: %(line)s")
        % {"number": line.line_number, "line": line.description or line.product},
        button=gettext("Split"),
        run=lambda dry_run: operations.split_line(line.pk, by=actor_of(request), dry_run=dry_run),
        back=_lines_of(line),
        template="quotes/split.html",
        context={"line": line, "quote": line.quote},
    )
    return carry_out(request, line, command)


@page_on(QuoteLineItem, "unsplit")
def unsplit(request: HttpRequest, line: QuoteLineItem) -> HttpResponse:
    """Take the parts away again, as long as nobody changed one."""
    command = Command(
        title=gettext("Unsplit line %(number)d: %(line)s")
        % {"number": line.line_number, "line": line.description or line.product},
        button=gettext("Unsplit"),
        run=lambda dry_run: operations.unsplit_line(line.pk, by=actor_of(request), dry_run=dry_run),
        back=_lines_of(line),
        is_destructive=True,
        template="quotes/split.html",
        context={"line": line, "quote": line.quote},
    )
    return carry_out(request, line, command)


def _lines_of(line: QuoteLineItem) -> str:
    return url_of(line.quote)


# --- From status to status ------------------------------------------------------------------


@page_on(Quote, "move", verb="view")
def move(request: HttpRequest, quote: Quote) -> HttpResponse:
    """POST: which permission it takes depends on the move."""
    name, by = request.POST.get("move", ""), actor_of(request)
    if name in operations.MOVES:
        require(by, operations.permission_for(name), Quote)
        tell(request, operations.move_quote(quote.pk, name, by=by))
    return HttpResponseRedirect(url_of(quote))


def moves_for(request: HttpRequest, quote: Quote) -> list[dict[str, Any]]:
    """The moves that the quote may make now and the user may order."""
    by = actor_of(request)
    return [
        {"url": url_of(quote, "move"), "label": MOVE_LABELS[name], "post": [("move", name)]}
        for name, move in operations.MOVES.items()
        if quote.status in move.since and may(by, operations.permission_for(name), Quote)
    ]


# --- On other rooms' records ----------------------------------------------------------------


@panel_on(RecipientGroup, _("Used on quotes"), "quotes/used_on.html", sees=QuoteLineItem)
def used_on(request: HttpRequest, group: RecipientGroup) -> dict[str, Any]:
    """The lines of the group; parts are found under theirs."""
    of_group = group.lines.filter(recipient=None)
    joined = of_group.select_related("quote", "product", "recipient_group")
    return {"lines": joined.order_by("-id")[:_USES_SHOWN]}


@panel_on(Recipient, _("Lines of this recipient"), "quotes/used_on.html", sees=QuoteLineItem)
def lines_of_recipient(request: HttpRequest, recipient: Recipient) -> dict[str, Any]:
    joined = recipient.lines.select_related("quote", "product", "recipient_group")
    return {"lines": joined.order_by("-id")[:_USES_SHOWN]}


@panel_on(ContactGroup, _("Quotes"), "quotes/quotes_of.html", sees=Quote)
def quotes_of(request: HttpRequest, customer: ContactGroup) -> dict[str, Any]:
    quotes = customer.quotes.with_totals().order_by("-id")[:_USES_SHOWN]
    can_add = may(actor_of(request), "add", Quote)
    add_url = reverse("admin:quotes_quote_add")
    return {"quotes": quotes, "can_add": can_add, "add_url": f"{add_url}?customer={customer.pk}"}
