"""Where we are for those who ask, and whose pages a browser may ask us from."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def base_url(request: HttpRequest) -> str:
    """Scheme and host that a client is told to ask."""
    url: str = settings.PUBLIC_URL
    return url or _asked(request)


def origin_of(request: HttpRequest) -> str:
    """Where the page is from that asks; empty, if no browser says so."""
    return request.headers.get("Origin", "").lower()


def is_shared(request: HttpRequest) -> bool:
    """Whether the page that asks is of an origin that CORS_ORIGINS names."""
    return origin_of(request) in settings.CORS_ALLOWED_ORIGINS


def is_foreign(request: HttpRequest) -> bool:
    """Whether a page asks that is neither ours nor of an origin that CORS_ORIGINS names."""
    origin = origin_of(request)
    ours = {_asked(request).lower()}
    if settings.PUBLIC_URL:
        public = urlsplit(settings.PUBLIC_URL)
        ours.add(f"{public.scheme}://{public.netloc}".lower())
    return bool(origin) and origin not in ours and not is_shared(request)


def _asked(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"
