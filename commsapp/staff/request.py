"""What a request of the staff site says: its actor, and numbers in its address or fields."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from commsapp.core.actors import Actor, may_read
from commsapp.models import Channel, Licensee


def parse_digits(text: str | None, max_digits: int = 9) -> int | None:
    """Return the number that ASCII digits spell, as in an address or a hidden field, else None.

    What people type is read by number_fields. `max_digits` bounds what a page is asked for.
    """
    is_number = text and text.isascii() and text.isdecimal() and len(text) <= max_digits
    return int(text) if text and is_number else None


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in user as an actor on the staff site. Licensees are read once a request."""
    if not hasattr(request, "_staff_actor"):
        user: Any = request.user
        id = getattr(request, "request_id", "")
        request._staff_actor = Actor.of(user, Channel.STAFF, request_id=id)  # type: ignore[attr-defined]
    actor: Actor = request._staff_actor  # type: ignore[attr-defined]
    return actor


def licensees_of(by: Actor) -> QuerySet[Licensee]:
    """Return the licensees that the actor works for."""
    every = Licensee.objects.all()
    return every if by.licensees is None else every.filter(pk__in=by.licensees)


def has_multiple_licensees(by: Actor) -> bool:
    """Return whether the actor sees several licensees: only then records say whose they are."""
    return len(licensees_of(by).order_by()[:2]) > 1


def can_view(by: Actor, model: type[Model]) -> bool:
    """Return whether the actor may view records of a model; who may change them may view them."""
    return may_read(by, model)
