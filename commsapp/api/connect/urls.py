"""The addresses of the Connect API, each with and without a trailing slash (contract 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import include, re_path
from rest_framework.routers import SimpleRouter

from commsapp.api.connect import viewsets

_VERSION = r"^services/data/(?P<version>[^/]+)"
Resources = Mapping[str, type[viewsets.ConnectViewSet]]


def urlpatterns(*apps: Resources) -> list[Any]:
    """Return the addresses of discovery and of all apps' resources below `connect/`."""
    router = SimpleRouter()
    router.trailing_slash = "/?"
    for resources in apps:
        for prefix, viewset in resources.items():
            router.register(prefix, viewset, basename=prefix.rpartition("/")[2])
    return [
        re_path(r"^services/data/?$", viewsets.VersionViewSet.as_view({"get": "list"})),
        re_path(rf"{_VERSION}/?$", viewsets.ResourcesViewSet.as_view({"get": "retrieve"})),
        re_path(rf"{_VERSION}/limits/?$", viewsets.LimitsViewSet.as_view({"get": "retrieve"})),
        re_path(rf"{_VERSION}/connect/", include(router.urls)),
    ]
