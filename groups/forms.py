"""What people bring to name recipients: ids, references, e-mails or MSISDNs, in any mix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commsapp.core.actors import Actor
from commsapp.core.audit import Refusal, RefusalCode
from commsapp.core.number_format import format_count, format_counts
from commsapp.db.ids import read_guid
from commsapp.staff.combobox import Combobox, ComboboxField, searching
from commsapp.staff.object_pages import Problem, url_of
from commsapp.staff.request import actor_of, can_view
from commsapp.staff.tables import reader
from groups.models import Recipient, RecipientGroup
from groups.operations import MAX_MEMBERS
from groups.recipient_list import RecipientList, RecipientListEntry

_NO_DIGITS = re.compile(r"[\s()/.-]")
_MSISDN = re.compile(r"\+?[0-9]{7,15}", re.ASCII)
_LIKE_AN_ID = re.compile(
    r"[{(]?(?:[0-9a-f-]{28,40}|\w{7,9}-\w{3,5}-\w{3,5}-\w{3,5}-\w{11,13})[)}]?", re.IGNORECASE
)
_BY = ("external_reference", "msisdn", "email")


@dataclass
class MatchedRecipients:
    """The recipients that were named for a group: their ids, what named them, and what names
    nobody. What is refused is told to `by`."""

    group: RecipientGroup
    by: Actor
    ids: list[str] = field(default_factory=list)
    entries: list[RecipientListEntry] = field(default_factory=list)  # one for each of the first ids
    repeated: int = 0  # of the entries, those that name whom another names already
    problems: list[Problem] = field(default_factory=list)

    def spell(self, refusal: Refusal) -> Problem:
        """A refusal of the operation, at the line where its recipient was named: by what named it,
        and by its name for who may see it."""
        place = refusal.index
        is_named = place is not None and place < len(self.entries)
        entry = self.entries[place or 0] if is_named else RecipientListEntry(0, "")
        if one := self._unfit.get(read_guid(refusal.record_id) or ""):
            told = (
                _("The recipient “%s” is archived.")
                if refusal.code == RefusalCode.ENTITY_IS_DELETED
                else _("“%s” is a recipient of another customer.")
            )
            value = entry.value if entry.line else str(one)
            return Problem(told % one, entry.line or None, value, url=url_of(one))
        is_known = refusal.record_id and entry.line  # but nothing that `by` may know
        told = unmatched_reason(entry.value) if is_known else refusal.message
        return Problem(told, entry.line or None, entry.value)

    @cached_property
    def _unfit(self) -> dict[str, Recipient]:
        """Of those named, who may be no member and whom the actor may see. One statement."""
        if not can_view(self.by, Recipient):
            return {}
        unfit = Q(archived_at__isnull=False)
        if customer := self.group.customer_id:
            unfit |= Q(customer__isnull=False) & ~Q(customer=customer)
        rows = Recipient.objects.visible_to(self.by).filter(unfit, licensee=self.group.licensee_id)
        return {one.pk.hex: one for one in rows.in_ids(self.ids).only("pk", "name")}


class RecipientsForm(forms.Form):
    """Recipients, named in one of the ways that the page offers, or in several at once."""

    pasted = forms.CharField(
        label=gettext_lazy("Paste recipients"),
        required=False,
        strip=False,  # lines are counted from the first
        help_text=gettext_lazy(
            "Ids, external references, e-mail addresses or MSISDNs, one a line or separated by"
            " comma, semicolon or tab."
        ),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=gettext_lazy("CSV or XLSX file"),
        required=False,
        help_text=gettext_lazy(
            "One recipient a row, with a header. Which column names them is found out, and can be"
            " corrected before anything is done."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.txt"}),
    )
    from_contacts = forms.BooleanField(required=False)

    def __init__(
        self, request: HttpRequest, group: RecipientGroup, pasted: str | None = None
    ) -> None:
        """`pasted` is a text to work on, instead of what was sent."""
        if request.method == "POST" and pasted is None:
            super().__init__(request.POST, request.FILES)
        else:
            super().__init__(initial={"pasted": pasted or ""})
        self.group = group
        self.unreadable: Sequence[Problem] = ()
        search, exact = searching(request, RecipientGroup)
        others = RecipientGroup.objects.visible_to(actor_of(request))
        others = others.filter(licensee=group.licensee_id).exclude(pk=group.pk)
        self.fields["from_group"] = ComboboxField(
            others, required=False, label=_("Recipient group"), search=search, exact=exact,
            widget=Combobox(url_of(group, "find-groups")),
        )  # fmt: skip

    def clean_pasted(self) -> RecipientList | None:
        text = self.cleaned_data["pasted"]
        if not text.strip():
            return None
        try:
            return self._bounded(RecipientList.pasted(text, _("Recipient")))
        except ValueError:
            raise ValidationError(_("At most %s at once.") % format_count(MAX_MEMBERS)) from None

    def clean_file(self) -> RecipientList | None:
        upload = self.cleaned_data["file"]
        if not upload:
            return None
        try:
            table = reader.read(upload)
        except reader.Unreadable as unreadable:
            self.unreadable = unreadable.problems
            raise ValidationError(str(unreadable)) from None
        return self._bounded(RecipientList.of_table(table, self._known))

    def _bounded(self, listed: RecipientList) -> RecipientList:
        if len(listed.rows) > MAX_MEMBERS:
            raise ValidationError(_("At most %s at once.") % format_count(MAX_MEMBERS))
        return listed

    def _known(self, values: Sequence[str]) -> set[str]:
        known = _look_up([value for value in values if not read_guid(value)], self.group)
        return {value for value in values if any(it in known for it in spellings(value))}


def match_recipients(
    entries: Sequence[RecipientListEntry],
    ticked: Iterable[str],
    group: RecipientGroup,
    *,
    by: Actor,
) -> MatchedRecipients:
    """Find who is meant, among the recipients of the group's licensee. Three statements at most.

    What is an id is taken as one; whether there is such a recipient is for the operation to say.
    """
    found = MatchedRecipients(group, by, [*ticked])
    found.entries = [RecipientListEntry(0, id) for id in found.ids]
    known, seen = (
        _look_up([one.value for one in entries if not read_guid(one.value)], group),
        {*ticked},
    )
    for entry in entries:
        guid = read_guid(entry.value)
        ids = {guid} if guid else set().union(*(known.get(it, ()) for it in spellings(entry.value)))
        if len(ids) != 1:
            several = _("It names %s recipients.") % format_count(len(ids)) if ids else ""
            told = several or unmatched_reason(entry.value)
            found.problems.append(Problem(told, entry.line, entry.value))
            continue
        [id] = ids
        found.repeated += id in seen
        seen.add(id)
        found.ids.append(id)
        found.entries.append(entry)
    return found


def unmatched_reason(value: str) -> str:
    """Why a value names nobody, by what it looks like: no such is known, or it cannot be one."""
    if read_guid(value):
        return _("No recipient has this id.")
    if _LIKE_AN_ID.fullmatch(value):
        return _("It looks like an id, but is none: an id has 32 digits, 0 to 9 and a to f.")
    if "@" in value:
        try:
            validate_email(value)
        except ValidationError:
            return _("It is no e-mail address: something in it is missing or too much.")
        return _("No recipient has this e-mail address.")
    bare = _NO_DIGITS.sub("", value)
    if bare.startswith("+") or bare.isdecimal():
        if _MSISDN.fullmatch(bare):
            return _("No recipient has this MSISDN or external reference.")
        if bare.startswith("+"):
            return _("It is no MSISDN: that has 7 to 15 digits, and a plus at most before them.")
    return _("No recipient has this external reference.")


def recipients_summary(listed: RecipientList, who: MatchedRecipients) -> str:
    """How many entries there are, and how many of them name somebody once more."""
    entries = len(listed.entries)
    numbers = format_counts({"entries": entries, "twice": who.repeated})
    if who.repeated:
        return _("%(entries)s entries, %(twice)s of them twice") % numbers
    return ngettext("%(entries)s entry", "%(entries)s entries", entries) % numbers


def spellings(value: str) -> set[str]:
    """How a value may be written where it is kept: as it is, and as a bare number."""
    bare = _NO_DIGITS.sub("", value)
    bare = f"+{bare[2:]}" if bare.startswith("00") else bare
    numbers = {bare, f"+{bare}"} if bare.lstrip("+").isdecimal() else set()
    return {value, value.lower(), *numbers}


def _look_up(values: Sequence[str], group: RecipientGroup) -> dict[str, set[str]]:
    """What each spelling names."""
    known: dict[str, set[str]] = {}
    if not values:
        return known
    spelt = set().union(*map(spellings, values))
    recipients: QuerySet[Any] = Recipient.objects.filter(licensee=group.licensee_id)
    recipients = recipients.annotate(email_in_lower_case=Lower("email"))
    for name in _BY:
        column = "email_in_lower_case" if name == "email" else name
        fitting = [one for one in spelt if name != "email" or "@" in one]
        if not fitting:
            continue  # looking for none would read a million addresses
        rows = recipients.exclude(**{name: ""}).filter(**{f"{column}__in_ids": fitting})
        for value, pk in rows.values_list(column, "pk"):
            known.setdefault(value, set()).add(UUID(str(pk)).hex)
    return known
