"""Fields that take only what the contract says (sections 1 and 4)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from commsapp.core.actors import Actor
from commsapp.db import json_values
from commsapp.db.ids import NIL, dashed, read_guid
from commsapp.models import Licensee

MAX_INTEGER = 2**31 - 1  # what an integer column holds on every database


# --- Ids ------------------------------------------------------------------------------------


class IdField(serializers.UUIDField):
    """An id, read as 32 hex digits; the all-zero one means "not given"."""

    default_error_messages = {"invalid": _("This is no id.")}

    def run_validation(self, data: Any = empty) -> Any:
        return super().run_validation(empty if read_guid(data) == NIL else data)

    def to_internal_value(self, data: Any) -> Any:
        guid = read_guid(data)
        if guid is None:
            self.fail("invalid")
        return guid


class RelatedIdField(serializers.PrimaryKeyRelatedField[Any]):
    """The id of a record of the actor's licensees; any other does not exist."""

    default_error_messages = {
        "incorrect_type": _("This is no id."),
        "does_not_exist": _("There is no such record: {pk_value}."),
    }

    def run_validation(self, data: Any = empty) -> Any:
        # Not RelatedField's, which takes "" for null.
        value = empty if read_guid(data) == NIL else data
        return serializers.Field.run_validation(self, value)

    def to_internal_value(self, data: Any) -> Any:
        guid = read_guid(data)
        if guid is None:
            self.fail("incorrect_type")
        try:
            return self.visible_to(self.context["view"].by).get(pk=guid)
        except ObjectDoesNotExist:
            self.fail("does_not_exist", pk_value=dashed(guid))

    def visible_to(self, by: Actor) -> Any:
        queryset: Any = self.get_queryset()
        return queryset.visible_to(by)

    def to_representation(self, value: Any) -> str:
        return str(value.pk)


class LicenseeIdField(RelatedIdField):
    """The licensee of a record: one of the actor's."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"queryset": Licensee.objects.all(), **kwargs})

    def visible_to(self, by: Actor) -> Any:
        licensees: Any = self.get_queryset()
        return licensees if by.licensees is None else licensees.filter(pk__in=by.licensees)


@extend_schema_field(
    {
        "type": "array",
        "items": {"type": "string"},
        "description": "Ids. One that is malformed is refused like one that is not there.",
    }
)
class IdListField(serializers.ListField):
    """Strings that the operation reads as ids, so that 100,000 are checked once."""

    child = serializers.UUIDField()
    default_error_messages = {"not_a_text": _("Item {place} is not a text.")}

    def to_internal_value(self, data: Any) -> list[str]:
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        if not all(type(item) is str for item in data):
            place = next(place for place, item in enumerate(data) if type(item) is not str)
            self.fail("not_a_text", place=place)
        return data


# --- Plain values ---------------------------------------------------------------------------


class Text(serializers.CharField):
    """A JSON string, and no number."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Email(Text, serializers.EmailField):
    pass


class BooleanField(serializers.BooleanField):
    """true or false, and no string or number."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class IntegerField(serializers.IntegerField):
    """A JSON integer in the range of every database."""

    def __init__(self, **kwargs: Any) -> None:
        max_value = kwargs.pop("max_value", None) or MAX_INTEGER
        super().__init__(max_value=min(max_value, MAX_INTEGER), **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return data


class Day(serializers.DateField):
    """A date as YYYY-MM-DD, and in no other of ISO 8601's ways."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or not _DAY.fullmatch(data):
            self.fail("invalid", format="YYYY-MM-DD")
        return super().to_internal_value(data)


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class FixedPoint(serializers.DecimalField):
    """A JSON number or a plain decimal text in; a text with the field's places out.

    Range and places are the model field's own validators'.
    """

    def to_internal_value(self, data: Any) -> Decimal:
        is_number = isinstance(data, int | Decimal) and not isinstance(data, bool)
        text = f"{data:f}" if isinstance(data, Decimal) else str(data) if is_number else data
        if not isinstance(text, str) or not _PLAIN.fullmatch(text):
            self.fail("invalid")
        return Decimal(text)

    def to_representation(self, value: Any) -> str:
        return f"{value:.{self.decimal_places}f}"


_PLAIN = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")


@extend_schema_field({"type": "object", "additionalProperties": True})
class JSONObjectField(serializers.JSONField):
    """A JSON object of any content within the limits of `json_values`."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return json_values.plain_object(data)
        except DjangoValidationError as error:
            raise serializers.ValidationError(error.messages, code=error.code) from None
