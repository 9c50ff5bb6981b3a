"""A quote's way from status to status."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commsapp.core.actors import has_permission, require
from commsapp.staff.object_pages import show, tell, url_of
from commsapp.staff.request import actor_of
from quotes import operations
from quotes.models import Quote, QuoteLineItem
from quotes.pages.lines import with_newcomers

LABELS = {
    "submit": _("Submit for review"),
    "approve": _("Approve"),
    "accept": _("Mark accepted…"),
    "reject": _("Reject"),
    "cancel": _("Cancel quote"),
    "reopen": _("Reopen"),
}
_ONWARD = ("submit", "approve", "accept")
_FOR_GOOD = ("accept",)  # no move leads back, so it is asked first


def move(request: HttpRequest, quote: Quote) -> HttpResponse:
    """POST: which permission it takes depends on the move. What no move takes back asks first."""
    name, by = request.POST.get("move", ""), actor_of(request)
    if name not in operations.TRANSITIONS:
        return HttpResponseRedirect(url_of(quote))
    require(by, operations.permission_for(name), Quote)
    if "confirm" not in request.POST and name in possible(quote):
        behind = without_parts(quote) if name in _ONWARD and quote.is_open else []
        if name in _FOR_GOOD or behind:
            return show(
                request, quote, "quotes/move.html", title=str(LABELS[name]).rstrip("…"),
                subtitle=str(quote), move=name, is_for_good=name in _FOR_GOOD, behind=behind,
                can_split=quote.is_open and has_permission(by, "change", QuoteLineItem),
            )  # fmt: skip
    tell(request, operations.change_quote_status(quote.pk, name, by=by), about=str(quote))
    return HttpResponseRedirect(url_of(quote))


def without_parts(quote: Quote) -> list[QuoteLineItem]:
    """The split lines of an offer on its way that lack parts, each with how many members have
    none: they joined after the split, or an undo took their part away. The quote does not count
    them."""
    split = with_newcomers(quote.lines.filter(split_at__isnull=False))
    return [*split.filter(newcomer_count__gt=0).order_by("line_number")]


def is_expired(quote: Quote) -> bool:
    """Whether nobody can accept it any more: its last day is over, and it is not decided."""
    decided = quote.status in (Quote.Status.ACCEPTED, Quote.Status.REJECTED, Quote.Status.CANCELLED)
    return bool(quote.expires_on and quote.expires_on < timezone.localdate() and not decided)


def possible(quote: Quote) -> list[str]:
    """The moves that the quote may make now, the way onward first."""
    return [
        name
        for name, move in operations.TRANSITIONS.items()
        if quote.status in move.since and not (name == "accept" and is_expired(quote))
    ]


def transitions_for(request: HttpRequest, quote: Quote) -> list[dict[str, Any]]:
    """The buttons of those that the user may order."""
    by = actor_of(request)
    return [
        {
            "url": url_of(quote, "move"),
            "label": LABELS[name],
            "post": [("move", name)],
            "is_primary": name in _ONWARD,
        }
        for name in possible(quote)
        if has_permission(by, operations.permission_for(name), Quote)
    ]
