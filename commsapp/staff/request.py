"""What a request of the staff site says: its actor, and numbers in its address or fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

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


@dataclass
class StaffState:
    """The state of a request of the staff site: its actor, and what one step leaves to a later one.

    Django's admin calls a ModelAdmin several times for one request, with nothing but the request.
    """

    actor: Actor
    refused: Exception | None = None  # by an operation: the form is shown again with it
    values_before: dict[str, Any] = field(default_factory=dict)  # of the object that is changed
    subject: str = ""  # named by messages before the record
    success_url: str = ""  # after a deletion
    client_secret: str = ""  # of the API client that was made

    @cached_property
    def only_licensee(self) -> UUID | None:
        """The licensee of new records, if the actor has no choice."""
        return self.actor.only_licensee()


def staff_state(request: HttpRequest) -> StaffState:
    """Return the state of the request; its first use reads the actor's licensees."""
    state: StaffState | None = getattr(request, "_staff_state", None)
    if state is None:
        user: Any = request.user
        id = getattr(request, "request_id", "")
        state = StaffState(Actor.of(user, Channel.STAFF, request_id=id))
        request._staff_state = state  # type: ignore[attr-defined]
    return state


def actor_of(request: HttpRequest) -> Actor:
    """Return the signed-in user as an actor on the staff site."""
    return staff_state(request).actor


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
