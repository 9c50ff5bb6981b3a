"""The form field of an object of JSON: read as strictly as the APIs read theirs."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput
from django.utils.translation import gettext as _

from commsapp.core import strict_json
from commsapp.db import json_values


class ObjectFormField(forms.JSONField):
    """An object of JSON, typed as text; none at all is the empty one."""

    def to_python(self, value: Any) -> Any:
        if self.disabled:
            return value
        if value in self.empty_values:
            return {}
        if not isinstance(value, str):
            return json_values.plain_object(value)
        try:
            read = strict_json.read(value.encode())
        except strict_json.NotJSON as error:
            message = _("This cannot be read as JSON: %(reason)s")
            raise ValidationError(message, code="invalid", params={"reason": error}) from None
        return json_values.plain_object(read)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What was typed, as it was typed where it cannot be read."""
        try:
            return super().to_python(initial) if self.disabled else self.to_python(data)
        except ValidationError:
            return InvalidJSONInput(data)

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, InvalidJSONInput):
            return value
        plain = json_values.without_unstorable(value)
        return json.dumps(plain, ensure_ascii=False, cls=self.encoder)
