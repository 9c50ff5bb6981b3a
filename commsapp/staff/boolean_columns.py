"""Yes and no: by sign and by word, in the reader's language (Django's icon says “True”)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import BooleanField
from django.utils.html import format_html
from django.utils.translation import gettext as _


def yes_or_no(value: bool) -> str:
    """A flag as it is told."""
    name, told = ("is-yes", _("Yes")) if value else ("is-no", _("No"))
    return format_html('<span class="flag {}">{}</span>', name, told)


def column_of(field: BooleanField[Any, Any]) -> Callable[[Any], str]:
    """A column of a list that shows the flag, and is sorted by it."""

    def shown(record: Any) -> str:
        return yes_or_no(getattr(record, field.name))

    shown.__name__ = field.name
    return admin.display(description=field.verbose_name, ordering=field.name)(shown)
