"""The product as it is served, but with static files that nobody has collected: for pages."""

from django.conf import settings

settings.STORAGES["staticfiles"] = {
    "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
}

from commsapp.wsgi import application  # noqa: E402  (which reads the setting)

__all__ = ["application"]
