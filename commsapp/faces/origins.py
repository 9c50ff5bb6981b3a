"""Whose pages a browser may ask us from."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def origin_of(request: HttpRequest) -> str:
    """Where the page is from that asks; empty, if no browser says so."""
    return request.headers.get("Origin", "").lower()


def is_shared(request: HttpRequest) -> bool:
    """Whether the page that asks is of an origin that CORS_ORIGINS names."""
    return origin_of(request) in settings.CORS_ORIGINS


def is_foreign(request: HttpRequest) -> bool:
    """Whether a page asks that is neither ours nor of an origin that CORS_ORIGINS names."""
    origin = origin_of(request)
    ours = {f"{request.scheme}://{request.get_host()}".lower()}
    if settings.PUBLIC_URL:
        public = urlsplit(settings.PUBLIC_URL)
        ours.add(f"{public.scheme}://{public.netloc}".lower())
    return bool(origin) and origin not in ours and not is_shared(request)
