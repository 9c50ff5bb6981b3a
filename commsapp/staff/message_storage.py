"""Where messages wait for the next page: in a cookie, or in the session where that is too small."""

from __future__ import annotations

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


class _PrefixedCookieStorage(CookieStorage):
    cookie_name = f"{settings.COOKIE_PREFIX}messages"


class PrefixedStorage(FallbackStorage):
    """Django's default storage, with the same prefix as our other cookies."""

    storage_classes = (_PrefixedCookieStorage, SessionStorage)
