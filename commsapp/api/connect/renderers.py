"""JSON as Salesforce's REST API writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import BaseRenderer


class ConnectJSONRenderer(BaseRenderer):
    """Compact JSON; indented for `X-PrettyPrint: 1`."""

    media_type = "application/json;charset=UTF-8"
    format = "json"
    charset = None  # the media type has it, spelled as clients expect it

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        request = (renderer_context or {}).get("request")
        return render(data, pretty=request is not None and is_pretty(request))


def is_pretty(request: Any) -> bool:
    """Return whether the client asks for indented JSON."""
    return bool(request.META.get("HTTP_X_PRETTYPRINT") == "1")


def render(data: Any, *, pretty: bool = False) -> bytes:
    """Return the data in JSON."""
    return orjson.dumps(data, option=orjson.OPT_INDENT_2 if pretty else None)
