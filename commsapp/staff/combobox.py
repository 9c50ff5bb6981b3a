"""Picking one record of very many by typing, with and without JavaScript.

In the form stands a text input. With JavaScript it is a combobox (static/staff/js/combobox.js) that
asks the site's autocomplete address. Without, what was typed is looked up when the form is sent: a
name, number or id that is one record's is that one, and else the form comes back with those that
may be meant, to choose from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms.utils import flatatt
from django.forms.widgets import Script
from django.http import HttpRequest, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from commsapp.core.search import shorten_search
from commsapp.db.ids import dashed, read_guid

Search = Callable[[QuerySet[Any], str], QuerySet[Any]]

if TYPE_CHECKING:
    ChoiceField = forms.ModelChoiceField[Any]
else:
    ChoiceField = forms.ModelChoiceField

SHOWN = 20
_MAX_VALUE_LENGTH = 200


def as_options(rows: QuerySet[Any], hint: Callable[[Any], str] = lambda row: "") -> JsonResponse:
    """The first rows as what a combobox offers, and whether there are more. One statement."""
    found = list(rows[: SHOWN + 1])
    options = [{"id": str(row.pk), "text": str(row), "hint": hint(row)} for row in found[:SHOWN]]
    return JsonResponse({"results": options, "pagination": {"more": len(found) > SHOWN}})


def searching(request: HttpRequest, model: Any) -> tuple[Search, Sequence[str]]:
    """How records of the model are looked for in its list, and in which fields."""
    target = admin.site.get_model_admin(model)

    def search(rows: QuerySet[Any], words: str) -> QuerySet[Any]:
        ordered = rows.order_by(*(target.get_ordering(request) or ("pk",)))
        found, has_doubles = target.get_search_results(request, ordered, shorten_search(words))
        active = getattr(model, "ACTIVE", None)
        found = found.filter(**active) if active else found
        return found.distinct() if has_doubles else found

    return search, [name for name in target.get_search_fields(request) if "__" not in name]


class Combobox(forms.Widget):
    """A text input, beside what was chosen in it; below it those that may be meant."""

    def __init__(self, url: str = "", attrs: Any = None) -> None:
        super().__init__(attrs)
        self.url = url
        self.candidates: Sequence[Any] = ()
        self.label_of: Callable[[str], str] = lambda id: ""  # the field says

    @property
    def media(self) -> forms.Media:
        module: Any = Script("staff/js/combobox.js", type="module")
        return forms.Media(css={"all": ["staff/css/combobox.css"]}, js=[module])

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str | None:
        """The id of what was picked or chosen, or what was typed."""
        if picked := read_guid(data.get(f"{name}-pick")):
            return dashed(picked)
        text = (data.get(name) or "").strip()
        id, _space, label = (data.get(f"{name}-chosen") or "").partition(" ")
        if text and text == label.strip() and (guid := read_guid(id)):
            return dashed(guid)
        return text or None

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and f"{name}-pick" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        guid = read_guid(str(value)) if value else None
        label = self.label_of(guid) if guid else ""
        context = {
            "name": name,
            "id": (attrs or {}).get("id", f"id_{name}"),
            "attrs": flatatt({**self.build_attrs(self.attrs, attrs), "id": None}),
            "text": label or value or "",
            "chosen": f"{dashed(guid)} {label}" if guid and label else "",
            "url": self.url,
            "candidates": self.candidates,
        }
        return render_to_string("staff/combobox.html", context)


class ComboboxField(ChoiceField):
    """One record of those in `queryset`, by its id, its name, or a value that it is searched by."""

    def __init__(
        self, *args: Any, search: Search, exact: Sequence[str] = (), **kwargs: Any
    ) -> None:
        """`search(rows, words)` finds; what equals an `exact` field's value needs no choice."""
        self.search, self.exact = search, exact
        super().__init__(*args, **kwargs)

    def get_bound_field(self, form: Any, field_name: str) -> Any:
        self.widget.label_of = self._label_of
        return super().get_bound_field(form, field_name)

    def _label_of(self, id: str) -> str:
        found = self.queryset.filter(pk=UUID(id)).first()  # type: ignore[union-attr]
        return self.label_from_instance(found) if found else ""

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values or isinstance(value, self.queryset.model):  # type: ignore[union-attr]
            return super().to_python(value)
        if guid := read_guid(str(value)):
            return super().to_python(UUID(guid))
        return self._named(str(value))

    def _named(self, text: str) -> Any:
        """Whom the text names; ValidationError with those to choose from where that is open."""
        if "\0" in text:
            raise ValidationError(_("There is none called “%s”.") % text.replace("\0", ""))
        found = list(self.search(self.queryset.all(), text)[: SHOWN + 1])  # type: ignore[union-attr]
        exactly = [row for row in found if text.casefold() in self._names(row)]
        if len(exactly) == 1 and len(found) <= SHOWN:
            return exactly[0]
        if not found:
            raise ValidationError(
                _("There is none called “%s”.") % text[:_MAX_VALUE_LENGTH],
                code="none",
            )
        self.widget.candidates = found[:SHOWN]
        message = (
            _("“%s” may be more than these; type more, or choose one.")
            if len(found) > SHOWN
            else _("Which one is “%s”? Choose it below.")
        )
        raise ValidationError(message % text[:_MAX_VALUE_LENGTH], code="several")

    def _names(self, row: Any) -> set[str]:
        values = (getattr(row, name, "") or "" for name in self.exact)
        return {
            self.label_from_instance(row).casefold(),
            *(str(value).casefold() for value in values),
        }


def combobox_for(db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
    """The form field of a foreign key into a big table."""
    search, exact = searching(request, db_field.remote_field.model)
    opts = db_field.model._meta
    asked = {
        "app_label": opts.app_label, "model_name": opts.model_name, "field_name": db_field.name,
    }  # fmt: skip
    url = f"{reverse('admin:autocomplete')}?{urlencode(asked)}"
    return db_field.formfield(
        **kwargs, form_class=ComboboxField, widget=Combobox(url), search=search, exact=exact
    )


class OptionsView(AutocompleteJsonView):
    """What a combobox of an admin's form offers: what the form would take, and nothing else."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
        self.term, self.model_admin, self.source_field, _to_field = self.process_request(request)
        if not self.has_perm(request):
            raise PermissionDenied
        if "\0" in self.term:
            return JsonResponse({"results": [], "pagination": {"more": False}})
        is_ours = admin.site.is_registered(self.source_field.model)
        source = admin.site.get_model_admin(self.source_field.model) if is_ours else None
        fits = getattr(source, "choices_for", lambda field, rows: rows)
        search, _exact = searching(request, self.source_field.related_model)
        rows = fits(self.source_field, self.model_admin.get_queryset(request))
        hint = getattr(self.model_admin, "hint", lambda row: "")
        return as_options(search(rows, self.term), hint)
