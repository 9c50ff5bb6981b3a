"""What every room stands on: users and their licensees, API clients, records, the ledger's rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Self
from uuid import UUID

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication

from commsapp import admin_changes
from commsapp.admin_changes import AdminChange as AdminChange
from commsapp.authorizations import end_authorizations
from commsapp.fields import JSONField
from commsapp.idempotency import IdempotencyKey as IdempotencyKey
from commsapp.ids import uuid7
from commsapp.security_log import log_after_commit
from commsapp.sql import Now

if TYPE_CHECKING:
    from commsapp.access import Actor


class Licensee(models.Model):
    """A tenant. Every business record belongs to one; users act for those they are members of."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=255, unique=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
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
    """A person's or a suite's sign-in on the Message face (contract 1, Credentials).

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
    """How many requests of the Connect face a licensee made on a day (contract 1, Limits)."""

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


class RecordQuerySet(models.QuerySet[Any]):
    """Business records, as the one who asks may see them."""

    def visible_to(self, by: Actor) -> Self:
        """Those of the actor's licensees: another's are as good as not there."""
        return self if by.licensees is None else self.filter(licensee__in=by.licensees)

    def among(self, ids: Iterable[str]) -> Self:
        """Those with one of these ids (32 hex digits each): one parameter, however many."""
        return self.filter(pk__among=list(ids))

    def change(self, **values: Any) -> int:
        """Update, and say so in updated_at, which QuerySet.update() leaves alone."""
        return self.update(updated_at=Now(), **values)


class Record(models.Model):
    """A business record. Its name in a list or a sentence is its `str()`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    licensee = models.ForeignKey(
        Licensee, models.PROTECT, related_name="+", verbose_name=_("licensee")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True)

    objects: ClassVar[Any] = RecordQuerySet.as_manager()

    # What separates the archived from the active, for the models that know archiving.
    ARCHIVED: ClassVar[dict[str, Any]] = {}
    ACTIVE: ClassVar[dict[str, Any]] = {}

    class Meta:
        abstract = True

    @property
    def is_archived(self) -> bool:
        return any(getattr(self, field) != value for field, value in self.ACTIVE.items())

    def clean(self) -> None:
        """What a record refers to belongs to the same licensee."""
        super().clean()
        for field in self._meta.concrete_fields:
            if not isinstance(field, models.ForeignKey) or field.related_model is Licensee:
                continue
            other = getattr(self, field.name) if getattr(self, field.attname) else None
            if other is not None and other.licensee_id != self.licensee_id:
                raise ValidationError(
                    {field.name: _("It belongs to another licensee.")}, code="licensee"
                )


class ArchivedRecord(Record):
    """A record that is archived, never deleted."""

    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    ARCHIVED: ClassVar[dict[str, Any]] = {"archived_at": Now()}
    ACTIVE: ClassVar[dict[str, Any]] = {"archived_at": None}

    class Meta:
        abstract = True


class Face(models.TextChoices):
    """The convention by which somebody met us."""

    CONNECT = "connect", "Connect"
    MESSAGE = "message", "Message"
    REST = "rest", "REST"
    STAFF = "staff", _("Staff")
    COMMAND = "command", _("Command line")


