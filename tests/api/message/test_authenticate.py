"""Signing in by a name and a password (contract 1, Credentials)."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from django.test import Client

from commsapp.models import Session
from tests.api.message.signing import CREDENTIALS, PASSWORD, posted

pytestmark = pytest.mark.usefixtures("password")


@pytest.mark.parametrize(
    "path",
    ["/json/reply/Authenticate", "/api/json/reply/authenticate/", "/auth/credentials", "/auth"],
)
def test_authenticate_answers_who_it_is_with_a_session_and_a_token(path, alice, licensee):
    answer = posted(path, CREDENTIALS)
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert {*told} == {"UserId", "SessionId", "UserName", "DisplayName", "BearerToken"}
    assert told["UserId"] == str(alice.pk)
    assert (told["UserName"], told["DisplayName"]) == ("alice", "Alice Adams")
    assert answer["Cache-Control"] == "no-store"


def test_its_keys_are_in_the_case_of_the_route():
    assert "sessionId" in posted("/api/Authenticate", CREDENTIALS).json()
    assert "SessionId" in posted("/api/Authenticate?jsconfig=epcn", CREDENTIALS).json()
    assert "bearerToken" in posted("/auth/credentials?jsconfig=eccn", CREDENTIALS).json()


def test_it_answers_in_every_format():
    assert b"<AuthenticateResponse>" in posted("/xml/reply/Authenticate", CREDENTIALS).content
    told = posted("/csv/reply/Authenticate", CREDENTIALS).content.decode()
    assert told.startswith("UserId,SessionId,UserName,DisplayName,BearerToken\r\n")
    assert "SessionId" in json.loads(posted("/jsonl/reply/Authenticate", CREDENTIALS).content)


def test_a_session_id_is_128_random_bits_as_a_guid():
    ids = [posted("/auth/credentials", CREDENTIALS).json()["SessionId"] for _ in range(24)]
    assert all(str(UUID(id)) == id for id in ids)
    assert len({*ids}) == len(ids)
    assert len({UUID(id).version for id in ids}) > 1  # no bit of it is fixed


@pytest.mark.parametrize(
    "body",
    [
        {"Provider": "Credentials", "UserName": "alice", "Password": PASSWORD},
        {"user_name": "alice", "PASSWORD": PASSWORD, "rememberMe": True, "state": None},
        {"userName": "alice", "password": PASSWORD},
    ],
)
def test_keys_are_taken_in_any_case_and_others_ignored(body):
    assert posted("/api/Authenticate", body).status_code == 200


def test_a_form_is_read_and_what_curl_calls_one():
    form = f"Provider=credentials&UserName=alice&Password={PASSWORD}"
    urlencoded = "application/x-www-form-urlencoded"
    assert posted("/auth/credentials", form, urlencoded).status_code == 200
    assert posted("/json/reply/Authenticate", form, urlencoded).status_code == 200
    assert posted("/auth/credentials", CREDENTIALS, urlencoded).status_code == 200
    client = Client()
    assert client.post("/auth/credentials", CREDENTIALS).status_code == 200  # multipart


def test_a_form_is_read_for_authenticate_alone(ask):
    answer = ask("AlternateKey=K", content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 400


def test_the_password_is_not_taken_from_the_query():
    query = f"?userName=alice&Password={PASSWORD}"
    answer = posted(f"/auth/credentials{query}", {})
    assert answer.status_code == 400
    assert posted("/auth/credentials?UserName=alice", {"password": PASSWORD}).status_code == 200


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, [("NotEmpty", "UserName"), ("NotEmpty", "Password")]),
        ({"userName": "alice", "password": ""}, [("NotEmpty", "Password")]),
        ({"userName": 1, "password": PASSWORD}, [("SerializationException", "UserName")]),
        ({"userName": "a" * 151, "password": "p"}, [("MaximumLength", "UserName")]),
        ({"userName": "a", "password": "p" * 4097}, [("MaximumLength", "Password")]),
        ({**CREDENTIALS, "provider": "apikey"}, [("Predicate", "Provider")]),
        ([], []),
        ("{", []),
        ('{"userName": "a\\u0000", "password": "p"}', []),
    ],
)
def test_what_cannot_be_read_is_refused_and_opens_nothing(body, errors):
    answer = posted("/json/reply/Authenticate", body)
    assert answer.status_code == 400
    told = answer.json()["ResponseStatus"]
    assert [(one["ErrorCode"], one["FieldName"]) for one in told["Errors"]] == errors
    assert "ss-id" not in answer.cookies
    assert not Session.objects.exists()


@pytest.mark.parametrize("method", ["get", "put", "delete", "options"])
@pytest.mark.parametrize("path", ["/auth/credentials", "/auth/logout", "/api/Authenticate"])
def test_only_post_is_answered(path, method):
    session = posted("/auth/credentials", CREDENTIALS).json()["SessionId"]
    answer = getattr(Client(), method)(path, headers={"X-ss-id": session})
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


def test_authenticate_takes_no_batch():
    assert posted("/json/reply/Authenticate[]", [CREDENTIALS]).status_code == 405


def test_an_unknown_way_in_is_not_there():
    answer = posted("/auth/facebook", CREDENTIALS)
    assert (answer.status_code, [*answer.json()]) == (404, ["ResponseStatus"])
