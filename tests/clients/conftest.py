"""The clients that must work unmodified, and what they meet: the installation, also behind TLS."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.http.certificates import make_certificate
from tests.plugin import find_program
from tests.served import Demo, Installation, free_port, gunicorn

HERE = Path(__file__).parent


# Made with the installation's own hands: what no command makes.
_MAKE = """
import json, datetime
from django.utils import timezone
from commsapp.core.credentials import api_clients as clients
from commsapp.models import Client, User
user = User.objects.get(username="integration")
machine, secret = clients.create_client("Expired", user)
suite = Client(
    name="The suite",
    client_type=Client.CLIENT_CONFIDENTIAL,
    authorization_grant_type=Client.GRANT_AUTHORIZATION_CODE,
    redirect_uris="https://suite.example/callback",
    client_secret="the-suites-own-secret",
)
suite.save()
print(json.dumps({
    "expired": clients.issue_token(machine, days=-1),
    "machine": {"clientId": machine.client_id, "clientSecret": secret},
    "suite": {
        "clientId": suite.client_id,
        "clientSecret": "the-suites-own-secret",
        "redirectUri": suite.redirect_uris,
    },
}))
"""


@pytest.fixture(scope="session")
def made(installation: Installation) -> dict[str, Any]:
    """An expired token, a machine's client, and one that asks a person for consent."""
    told: dict[str, Any] = json.loads(installation.manage("shell", "--no-imports", "-c", _MAKE))
    return told


# A person's browser: goes where the client sends the person, and allows what the page asks.
_ALLOW = """
import re
from html import unescape
from django.test import Client
from commsapp.models import User
browser = Client(SERVER_NAME="localhost")
browser.force_login(
    User.objects.get(username="sales"), backend="django.contrib.auth.backends.ModelBackend"
)
page = browser.get({url!r})
assert page.status_code == 200, page
fields = re.findall(
    r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', page.content.decode()
)
sent = {{name: unescape(value) for name, value in fields}}
print(browser.post(page.request["PATH_INFO"], {{**sent, "allow": "1"}})["Location"])
"""


@pytest.fixture
def allow(installation: Installation) -> Callable[[str], str]:
    """Where a person is sent who followed the client's link and has allowed it."""

    def visit(url: str) -> str:
        path = url.removeprefix(installation.base_url)
        return installation.manage("shell", "--no-imports", "-c", _ALLOW.format(url=path)).strip()

    return visit


def end(base_url: str, token: str) -> None:
    """End a token, as a client finds it when it has expired."""
    answer = requests.post(f"{base_url}/services/oauth2/revoke", {"token": token}, timeout=30)
    assert answer.status_code == 200


# --- Behind TLS, for who insists on it ----------------------------------------------------


@dataclass(frozen=True)
class Secure:
    """The installation behind TLS, and the certificate to trust."""

    base_url: str
    certificate: str


@pytest.fixture(scope="session")
def secure(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Secure]:
    folder = tmp_path_factory.mktemp("secure")
    port = free_port()
    certificate = make_certificate(folder)
    served = Installation(
        f"https://localhost:{port}",
        {**installation.env, "PORT": str(port), "WEB_CONCURRENCY": "1"},
        installation.waiting,
    )
    files = (f"--certfile={certificate}", f"--keyfile={folder / 'key.pem'}")
    with gunicorn(served, folder / "gunicorn.log", *files, verify=certificate):
        yield Secure(served.base_url, certificate)


# --- jsforce ------------------------------------------------------------------------------


class JSforce:
    """A Node process with a jsforce connection in it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.config: dict[str, Any] | None = None
        self.knows: dict[str, Any] = {}

    def connect(self, **config: Any) -> None:
        """Start over with `new Connection(config)`, at the next call.

        `refreshBy` makes a refreshFn that asks for a token with these parameters.
        """
        self.config = {"version": "64.0", **config}

    def call(self, name: str, *args: Any) -> Any:
        """What a method of the connection returns, or throws: {"name", "errorCode", "message"}."""
        assert self.process.stdin
        assert self.process.stdout
        asked, self.config = {"config": self.config, "calls": [[name, *args]]}, None
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        self.knows = json.loads(self.process.stdout.readline())
        [told] = self.knows["told"]
        return told["error"] if "error" in told else told.get("value")


@pytest.fixture(scope="session")
def _node() -> Iterator[JSforce]:
    command = [find_program("node") or "node", str(HERE / "jsforce.mjs")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield JSforce(process)
        assert process.stdin
        process.stdin.close()
        assert process.wait(30) == 0


@pytest.fixture
def jsforce(_node: JSforce, shared_demo: Demo) -> JSforce:
    """With the integration user's token, as its own document has it, until told otherwise."""
    _node.connect(instanceUrl=shared_demo.base_url, accessToken=shared_demo["access_token"])
    return _node
