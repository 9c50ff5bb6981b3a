"""A stream as a client has it that sends and reads by turns, or both at once."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

PATH = "/jsonl/reply/SaveContactGroup[]"


def lines(*bodies: Any) -> bytes:
    """JSON Lines of these; a text is a line as it is."""
    return "".join(
        (body if isinstance(body, str) else json.dumps(body)) + "\n" for body in bodies
    ).encode()


def outcomes(answers: Iterable[Any]) -> list[str]:
    return [answer["Meta"].get("Outcome") or answer["ErrorCode"] for answer in answers]


def numbers(answers: Iterable[Any]) -> list[int]:
    return [int(answer["Meta"]["Line"]) for answer in answers]


class Talk:
    """A stream that is being sent and read by turns."""

    def __init__(self, demo, *, certificate="", **headers):
        self.demo = demo
        host = demo.base_url.partition("//")[2]
        self.connection: http.client.HTTPConnection
        if certificate:
            context = ssl.create_default_context(cafile=certificate)
            self.connection = http.client.HTTPSConnection(host, timeout=30, context=context)
        else:
            self.connection = http.client.HTTPConnection(host, timeout=30)
        self.connection.putrequest("POST", PATH)
        self.connection.putheader("Authorization", f"Bearer {demo['access_token']}")
        chunked = {"Transfer_Encoding": "chunked"} if "Content_Length" not in headers else {}
        for name, value in {**chunked, **headers}.items():
            self.connection.putheader(name.replace("_", "-"), value)
        self.connection.endheaders()
        self.socket = self.connection.sock  # which does not connect again, as the connection would
        self.is_chunked = bool(chunked)
        self.response = None

    def send(self, piece):
        framed = b"%x\r\n%b\r\n" % (len(piece), piece) if self.is_chunked else piece
        self.socket.sendall(framed)

    def body(self, key, **more):
        group = {"ContactGroupName": "Streamed", "GroupRoleId": self.demo["group_role"], **more}
        return {
            "SuiteDataSourceInstanceId": self.demo["data_source"],
            "AlternateKey": key,
            "ContactGroup": group,
        }

    def head(self):
        self.response = self.response or self.connection.getresponse()
        return self.response

    def read(self):
        """The next answer."""
        return json.loads(self.head().readline())

    def end(self):
        self.send(b"")
        return [json.loads(line) for line in self.head()]

    def close(self):
        self.connection.close()

    def sending(self, pieces: Iterable[bytes]) -> tuple[list[int], threading.Thread]:
        """Send the pieces in a thread of its own; the list has the sizes of those sent so far."""
        sent: list[int] = []

        def send() -> None:
            with suppress(OSError):
                for piece in pieces:
                    self.send(piece)
                    sent.append(len(piece))
                self.send(b"")

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        return sent, thread
