"""Headers that every answer has, whatever made it."""

from __future__ import annotations

import re

from django.http import HttpRequest
from django.http.response import HttpResponseBase

# What anybody may read, and what is the same for all: its caching is its view's to say.
_PUBLIC = re.compile(
    r"/(services/data/?$|api/(schema|docs)(/|$)|(?i:types|metadata)(/|$)|static/|\.well-known/)"
)

# Nothing in our pages needs any of these. Copying and pasting stay as they are.
_FEATURES = (
    "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media",
    "fullscreen", "gamepad", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts",
    "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock",
    "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
PERMISSIONS_POLICY = ", ".join(f"{feature}=()" for feature in _FEATURES)


def set_headers(request: HttpRequest, response: HttpResponseBase) -> None:
    """Let nobody store data, and pages use no feature of the browser that they do not need.

    No other place needs to say "no-store".
    """
    is_public = response.status_code < 400 and _PUBLIC.match(request.path_info)
    if not (is_public or response.has_header("Cache-Control")):
        response["Cache-Control"] = "no-store"
    if response.get("Content-Type", "").startswith("text/html"):
        response["Permissions-Policy"] = PERMISSIONS_POLICY
