"""Records that others refer to: those that a text names, and those that something depends on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from commsapp.db.ids import read_guid
from commsapp.models import Record


class References:
    """Records that cells name, by id or by name: two statements, however many cells."""

    def __init__(
        self, model: Any, licensee_id: UUID, choices: Mapping[str, Any] | None = None
    ) -> None:
        self.model, self.licensee_id, self.choices = model, licensee_id, choices or {}
        self.found: dict[str, list[Any]] = {}

    def find(self, texts: Iterable[str]) -> None:
        """Look up what the texts name."""
        named = {text: read_guid(text) for text in texts}
        ids = {guid for guid in named.values() if guid}
        names = sorted(text for text, guid in named.items() if not guid)
        ours = self.model.objects.filter(licensee=self.licensee_id, **self.choices)
        if ids:
            by_id = {record.pk.hex: record for record in ours.in_ids(sorted(ids))}
            for text, guid in named.items():
                if guid in by_id:
                    self.found[text] = [by_id[guid]]
        if names:
            active = ours.filter(**self.model.ACTIVE, name__in_ids=names)
            for record in active.order_by("pk"):
                self.found.setdefault(record.name, []).append(record)

    def __getitem__(self, text: str) -> Any:
        """The one that a text names. Raises LookupError, saying why it names none."""
        found = self.found.get(text, ())
        if len(found) == 1:
            return found[0]
        thing, things = self.model._meta.verbose_name, self.model._meta.verbose_name_plural
        message = (
            _("Several %(things)s are called “%(text)s”: give the id of the one that is meant.")
            if found
            else _("There is no %(thing)s “%(text)s”.")
        )
        raise LookupError(message % {"thing": thing, "things": things, "text": text[:64]})


def referred_to(model: type[Record], ids: Sequence[str]) -> set[str]:
    """Those of the records that any row of any app refers to: a statement for each kind of row."""
    return {id.hex for id in _referring(model, ids)}


def _referring(model: type[Record], ids: Sequence[str]) -> Iterator[UUID]:
    for related in model._meta.related_objects:
        rows = related.related_model._base_manager
        referring = rows.filter(**{f"{related.field.name}__in_ids": ids}).order_by()
        yield from referring.values_list(related.field.attname, flat=True).distinct()
