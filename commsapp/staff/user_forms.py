"""The form of a user: Django's, without the hash of the password."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.forms import ReadOnlyPasswordHashField, UserChangeForm
from django.contrib.auth.hashers import is_password_usable
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from commsapp.models import User


class PasswordStatusWidget(forms.Widget):
    """Whether there is a password, and the way to another; of its hash nothing."""

    read_only = True

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        is_set = bool(value) and is_password_usable(value)
        context = {"is_set": is_set, "may_change": attrs is not None, **(attrs or {})}
        return render_to_string("staff/password.html", context)


if TYPE_CHECKING:
    _UserForm = UserChangeForm[User]
else:
    _UserForm = UserChangeForm


class UserForm(_UserForm):
    """Django's, less the hash."""

    password = ReadOnlyPasswordHashField(
        label=_("Password"),
        widget=PasswordStatusWidget,
        help_text=_("Only its hash is kept, so nobody can show it."),
    )
