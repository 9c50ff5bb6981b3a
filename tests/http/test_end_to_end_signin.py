"""How machines get in, over HTTP: contract 1."""

from __future__ import annotations

import json

import pytest
import requests


def ask_token(demo, **form):
    return requests.post(f"{demo.base_url}/services/oauth2/token", data=form, timeout=30)


def grant(demo):
    return {"grant_type": "client_credentials", **demo["client"]}


def test_client_credentials_are_answered_with_a_token_that_works(demo):
    answer = ask_token(demo, **grant(demo))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["token_type"] == "Bearer"
    assert told["instance_url"] == demo.base_url
    assert told["id"].startswith(f"{demo.base_url}/id/{demo['licensee']}/")
    for name in ("issued_at", "expires_in", "scope"):
        assert name in told
    quote = demo.ask("GET", f"/api/v1/quotes/{demo['quote']}", token=told["access_token"])
    assert quote["id"] == demo["quote"]


def test_http_basic_is_as_good_as_the_form(demo):
    answer = requests.post(
        f"{demo.base_url}/services/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(demo["client"]["client_id"], demo["client"]["client_secret"]),
        timeout=30,
    )
    assert answer.json()["access_token"]


def test_a_wrong_secret_is_invalid_client(demo):
    answer = ask_token(demo, **{**grant(demo), "client_secret": "wrong"})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize("scheme", ["Bearer", "OAuth", "bearer"])
def test_both_schemes_are_equal(demo, scheme):
    headers = {"Authorization": f"{scheme} {demo['access_token']}"}
    for path in ("/services/data/v64.0", f"/api/v1/quotes/{demo['quote']}"):
        assert requests.get(f"{demo.base_url}{path}", headers=headers, timeout=30).ok


@pytest.mark.parametrize(
    ("method", "path", "named"),
    [
        ("GET", "/services/data/v64.0", "INVALID_SESSION_ID"),
        ("GET", "/api/v1/quotes", '"detail"'),
        ("POST", "/json/reply/SaveContactGroup", '"ResponseStatus":{"ErrorCode":"Unauthorized"'),
    ],
    ids=["connect", "rest", "message"],
)
def test_a_wrong_token_is_a_401_in_the_shape_of_the_face(demo, method, path, named):
    headers = {"Authorization": "Bearer wrong", "Content-Type": "application/json"}
    answer = requests.request(
        method, f"{demo.base_url}{path}", headers=headers, data="{}", timeout=30
    )
    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers
    assert named in answer.text
    assert answer.json()


def test_a_client_made_by_the_command_gets_in_as_its_user(installation, demo):
    made = json.loads(installation.manage("api_client", "Checks", "--user", "reader", "--json"))
    demo.ask("GET", f"/api/v1/quotes/{demo['quote']}", token=made["access_token"])
    del made["access_token"]
    assert ask_token(demo, grant_type="client_credentials", **made).status_code == 200
