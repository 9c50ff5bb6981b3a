"""Fields of the Connect API's inputs, as strict as contract 2.1 has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from commsapp.db.ids import Guids, read_guids


@dataclass(frozen=True)
class Flag:
    """A parameter that is `true` or `false`, in any case."""

    default: bool
    description: str


class PicklistField(serializers.ChoiceField):
    """One of a few values, in any case; the value as it is declared."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise ValidationError(f"{self.field_name} must be a string")
        values = {value.lower(): value for value in self.choices}
        if data.lower() not in values:
            self.refuse_value(data)
        value: str = values[data.lower()]
        return value

    def refuse_value(self, value: str | None) -> NoReturn:
        """Raise ValidationError for a value that is not in the list."""
        text = f"{self.field_name}: bad value for restricted picklist field: {value}"
        raise ValidationError(text, "invalid_choice")

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is None:
            self.refuse_value(None)
        if data is serializers.empty and self.required:
            message = f"Required fields are missing: [{self.field_name}]"
            raise ValidationError(message, "required")
        return super().run_validation(data)


@extend_schema_field({"type": ["array", "null"], "items": {"type": "string"}})
class GuidListField(serializers.Field[Guids, list[str], list[str], Any]):
    """A list of ids, checked at once: 100,000 of them are one call. Absent or null is empty.

    What is no id is for the operation to refuse, with its place.
    """

    def run_validation(self, data: Any = serializers.empty) -> Guids:
        return read_guids(self._texts(data))

    def _texts(self, data: Any) -> list[str]:
        if data is serializers.empty or data is None:
            return []
        if not isinstance(data, list):
            raise ValidationError(f"{self.field_name} must be a list of strings")
        for index, item in enumerate(data):
            if not isinstance(item, str):
                error: Any = {index: [f"{self.field_name}[{index}] must be a string"]}
                raise ValidationError(error)
        return data


class AdditionalParametersField(
    serializers.Field[dict[str, bool], dict[str, str], dict[str, str], Any]
):
    """`additionalParameters`: a map of string to string, of which some keys are known flags.

    The value is a dictionary of the flags. A key is matched in any case. Any value but `true` and
    `false` is refused, and so is a second one for the same key: a mistyped dry run must not write.
    """

    def __init__(self, **flags: Flag) -> None:
        super().__init__(required=False)
        self.flags = flags

    def run_validation(self, data: Any = serializers.empty) -> dict[str, bool]:
        if data is serializers.empty or data is None:
            data = {}
        if not isinstance(data, dict):
            raise ValidationError(f"{self.field_name} must be a map of string to string")
        for key, value in data.items():
            if not isinstance(value, str):
                self._refuse(key, "a string")
        return {name: self._value(name, flag, data) for name, flag in self.flags.items()}

    def _value(self, name: str, flag: Flag, parameters: Mapping[str, str]) -> bool:
        keys = [key for key in parameters if key.lower() == name.lower()]
        if not keys:
            return flag.default
        value = parameters[keys[0]].lower()
        if len(keys) > 1 or value not in ("true", "false"):
            self._refuse(keys[-1], "“true” or “false”, and sent once")
        return value == "true"

    def _refuse(self, key: str, expected: str) -> NoReturn:
        raise ValidationError({key: [f"{self.field_name}.{key} must be {expected}"]})
