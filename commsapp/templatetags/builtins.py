"""What every staff page asks for, whatever it is about."""

from __future__ import annotations

from typing import Any

from django import template

from commsapp.dashboard import command_palette
from commsapp.staff import saved_filters as saved
from commsapp.staff.request import actor_of

register = template.Library()


@register.simple_tag
def shortcuts() -> Any:
    """What the keys do: ways to press them, and what that does."""
    return command_palette.SHORTCUTS


@register.simple_tag(takes_context=True)
def sees_integrations(context: Any) -> bool:
    """Whether the menu has the integrations for this user."""
    return command_palette.sees_integrations(actor_of(context["request"]))


@register.simple_tag(takes_context=True)
def saved_filters(context: Any, label: str) -> dict[str, Any]:
    """The user's own filters of a list, as `groups.recipient`."""
    return saved.shown(context["request"], label)
