"""Filters of lists: as strict as the fields of bodies, so that a mistyped one is not left out."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as django_filters
from django_filters.fields import IsoDateTimeField
from rest_framework.exceptions import ValidationError as RestError
from rest_framework.filters import SearchFilter
from rest_framework.request import Request

from commsapp.api.rest.fields import MAX_INTEGER
from commsapp.core.search import search_refusal
from commsapp.db.fields import FixedPointField
from commsapp.db.ids import NIL, read_guid

MAX_TEXT_LENGTH = 255  # SQLite's LIKE gives up on very long patterns


class Search(SearchFilter):
    """`?search=`: every word in any of the view's search_fields."""

    def get_search_terms(self, request: Request) -> list[str]:
        text = request.query_params.get(self.search_param, "")
        if "\0" in text:
            raise RestError({"search": [_("Null characters are not allowed.")]})
        terms: list[str] = super().get_search_terms(request)
        if refusal := search_refusal(text, terms):
            raise RestError({"search": [refusal]})
        return terms


class _Id(forms.CharField):
    def clean(self, value: Any) -> str | None:
        text = super().clean(value)
        guid = read_guid(text) if text else NIL
        if guid is None:
            raise ValidationError(_("This is no id."), code="invalid")
        return None if guid == NIL else guid


class _YesNo(forms.Field):
    def to_python(self, value: Any) -> bool | None:
        if value in self.empty_values:
            return None
        if value not in ("true", "false"):
            raise ValidationError(_("Give true or false."), code="invalid")
        return bool(value == "true")


class _Number(forms.DecimalField):
    def to_python(self, value: Any) -> Any:
        if value and not re.fullmatch(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", value):
            raise ValidationError(_("Give a number."), code="invalid")
        return super().to_python(value)


class _Moment(IsoDateTimeField):
    def to_python(self, value: Any) -> Any:
        moment = super().to_python(value)
        if moment is not None and not 1 < moment.year < 9999:  # a zone away is no year at all
            raise ValidationError(_("Give a later or an earlier time."), code="invalid")
        return moment and moment.astimezone(UTC)  # PostgreSQL knows no zone 20 hours away


class _Day(forms.DateField):
    def to_python(self, value: Any) -> Any:
        if value and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            raise ValidationError(_("Give a date as YYYY-MM-DD."), code="invalid")
        return super().to_python(value)


class IdFilter(django_filters.UUIDFilter):
    field_class = _Id


class YesNoFilter(django_filters.BooleanFilter):
    field_class = _YesNo

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"widget": forms.TextInput, **kwargs})


class NumberFilter(django_filters.NumberFilter):
    field_class = _Number

    def get_max_validator(self) -> None:
        return None


class MomentFilter(django_filters.IsoDateTimeFilter):
    field_class = _Moment


class DayFilter(django_filters.DateFilter):
    field_class = _Day


class TextFilter(django_filters.CharFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"max_length": MAX_TEXT_LENGTH, "strip": False, **kwargs})


def _digits_of(field: Any) -> dict[str, int]:
    return {"max_digits": field.max_digits, "decimal_places": field.decimal_places}


def _limits_of(field: Any) -> dict[str, int]:
    return {"decimal_places": 0, "min_value": 0, "max_value": MAX_INTEGER}


class RecordFilterSet(django_filters.FilterSet):
    """Base of a resource's filters, which names its fields and their lookups."""

    FILTER_DEFAULTS = {
        **django_filters.FilterSet.FILTER_DEFAULTS,
        models.UUIDField: {"filter_class": IdFilter},
        models.ForeignKey: {"filter_class": IdFilter},
        models.OneToOneField: {"filter_class": IdFilter},
        models.CharField: {"filter_class": TextFilter},
        models.TextField: {"filter_class": TextFilter},
        models.EmailField: {"filter_class": TextFilter},
        models.BooleanField: {"filter_class": YesNoFilter},
        models.DateTimeField: {"filter_class": MomentFilter},
        models.DateField: {"filter_class": DayFilter},
        models.PositiveIntegerField: {"filter_class": NumberFilter, "extra": _limits_of},
        FixedPointField: {"filter_class": NumberFilter, "extra": _digits_of},
    }

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        # Only those asked for: a form of all of them would cost as much as the rest of the request.
        every: dict[str, Any] = self.base_filters  # type: ignore[has-type]
        self.base_filters = {name: every[name] for name in every if name in (data or ())}
        super().__init__(data, *args, **kwargs)
        for each in self.filters.values():
            each.field.required = True  # an empty one is a mistake, not a wish for all rows


_LOOKUPS = {
    "exact": ("exact",),
    "text": ("exact", "icontains"),
    "range": ("exact", "gte", "lte"),
    "moment": ("gte", "lt"),
    "empty": ("isnull",),
}


def lookups(**names: str) -> dict[str, list[str]]:
    """Which lookups a resource's fields have: `text="name city", moment="archived_at"`."""
    found: dict[str, list[str]] = {}
    for kind, fields in names.items():
        for field in fields.split():
            found.setdefault(field, []).extend(_LOOKUPS[kind])
    return found


def record_lookups(**names: str) -> dict[str, list[str]]:
    """Those of a record: what all have besides its own."""
    return {**lookups(exact="licensee", moment="created_at updated_at"), **lookups(**names)}
