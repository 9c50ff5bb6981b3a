"""What every answer says about storing it, and every page about the browser's features."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.conftest import token
from tests.staff.conftest import browse

pytestmark = pytest.mark.django_db
GROUP = "/services/data/v64.0/connect/comms-sales/recipient-group/0/recipients"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/contacts", 200),
        ("GET", "/api/v1/contacts/0", 404),
        ("GET", "/api/v1/contacts?page_size=x", 400),
        ("POST", "/api/v1/contacts", 400),
        ("DELETE", "/api/v1/contacts", 405),
        ("GET", "/services/data/v64.0", 200),
        ("GET", "/services/data/v64.0/limits", 200),
        ("PATCH", GROUP, 400),
        ("GET", "/services/data/nothing", 404),
        ("POST", "/json/reply/SaveContactGroup", 400),
        ("POST", "/jsonl/reply/SaveContactGroup[]", 200),
        ("POST", "/api/Nothing", 405),
        ("POST", "/auth/logout", 200),
        ("GET", "/types/nothing", 404),
        ("POST", "/services/oauth2/revoke", 415),
        ("GET", "/services/oauth2/token", 405),
        ("GET", "/nope", 404),
        ("GET", "/admin/login/", 200),
        ("GET", "/admin/", 302),
        ("GET", "/", 302),
    ],
)
def test_no_answer_with_data_is_stored_nor_an_error(alice, method, path, status):
    headers = {"Authorization": f"Bearer {token(alice)}"}
    answer = Client().generic(method, path, "{}", "application/json", headers=headers)
    assert answer.status_code == status
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("page", ["admin:index", "admin:commsapp_user_changelist", "staff-curl"])
def test_no_page_is_stored(alice, page):
    answer = browse(alice).get(reverse(page))
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("path", ["/services/data", "/metadata", "/types/python", "/api/schema/"])
def test_what_is_public_may_be_stored(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert "no-store" not in answer.get("Cache-Control", "")


@pytest.mark.parametrize("path", ["/admin/login/", "/nope", "/metadata", "/api/docs/"])
def test_every_page_turns_off_what_it_does_not_need_of_the_browser(client, path):
    answer = client.get(path)
    assert answer["Content-Type"].startswith("text/html")
    policy = answer["Permissions-Policy"].split(", ")
    assert {"camera=()", "microphone=()", "geolocation=()", "payment=()"} <= {*policy}


def test_an_answer_that_is_no_page_has_no_such_policy(client):
    assert "Permissions-Policy" not in client.get("/services/data")


# --- security.txt ---------------------------------------------------------------------------------


def test_without_a_contact_there_is_no_security_txt(client):
    assert client.get("/.well-known/security.txt").status_code == 404


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        ("security@commsapp.example", "mailto:security@commsapp.example"),
        ("https://commsapp.example/report", "https://commsapp.example/report"),
    ],
)
def test_security_txt_tells_the_contact_that_is_set(client, settings, contact, told):
    settings.SECURITY_CONTACT, settings.PUBLIC_URL = contact, "https://commsapp.example"
    answer = client.get("/.well-known/security.txt")
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    lines = answer.content.decode().splitlines()
    assert lines[0] == f"Contact: {told}"
    assert lines[1].startswith("Expires: 20")
    assert "Canonical: https://commsapp.example/.well-known/security.txt" in lines
