"""Addresses: each with and without a trailing slash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import include, path
from rest_framework.routers import SimpleRouter

from commsapp.api.rest import schema as schema  # registers our authenticators

Resources = Mapping[str, type[Any]]


def urlpatterns(*apps: Resources) -> list[Any]:
    """The addresses below /api/v1/ of all apps' resources.

    A nested list's address names its parent: `quotes/{id}/lines`, whose view reads `key("id")`.
    """
    router = SimpleRouter()
    router.trailing_slash = "/?"
    for resources in apps:
        for prefix, viewset in resources.items():
            pattern = prefix.replace("{id}", "(?P<id>[^/]+)")
            name = prefix.replace("/{id}/", "-")
            router.register(pattern, viewset, basename=name)
    return [path("api/v1/", include(router.urls))]
