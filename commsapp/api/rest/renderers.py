"""Answers in JSON, whatever is stored."""

from __future__ import annotations

from typing import Any

from rest_framework.renderers import JSONRenderer

from commsapp.db.json_values import without_unstorable


class StoredJSONRenderer(JSONRenderer):
    """One odd value, kept before it was refused, must not take a whole list away."""

    def render(self, data: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().render(data, *args, **kwargs)
        except (RecursionError, ValueError):  # too deep, no number, or half a surrogate pair
            return super().render(without_unstorable(data), *args, **kwargs)
