"""The page where people log in, and what it answers when there is no trying now."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_variables

from commsapp.http.sign_in_limits import BUSY_SECONDS, SignInsBusy, seconds_to_wait

_BUSY = "busy"


class SignInForm(AdminAuthenticationForm):
    """Django's, with a word for when too many log in at once."""

    @sensitive_variables()
    def clean(self) -> Any:
        try:
            return super().clean()
        except SignInsBusy:
            message = _("Too many people are logging in right now. Try again in a few seconds.")
            raise ValidationError(message, code=_BUSY) from None


def with_status(response: Any) -> Any:
    """The answer of the login page; 503, if it is that too many log in at once."""
    form = (getattr(response, "context_data", None) or {}).get("form")
    if form is not None and form.has_error(NON_FIELD_ERRORS, _BUSY):
        response.status_code = 503
        response["Retry-After"] = str(BUSY_SECONDS)
    return response


def locked_out(request: HttpRequest, response: Any, credentials: Any) -> HttpResponse:
    """django-axes' answer to whoever is locked out: 429, and for how long."""
    seconds = seconds_to_wait(request)
    minutes = -(-seconds // 60)
    message = ngettext(
        "Try again in %d minute. Until then the right password is refused, too.",
        "Try again in %d minutes. Until then the right password is refused, too.",
        minutes,
    ) % minutes  # fmt: skip
    page = render(request, "429.html", {"message": message}, status=429)
    page["Retry-After"] = str(seconds)
    return page
