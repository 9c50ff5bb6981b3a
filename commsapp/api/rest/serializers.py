"""Base serializers of records, of the bodies of actions, and of their responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db import models
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from commsapp.api.openapi.fragments import MOMENT, sample_id
from commsapp.api.rest import fields
from commsapp.core.actors import Actor
from commsapp.db.fields import FixedPointField


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses unknown names: a mistyped `dry_run` must not write.

    `sample` is an example, for the API's description.
    """

    is_strict = True
    sample: ClassVar[Mapping[str, Any]] = {}

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping) and (unknown := sorted(data.keys() - self.fields.keys())):
            messages = [ErrorDetail(_("There is no such field."), "unknown_field")]
            raise serializers.ValidationError({name[:64]: messages for name in unknown})
        return super().to_internal_value(data)


class RecordSerializer(StrictSerializer, serializers.ModelSerializer[Any]):
    """A business record. Its rules are the model's, and hold when the operation saves it.

    `sample` is an example of one, and `edited` names the fields that an example of an edit has.
    """

    edited: ClassVar[Sequence[str]] = ("name",)

    licensee = fields.LicenseeIdField(required=False)

    serializer_related_field = fields.RelatedIdField
    serializer_field_mapping: ClassVar[dict[type[models.Field[Any, Any]], Any]] = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.CharField: fields.Text,
        models.TextField: fields.Text,
        models.EmailField: fields.Email,
        models.BooleanField: fields.BooleanField,
        models.PositiveIntegerField: fields.IntegerField,
        models.DateField: fields.Day,
        models.JSONField: fields.JSONObjectField,
        FixedPointField: fields.FixedPoint,
    }

    class Meta:
        validators: ClassVar[list[Any]] = []  # full_clean() asks about uniqueness

    def validate_licensee(self, licensee: Any) -> Any:
        if self.instance is not None and licensee.pk != self.instance.licensee_id:
            raise serializers.ValidationError(_("A record stays with its licensee."))
        return licensee

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None and "licensee" not in attrs:
            attrs["licensee_id"] = self.licensee_for(attrs)
        return attrs

    def licensee_for(self, attrs: dict[str, Any]) -> UUID:
        """Return the licensee of a new record that names none: the actor's only one."""
        by: Actor = self.context["view"].by
        licensee = by.only_licensee()
        if licensee is None:
            raise serializers.ValidationError({"licensee": [_("Say which of your licensees.")]})
        return licensee


def record_fields(*names: str) -> tuple[str, ...]:
    """Return a record's fields in their order: its own between those that all have."""
    return ("id", "licensee", *names, "created_at", "updated_at")


def record_sample(kind: str, /, **own: Any) -> dict[str, Any]:
    """Return an example of a record: its own fields between those that all have."""
    context = {"id": sample_id(kind), "licensee": sample_id("licensee"), **own}
    return {**context, "created_at": MOMENT, "updated_at": MOMENT}


def name_of(source: str) -> Any:
    """Return a read-only field for the name of the record that a foreign key refers to."""
    return serializers.CharField(source=f"{source}.name", read_only=True, allow_null=True)


# --- Bodies of actions ------------------------------------------------------------------------


class EmptySerializer(StrictSerializer):
    """No body, or an empty object."""


class DryRunSerializer(StrictSerializer):
    """Whether to do everything but the write, to see what it would do."""

    sample: ClassVar[Mapping[str, Any]] = {"dry_run": False}

    dry_run = fields.BooleanField(default=False)


# --- Responses ------------------------------------------------------------------------------


class Error(serializers.Serializer[Any]):
    """One thing that was refused."""

    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(required=False)  # as recipients[3]
    record = serializers.UUIDField(required=False)


class ActionResult(serializers.Serializer[Any]):
    """What an action did, or would do: a message, the counts that apply, and its operation."""

    message = serializers.CharField()
    added = serializers.IntegerField(required=False)
    changed = serializers.IntegerField(required=False)
    removed = serializers.IntegerField(required=False)
    already = serializers.IntegerField(required=False)
    created = serializers.IntegerField(required=False)
    reversed = serializers.IntegerField(required=False)
    kept = serializers.IntegerField(required=False)
    failed = serializers.IntegerField(required=False)
    errors = Error(many=True)  # type: ignore[assignment]  # (also the name of DRF's own property)
    operation = serializers.UUIDField(allow_null=True)
