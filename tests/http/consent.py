"""A person's consent to a client, and whether the token that it led to is good."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from django.test import Client as Browser

from commsapp.models import Client, User
from tests.http.test_oauth import BACK, question

AUTHORIZE = "/services/oauth2/authorize"
BACKEND = "django.contrib.auth.backends.ModelBackend"


def make_suite(**more) -> Client:
    """A client that asks people for consent."""
    return Client.objects.create(
        **{
            "name": "The suite", "client_type": Client.CLIENT_PUBLIC, "client_secret": "",
            "authorization_grant_type": Client.GRANT_AUTHORIZATION_CODE, "redirect_uris": BACK,
            **more,
        }
    )  # fmt: skip


def consent(user: User, suite: Client, **more: str) -> str:
    """The code that the suite gets when the user allows."""
    browser = Browser()
    browser.force_login(User.objects.get(pk=user.pk), backend=BACKEND)
    answer = browser.post(AUTHORIZE, {**question(suite), "scope": "api", "allow": "1", **more})
    return parse_qs(urlsplit(answer["Location"]).query)["code"][0]


def is_good(token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    return Browser().get("/services/data/v64.0", headers=headers).status_code == 200
