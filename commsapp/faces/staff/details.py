"""What an operation changed, as a person reads it: fields before and after, and records by name.

    @lists_records("groups.recipients_removed")
    def removed(operation: Operation, by: Actor) -> list[Listing]: …

The room that knows what an operation's effects mean tells so, in a module of its pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commsapp.access import Actor
from commsapp.ids import read_guid
from commsapp.models import Operation

NAMED = 50  # records that are told by name, of however many
_LONGEST_VALUE, _LONGEST_LIST = 300, 10


@dataclass(frozen=True)
class Listing:
    """Records that an operation changed in one way: some by name, and how many there are."""

    label: str
    names: Sequence[tuple[str, str]]  # each with its address, if it has one
    count: int

    @property
    def more(self) -> str:
        """How many are not named: “and 12,381 more”."""
        untold = self.count - len(self.names)
        told = ngettext("and %(count)s more", "and %(count)s more", untold)
        return told % {"count": f"{untold:,}"} if untold > 0 else ""


Lister = Callable[[Operation, Actor], list[Listing]]
_listers: dict[str, Lister] = {}
_keepers: dict[str, Lister] = {}


def lists_records(*kinds: str) -> Callable[[Lister], Lister]:
    """Decorator: the function names the records that operations of these kinds changed."""

    def register(lister: Lister) -> Lister:
        _listers.update(dict.fromkeys(kinds, lister))
        return lister

    return register


def lists_kept(*kinds: str) -> Callable[[Lister], Lister]:
    """Decorator: the function names the records of an undone operation that the undo left alone."""

    def register(keeper: Lister) -> Lister:
        _keepers.update(dict.fromkeys(kinds, keeper))
        return keeper

    return register


def listings(operation: Operation, by: Actor) -> list[Listing]:
    """The records that the operation changed, by name as far as their room tells."""
    lister = _listers.get(operation.kind)
    return [each for each in lister(operation, by) if each.count] if lister else []


def kept_by_undo(undone: Operation, by: Actor) -> list[Listing]:
    """The records that were kept when the operation was undone."""
    keeper = _keepers.get(undone.kind)
    return [each for each in keeper(undone, by) if each.count] if keeper else []


# --- Fields -----------------------------------------------------------------------------------


def differences(operation: Operation, by: Actor) -> list[dict[str, Any]]:
    """What changed, field by field: its name, before and after, as a person reads them."""
    before = operation.effects.get("before") or {}
    after = operation.effects.get("after") or {}
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    model = apps.get_model(operation.target_type)
    told_by_room = operation.kind in _listers
    rows = []
    for name in dict.fromkeys((*before, *after)):
        values = before.get(name), after.get(name)
        if told_by_room and any(isinstance(value, list) for value in values):
            continue
        if all(value in (None, "", {}, []) for value in values):
            continue
        label, told = _reader_of(model, name, values, by)
        rows.append({"label": label, "before": told(values[0]), "after": told(values[1])})
    return rows


def _reader_of(model: Any, name: str, values: tuple[Any, ...], by: Actor) -> Any:
    """A field's label, and how its values are told: choices and records by their names."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return capfirst(name.replace("_", " ")), _plain
    if not hasattr(field, "flatchoices"):
        return capfirst(name.replace("_", " ")), _plain
    label, names = capfirst(field.verbose_name), {str(key): text for key, text in field.flatchoices}
    if field.many_to_one and hasattr(field.related_model.objects, "visible_to"):
        ids = [guid for value in values if value and (guid := read_guid(str(value)))]
        rows = field.related_model.objects.visible_to(by).filter(pk__in=ids) if ids else ()
        names = {row.pk.hex: str(row) for row in rows}
        return label, lambda value: names.get(read_guid(str(value)) or "", _plain(value))
    return label, lambda value: names.get(str(value), _plain(value))


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list):
        shown = Listing("", [(_plain(one), "") for one in value[:_LONGEST_LIST]], len(value))
        return ", ".join([text for text, _url in shown.names] + [shown.more] * bool(shown.more))
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_plain(one)}" for key, one in [*value.items()][:_LONGEST_LIST])
    text = str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
