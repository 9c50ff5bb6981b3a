"""The product as it is deployed, and beside it the view that small requests are measured by."""

from django.conf import settings

from commsapp.asgi import application

__all__ = ["application"]

settings.ROOT_URLCONF = "bench.urls"  # read when the first request comes
