"""Where it is measured: a database with many recipients, served by gunicorn with one worker."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.management import call_command

from commsapp.core.credentials import api_clients
from commsapp.db.bulk import write_rows
from commsapp.db.ids import dashed, uuid7
from commsapp.models import Licensee, User
from groups.models import Recipient
from tests import factories
from tests.http.wire import Wire

PIECE = 10_000  # rows written at once


@dataclass(frozen=True)
class Stage:
    """What the measurements stand on."""

    base_url: str
    wire: Wire
    worker: int  # gunicorn's, by its process id
    licensee: Licensee
    user: User
    recipients: list[str]  # ids as a client has them

    def timed(
        self, method: str, path: str, body: Any = None, wire: Wire | None = None, **headers: str
    ) -> tuple[float, bytes]:
        """One request on a connection that stays open: its seconds, and what it is answered.

        The body may be bytes already; `wire` is another connection than the signed-in one.
        """
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if content:
            headers["Content_Type"] = "application/json"
        began = time.perf_counter()
        answer = (wire or self.wire).ask(method, path, content, **headers)
        seconds = time.perf_counter() - began
        if answer.status not in (200, 201):
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.plain[:2000]!r}")
        return seconds, answer.plain


@contextmanager
def stage(recipients: int) -> Iterator[Stage]:
    """Fill the database, and serve it for as long as it is needed."""
    call_command("migrate", verbosity=0)
    licensee = factories.LicenseeFactory(name="Measured")
    user = factories.UserFactory(username="measured")
    user.licensees.add(licensee)
    apps = ("contacts", "groups", "quotes")
    user.user_permissions.set(Permission.objects.filter(content_type__app_label__in=apps))
    client, _secret = api_clients.create_client("measured", user)
    token = api_clients.issue_token(client, days=1)
    ids = _recipients(licensee, recipients)
    with _gunicorn() as (url, worker), closing(Wire(url, token)) as wire:
        yield Stage(url, wire, worker, licensee, user, ids)


def _recipients(licensee: Licensee, count: int) -> list[str]:
    ids: list[str] = []
    for first in range(0, count, PIECE):
        rows = [
            Recipient(pk=uuid7(), licensee=licensee, name=f"Site {n:07}", recipient_type="Location")
            for n in range(first, min(first + PIECE, count))
        ]
        write_rows(rows)
        ids += [dashed(row.pk.hex) for row in rows]
    return ids


@contextmanager
def _gunicorn() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "gunicorn", "--config", "commsapp/server/gunicorn_conf.py",
        "--keep-alive", "300",  # our connection waits while the floors are filled
        "bench.asgi:application",
    ]  # fmt: skip
    env = {
        **os.environ, "PORT": str(port), "WEB_CONCURRENCY": "1",
        "MALLOC_MMAP_THRESHOLD_": "262144",  # as `make run` sets it
    }  # fmt: skip
    log = settings.VAR_DIR / "gunicorn.log"
    with (
        log.open("wb") as out,
        subprocess.Popen(command, cwd=settings.BASE_DIR, env=env, stdout=out, stderr=out) as server,
    ):
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, server, log)
            children = Path(f"/proc/{server.pid}/task/{server.pid}/children")
            yield url, int(children.read_text())
        finally:
            server.terminate()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(ConnectionError):
            Wire(url).ask("GET", "/services/data")
            return
        time.sleep(0.1)
    raise RuntimeError(log.read_text())
