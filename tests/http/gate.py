"""A TCP address in front of a PostgreSQL server, by which connections break when a test says so."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

from tests.served import free_port


class Gate:
    """Passes everything on between clients and the server, until it is closed.

    `next_commit` says what becomes of the next COMMIT, or of another `statement`, once:
    "unsent"     the connection breaks before the server gets it
    "unanswered" the server gets it, and the connection breaks before the client has the answer
    "late"       the connection breaks, and the server gets it `delay` seconds later
    "stuck"      the connection breaks for the client alone: the server waits on for a COMMIT
    With `closes_then` nobody gets through any more after that.
    """

    statement = b"COMMIT"
    delay = 0.5

    def __init__(self, url: str) -> None:
        self.target = urlsplit(url)
        self.port = free_port()
        self.url = self.target._replace(netloc=self._netloc()).geturl()
        self.next_commit = ""
        self.closes_then = False
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def _netloc(self) -> str:
        who, at, _where = self.target.netloc.rpartition("@")
        return f"{who}{at}127.0.0.1:{self.port}"

    def open(self) -> None:
        listener = socket.create_server(("127.0.0.1", self.port))
        self._sockets.append(listener)
        self._start(self._welcome, listener)

    def close(self) -> None:
        """As when the server is stopped: nobody listens, and all connections end."""
        for each in self._sockets:
            _shut(each)
        for thread in self._threads:
            thread.join(10)
        for each in self._sockets:
            each.close()
        self._sockets, self._threads = [], []

    def _start(self, run, *args) -> None:
        thread = threading.Thread(target=run, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _welcome(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _address = listener.accept()
                there = (self.target.hostname, self.target.port or 5432)
                server = socket.create_connection(there)
                self._sockets += [client, server]
                lost = threading.Event()  # what the server answers from then on
                self._start(self._to_server, client, server, lost)
                self._start(self._to_client, server, client, lost)

    def _to_server(self, client, server, lost: threading.Event) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if self.next_commit and self.statement in data:
                    fate, self.next_commit = self.next_commit, ""
                    lost.set()
                    if self.closes_then:
                        _shut(*(each for each in self._sockets if each not in (client, server)))
                    self._lose(fate, data, client, server)
                    return
                server.sendall(data)
        _shut(client, server)

    def _lose(self, fate: str, message: bytes, client, server) -> None:
        if fate == "unanswered":
            server.sendall(message)
            time.sleep(0.1)  # until it is committed
        _shut(client)
        if fate == "late":
            time.sleep(self.delay)
            server.sendall(message)
            time.sleep(0.1)
        if fate != "stuck":
            _shut(server)

    def _to_client(self, server, client, lost: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                if not lost.is_set():
                    client.sendall(data)
        if not lost.is_set():
            _shut(client, server)


def _shut(*sockets: socket.socket) -> None:
    for each in sockets:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
