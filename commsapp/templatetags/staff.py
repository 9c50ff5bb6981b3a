"""What the staff pages' templates ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.db.models import Model
from django.urls import reverse
from django.utils.http import urlencode

from commsapp.core import audit
from commsapp.models import Operation
from commsapp.staff.object_pages import url_of
from commsapp.staff.post_pagination import Numbered

register = template.Library()
_PROBLEMS = 500  # on a page
register.filter("url_of", url_of)


@register.filter
def sentence(operation: Operation) -> str:
    """What the operation did."""
    return audit.sentence(operation)


@register.filter
def undo_url(message: Message) -> str:
    """Where the undo button of a message leads, if it has one: see pages.tell()."""
    what, _colon, id = (message.extra_tags or "").partition(":")
    if what == "operation":
        return reverse("admin:commsapp_operation_undo", args=(id,))
    if what == "batch":
        first, *others = id.split(",")
        url = reverse("admin:commsapp_operation_undo_batch", args=(first,))
        return f"{url}?{urlencode({'and': others}, doseq=True)}" if others else url
    return ""


@register.simple_tag(takes_context=True)
def problems_page(context: Any, problems: Sequence[Any]) -> Numbered:
    """The page of problems that was asked for by its number."""
    asked = context["request"].POST.get("problems_page")
    return Numbered.of(problems, asked, _PROBLEMS, len(problems))


@register.filter
def undo_page(operation: Model) -> str:
    return url_of(operation, "undo")


@register.simple_tag(takes_context=True)
def aria_current(context: Any, url: str) -> str:
    """Return a menu entry's aria-current: "page" for the page itself, "true" for those below it.

    A page that belongs below another entry than its address says names one as `menu_url`.
    """
    path = context["request"].path
    if path == url:
        return "page"
    return "true" if str(context.get("menu_url") or path).startswith(url) else ""


@register.filter
def filled(rows: Iterable[Any], path: str) -> bool:
    """Whether any row says something at `path`: a column in which all are empty is left out."""
    return any(_at(row, path) for row in rows)


def _at(row: Any, path: str) -> Any:
    for name in path.split("."):
        row = getattr(row, name)
    return row
