"""How tests sign in on the Message face."""

from __future__ import annotations

import json

from django.test import Client

PASSWORD = "correct horse battery staple"


def sign_in(username: str, password: str = PASSWORD) -> tuple[str, str]:
    """A session's id and its token."""
    body = json.dumps({"userName": username, "password": password})
    answer = Client().post("/auth/credentials", body, content_type="application/json")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    return told["SessionId"], told["BearerToken"]
