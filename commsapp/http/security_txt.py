"""`/.well-known/security.txt` (RFC 9116): whom to tell of a weakness."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

_VALID_FOR = timedelta(days=180)  # the setting is read anew each time, so this never runs out


def security_txt(request: HttpRequest) -> HttpResponse:
    """The operator's contact (setting SECURITY_CONTACT); 404 where none is set."""
    contact: str = settings.SECURITY_CONTACT
    if not contact:
        raise Http404
    if "://" not in contact and not contact.startswith(("mailto:", "tel:")):
        contact = f"mailto:{contact}"
    expires = (timezone.now() + _VALID_FOR).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [f"Contact: {contact}", f"Expires: {expires}", "Preferred-Languages: en, de"]
    if settings.PUBLIC_URL:
        lines.append(f"Canonical: {settings.PUBLIC_URL}{request.path}")
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")


def urlpatterns() -> list[URLPattern]:
    return [path(".well-known/security.txt", security_txt, name="security-txt")]
