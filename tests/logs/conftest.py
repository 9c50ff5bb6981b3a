"""The lines of the audit log, and who does what it tells of."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client

from commsapp.core.credentials import api_clients
from commsapp.logs.formatting import AUDIT, LineFormatter
from commsapp.models import Client as ApiClient
from commsapp.models import User
from tests.api.message.signing import PASSWORD

LOGIN = "/admin/login/"
TOKEN = "/services/oauth2/token"
ADDRESS = "192.0.2.44"


class Written:
    """The lines of the audit log so far."""

    def __init__(self, out: io.StringIO) -> None:
        self._out = out

    @property
    def text(self) -> str:
        """All of it, with what waits for the commit that a test never comes to."""
        waiting, connection.run_on_commit = connection.run_on_commit, []
        for callback in waiting:
            callback[1]()
        return self._out.getvalue()

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, event: str) -> list[dict]:
        return [line for line in self.lines if line["event"] == event]

    def clear(self) -> None:
        self.text  # noqa: B018  (what waits is written, and forgotten)
        self._out.truncate(0)
        self._out.seek(0)


@pytest.fixture
def audit() -> Iterator[Written]:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LineFormatter(is_json=True))
    log = logging.getLogger(AUDIT)
    log.addHandler(handler)
    yield Written(out)
    log.removeHandler(handler)


@pytest.fixture
def chris(charlie) -> User:
    charlie.set_password(PASSWORD)
    charlie.save()
    return charlie


@pytest.fixture
def web() -> Client:
    return Client(REMOTE_ADDR=ADDRESS, raise_request_exception=False)


@pytest.fixture
def suite(alice) -> tuple[ApiClient, str]:
    return api_clients.create_client("Suite", alice)


def ask(web: Client, suite: tuple[ApiClient, str], **more: str):
    form = {"grant_type": "client_credentials", "client_id": suite[0].client_id}
    return web.post(TOKEN, {**form, "client_secret": suite[1], **more})
