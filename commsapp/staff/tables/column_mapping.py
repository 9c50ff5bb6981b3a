"""Which column of a table is meant for which field: guessed, and corrected by people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html_join
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

REASON = "import_reason"  # what the file of failed rows adds; never a field


@dataclass(frozen=True)
class Target:
    """A field that a column may be for: by which headers it is known, and what it takes."""

    name: str
    label: Any
    hint: Any = ""
    known_as: tuple[str, ...] = ()
    is_required: bool = False  # of a new record

    @property
    def headers(self) -> list[str]:
        """What a header may call it, in the reader's language or in English, the surest first."""
        with override("en"):
            in_english = str(self.label)
        names = (self.name, str(self.label), in_english, *self.known_as)
        return [*dict.fromkeys(map(plain, names))]


def plain(header: str) -> str:
    """A header without case, spaces and signs: `E-mail address` is `emailaddress`."""
    return "".join(character for character in header.casefold() if character.isalnum())


def guess(columns: Sequence[str], targets: Iterable[Target]) -> dict[str, int]:
    """For each field the place of the column that is called like it; each column once.

    A field's own name is surer than any other that it is known by.
    """
    free = {place: plain(column) for place, column in enumerate(columns)}
    found: dict[str, int] = {}
    wanted = {target.name: target.headers for target in targets}
    for rank in range(max(map(len, wanted.values()), default=0)):
        for name, headers in wanted.items():
            if name in found or rank >= len(headers):
                continue
            at = next((place for place, header in free.items() if header == headers[rank]), None)
            if at is not None:
                found[name] = at
                del free[at]
    return found


def target(model: Any, name: str, known_as: Mapping[str, Sequence[str]]) -> Target:
    """What a model's field takes, as people are told."""
    names = tuple(known_as.get(name, ()))
    if name == "id":
        hint = _("Of a record that is there already. Leave it blank for a new one.")
        return Target("id", _("Id"), hint, names)
    field = model._meta.get_field(name)
    needed = not (field.blank or field.has_default())
    return Target(name, capfirst(field.verbose_name), _hint(field), names, needed)


def _hint(field: Any) -> Any:
    if field.many_to_one:
        return _("Its id, or its name.")
    if field.get_internal_type() == "BooleanField":
        return _("yes or no")
    if field.choices and len(field.choices) < 5:
        return format_html_join(
            ", ", "<code>{}</code>", ([value] for value, _label in field.flatchoices)
        )
    if field.get_internal_type() == "BigIntegerField":
        return _("A number, as 49.90")
    return ""
