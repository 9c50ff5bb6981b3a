"""What users and groups may do, as a table: objects down, verbs across, a box to tick in each."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.template.loader import render_to_string
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, override

from commsapp.models import User
from commsapp.staff.request import parse_digits

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

OWN_APPS = ("commsapp", "contacts", "groups", "quotes")
VERBS = {
    "view": gettext_noop("View"),
    "add": gettext_noop("Add"),
    "change": gettext_noop("Change"),
    "delete": gettext_noop("Delete"),
}
SPECIAL = (gettext_noop("Can approve quote"),)  # what models name besides: for the catalogue
_LAST = 1_000


@dataclass(frozen=True)
class Cell:
    """One permission, in the row of its object; none where there is no such permission."""

    pk: int | None = None
    label: str = ""  # the whole of it, for whoever sees no table
    special_name: str = ""  # its name, where that is no verb of the heading
    is_ticked: bool = False
    is_given: bool = False  # by a group


@dataclass
class Line:
    """One kind of object, and what may be done to it."""

    name: str
    cells: dict[str, Cell] = field(default_factory=dict)
    special: list[Cell] = field(default_factory=list)

    @property
    def marks(self) -> list[Cell]:
        return [self.cells.get(verb, Cell()) for verb in VERBS]

    @property
    def has_any(self) -> bool:
        return any(cell.is_ticked or cell.is_given for cell in (*self.marks, *self.special))


def table_of(ticked: Collection[int], given: Collection[int] = ()) -> dict[str, Any]:
    """The table as its template takes it: sections as the menu has them, then all the rest."""
    lines: dict[str, Line] = {}
    sections: dict[str, list[tuple[int, Line]]] = {}
    rest: list[Line] = []
    for permission in Permission.objects.select_related("content_type"):
        key = f"{permission.content_type.app_label}.{permission.content_type.model}"
        if key not in lines:
            lines[key] = line = Line(_named(permission))
            section, place = _place_of(permission)
            if section is None:
                rest.append(line)
            else:
                sections.setdefault(section, []).append((place, line))
        _put(lines[key], permission, ticked, given)
    ordered = sorted(sections.items(), key=lambda one: min(place for place, _line in one[1]))
    return {
        "verbs": [_(verb) for verb in VERBS.values()],
        "sections": [
            (str(apps.get_app_config(label).verbose_name), _in_order(placed))
            for label, placed in ordered
        ],
        "rest": sorted(rest, key=lambda line: line.name),
        "is_rest_open": any(line.has_any for line in rest),
    }


def _in_order(placed: Iterable[tuple[int, Line]]) -> list[Line]:
    return [line for _place, line in sorted(placed, key=lambda one: (one[0], one[1].name))]


def _named(permission: Permission) -> str:
    """What the permission is about, in the reader's language."""
    model = permission.content_type.model_class()
    if model is None:  # of an app that is gone
        return f"{permission.content_type.app_label} | {permission.content_type.model}"
    known = _admin_of(model)
    name = getattr(known, "menu_label", model._meta.verbose_name_plural)
    with override("en"):
        english = str(name)
    return capfirst(_(english) if str(name) == english else str(name))  # see borrowed.py


def _admin_of(model: Any) -> Any:
    return admin.site.get_model_admin(model) if admin.site.is_registered(model) else None


def _place_of(permission: Permission) -> tuple[str | None, int]:
    """The section of the menu, and the place there; none for what staff never meet."""
    label, model = permission.content_type.app_label, permission.content_type.model_class()
    known = _admin_of(model) if model else None
    if known is not None:
        return getattr(known, "menu_section", label), getattr(known, "menu_place", _LAST)
    return (label, _LAST) if label in OWN_APPS else (None, _LAST)


def _put(
    line: Line, permission: Permission, ticked: Collection[int], given: Collection[int]
) -> None:
    verb = permission.codename.partition("_")[0]
    is_usual = verb in VERBS and permission.codename == f"{verb}_{permission.content_type.model}"
    message = _(VERBS[verb]) if is_usual else _(permission.name)
    cell = Cell(
        permission.pk,
        f"{line.name}: {message}",
        message,
        permission.pk in ticked,
        permission.pk in given,
    )
    if is_usual:
        line.cells[verb] = cell
    else:
        line.special.append(cell)


def listed_permissions(ticked: Iterable[Permission], given: Collection[int] = ()) -> str:
    """The table for who may read it only."""
    context = table_of({permission.pk for permission in ticked}, given)
    return render_to_string("staff/permissions.html", context)


class PermissionTable(forms.CheckboxSelectMultiple):
    """The boxes of a field of permissions. `given` are those that groups give already."""

    given: Collection[int] = ()

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        numbers = (parse_digits(str(pk)) for pk in value or ())
        ticked = {number for number in numbers if number is not None}
        context = {**table_of(ticked, self.given), "name": name, "has_given": bool(self.given)}
        return render_to_string("staff/permissions.html", context)


class Checks(forms.CheckboxSelectMultiple):
    """Boxes to tick, for a choice of some among few."""

    def __init__(self, attrs: Any = None, choices: Any = ()) -> None:
        super().__init__({"class": "checks", **(attrs or {})}, choices)


class PermittingAdmin(ModelAdmin):
    """Of users or groups: superusers tick what they may, all others read it."""

    boxes: ClassVar[str] = "permissions"  # the field
    filter_horizontal = ()

    @admin.display(description=gettext_lazy("permissions"))
    def permitted(self, whose: User | Group) -> str:
        """The table to be read."""
        own: Any = getattr(whose, self.boxes)
        return listed_permissions(own.all(), _by_groups(whose))

    def get_readonly_fields(self, request: Any, obj: Any = None) -> Any:
        return (*super().get_readonly_fields(request, obj), "permitted")

    def get_fieldsets(self, request: Any, obj: Any = None) -> Any:
        shown: dict[Any, str] = {} if request.user.is_superuser else {self.boxes: "permitted"}
        return [
            (title, {**of, "fields": [shown.get(name, name) for name in of["fields"]]})
            for title, of in super().get_fieldsets(request, obj)
        ]

    def formfield_for_manytomany(self, db_field: Any, request: Any = None, **kwargs: Any) -> Any:
        kwargs["widget"] = PermissionTable if db_field.name == self.boxes else Checks
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None and self.boxes in form.base_fields:
            form.base_fields[self.boxes].widget.given = _by_groups(obj)
        return form


def _by_groups(whose: User | Group) -> set[int]:
    """The ids of the permissions that a user's groups give; a group has no groups."""
    if isinstance(whose, Group):
        return set()
    return set(Permission.objects.filter(group__user=whose).values_list("pk", flat=True))
