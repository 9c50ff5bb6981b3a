"""The network address of a request's client, also behind proxies of our own."""

from __future__ import annotations

import ipaddress
import re

from django.conf import settings
from django.http import HttpRequest

_WITH_PORT = re.compile(r"\[(?P<v6>[^\]]*)\](?::\d+)?|(?P<v4>[\d.]+):\d+")


def client_address(request: HttpRequest) -> str:
    """Return the address of who sent the request, in its shortest spelling; "" if there is none.

    With TRUSTED_PROXY each of our own proxies (settings.PROXY_COUNT) has appended the address that
    it saw to X-Forwarded-For, so the client's is that many places from the right: whatever is
    further left was sent by the client and proves nothing. Without a readable address at that
    place, and without TRUSTED_PROXY, it is the address of the connection.
    """
    connection = _address(request.META.get("REMOTE_ADDR", ""))
    if not settings.TRUSTED_PROXY:
        return connection
    count = settings.PROXY_COUNT
    addresses = request.META.get("HTTP_X_FORWARDED_FOR", "").rsplit(",", count)[-count:]
    return _address(addresses[0]) or connection


def _address(text: str) -> str:
    """Return the address that a text spells, with or without a port; "" if it spells none."""
    text = text.strip()
    if match := _WITH_PORT.fullmatch(text):
        text = match["v6"] or match["v4"] or ""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])  # without a zone
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def client_network(request: HttpRequest) -> str:
    """Return the address by which a client's attempts are counted: of IPv6 its network's, since
    whoever has one address there has 2**64."""
    address = client_address(request)
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False).network_address)
