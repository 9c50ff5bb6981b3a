"""Actors and their permissions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from commsapp.models import Licensee, User

_VERBS = {
    "add": pgettext_lazy("the permission to", "add"),
    "change": pgettext_lazy("the permission to", "change"),
    "delete": pgettext_lazy("the permission to", "delete"),
    "view": pgettext_lazy("the permission to", "view"),
    "approve": pgettext_lazy("the permission to", "approve"),
}


@dataclass(frozen=True)
class Actor:
    """The user behind a request and the channel it came through: the `by` of every operation."""

    user: User
    channel: str
    licensees: frozenset[UUID] | None  # None: all licensees, of a superuser
    client: str = ""  # the API client's name
    client_id: UUID | None = None
    request_id: str = ""
    at: datetime | None = None  # when, if not now: for history that is loaded later

    @classmethod
    def of(cls, user: User, channel: str, *, request_id: str = "") -> Self:
        """Return the actor of a signed-in user. Reads the licensees in one statement."""
        if user.is_superuser:
            licensees = None
        else:
            licensees = frozenset(user.licensees.values_list("pk", flat=True))
        return cls(user, channel, licensees, request_id=request_id)

    def can_access(self, licensee_id: UUID) -> bool:
        return self.licensees is None or licensee_id in self.licensees

    def only_licensee(self) -> UUID | None:
        """Return the actor's only licensee, the default for new records; None if there are
        several."""
        candidates: Iterable[UUID] = (
            Licensee.objects.values_list("pk", flat=True)[:2]
            if self.licensees is None
            else self.licensees
        )
        first, *others = [*candidates, None]
        return first if others == [None] else None


def permission(verb: str, model: type[Model]) -> str:
    """Return the name of Django's permission: `groups.change_recipientgroup`."""
    return f"{model._meta.app_label}.{verb}_{model._meta.model_name}"


def has_permission(by: Actor, verb: str, model: type[Model]) -> bool:
    """Return whether the actor's user has a model permission. Every API and page asks here."""
    return by.user.has_perm(permission(verb, model))


def may_read(by: Actor, model: type[Model]) -> bool:
    """Return whether the actor may view records of this model; "change" includes "view".

    The permission that a refusal names is the last one that is missing: the one to view.
    """
    return has_permission(by, "change", model) or has_permission(by, "view", model)


def require(by: Actor, verb: str, model: type[Any]) -> None:
    """Raise PermissionDenied unless the actor has the permission."""
    if not has_permission(by, verb, model):
        raise PermissionDenied(missing_permission_message(verb, model))


def missing_permission_message(verb: str, model: type[Model]) -> str:
    """Return the sentence that names the missing permission."""
    message = _("You lack the permission to %(verb)s %(things)s.")
    return message % {"verb": _VERBS.get(verb, verb), "things": model._meta.verbose_name_plural}
