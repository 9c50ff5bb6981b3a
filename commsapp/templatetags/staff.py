"""What the staff pages' templates ask for."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.db.models import Model
from django.urls import reverse

from commsapp import ledger
from commsapp.faces.staff.pages import url_of
from commsapp.models import Operation

register = template.Library()
register.filter("url_of", url_of)


@register.filter
def sentence(operation: Operation) -> str:
    """What the operation did."""
    return ledger.sentence(operation)


@register.filter
def undo_url(message: Message) -> str:
    """Where the undo button of a message leads, if it has one: see pages.tell()."""
    what, _colon, id = (message.extra_tags or "").partition(":")
    if what == "operation":
        return reverse("admin:commsapp_operation_undo", args=(id,))
    if what == "batch":
        return reverse("admin:commsapp_operation_undo_batch", args=(id,))
    return ""


@register.filter
def undo_page(operation: Model) -> str:
    return url_of(operation, "undo")


@register.simple_tag(takes_context=True)
def is_current(context: Any, url: str) -> bool:
    """Whether the page is at the address or below it."""
    return bool(context["request"].path.startswith(url))
