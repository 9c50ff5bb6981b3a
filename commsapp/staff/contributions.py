"""Pages, panels and dependents, as admins declare them in lists, for their records or others'.

    class QuoteAdmin(RecordAdmin):
        pages = [Page("print", printing.paper, label=_("Print"), verb="view")]
        panels = [Panel(_("Quotes"), "quotes/quotes_of.html", quotes_of, on=ContactGroup)]

An app adds to the records of an app below it with `on`, so that the lower app need not know of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from django.contrib import admin
from django.db.models import Model

C = TypeVar("C", bound="Contribution")


@dataclass(frozen=True, kw_only=True)
class Contribution:
    """Something that an admin adds to records; both models are the admin's own by default."""

    on: type[Model] | None = None  # the model of the records
    model: type[Model] | None = None  # the model whose permission it takes


def contributions_to(model: type[Model], attribute: str, kind: type[C]) -> list[C]:
    """Return what the admins declare in `attribute` for the model, its own admin first."""
    admins = sorted(admin.site._registry.items(), key=lambda item: item[0] is not model)
    return [
        replace(item, on=model, model=item.model or declaring)
        for declaring, model_admin in admins
        for item in getattr(model_admin, attribute, ())
        if isinstance(item, kind) and (item.on or declaring) is model
    ]
