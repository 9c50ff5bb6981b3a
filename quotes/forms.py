"""Forms of quotes' lines."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from commsapp.faces.staff.forms import RecordForm


class LineForm(RecordForm):
    """A new line's prices are the product's, unless others are given."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("one_time_price", "recurring_price"):
            if name in self.fields and self.instance._state.adding:
                field = self.fields[name]
                field.required, field.initial = False, None
                field.help_text = _("Left empty: the product's.")

    def _post_clean(self) -> None:
        """A line belongs to its quote's licensee, and takes the next free number."""
        super()._post_clean()
        if self.instance._state.adding and self.cleaned_data.get("quote"):
            self.instance.licensee_id = self.cleaned_data["quote"].licensee_id
            self.instance.line_number = None
