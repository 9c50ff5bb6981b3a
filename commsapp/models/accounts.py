"""Licensees, their users, API clients, sessions of the Message API, and the use of the APIs."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication

from commsapp.db.fields import CreationTimeField
from commsapp.db.ids import uuid7
from commsapp.logs.security_log import log_after_commit
from commsapp.models import admin_changes
from commsapp.models.admin_changes import AdminChange
from commsapp.models.authorizations import end_authorizations


class Licensee(models.Model):
    """A tenant. Every business record belongs to one; users act for those they are members of."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=255, unique=True)
    created_at = CreationTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    class Meta:
        verbose_name = _("licensee")
        verbose_name_plural = _("licensees")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class AccountManager(UserManager):  # type: ignore[type-arg]
    """Django's, which records whom it makes a superuser: `manage.py createsuperuser` asks it."""

    use_in_migrations = False

    def create_superuser(self, *args: Any, **kwargs: Any) -> Any:
        user = super().create_superuser(*args, **kwargs)
        admin_changes.record_creation(user)
        return user


class User(AbstractUser):
    """A person or an integration. A superuser acts for all licensees."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    licensees = models.ManyToManyField(
        Licensee, blank=True, related_name="users", verbose_name=_("licensees")
    )
    date_joined = CreationTimeField(_("date joined"), default=timezone.now)
    objects: ClassVar[Any] = AccountManager()

    missing_permission: str | None = None  # the last that was asked for and is not there

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Django's answer; a refusal is remembered, so that the log can name the permission."""
        is_allowed = super().has_perm(perm, obj)
        if not is_allowed:
            self.missing_permission = perm
        return is_allowed

    _is_password_withdrawn = False

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self._is_password_withdrawn = raw_password is None

    def set_unusable_password(self) -> None:
        super().set_unusable_password()
        self._is_password_withdrawn = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; with another password, or none any more, also end what was signed in to or granted
        under the old one, as Django does with the sessions of the staff site: whoever learned it
        is out. A stronger hash of the same password ends nothing."""
        is_new = getattr(self, "_password", None) is not None  # Django's own mark of a new one
        if not (is_new or self._is_password_withdrawn):
            super().save(*args, **kwargs)
            return
        existed = not self._state.adding
        with transaction.atomic():
            super().save(*args, **kwargs)
            if end_authorizations(self):
                name = self.get_username()
                log_after_commit("sessions_ended", target=name, target_id=str(self.pk))
            if existed:
                admin_changes.record(self, AdminChange.Action.PASSWORD_CHANGED)
        self._is_password_withdrawn = False


class Client(AbstractApplication):
    """An API client. With the client_credentials grant it acts as its user."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("user")
    )

    created = CreationTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")

    def __str__(self) -> str:
        return str(self.name or self.client_id)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new client is recorded, whoever makes it: a page, or one of several commands."""
        is_new = self._state.adding
        super().save(*args, **kwargs)
        if is_new:
            admin_changes.record_creation(self)


class Session(models.Model):
    """A person's or a suite's sign-in on the Message API (contract 1, Credentials).

    It is one more secret for an access token, its BearerToken: user and end are the token's, and
    whichever of the two is revoked, both are. Only a hash of the secret is kept.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    checksum = models.CharField(max_length=64, unique=True, editable=False)
    token = models.OneToOneField(
        "oauth2_provider.AccessToken", models.CASCADE, related_name="session", editable=False
    )

    class Meta:
        default_permissions = ()  # nobody's business but its user's
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return str(self.id)


class ApiUse(models.Model):
    """How many requests of the Connect API a licensee made on a day (contract 1, Limits)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    licensee = models.ForeignKey(
        Licensee, models.CASCADE, related_name="+", verbose_name=_("licensee")
    )
    day = models.DateField(_("day"))
    calls = models.PositiveBigIntegerField(_("calls"), default=0)

    class Meta:
        verbose_name = _("API use")
        verbose_name_plural = _("API use")
        constraints = [
            models.UniqueConstraint(
                fields=("licensee", "day"), name="%(app_label)s_%(class)s_one_row_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.calls}"
