"""Forms whose rules live in the operations: they read what was typed, and show what was refused."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, FieldDoesNotExist, ValidationError
from django.db.models import JSONField
from django.forms.models import construct_instance
from django.template.loader import render_to_string
from django.utils.formats import localize
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.translation import gettext as _

from commsapp.core import strict_json
from commsapp.core.audit import RefusalCode, Refused
from commsapp.core.json_size import TooComplex
from commsapp.core.records import EDITED
from commsapp.db.json_values import plain_object
from commsapp.models import Operation, Record
from commsapp.staff.number_fields import trimmed
from commsapp.staff.object_pages import busy_message

_MAX_DISPLAY_LENGTH = 300

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class RecordForm(ModelForm):
    """Of one business record. The model's rules are asked once, by the operation that saves.

    It knows what the record said when the form was opened (`values_read`): only what was changed
    since is sent to the operation, which refuses what somebody else has changed meanwhile. The
    form then shows theirs, and both ways to go on: keep mine, take theirs.
    """

    refused: ClassVar[Exception | None] = None  # why the operation said no, when asked a minute ago
    licensee_id: ClassVar[UUID | None] = None  # of a new record, where there is no choice

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._is_new = self.instance._state.adding
        self._stands = {} if self._is_new else self._standing()
        if self.licensee_id and self._is_new:
            self.instance.licensee_id = self.licensee_id

    # --- What was read ----------------------------------------------------------------------

    def _standing(self) -> dict[str, Any]:
        """What the record says in the form's fields."""
        return {name: field.value_from_object(self.instance) for name, field in self._columns()}

    def _columns(self) -> list[tuple[str, Any]]:
        found = []
        for name in self.fields:
            try:
                found.append((name, self.instance._meta.get_field(name)))
            except FieldDoesNotExist:  # a field of the form's own
                continue
        return found

    @cached_property
    def values_read(self) -> dict[str, Any]:
        """What the record said when the form was opened, as far as the form came back with it."""
        try:
            text = self.data.get("_read", "{}")
            strict_json.LIMITS.check(text.encode())
            sent = json.loads(text)
        except (ValueError, RecursionError, TooComplex):
            return {}
        read = {}
        for name, field in self._columns() if isinstance(sent, dict) else ():
            if name in sent and (isinstance(sent[name], str | None) or _is_json(field)):
                to_python = getattr(field, "target_field", field).to_python
                try:
                    read[name] = (plain_object if _is_json(field) else to_python)(sent[name])
                except ValidationError:
                    continue
        return read

    def as_read(self) -> str:
        """The hidden input by which the form comes back with it. Where others have changed a field
        meanwhile, and that was told, it is theirs: saving once more is meant."""
        if self._is_new:
            return ""
        read = self._stands | self.values_read if self.is_bound else {**self._stands}
        read |= {name: self._stands[name] for name in self._overtaken}
        columns = dict(self._columns())
        told = json.dumps(
            {
                name: value if value is None or _is_json(columns[name]) else str(value)
                for name, value in read.items()
            }
        )
        return format_html('<input type="hidden" name="_read" value="{}">', told)

    @cached_property
    def changed_data(self) -> list[str]:
        """The fields that the person changed, not those that are now other than on the page."""
        return [name for name, bound in self._bound_items() if self._was_changed(name, bound)]  # type: ignore[attr-defined]

    def _was_changed(self, name: str, bound: Any) -> bool:
        if self.data.get(f"_keep_{name}") == "theirs":
            return False
        read = self.values_read.get(name, bound.initial)
        return bool(bound.field.has_changed(_in_lines(read), _in_lines(bound.data)))

    # --- What was refused -------------------------------------------------------------------

    @cached_property
    def _overtaken(self) -> list[str]:
        """The fields that somebody else changed since the form was opened."""
        refusals = self.refused.refusals if isinstance(self.refused, Refused) else ()
        return [
            refusal.field
            for refusal in refusals
            if refusal.code == RefusalCode.CHANGED_MEANWHILE and refusal.field in self._stands
        ]

    def _post_clean(self) -> None:
        if not self.errors:
            fields, exclude = self._meta.fields, self._meta.exclude
            self.instance = construct_instance(self, self.instance, fields, exclude)
        for name, reasons in reasons_by_field(self.refused).items():
            if name in self._overtaken:
                reasons = [self._choice(name)]
            for reason in reasons:
                self.add_error(name if name in self.fields else None, reason)

    def _choice(self, name: str) -> str:
        """Theirs and mine, and which is to stay."""
        column = self.instance._meta.get_field(name)
        theirs, mine = self._stands[name], column.value_from_object(self.instance)
        context = {
            "name": name,
            "theirs": self._display_value(name, column, theirs),
            "mine": self._display_value(name, column, mine),
            "editor": _last_editor(self.instance),
        }
        return render_to_string("staff/_overtaken.html", context)

    def _display_value(self, name: str, column: Any, value: Any) -> str:
        """A value as a person reads it."""
        field = self.fields[name]
        if isinstance(field, forms.ModelChoiceField):
            found = field.queryset.filter(pk=value).first() if value else None  # type: ignore[union-attr]
            return field.label_from_instance(found) if found else ""
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        if isinstance(value, Decimal | date):
            value = localize(trimmed(value) if isinstance(value, Decimal) else value)
        if _is_json(column):
            text = field.prepare_value(value)
        else:
            text = str(dict(column.flatchoices).get(value, "" if value is None else value))
        return text if len(text) <= _MAX_DISPLAY_LENGTH else f"{text[:_MAX_DISPLAY_LENGTH]}…"


def _last_editor(record: Record) -> str:
    """Who last changed the record's fields; empty where nobody is told."""
    edits = Operation.objects.filter(target_id=record.pk, kind=EDITED.name).order_by("-id")
    newest = edits.select_related("user").defer("effects").first()
    return str(newest.user or newest.client) if newest else ""


def _is_json(field: Any) -> bool:
    return isinstance(field, JSONField)


def _in_lines(value: Any) -> Any:
    """A text as it was before a browser sent it: they end lines in their own way."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def reasons_by_field(error: Exception | None) -> dict[str, list[str]]:
    """What an operation refused, by the field that it names."""
    if error is None:
        return {}
    if isinstance(error, ValidationError):
        named = hasattr(error, "error_dict")
        return error.message_dict if named else {NON_FIELD_ERRORS: error.messages}
    if isinstance(error, Refused):
        by_field: dict[str, list[str]] = {}
        for refusal in error.refusals:
            by_field.setdefault(refusal.field or NON_FIELD_ERRORS, []).append(refusal.message)
        return by_field
    return {NON_FIELD_ERRORS: [busy_message(error)]}
