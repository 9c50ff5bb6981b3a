"""The product with one more page, `/fails/`, whose view raises."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from commsapp.asgi import application

__all__ = ["application"]


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("It has to fail.")


def _add_page() -> None:
    from commsapp.urls import urlpatterns  # only now: the application has loaded the apps

    urlpatterns.insert(0, path("fails/", fail))


_add_page()
