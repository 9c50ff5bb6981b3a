"""An installation as a newcomer meets it: with demo data, served by gunicorn, asked over HTTP.

It has a database and a data folder of its own, so that nothing here can get into another test's
way; all that a test knows is what `manage.py demo --json` says.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from tests import databases
from tests.http.wire import Wire
from tests.run_folder import ROOT
from tests.static_files import collect


@dataclass(frozen=True)
class Server:
    """Where it is served, and the environment of its process."""

    base_url: str
    env: dict[str, str]


@dataclass(frozen=True)
class Installation(Server):
    """A served installation."""

    waiting: subprocess.Popen[str]  # manage.py demo, with Django loaded already

    def manage(self, *args: str) -> str:
        """Run manage.py; return what it prints."""
        return _manage(self.env, *args)

    def demo(self) -> Demo:
        """What `manage.py demo --json` says now."""
        assert self.waiting.stdin
        assert self.waiting.stdout
        self.waiting.stdin.write("again\n")
        self.waiting.stdin.flush()
        return Demo(self.base_url, json.loads(self.waiting.stdout.readline()))


@dataclass(frozen=True)
class Demo:
    """What `demo --json` says, and how to ask with its tokens."""

    base_url: str
    output: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.output[name]

    def ask(
        self, method: str, path: str, body: Any = None, *, token: str = "", status: int = 200
    ) -> Any:
        """One request as the integration user, or with another token; the answer's JSON."""
        answer = requests.request(
            method,
            f"{self.base_url}{path}",
            json=body,
            headers={"Authorization": f"Bearer {token or self['access_token']}"},
            timeout=30,
        )
        assert answer.status_code == status, answer.text[:2000]
        return answer.json()

    def recipients(self, action: str, ids: list[str], **more: str) -> dict[str, Any]:
        """Add or remove recipients, as the Connect API's document says."""
        body = {"recipientsAction": action, "recipientsList": ids, "additionalParameters": more}
        path = f"recipient-group/{self['recipient_group']}/recipients"
        answer: dict[str, Any] = self.ask("PATCH", f"{CONNECT}/{path}", body)
        return answer

    def split(self, **more: str) -> dict[str, Any]:
        path = f"{CONNECT}/quote-line-item/{self['quote_line_item']}"
        answer: dict[str, Any] = self.ask("PATCH", path, {"additionalParameters": more})
        return answer

    def save(self, key: str, *, status: int = 200, **more: Any) -> dict[str, Any]:
        """SaveContactGroup, as the Message API's document says."""
        body = {"SuiteDataSourceInstanceId": self["data_source"], "AlternateKey": key, **more}
        answer: dict[str, Any] = self.ask(
            "POST", "/json/reply/SaveContactGroup", body, status=status
        )
        return answer

    def all_of(self, path: str) -> list[dict[str, Any]]:
        """Every row of a REST list, page by page."""
        rows, url = [], f"/api/v1/{path}"
        while url:
            page = self.ask("GET", url)
            rows += page["results"]
            url = page["next"] and url_path(page["next"])
        return rows

    def members(self) -> set[str]:
        """The ids of the recipients that are in the group."""
        group = f"recipient-groups/{self['recipient_group']}"
        return {row["id"] for row in self.all_of(f"{group}/recipients")}


CONNECT = "/services/data/v64.0/connect/comms-sales"


def url_path(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with serving(tmp_path_factory.mktemp("installation")) as installation:
        yield installation


@contextmanager
def serving(folder: Path) -> Iterator[Installation]:
    """An installation of its own, with demo data, for as long as it is needed."""
    port, url = free_port(), databases.new_url(folder)
    with ExitStack() as stack:
        stack.enter_context(databases.copied_to(url))
        env = {
            **os.environ,
            "DATABASE_URL": url,
            "VAR_DIR": str(folder / "var"),
            "PORT": str(port),
            "BASE_URL": f"http://127.0.0.1:{port}",
            "DATABASE_POOL": "8",
            "AUDIT_LOG": "stderr",  # `demo` answers on stdout
            "WEB_THREADS": "8",
        }
        waiting = stack.enter_context(running(env, "-c", _DEMO_AGAIN))
        installation = Installation(env["BASE_URL"], env, waiting)
        installation.demo()
        stack.enter_context(gunicorn(installation, folder / "gunicorn.log"))
        yield installation


@pytest.fixture
def demo(installation: Installation) -> Demo:
    """Objects fit to be used: each test gets its own, since the one before used some up."""
    return installation.demo()


@pytest.fixture(scope="module")
def shared_demo(installation: Installation) -> Demo:
    """What `demo` says, one time for all tests of a module, which use nothing up."""
    return installation.demo()


@pytest.fixture
def wire(shared_demo: Demo) -> Iterator[Wire]:
    """A connection of the integration user's."""
    with closing(Wire(shared_demo.base_url, shared_demo["access_token"])) as wire:
        yield wire


# For each line that it is given, one line of what `manage.py demo --json` prints.
_DEMO_AGAIN = """
import io, json, os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "commsapp.settings"
import django
from django.core.management import call_command
django.setup()
for line in sys.stdin:
    out = io.StringIO()
    call_command("demo", "--json", "--force", stdout=out)
    print(json.dumps(json.loads(out.getvalue())), flush=True)
"""


def _manage(env: dict[str, str], *args: str) -> str:
    context: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 300}
    command = [sys.executable, "manage.py", *args]
    done = subprocess.run(command, check=False, cwd=ROOT, env=env, **context)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def running(env: dict[str, str], *args: str, **more: Any) -> Iterator[subprocess.Popen[str]]:
    """A Python program, until it is no longer needed."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, **more}
    with subprocess.Popen([sys.executable, *args], cwd=ROOT, env=env, **pipes) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)


@contextmanager
def gunicorn(
    installation: Server,
    log: Path,
    *more: str,
    verify: bool | str = True,
    application: str = "commsapp.asgi:application",
) -> Iterator[None]:
    """Serve the installation; `verify` is what requests wants to hear about a certificate."""
    collect()
    args = gunicorn_command(*more, application=application)
    with (
        log.open("wb") as output,
        running(installation.env, *args, stdout=output, stderr=output) as server,
    ):
        wait_until_served(installation.base_url, server, log, verify)
        yield


def gunicorn_command(*more: str, application: str = "commsapp.asgi:application") -> list[str]:
    """The arguments for Python that serve the product as `make run` does."""
    return ["-m", "gunicorn", "--config", "commsapp/server/gunicorn_conf.py", *more, application]


def wait_until_served(
    url: str, server: subprocess.Popen[str], log: Path, verify: bool | str = True
) -> None:
    """Wait for the first answer. Raises AssertionError with the log where none comes."""
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            requests.get(f"{url}/services/data", timeout=30, verify=verify)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(log.read_text())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
