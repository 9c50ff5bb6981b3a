"""The person in the browser, as the operations know them."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from commsapp.core.actors import Actor, may_read
from commsapp.models import Channel, Licensee


def actor_of(request: HttpRequest) -> Actor:
    """The signed-in user as an actor on the staff site. Licensees are read once a request."""
    if not hasattr(request, "_staff_actor"):
        user: Any = request.user
        id = getattr(request, "request_id", "")
        request._staff_actor = Actor.of(user, Channel.STAFF, request_id=id)  # type: ignore[attr-defined]
    actor: Actor = request._staff_actor  # type: ignore[attr-defined]
    return actor


def licensees_of(by: Actor) -> QuerySet[Licensee]:
    """Those the actor works for."""
    every = Licensee.objects.all()
    return every if by.licensees is None else every.filter(pk__in=by.licensees)


def has_multiple_licensees(by: Actor) -> bool:
    """Whether the actor sees more than one licensee: only then records say whose they are."""
    return len(licensees_of(by).order_by()[:2]) > 1


def can_view(by: Actor, model: type[Model]) -> bool:
    """Whether the actor may look at records of this kind; who may change them may look."""
    return may_read(by, model)
