"""The network address of a request's client."""

from __future__ import annotations

from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the address of who sent the request; "" if there is none."""
    address: str = request.META.get("REMOTE_ADDR", "")
    return address
