"""What may be done to quotes and their lines, through any API or page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commsapp.core import records
from commsapp.core.actors import Actor
from commsapp.core.audit import Change, Kind, Numbers, lock, operation, recording
from groups.models import RecipientGroup
from quotes import audit_entries, splitting, validation
from quotes.bulk_edit import LinesChange as LinesChange
from quotes.bulk_edit import edit_lines as edit_lines
from quotes.models import NumberSeries, Quote, QuoteLineItem
from quotes.splitting import SplitChange as SplitChange
from quotes.splitting import split_line as split_line
from quotes.unsplitting import unsplit_line as unsplit_line

# --- Quotes ---------------------------------------------------------------------------------


@operation(again_on=IntegrityError)
def create_quote(quote: Quote, *, by: Actor) -> Quote:
    """Save a new quote. Without a number it gets the licensee's next one, as `Q-000042`.

    Raises ValidationError, naming the fields, for what may not be.
    """
    with transaction.atomic():
        if not quote.number and quote.licensee_id is not None:
            quote.number = _next_number(quote.licensee_id)
        return records.create(quote, by=by)


def _next_number(licensee_id: UUID) -> str:
    """The next number of the licensee's series that nobody took by hand. Under the series' lock."""
    every = NumberSeries.objects.select_for_update(no_key=True)
    series, _created = every.get_or_create(licensee_id=licensee_id)
    series.last += 1
    while Quote.objects.filter(licensee=licensee_id, number=str(series)).exists():
        series.last += 1
    series.save(force_update=True)
    return str(series)


def edit_quote(
    pk: UUID | str, values: Mapping[str, Any], *, by: Actor, expected: records.Expected = None
) -> Quote:
    """Change fields of an open quote.

    Raises Refused if it is not open, for another currency while there are lines, and for another
    customer while lines are of a group of the present one.
    """
    return records.edit(Quote, pk, values, by=by, check=_check_quote, expected=expected)


def _check_quote(quote: Quote, changed: frozenset[str]) -> None:
    validation.refuse(validation.refuse_edit(quote, changed))
    if not quote.number:
        raise ValidationError({"number": _("A quote keeps a number.")}, code="required")


# --- Moves from status to status ------------------------------------------------------------


class Transition(NamedTuple):
    """From which statuses a quote may go where, and the verb of the permission that it takes."""

    since: tuple[str, ...]
    to: str
    verb: str = "change"


_S = Quote.Status
TRANSITIONS = {
    "submit": Transition((_S.DRAFT,), _S.IN_REVIEW),
    "approve": Transition((_S.IN_REVIEW,), _S.APPROVED, "approve"),
    "accept": Transition((_S.APPROVED,), _S.ACCEPTED),
    "reject": Transition((_S.IN_REVIEW, _S.APPROVED), _S.REJECTED),
    "cancel": Transition((_S.DRAFT, _S.IN_REVIEW, _S.APPROVED), _S.CANCELLED),
    "reopen": Transition((_S.IN_REVIEW, _S.APPROVED, _S.REJECTED, _S.CANCELLED), _S.DRAFT),
}


def permission_for(move: str) -> str:
    """The verb of the permission on quotes that a move takes: `change` or `approve`."""
    return TRANSITIONS[move].verb


@dataclass(frozen=True)
class QuoteStatusChange(Change):
    """The quote as it is after the move."""

    quote: Quote = field(kw_only=True)


@operation()
def change_quote_status(quote_id: UUID | str, move: str, *, by: Actor) -> QuoteStatusChange:
    """Move a quote to another status: one of MOVES. Which right that takes: permission_for().

    Leaving "open" freezes how many members its group lines count; reopening lets them follow their
    groups again. Raises DoesNotExist, and Refused if the status allows no such move or an expired
    quote would be accepted.
    """
    since, to, _verb = TRANSITIONS[move]
    with recording(by=by) as audit_log:
        quote = lock(Quote, quote_id, by=by)
        validation.refuse(validation.refuse_transition(quote, since, to, timezone.localdate()))
        before, was_open = quote.status, quote.is_open
        quote.status = to
        quote.save(update_fields=("status", "updated_at"))
        if was_open != quote.is_open:
            _freeze(quote, frozen=was_open)
        entry = audit_log.open(QUOTE_STATUS_CHANGED, quote)
        entry.touched, entry.numbers = 1, {"from": before, "to": to}
        entry.effects = {"before": {"status": before}, "after": {"status": to}}
    return QuoteStatusChange(entry, quote=quote)


def _freeze(quote: Quote, *, frozen: bool) -> None:
    """Keep how many members each group line counts now, or let it follow its group again."""
    members = RecipientGroup.objects.filter(pk=OuterRef("recipient_group")).values("member_count")
    lines = QuoteLineItem.objects.filter(quote=quote).of_groups()
    lines.update(frozen_member_count=Subquery(members) if frozen else None)


def _moved_sentence(numbers: Numbers, planned: bool) -> str:
    return _("From “%(from)s” to “%(to)s”.") % {
        "from": _S(numbers["from"]).label,
        "to": _S(numbers["to"]).label,
    }


QUOTE_STATUS_CHANGED = Kind(
    "quotes.quote_moved", gettext_lazy("Quote moved"), sentence=_moved_sentence
)

# --- Lines ----------------------------------------------------------------------------------


@operation(again_on=IntegrityError)
def create_line(line: QuoteLineItem, *, by: Actor) -> QuoteLineItem:
    """Save a new line of an open quote, plain or of a recipient group.

    Without a line number it gets the next free one; prices left out (None) are the product's.
    Raises DoesNotExist for the quote or group, ValidationError, naming the fields, and Refused:
    INVALID_STATUS (quote not open, product not active, group archived), LIMIT_EXCEEDED.
    """
    with recording(by=by) as audit_log:
        if line.recipient_group_id:  # first: its customer and status stay as they are from now on
            line.recipient_group = lock(RecipientGroup, line.recipient_group_id, by=by)
        line.quote = lock(Quote, line.quote_id, by=by)
        line.line_number = line.line_number or splitting.highest_line_number(line.quote) + 1
        line.licensee_id = line.quote.licensee_id
        validation.refuse(validation.line_refusals(line, ("product_id", "recipient_group_id")))
        _complete(line)
        line.save(force_insert=True)
        validation.tally(line.quote, 1, *line.stored_amounts)
        entry = audit_entries.open_line(audit_log, records.CREATED, line)
        entry.touched, entry.effects = 1, {"after": records.values_of(line)}
    return line


@operation(again_on=IntegrityError)
def edit_line(
    pk: UUID | str, values: Mapping[str, Any], *, by: Actor, expected: records.Expected = None
) -> QuoteLineItem:
    """Change fields of a line of an open quote; its amounts and the quote's sums follow.

    Raises as create_line() does, and Refused for a split line, which only its parts can change,
    and for what a line keeps: its quote, and of a part also its group and recipient.
    """
    with recording(by=by) as audit_log:
        if group := values.get("recipient_group"):
            values = {**values, "recipient_group": lock(RecipientGroup, group.pk, by=by)}
        line = _lock_line(pk, by=by)
        records.refuse_overwriting(line, values, expected)
        before, counted = records.values_of(line), line.stored_amounts
        for name, value in values.items():
            setattr(line, name, value)
        if new := [name for name in before if getattr(line, name) != before[name]]:
            validation.refuse(validation.line_refusals(line, new))
            _complete(line)
        after = records.values_of(line)
        if after != before:
            line.save(force_update=True)
            one_time, recurring = line.stored_amounts
            validation.tally(
                line.quote, 0, one_time - counted.one_time, recurring - counted.recurring
            )
            records.note_edit(
                audit_entries.open_line(audit_log, records.EDITED, line), before, after
            )
    return line


@operation()
def delete_line(pk: UUID | str, *, by: Actor) -> QuoteLineItem:
    """Delete a line of an open quote, and answer it as it was. A split line has to be unsplit.

    A part that is deleted is made again by the next split while its recipient is a member.
    """
    with recording(by=by) as audit_log:
        line = _lock_line(pk, by=by)
        validation.refuse(validation.refuse_read_only(line))
        splitting.remove_lines(QuoteLineItem.objects.filter(pk=line.pk))
        validation.tally(line.quote, -1, *(-amount for amount in line.stored_amounts))
        entry = audit_entries.open_line(audit_log, records.DELETED, line)
        entry.touched, entry.effects = 1, {"before": records.values_of(line)}
    return line


def _lock_line(pk: UUID | str, *, by: Actor) -> QuoteLineItem:
    """Lock a line and, before it, its quote."""
    lines = QuoteLineItem.objects.visible_to(by).order_by()
    lines = lines.select_related("quote", "product", "recipient_group")
    line: QuoteLineItem = lines.select_for_update(no_key=True, of=("quote", "self")).get(pk=pk)
    return line


def _complete(line: QuoteLineItem) -> None:
    """Take prices left out from the product, check the line's fields, compute the amounts."""
    if line.product_id is not None:
        for name in ("one_time_price", "recurring_price"):
            if getattr(line, name) is None:
                setattr(line, name, getattr(line.product, name))
    line.full_clean()
    line.price()
