"""Forms whose rules live in the operations: they read what was typed, and show what was refused."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms.models import construct_instance

from commsapp.faces.staff.pages import busy_message
from commsapp.ledger import Refused

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class FixedPointFormField(forms.DecimalField):
    """Shows no more decimals than there are, and at least two if there is any."""

    def prepare_value(self, value: Any) -> Any:
        return trimmed(value) if isinstance(value, Decimal) else value


def trimmed(number: Decimal, places: int = 2) -> Decimal:
    """The number without zeros at its end, down to so many decimals."""
    digits = -int(number.normalize().as_tuple().exponent)
    return number.quantize(Decimal(1).scaleb(-max(digits, places)))


class RecordForm(ModelForm):
    """Of one business record. The model's rules are asked once, by the operation that saves."""

    refused: ClassVar[Exception | None] = None  # why the operation said no, when asked a minute ago
    licensee_id: ClassVar[UUID | None] = None  # of a new record, where there is no choice

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.licensee_id and self.instance._state.adding:
            self.instance.licensee_id = self.licensee_id

    def _post_clean(self) -> None:
        if not self.errors:
            fields, exclude = self._meta.fields, self._meta.exclude
            self.instance = construct_instance(self, self.instance, fields, exclude)
        for name, reasons in reasons_by_field(self.refused).items():
            for reason in reasons:
                if name in self.fields:
                    self.add_error(name, reason)
                else:
                    self.add_error(None, reason)


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
    return {NON_FIELD_ERRORS: [busy_message()]}
