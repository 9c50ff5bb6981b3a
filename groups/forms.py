"""What people type to name recipients: ids, external references, e-mails or MSISDNs, in any mix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commsapp.faces.staff.pages import Problem
from commsapp.ids import read_guid
from commsapp.ledger import Refusal
from commsapp.sql import GivenTexts
from groups.models import Recipient, RecipientGroup
from groups.operations import MOST_MEMBERS

_SEPARATORS = re.compile(r"[,;\t]")
_NO_DIGITS = re.compile(r"[\s()/.-]")
_BY = ("external_reference", "msisdn", "email")


@dataclass(frozen=True)
class Entry:
    """One value as it was typed, and the line it stands on."""

    line: int
    value: str


@dataclass
class Named:
    """The recipients that were named: their ids, by whom named, and what names nobody."""

    ids: list[str] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)  # one for each id
    problems: list[Problem] = field(default_factory=list)

    def spell(self, refusal: Refusal) -> Problem:
        """A refusal of the operation, at the line where its recipient was named."""
        if refusal.index is None or refusal.index >= len(self.entries):
            return Problem(refusal.message)
        entry = self.entries[refusal.index]
        return Problem(refusal.message, entry.line, entry.value)


class RecipientsForm(forms.Form):
    """Recipients, pasted and ticked."""

    pasted = forms.CharField(
        label=gettext_lazy("Paste recipients"),
        required=False,
        help_text=gettext_lazy(
            "Ids, external references, e-mail addresses or MSISDNs, one a line or separated by"
            " comma, semicolon or tab."
        ),
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )

    def clean_pasted(self) -> list[Entry]:
        entries = [*_entries(self.cleaned_data["pasted"])]
        if len(entries) > MOST_MEMBERS:
            raise ValidationError(_("At most %d at once.") % MOST_MEMBERS)
        return entries


def _entries(text: str) -> Iterator[Entry]:
    for number, line in enumerate(text.splitlines(), 1):
        for value in _SEPARATORS.split(line):
            if value := value.strip().strip('"').strip():
                yield Entry(number, value)


def named(entries: Sequence[Entry], ticked: Iterable[str], group: RecipientGroup) -> Named:
    """Find who is meant, among the recipients of the group's licensee. Three statements at most.

    What is an id is taken as one; whether there is such a recipient is for the operation to say.
    """
    found = Named([*ticked], [Entry(0, id) for id in ticked])
    known = _look_up([one.value for one in entries if not read_guid(one.value)], group)
    for entry in entries:
        guid = read_guid(entry.value)
        ids = {guid} if guid else set().union(*(known.get(it, ()) for it in spellings(entry.value)))
        if len(ids) == 1:
            found.ids.append(str(ids.pop()))
            found.entries.append(entry)
        else:
            told = _("It names %d recipients.") % len(ids) if ids else _("It names no recipient.")
            found.problems.append(Problem(told, entry.line, entry.value))
    return found


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
    given = GivenTexts([*set().union(*map(spellings, values))])
    recipients: QuerySet[Any] = Recipient.objects.filter(licensee=group.licensee_id)
    recipients = recipients.annotate(email_in_lower_case=Lower("email"))
    for name in _BY:
        column = "email_in_lower_case" if name == "email" else name
        rows = recipients.exclude(**{name: ""}).filter(**{f"{column}__in": given})
        for value, pk in rows.values_list(column, "pk"):
            known.setdefault(value, set()).add(UUID(str(pk)).hex)
    return known
