"""Inputs and outputs of the Connect API, by the names of the Developer Guide v64.0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from commsapp.core.audit import Refusal, Refused

MAX_ERRORS = 200  # listed in one response; a last entry says how many more there are


class ConnectInputSerializer(serializers.Serializer[Any]):
    """A request body: one object with declared properties only, whose names are case-sensitive."""

    sample: ClassVar[Mapping[str, Any]] = {}  # a body, for the description of the API
    is_body_required: ClassVar[bool] = True

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated values. Raises ValidationError for the first unknown property."""
        for name in data:
            if name not in self.fields:
                raise ValidationError({name: [f'Unrecognized field "{name}"']})
        return super().to_internal_value(data)


class ProtocolErrorSerializer(serializers.Serializer[Any]):
    """An error of a request that was not carried out; an answer is an array of these."""

    errorCode = serializers.CharField()  # noqa: N815
    message = serializers.CharField()
    fields = serializers.ListField(child=serializers.CharField(), required=False)  # type: ignore[assignment]


class ConnectErrorOutputSerializer(serializers.Serializer[Any]):
    """What all errors of an output have; each output adds the place of the error."""

    statusCode = serializers.CharField()  # noqa: N815  (the guide's name)
    errorMessage = serializers.CharField()  # noqa: N815


class ConnectOutputSerializer(serializers.Serializer[Any]):
    """A business result. A subclass declares `errorsList`, and has a sample."""

    isSuccessful = serializers.BooleanField()  # noqa: N815
    statusMessage = serializers.CharField()  # noqa: N815


def output(
    message: str, entries: Iterable[dict[str, str]], more: Mapping[str, str]
) -> dict[str, Any]:
    """Return the documented output: successful if there are no error entries.

    `more` is the place in the entry that stands for those past the limit.
    """
    errors = [*entries]
    hidden = len(errors) - MAX_ERRORS
    if hidden > 0:
        text = f"{hidden} more error{_plural(hidden)}."
        errors[MAX_ERRORS:] = [{"statusCode": "TOO_MANY_ERRORS", "errorMessage": text, **more}]
    return {"isSuccessful": not errors, "statusMessage": message, "errorsList": errors}


def refused_message(refused: Refused, *, planned: bool) -> str:
    """Return the statusMessage of a call that changed nothing, or of its dry run."""
    count = len(refused.refusals)
    text = "would be" if planned else "was"
    return f"Nothing {text} changed: {count} error{_plural(count)}."


def _plural(count: int) -> str:
    return "" if count == 1 else "s"


def error_entry(refusal: Refusal, **place: str) -> dict[str, str]:
    """Return an entry of `errorsList`."""
    return {"statusCode": refusal.code, "errorMessage": refusal.message, **place}


# --- Discovery ------------------------------------------------------------------------------


class VersionSerializer(serializers.Serializer[Any]):
    """A version that is served."""

    label = serializers.CharField()  # type: ignore[assignment]
    url = serializers.CharField()
    version = serializers.CharField()

    sample = {"label": "Summer '25", "url": "/services/data/v64.0", "version": "64.0"}


class ResourcesSerializer(serializers.Serializer[Any]):
    """The resources of a version: their addresses by name."""

    connect = serializers.CharField()
    limits = serializers.CharField()

    sample = {
        "connect": "/services/data/v64.0/connect",
        "limits": "/services/data/v64.0/limits",
    }


class LimitSerializer(serializers.Serializer[Any]):
    """A limit, and what is left of it."""

    Max = serializers.IntegerField(min_value=0)
    Remaining = serializers.IntegerField(min_value=0)


class LimitsSerializer(serializers.Serializer[Any]):
    """The licensee's limits of today."""

    DailyApiRequests = LimitSerializer()

    sample = {"DailyApiRequests": {"Max": 1_000_000, "Remaining": 999_982}}
