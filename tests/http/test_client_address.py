"""The client's address: the connection's, or what our own proxies say."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import RequestFactory

from commsapp.http.client_address import client_address


def address_of(forwarded: str | None, connection: str = "10.0.0.1") -> str:
    headers: dict[str, Any] = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    return client_address(RequestFactory().get("/", REMOTE_ADDR=connection, **headers))


@pytest.fixture
def _behind_proxy(settings):
    settings.TRUSTED_PROXY = True


def test_without_trusted_proxy_the_header_counts_for_nothing():
    assert address_of("203.0.113.7") == "10.0.0.1"


@pytest.mark.usefixtures("_behind_proxy")
@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("198.51.100.1, 203.0.113.7", "203.0.113.7"),
        ("198.51.100.1,203.0.113.7 ", "203.0.113.7"),
        ("203.0.113.7:50123", "203.0.113.7"),
        ("2001:DB8:0:0::7", "2001:db8::7"),
        ("[2001:db8::7]:443", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
    ],
)
def test_behind_a_proxy_the_right_most_address_is_the_client(forwarded, address):
    assert address_of(forwarded) == address


@pytest.mark.usefixtures("_behind_proxy")
@pytest.mark.parametrize(
    "junk",
    [None, "", " ", ",", "203.0.113.7,", "unknown", "_hidden", "203.0.113.7, x", "1.2.3", "[",
     "[]:1", "1.2.3.4:", "300.1.1.1", "\x00", "٣.٣.٣.٣", "1" * 100_000, "," * 100_000],
)  # fmt: skip
def test_behind_a_proxy_junk_leaves_the_address_of_the_connection(junk):
    assert address_of(junk) == "10.0.0.1"


@pytest.mark.usefixtures("_behind_proxy")
@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("198.51.100.1, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7, x, 10.0.0.2", "10.0.0.1"),
    ],
)
def test_behind_two_proxies_it_is_the_second_from_the_right(settings, forwarded, address):
    settings.PROXY_COUNT = 2
    assert address_of(forwarded) == address


def test_connection_without_an_address_has_none():
    assert address_of(None, "") == ""
    assert address_of(None, "/run/server.sock") == ""


def test_connection_of_an_ipv4_client_on_an_ipv6_socket_is_spelled_as_ipv4():
    assert address_of(None, "::ffff:203.0.113.7") == "203.0.113.7"
