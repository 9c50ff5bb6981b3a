"""Who asks, and what they may."""

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
    """Who asks, and through what: the `by` of every operation."""

    user: User
    channel: str
    licensees: frozenset[UUID] | None  # None: a superuser's, all there are
    client: str = ""  # the API client's name
    client_id: UUID | None = None
    request_id: str = ""
    at: datetime | None = None  # when, if not now: for history that is told afterwards

    @classmethod
    def of(cls, user: User, channel: str, *, request_id: str = "") -> Self:
        """The actor that a signed-in user is. Reads the licensees: one statement."""
        if user.is_superuser:
            licensees = None
        else:
            licensees = frozenset(user.licensees.values_list("pk", flat=True))
        return cls(user, channel, licensees, request_id=request_id)

    def can_access(self, licensee_id: UUID) -> bool:
        return self.licensees is None or licensee_id in self.licensees

    def only_licensee(self) -> UUID | None:
        """The licensee of what this actor makes unless told otherwise: the only one, if so."""
        candidates: Iterable[UUID] = (
            Licensee.objects.values_list("pk", flat=True)[:2]
            if self.licensees is None
            else self.licensees
        )
        first, *others = [*candidates, None]
        return first if others == [None] else None


def permission(verb: str, model: type[Model]) -> str:
    """The name of Django's permission: `groups.change_recipientgroup`."""
    return f"{model._meta.app_label}.{verb}_{model._meta.model_name}"


def has_permission(by: Actor, verb: str, model: type[Model]) -> bool:
    """Whether the actor's user has a model permission; the same question on every API and page."""
    return by.user.has_perm(permission(verb, model))


def may_read(by: Actor, model: type[Model]) -> bool:
    """Return whether the actor may look at records of this kind; who may change them may look.
    The permission that a refusal names is the last one that is missing: the one to view."""
    return has_permission(by, "change", model) or has_permission(by, "view", model)


def require(by: Actor, verb: str, model: type[Any]) -> None:
    """Raise PermissionDenied unless the actor may."""
    if not has_permission(by, verb, model):
        raise PermissionDenied(missing_permission_message(verb, model))


def missing_permission_message(verb: str, model: type[Model]) -> str:
    """Which permission it would take, in a sentence."""
    message = _("You lack the permission to %(verb)s %(things)s.")
    return message % {"verb": _VERBS.get(verb, verb), "things": model._meta.verbose_name_plural}
