"""How tests sign in on the Message API."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

PASSWORD = "correct horse battery staple"
CREDENTIALS = {"provider": "credentials", "userName": "alice", "password": PASSWORD}
WRONG = "8f14e45f-ceea-467f-a34f-2d1f0a6b9c55"  # a session that is none


def sign_in(username: str, password: str = PASSWORD) -> tuple[str, str]:
    """A session's id and its token."""
    body = json.dumps({"userName": username, "password": password})
    answer = Client().post("/auth/credentials", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    return told["SessionId"], told["BearerToken"]


def posted(path: str, body: Any, content_type: str = "application/json", **more: Any) -> Any:
    """What a client without any credentials gets."""
    if not isinstance(body, str | bytes):
        body = json.dumps(body)
    client = Client(raise_request_exception=False)
    return client.post(path, body, content_type=content_type, **more)