class Operation(models.Model):
    """One change, as it was made: who, when, through what, and all that undoing it takes.

    Append-only: an undo is an operation of its own that `undoes` another. Kind and numbers are
    kept; the sentence is made when it is read, in the reader's language (`ledger.sentence`).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(_("time"), default=timezone.now)
    licensee = models.ForeignKey(
        Licensee, models.PROTECT, related_name="+", verbose_name=_("licensee"),
        db_index=False,  # an index of three begins with it
    )  # fmt: skip
    user = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="operations", verbose_name=_("user"),
        db_index=False,  # an index of two begins with it
    )  # fmt: skip
    face = models.CharField(_("through"), max_length=7, choices=Face.choices)
    client = models.CharField(_("client"), max_length=255, blank=True)
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    # The id of the first one that was done in one go with it, for this licensee; of an import, too.
    batch = models.UUIDField(_("batch"), null=True)
    kind = models.CharField(_("what"), max_length=64)
    target_type = models.CharField(_("kind of object"), max_length=64)  # as "groups.recipientgroup"
    target_id = models.UUIDField(_("object"))
    target_name = models.CharField(_("object"), max_length=255, blank=True)
    touched = models.PositiveIntegerField(_("records touched"), default=0)
    numbers = JSONField(_("numbers"), default=dict, encoder=DjangoJSONEncoder)
    effects = JSONField(_("effects"), default=dict, encoder=DjangoJSONEncoder)
    undoes = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="undone_by", verbose_name=_("undoes")
    )

    objects: ClassVar[Any] = RecordQuerySet.as_manager()

    # In memory only: what `operation_access.redact` leaves for somebody who may not read it all.
    is_target_hidden = False
    replacement_sentence = ""

    class Meta:
        verbose_name = _("operation")
        verbose_name_plural = _("operations")
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                condition=models.Q(touched__gt=0), name="%(app_label)s_%(class)s_touched_something"
            ),
            models.CheckConstraint(
                condition=models.Q(face__in=Face.values), name="%(app_label)s_%(class)s_known_face"
            ),
        ]
        indexes = [
            models.Index(fields=("target_id", "id"), name="operation_of_target"),
            models.Index(fields=("licensee", "kind", "id"), name="operation_of_kind"),
            # All that the chart of the first page reads.
            models.Index(fields=("licensee", "id", "face"), name="operation_by_time"),
            # Who did something that a licensee sees.
            models.Index(fields=("user", "licensee"), name="operation_of_user"),
            models.Index(
                fields=("batch", "id"),
                condition=models.Q(batch__isnull=False),
                name="operation_of_batch",
            ),
            # What lists show of those done in one go: the first, and who is alone. One's own; all.
            models.Index(
                fields=("licensee", "id"),
                condition=models.Q(batch=None) | models.Q(batch=models.F("id")),
                name="operation_first_of_licensee",
            ),
            models.Index(
                fields=("id",),
                condition=models.Q(batch=None) | models.Q(batch=models.F("id")),
                name="operation_first_of_batch",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.target_name}"

    @property
    def is_undone(self) -> bool:
        """Whether an undo of this operation is recorded."""
        return hasattr(self, "undone_by")


class Draft(models.Model):
    """A table that somebody is importing: read, checked, then applied part after part.

    Nobody but its user sees it, and it is forgotten some days after it was last used. See
    `commsapp.drafts`, which alone writes it.
    """

    class State(models.TextChoices):
        READ = "read", _("Read")
        CHECKING = "checking", _("Being checked")
        CHECKED = "checked", _("Checked")
        APPLYING = "applying", _("Being imported")
        STOPPED = "stopped", _("Stopped")
        DONE = "done", _("Done")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="drafts", verbose_name=_("user"))
    licensee = models.ForeignKey(
        Licensee, models.CASCADE, related_name="+", verbose_name=_("licensee")
    )
    kind = models.CharField(_("kind"), max_length=64)  # of record, as "groups.recipient"
    file_name = models.CharField(_("file"), max_length=255)
    format = models.CharField(_("format"), max_length=4)
    columns = JSONField(_("columns"))  # the file's header
    mapping = JSONField(_("mapping"), default=dict)  # field → place of its column
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.READ)
    row_count = models.PositiveIntegerField(_("rows"))
    part_count = models.PositiveIntegerField(_("parts"))
    next_part = models.PositiveIntegerField(_("next part"), default=0)
    planned = JSONField(_("planned"), default=dict)  # what the check counted
    counts = JSONField(_("counts"), default=dict)  # what is done so far
    batch = models.UUIDField(_("batch"), null=True)  # of its operations: an import is one go
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("updated"), auto_now=True, db_index=True)

    class Meta:
        default_permissions = ()  # its user's business alone
        verbose_name = _("import")
        verbose_name_plural = _("imports")

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_at_work(self) -> bool:
        """Whether a next part waits to be checked or applied."""
        return self.state in (self.State.CHECKING, self.State.APPLYING)


class DraftPart(models.Model):
    """Some rows of a draft, which are applied in one transaction; and what was wrong with them."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    draft = models.ForeignKey(
        Draft, models.CASCADE, related_name="parts", verbose_name=_("import"),
        db_index=False,  # the unique pair begins with it
    )  # fmt: skip
    number = models.PositiveIntegerField(_("number"))
    rows = models.BinaryField(_("rows"))  # compressed: [line, cells] of each
    repeated = JSONField(_("repeated"), default=dict)  # see drafts.check()
    problems = models.BinaryField(_("problems"), default=b"")  # compressed
    problem_count = models.PositiveIntegerField(_("number of problems"), default=0)

    class Meta:
        default_permissions = ()
        verbose_name = _("part of an import")
        verbose_name_plural = _("parts of imports")
        constraints = [
            models.UniqueConstraint(
                fields=("draft", "number"), name="%(app_label)s_%(class)s_number_is_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.draft_id} {self.number}"


class SavedFilter(models.Model):
    """A list as somebody wants to see it again: its query, under a name. Only its user sees it."""

    MOST: ClassVar[int] = 20  # of one list

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        User, models.CASCADE, related_name="saved_filters", verbose_name=_("user"),
        db_index=False,  # the unique triple begins with it
    )  # fmt: skip
    list = models.CharField(_("list"), max_length=64)  # of records, as "groups.recipient"
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("query"), max_length=2000)

    class Meta:
        default_permissions = ()  # its user's business alone
        verbose_name = _("saved filter")
        verbose_name_plural = _("saved filters")
        constraints = [
            models.UniqueConstraint(
                fields=("user", "list", "name"), name="%(app_label)s_%(class)s_name_is_unique"
            ),
        ]

    def __str__(self) -> str:
        return self.name


def as_uuid(value: UUID | str) -> UUID:
    """An id as Python has it, from either way it travels."""
    return value if isinstance(value, UUID) else UUID(value)
