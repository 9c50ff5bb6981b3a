"""Refusals of changes of quotes and lines, and what a quote can hold.

The generators yield refusals; refuse() raises them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commsapp.core.audit import Refusal, RefusalCode, Refused
from commsapp.core.number_format import format_count
from groups.models import RecipientGroup
from quotes import pricing
from quotes.models import Quote, QuoteLineItem

MAX_LINES = 250_000


def refuse(refusals: Iterable[Refusal]) -> None:
    """Raise Refused with all refusals, if there are any."""
    if found := [*refusals]:
        raise Refused(*found)


# --- Quotes ---------------------------------------------------------------------------------


def refuse_closed(quote: Quote) -> Iterator[Refusal]:
    """Nothing changes on a quote that is not open."""
    if not quote.is_open:
        message = _("The quote is not open: its status is “%s”.") % quote.get_status_display()
        yield Refusal(RefusalCode.INVALID_STATUS, message, "quote", record_id=str(quote.pk))


def refuse_edit(quote: Quote, changed: Iterable[str]) -> Iterator[Refusal]:
    """What depends on the lines stays while there are such lines."""
    yield from refuse_closed(quote)
    if "currency" in changed and quote.line_count:
        message = _("The currency cannot be changed while the quote has lines.")
        yield Refusal(
            RefusalCode.FIELD_INTEGRITY_EXCEPTION, message, "currency", record_id=str(quote.pk)
        )
    if "customer_id" in changed and quote.customer_id:
        theirs = RecipientGroup.objects.filter(lines__quote=quote, lines__recipient=None)
        if theirs.exclude(customer=None).exclude(customer=quote.customer_id).exists():
            message = _("The customer cannot be changed while lines are of another's groups.")
            yield Refusal(
                RefusalCode.FIELD_INTEGRITY_EXCEPTION, message, "customer", record_id=str(quote.pk)
            )


def refuse_transition(
    quote: Quote, since: Iterable[str], to: str, today: date
) -> Iterator[Refusal]:
    """A move starts from certain statuses, and an expired offer cannot be accepted."""
    if quote.status not in since:
        message = _("A quote cannot go from “%(status)s” to “%(new)s”.") % {
            "status": quote.get_status_display(),
            "new": Quote.Status(to).label,
        }
        yield Refusal(RefusalCode.INVALID_STATUS, message, "status", record_id=str(quote.pk))
    elif to == Quote.Status.ACCEPTED and quote.expires_on and quote.expires_on < today:
        message = _("The quote expired on %s.") % quote.expires_on.isoformat()
        yield Refusal(RefusalCode.INVALID_STATUS, message, "expires_on", record_id=str(quote.pk))


def tally(quote: Quote, lines: int, one_time: Decimal, recurring: Decimal) -> None:
    """Add to the quote's count of lines and stored sums. Wants the quote as read under its lock.

    Raises Refused, LIMIT_EXCEEDED, for more than a quote can hold.
    """
    if not (lines or one_time or recurring):
        return
    quote.line_count += lines
    quote.one_time_sum += one_time
    quote.recurring_sum += recurring
    if lines > 0 and quote.line_count > MAX_LINES:
        message = _("A quote has at most %s lines.") % format_count(MAX_LINES)
        raise Refused(
            Refusal(RefusalCode.LIMIT_EXCEEDED, message, "quote", record_id=str(quote.pk))
        )
    if max(quote.one_time_sum, quote.recurring_sum) > pricing.MAX_TOTAL:
        message = _("The lines would cost more than a quote can hold.")
        raise Refused(
            Refusal(RefusalCode.LIMIT_EXCEEDED, message, "quote", record_id=str(quote.pk))
        )
    Quote.objects.filter(pk=quote.pk).change(
        line_count=quote.line_count,
        one_time_sum=quote.one_time_sum,
        recurring_sum=quote.recurring_sum,
    )


# --- Lines ----------------------------------------------------------------------------------

# What a line is about, once it stands.
_KEPT_BY_LINES = {
    "quote_id": gettext_lazy("A line stays on its quote."),
    "recipient_id": gettext_lazy("Only a split gives a line its recipient."),
    "split_from_id": gettext_lazy("Only a split makes parts of a line."),
}
_KEPT_BY_PARTS = {
    **_KEPT_BY_LINES,
    "recipient_group_id": gettext_lazy("A part stays with its recipient group."),
}


def line_refusals(line: QuoteLineItem, new: Iterable[str]) -> Iterator[Refusal]:
    """Check a line of which the columns `new` are new."""
    new = set(new)
    yield from refuse_read_only(line)
    kept = _KEPT_BY_PARTS if line.is_part else _KEPT_BY_LINES
    for name in sorted(new & kept.keys()):
        named = name.removesuffix("_id")
        yield Refusal(
            RefusalCode.FIELD_INTEGRITY_EXCEPTION, str(kept[name]), named, record_id=str(line.pk)
        )
    if "product_id" in new and line.product_id is not None:
        yield from _product_refusals(line)
    if "recipient_group_id" in new and line.recipient_group:
        yield from refuse_archived(line.recipient_group)


def refuse_read_only(line: QuoteLineItem) -> Iterator[Refusal]:
    """A line changes while its quote is open, and it is not split."""
    yield from refuse_closed(line.quote)
    if line.is_split:
        message = _("The line is split: change its parts, or unsplit it first.")
        yield Refusal(RefusalCode.INVALID_STATUS, message, "split_at", record_id=str(line.pk))


def refuse_archived(group: RecipientGroup) -> Iterator[Refusal]:
    """An archived group takes part in nothing new."""
    if group.is_archived:
        message = _("The recipient group is archived.")
        yield Refusal(
            RefusalCode.INVALID_STATUS, message, "recipient_group", record_id=str(group.pk)
        )


def _product_refusals(line: QuoteLineItem) -> Iterator[Refusal]:
    product, at = line.product, str(line.product_id)
    if not product.is_active:
        message = _("The product is not active.")
        yield Refusal(RefusalCode.INVALID_STATUS, message, "product", record_id=at)
    if product.currency != line.quote.currency:
        message = _("The product's prices are in %(product)s, the quote's in %(quote)s.") % {
            "product": product.currency,
            "quote": line.quote.currency,
        }
        yield Refusal(RefusalCode.FIELD_INTEGRITY_EXCEPTION, message, "product", record_id=at)
