"""Forms of contact groups' pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from commsapp.core.actors import Actor
from contacts.models import Role


class ConnectionRoleForm(forms.Form):
    """In which role contacts are connected."""

    role = forms.ModelChoiceField(
        Role.objects.none(), label=_("Role"), required=False, empty_label=_("No role")
    )

    def __init__(self, *args: Any, by: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = Role.objects.visible_to(by).filter(kind=Role.Kind.CONNECTION).order_by("name")
        self.fields["role"].queryset = roles  # type: ignore[attr-defined]
