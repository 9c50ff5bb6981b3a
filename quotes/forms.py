"""Forms of quotes' lines."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Field
from django.utils.translation import gettext_lazy as _

from commsapp.core.actors import Actor
from commsapp.db.fields import FixedPointField
from commsapp.staff.forms import RecordForm
from commsapp.staff.number_fields import DayInput, FixedPointFormField
from quotes.bulk_edit import EDITABLE
from quotes.models import QuoteLineItem

_IN_ORDER = (
    "requested_date", "quantity", "one_time_price", "recurring_price", "discount_percent",
    "description",
)  # fmt: skip


def _field_of(column: Field[Any, Any], **options: Any) -> Any:
    """A field of the form for a column: numbers as they are written, days from a calendar."""
    if isinstance(column, FixedPointField):
        options |= {"form_class": FixedPointFormField, "widget": FixedPointFormField.widget}
    elif column.name == "requested_date":
        options |= {"widget": DayInput}
    return column.formfield(**options)


class LineForm(RecordForm):
    """A new line's prices are the product's, unless others are given."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "configuration" in self.fields:
            self.fields["configuration"].widget.attrs["rows"] = 3
        for name in ("one_time_price", "recurring_price"):
            if name in self.fields and self.instance._state.adding:
                field = self.fields[name]
                field.required, field.initial = False, None
                field.help_text = _("Left empty: the product's.")
                field.widget.attrs["data-product-price"] = name

    def _post_clean(self) -> None:
        """A line belongs to its quote's licensee, and takes the next free number."""
        super()._post_clean()
        if self.instance._state.adding and self.cleaned_data.get("quote"):
            self.instance.licensee_id = self.cleaned_data["quote"].licensee_id
            self.instance.line_number = None


class QuickForm(RecordForm):
    """What one mostly changes of a line, in its place on the quote."""

    class Meta:
        model = QuoteLineItem
        fields = _IN_ORDER
        formfield_callback = _field_of

    def __init__(
        self, *args: Any, by: Actor, refused: Exception | None = None, **kwargs: Any
    ) -> None:
        self.by, self.refused = by, refused  # type: ignore[misc]  # a form's own, not its class's
        super().__init__(*args, **kwargs)
        for name in ("one_time_price", "recurring_price"):
            self.fields[name].required = True


class SeveralForm(forms.Form):
    """What several lines are to have: what is left empty stays as it is."""

    no_date = forms.BooleanField(label=_("Take the requested date away"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clear = self.fields.pop("no_date")
        for name in _IN_ORDER:
            field = _field_of(QuoteLineItem._meta.get_field(name))  # type: ignore[arg-type]
            field.required, field.initial = False, None
            self.fields[name] = field
            if name == "requested_date":
                self.fields["no_date"] = clear

    @property
    def values(self) -> dict[str, Any]:
        """What was given."""
        given = {
            name: self.cleaned_data[name]
            for name in EDITABLE
            if self.cleaned_data[name] not in (None, "")
        }
        if self.cleaned_data["no_date"]:
            given["requested_date"] = None
        return given

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if not self.errors:
            if self.cleaned_data["no_date"] and self.cleaned_data["requested_date"]:
                self.add_error("no_date", _("Give a date or take it away, not both."))
            elif not self.values:
                self.add_error(None, _("Fill in what the lines are to have."))
        return cleaned
