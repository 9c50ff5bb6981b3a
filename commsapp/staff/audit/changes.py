"""What an operation changed, as a person reads it: fields before and after, and records by name.

The admin of the changed records lists in `operation_reports` the functions that know what the
effects of an operation mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import DateField
from django.utils import timezone
from django.utils.formats import localize, number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commsapp.core.actors import Actor
from commsapp.core.audit import Kind, Undone
from commsapp.db.fields import FixedPointField
from commsapp.db.ids import read_guid
from commsapp.models import Operation, Record
from commsapp.staff.number_fields import trimmed
from commsapp.staff.object_pages import url_of
from commsapp.staff.request import can_view

NAMED = 50  # records that are told by name, of however many
_MAX_VALUE_LENGTH, _MAX_LIST_LENGTH = 300, 10
_MAX_LEVELS = 10  # of objects in objects that are spelled out


@dataclass(frozen=True)
class Listing:
    """Records that an operation changed in one way, or would touch: some by name, and how many
    there are, or that there are more than were counted."""

    label: str
    names: Sequence[tuple[str, str]]  # each with its address, if it has one
    count: int
    notes: Sequence[str] = ()  # what else is told of each
    has_more: bool = False
    hint: str = ""  # what becomes of them
    is_counted: bool = True

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """Names, addresses and notes."""
        notes = self.notes or [""] * len(self.names)
        return [(*name, note) for name, note in zip(self.names, notes, strict=True)]

    @property
    def told(self) -> str:
        """The count, as `12,381` or `10,000+`."""
        return f"{_counted(self.count)}{'+' if self.has_more else ''}"

    @property
    def more(self) -> str:
        """How many are not named: “and 12,381 more”."""
        untold = self.count - len(self.names)
        if untold <= 0:
            return ""
        if self.has_more:
            return _("and more than %(count)s more") % {"count": _counted(untold)}
        message = ngettext("and %(count)s more", "and %(count)s more", untold)
        return message % {"count": _counted(untold)}


def _counted(count: int) -> str:
    return number_format(count, force_grouping=True)


@dataclass(frozen=True)
class OperationReport:
    """Functions that list what operations of some kinds changed, besides the fields.

    Admins list these in `operation_reports`, for operations on their records.
    """

    kinds: Sequence[Kind]
    changed: Callable[[Operation, Actor], list[Listing]] | None = None
    # Records that undoing the operation left as they are:
    skipped: Callable[[Operation, Actor], list[Listing]] | None = None
    # What undoing would change beyond what it reverses; of an undo that is done, what it changed,
    # as far as that is still known:
    undo_effects: Callable[[Operation, Undone, Actor], Iterable[Listing]] | None = None


def report_of(operation: Operation) -> OperationReport | None:
    """Return the report that the admin of the changed record has for this kind of operation."""
    model_admin = admin.site._registry.get(apps.get_model(operation.target_type))
    reports: Sequence[OperationReport] = getattr(model_admin, "operation_reports", ())
    for report in reports:
        if operation.kind in [kind.name for kind in report.kinds]:
            return report
    return None


def listings(operation: Operation, by: Actor) -> list[Listing]:
    """Return the records that the operation changed, by name as far as an admin reports them."""
    report = report_of(operation)
    if report is None or report.changed is None or operation.is_target_hidden:
        return []
    return [listing for listing in report.changed(operation, by) if listing.count]


def skipped_by_undo(undone: Operation, reversal: Operation, by: Actor) -> list[Listing]:
    """Return the records that undoing the operation left, or would leave, as they are."""
    if not reversal.numbers.get("kept"):
        return []
    report = None if undone.is_target_hidden else report_of(undone)
    reported = report.skipped(undone, by) if report and report.skipped else []
    return [listing for listing in (*reported, *skipped_by_name([reversal], by)) if listing.count]


def skipped_by_name(reversals: Iterable[Operation], by: Actor) -> list[Listing]:
    """The records that reversals say they left alone, kind by kind."""
    ids: dict[str, list[str]] = {}
    for reversal in reversals:
        for label, some in reversal.effects.get("kept", {}).items():
            ids.setdefault(label, []).extend(some)
    kept = _("Kept because changed since")
    return [
        Listing(kept, list(named(model, some[:NAMED], by).values()), len(some))
        for label, some in ids.items()
        if can_view(by, model := apps.get_model(label))
    ]


def named(model: Any, ids: Iterable[str], by: Actor) -> dict[str, tuple[str, str]]:
    """Names and addresses of records by their ids (32 hex digits), of those that one may see."""
    staff: Any = admin.site.get_model_admin(model)
    rows = staff.of_one(model.objects.visible_to(by).in_ids(ids)).order_by("pk")
    return {row.pk.hex: (str(row), url_of(row)) for row in rows}


def name_any(ids: Iterable[str], by: Actor) -> dict[str, tuple[str, str]]:
    """The same of records of whatever kind."""
    wanted, found = {*ids}, dict[str, tuple[str, str]]()
    for model in apps.get_models():
        if not issubclass(model, Record) or not admin.site.is_registered(model):
            continue
        if wanted and can_view(by, model):
            found |= named(model, wanted, by)
            wanted -= {*found}
    return found


# --- Fields -----------------------------------------------------------------------------------


def differences(operation: Operation, by: Actor) -> list[dict[str, Any]]:
    """What changed, field by field: its name, before and after, as a person reads them."""
    before = operation.effects.get("before") or {}
    after = operation.effects.get("after") or {}
    if not isinstance(before, dict) or not isinstance(after, dict):
        return []
    model = apps.get_model(operation.target_type)
    report = report_of(operation)
    has_listings = report is not None and report.changed is not None
    rows = []
    for name in dict.fromkeys((*before, *after)):
        values = before.get(name), after.get(name)
        if has_listings and any(isinstance(value, list) for value in values):
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
        is_seen = ids and can_view(by, field.related_model)
        rows = field.related_model.objects.visible_to(by).filter(pk__in=ids) if is_seen else ()
        names = {row.pk.hex: str(row) for row in rows}
        return label, lambda value: names.get(read_guid(str(value)) or "", _plain(value))
    return label, lambda value: names.get(str(value), _plain(_typed(field, value)))


def _typed(field: Any, value: Any) -> Any:
    """What was kept as text as the field has it: a number or a time."""
    if not isinstance(field, FixedPointField | DateField) or not isinstance(value, str):
        return value
    try:
        typed = field.to_python(value)
    except ValidationError:  # the field was another when this was written
        return value
    return timezone.localtime(typed) if isinstance(typed, datetime) else typed


def _plain(value: Any, level: int = 0) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, Decimal):
        return str(localize(trimmed(value)))
    if isinstance(value, date):
        return str(localize(value))
    if isinstance(value, list | dict) and level >= _MAX_LEVELS:
        return "…"
    if isinstance(value, list):
        shown = Listing(
            "", [(_plain(one, level + 1), "") for one in value[:_MAX_LIST_LENGTH]], len(value)
        )
        return ", ".join([text for text, _url in shown.names] + [shown.more] * bool(shown.more))
    if isinstance(value, dict):
        items = [*value.items()][:_MAX_LIST_LENGTH]
        return ", ".join(f"{key}: {_plain(one, level + 1)}" for key, one in items)
    text = str(value)
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[:_MAX_VALUE_LENGTH]}…"
