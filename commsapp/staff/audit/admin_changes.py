"""Changes of users, groups, licensees and API clients, as people read them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.contrib.admin import SimpleListFilter
from django.contrib.auth.models import Permission
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commsapp.core.actors import Actor
from commsapp.models import Channel
from commsapp.models.admin_changes import FIELDS, AdminChange
from commsapp.staff.audit.changelist import UserFilter
from commsapp.staff.changelists import page_by_key
from commsapp.staff.object_pages import show, url_of
from commsapp.staff.permission_matrix import VERBS
from commsapp.staff.request import actor_of, can_view, licensees_of

_PAGE_SIZE = 50
_MAX_LISTED = 10  # values of a field, in a list
_CHANNELS = dict(Channel.choices)


def visible_changes(by: Actor) -> QuerySet[Any]:
    """Return the changes that the actor may see: those of what he may see, of his licensees."""
    types = [label for label in FIELDS if can_view(by, apps.get_model(label))]
    visible: QuerySet[Any] = AdminChange.objects.visible_to(by).filter(target_type__in=types)
    return visible.select_related("user")


def may_see_changes(by: Actor) -> bool:
    """Whether the actor may see changes of anything here."""
    return any(can_view(by, apps.get_model(label)) for label in FIELDS)


# --- Texts --------------------------------------------------------------------------------------


def sentence(change: AdminChange) -> str:
    """Return what was done, with the fields that changed: `Changed: groups, active.`"""
    label = change.get_action_display()
    if change.action != AdminChange.Action.CHANGED:
        return f"{label}."
    fields = [_field_label(change, name) for name in change.changes]
    return _("Changed: %s.") % ", ".join(fields)


def channel_label(change: AdminChange) -> str:
    return str(_CHANNELS.get(change.channel, change.channel))


def channel_and_client(change: AdminChange) -> str:
    """Return how the change came: `Command line · manage.py api_client`."""
    return " · ".join(filter(None, (channel_label(change), change.client)))


def target_kind(change: AdminChange) -> str:
    return str(apps.get_model(change.target_type)._meta.verbose_name)


def target_url(change: AdminChange) -> str:
    """Return the address of the target's page; "" if it is gone."""
    if change.action == AdminChange.Action.DELETED:
        return ""
    try:
        name = change.target_type.replace(".", "_")
        return reverse(f"admin:{name}_change", args=(change.target_id,))
    except NoReverseMatch:
        return ""


def target_link(change: AdminChange) -> Any:
    url = target_url(change)
    return (
        format_html('<a href="{}">{}</a>', url, change.target_name) if url else change.target_name
    )


def _field(change: AdminChange, name: str) -> Any:
    model: type[Model] = apps.get_model(change.target_type)
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:  # of an older version
        return None


def _field_label(change: AdminChange, name: str) -> str:
    field = _field(change, name)
    return str(field.verbose_name) if field else name


def differences(change: AdminChange, by: Actor) -> list[dict[str, str]]:
    """Return a row for each field that changed: its label, and the values before and after."""
    return [_row(change, name, values, by) for name, values in change.changes.items()]


def _row(change: AdminChange, name: str, values: dict[str, Any], by: Actor) -> dict[str, str]:
    before = values.get("removed", values.get("before"))
    after = values.get("added", values.get("after"))
    return {
        "label": capfirst(_field_label(change, name)),
        "before": _text(change, name, before, by),
        "after": _text(change, name, after, by),
    }


def _text(change: AdminChange, name: str, value: Any, by: Actor) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if not isinstance(value, list):
        choices: Any = getattr(_field(change, name), "choices", None)
        return str(dict(choices or ()).get(value, value or ""))
    if name == "licensees":
        names = _licensee_names(value, by)
    elif name in ("permissions", "user_permissions"):
        names = [_permission_label(each) for each in value]
    else:
        names = [str(each) for each in value]
    return ", ".join(names)


def _licensee_names(ids: Iterable[str], by: Actor) -> list[str]:
    """The names of those that the reader works for; the others are only counted."""
    ids = [*ids]
    names = [*licensees_of(by).filter(pk__in=ids).order_by("name").values_list("name", flat=True)]
    others = len(ids) - len(names)
    return [*names, _("%d others") % others] if others else names


def _permission_label(name: str) -> str:
    """Return a permission as the table of permissions names it: `Recipients: Change`."""
    app, _dot, codename = name.partition(".")
    verb, _line, model = codename.partition("_")
    try:
        label = apps.get_model(app, model)._meta.verbose_name_plural
    except LookupError:
        return name
    if verb in VERBS:
        return f"{capfirst(label)}: {_(VERBS[verb])}"
    special = Permission.objects.filter(content_type__app_label=app, codename=codename).first()
    return f"{capfirst(label)}: {_(special.name)}" if special else name


# --- Entries ------------------------------------------------------------------------------------


def entries(changes: Iterable[AdminChange], by: Actor) -> list[dict[str, Any]]:
    """Return what a list shows of each."""
    return [
        {
            "change": change,
            "url": url_of(change),
            "sentence": sentence(change),
            "through": channel_and_client(change),
            "differences": differences(change, by)[:_MAX_LISTED],
        }
        for change in changes
    ]


def show_history(request: HttpRequest, target: Model) -> HttpResponse:
    """All that was done to a user, group, licensee or client, the newest first."""
    by = actor_of(request)
    rows = visible_changes(by).filter(
        target_type=target._meta.label_lower, target_id=str(target.pk)
    )
    page = page_by_key(rows, request, "id", _PAGE_SIZE, newest_first=True)
    opts: Any = target._meta
    return show(
        request, None, "staff/admin_history.html", title=_("History"), subtitle=str(target),
        entries=entries(page, by), page=page, opts=opts,
        target=target, target_url=reverse(f"admin:{opts.label_lower.replace('.', '_')}_change",
                                          args=(target.pk,)),
    )  # fmt: skip


# --- Filters ------------------------------------------------------------------------------------


class ChannelFilter(SimpleListFilter):
    """Where the change came through."""

    title = gettext_lazy("through")
    parameter_name = "channel"  # as Activity calls it, so that a link fits both

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, Any]]:
        return [(channel.value, channel.label) for channel in Channel]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(channel=self.value()) if self.value() else queryset


class TargetFilter(SimpleListFilter):
    """Kinds of what was changed."""

    title = gettext_lazy("kind of object")
    parameter_name = "object"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        by = actor_of(request)
        models = [(label, apps.get_model(label)) for label in FIELDS]
        return [
            (label, capfirst(model._meta.verbose_name))
            for label, model in models
            if can_view(by, model)
        ]

    def queryset(self, request: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(target_type=self.value()) if self.value() else queryset


class ChangingUserFilter(UserFilter):
    """Who made a change that the reader may see."""

    def who_acted(self, request: Any) -> Q:
        return Q(Exists(visible_changes(actor_of(request)).filter(user=OuterRef("pk"))))
