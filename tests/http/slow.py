"""Clients that are slow on purpose, and how soon others are answered meanwhile."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from urllib.parse import urlsplit

import requests

DRIP_SECONDS = 1.0

HALF_A_HEAD = b"GET / HTTP/1.1\r\nX-"
SILENCE = b""


def slow_body(path: str, *headers: str) -> bytes:
    """The head of a request, and the first byte of a body that will not end."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    return "\r\n".join([*lines, "Content-Length: 1000", *headers, "", " "]).encode()


@contextmanager
def slow_clients(base_url: str, *begun: tuple[bytes, int]) -> Iterator[list[socket.socket]]:
    """Hold so many connections that began like this and go on by a byte now and then."""
    address = (urlsplit(base_url).hostname, urlsplit(base_url).port)
    done = threading.Event()
    with ExitStack() as stack:
        sockets, dripping = [], []
        for start, count in begun:
            for _ in range(count):
                connection = stack.enter_context(socket.create_connection(address, timeout=30))
                connection.sendall(start)
                sockets.append(connection)
                if start != SILENCE:
                    dripping.append(connection)
        thread = threading.Thread(target=_drip, args=(dripping, done), daemon=True)
        thread.start()
        try:
            yield sockets
        finally:
            done.set()
            thread.join()


def _drip(sockets: Sequence[socket.socket], done: threading.Event) -> None:
    while not done.wait(DRIP_SECONDS):
        for connection in sockets:
            with suppress(OSError):
                connection.sendall(b"a")


def answers(base_url: str, count: int = 5, **options: object) -> list[int]:
    """The statuses of public requests, each on a connection of its own."""
    url = f"{base_url}/services/data"
    return [requests.get(url, timeout=10, **options).status_code for _ in range(count)]  # type: ignore[arg-type]
