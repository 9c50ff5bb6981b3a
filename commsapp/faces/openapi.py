"""The machine faces described: OpenAPI at `/api/schema/`, to read and try at `/api/docs/`."""

from __future__ import annotations

from typing import Any

from django.urls import re_path
from django.views.generic import TemplateView
from drf_spectacular.views import SpectacularJSONAPIView


def urlpatterns() -> list[Any]:
    """Both need no sign-in: they tell nothing of anybody's data."""
    docs = TemplateView.as_view(template_name="docs.html")
    return [
        re_path(r"^api/schema/?$", SpectacularJSONAPIView.as_view(), name="api-schema"),
        re_path(r"^api/docs/?$", docs, name="api-docs"),
    ]
