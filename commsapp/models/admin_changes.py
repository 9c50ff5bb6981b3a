"""Changes of users, groups, licensees and API clients: who made which, from where.

Business records have Operations (`commsapp.core.audit`). These are no business records: they
belong to no licensee, to one, or to several, nothing of them is undone here, and who may see them
is decided otherwise. So they have a table of their own, which Activity shows among the operations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commsapp.db.commits import mark_transaction
from commsapp.db.ids import uuid7
from commsapp.logs.request_context import current
from commsapp.logs.security_log import log_after_commit

if TYPE_CHECKING:
    from commsapp.core.actors import Actor

Changes = dict[str, dict[str, Any]]

# The compared and shown fields of each kind. No password or secret is among them.
FIELDS: dict[str, tuple[str, ...]] = {
    "commsapp.user": (
        "username", "first_name", "last_name", "email", "is_active", "is_staff", "is_superuser",
        "licensees", "groups", "user_permissions",
    ),
    "auth.group": ("name", "permissions"),
    "commsapp.licensee": ("name",),
    "commsapp.client": (
        "name", "client_id", "user", "client_type", "authorization_grant_type", "redirect_uris",
    ),
}  # fmt: skip


class AdminChangeQuerySet(models.QuerySet[Any]):
    def visible_to(self, by: Actor) -> Self:
        """Those that concern a licensee of the actor's; a superuser's are all."""
        if by.licensees is None:
            return self
        through = AdminChange.licensees.through
        theirs = through._default_manager.filter(
            adminchange=models.OuterRef("pk"), licensee__in=by.licensees
        )
        return self.filter(models.Exists(theirs))


class AdminChange(models.Model):
    """One change of a user, a group, a licensee or an API client. Append-only.

    It is readable when its target is gone: it has the target's name as it was then, and the
    licensees for which the target worked before or after.
    """

    class Action(models.TextChoices):
        CREATED = "created", _("Created")
        CHANGED = "changed", _("Changed")
        DELETED = "deleted", _("Deleted")
        PASSWORD_CHANGED = "password_changed", _("Password changed")
        TOKENS_ENDED = "tokens_ended", _("Tokens ended")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("time"), default=timezone.now)
    user = models.ForeignKey(
        "commsapp.User", models.PROTECT, null=True, related_name="+", verbose_name=_("user")
    )
    channel = models.CharField(_("through"), max_length=7)
    client = models.CharField(_("client"), max_length=255, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    action = models.CharField(_("what was done"), max_length=32, choices=Action.choices)
    target_type = models.CharField(_("kind of object"), max_length=64)  # as "commsapp.user"
    target_id = models.CharField(_("object"), max_length=36)  # a group's is a number
    target_name = models.CharField(_("object"), max_length=255)
    changes = models.JSONField(_("changes"), default=dict, encoder=DjangoJSONEncoder)
    licensees = models.ManyToManyField(
        "commsapp.Licensee", related_name="+", verbose_name=_("licensees")
    )

    objects: ClassVar[Any] = AdminChangeQuerySet.as_manager()

    class Meta:
        default_permissions = ()  # who may view the target may view these
        verbose_name = _("change of users and rights")
        verbose_name_plural = _("changes of users and rights")
        ordering = ("-id",)
        indexes = [models.Index(fields=("target_id", "id"), name="admin_change_of_target")]

    def __str__(self) -> str:
        return f"{self.target_name}: {self.get_action_display()}"


# --- Recording ----------------------------------------------------------------------------------


def values_of(target: models.Model) -> dict[str, Any]:
    """Return what is compared of a user, group, licensee or client: {} of one not saved yet.

    Lists are of names, but licensees are ids: not everybody may read every licensee's name.
    """
    if target._state.adding:
        return {}
    return {name: _value(target, name) for name in FIELDS[target._meta.label_lower]}


def _value(target: Any, name: str) -> Any:
    field = target._meta.get_field(name)
    if not field.many_to_many:
        value = getattr(target, name)
        return str(value) if isinstance(value, models.Model) else value
    related = getattr(target, name)
    if name == "licensees":
        return sorted(str(pk) for pk in related.values_list("pk", flat=True))
    if name in ("permissions", "user_permissions"):
        pairs = related.order_by().values_list("content_type__app_label", "codename")
        return sorted(f"{app}.{codename}" for app, codename in pairs)
    return sorted(str(each) for each in related.all())


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Changes:
    """Return {field: {"before", "after"}}, or {field: {"added", "removed"}} of lists."""
    found: Changes = {}
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if isinstance(old, list) or isinstance(new, list):
            added, removed = (sorted({*a} - {*b}) for a, b in ((new or [], old or []),
                                                              (old or [], new or [])))  # fmt: skip
            if added or removed:
                found[name] = {"added": added, "removed": removed}
        elif (old or "") != (new or ""):
            found[name] = {"before": old, "after": new}
    return found


def record(
    target: models.Model, action: str, changes: Changes | None = None, **about: Any
) -> AdminChange:
    """Record a change that was just made, in the same transaction; and log it.

    `about` is said in the log alone. Call it before a deletion: then the target still knows whom
    it belongs to.
    """
    source = current()
    changes = changes or {}
    with transaction.atomic():
        entry: AdminChange = AdminChange.objects.create(
            user=source.user,
            channel=source.channel,
            client=source.actor.client if source.actor else source.client,
            address=source.address,
            request_id=source.request_id,
            action=action,
            target_type=target._meta.label_lower,
            target_id=str(target.pk),
            target_name=str(target)[:255],
            changes=changes,
        )
        entry.licensees.set(_licensees_of(target, changes))  # type: ignore[arg-type]  # ids
        mark_transaction(partial(AdminChange, pk=entry.pk))
    logged = {"target": entry.target_name, "target_id": entry.target_id, **about}
    if changes:
        logged["changes"] = changes
    log_after_commit(f"{target._meta.model_name}_{action}", **logged)
    return entry


def record_creation(target: models.Model) -> AdminChange:
    """Record that somebody made the target, with all that it was made with."""
    return record(target, AdminChange.Action.CREATED, differences({}, values_of(target)))


def _licensees_of(target: Any, changes: Changes) -> set[str]:
    """The ids of all licensees that the target worked for before, or works for now."""
    label = target._meta.label_lower
    if label == "commsapp.licensee":
        return {str(target.pk)}
    if label == "commsapp.client":
        return _licensees_of(target.user, {}) if target.user else set()
    if label == "commsapp.user":
        moved: Iterable[str] = changes.get("licensees", {}).get("removed", ())
        return {*moved, *(str(pk) for pk in target.licensees.values_list("pk", flat=True))}
    return set()
