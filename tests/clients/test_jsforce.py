"""jsforce, unmodified: its requests, its errors, and what it does about a token that has ended."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.clients.faults import FAULTS

pytestmark = pytest.mark.needs("node", "jsforce")


def patch(jsforce, path, **body):
    return jsforce.call("requestPatch", f"/connect/comms-sales/{path}", body)


def recipients(jsforce, demo, action, ids):
    path = f"recipient-group/{demo['recipient_group']}/recipients"
    return patch(jsforce, path, recipientsAction=action, recipientsList=ids)


# --- The business -------------------------------------------------------------------------


def test_recipients_are_added_and_removed(jsforce, demo):
    two, before = demo["recipients"][:2], demo.members()
    assert recipients(jsforce, demo, "Add", two) == {
        "isSuccessful": True, "statusMessage": "2 recipients added.", "errorsList": [],
    }  # fmt: skip
    assert demo.members() == {*before, *two}
    told = recipients(jsforce, demo, "Remove", two)
    assert (told["isSuccessful"], told["statusMessage"]) == (True, "2 recipients removed.")
    assert demo.members() == before


def test_a_refusal_of_the_business_is_an_output_and_no_error(jsforce, demo):
    before = demo.members()
    told = recipients(jsforce, demo, "Add", [*demo["recipients"][:1], "no-id"])
    assert told["isSuccessful"] is False
    [error] = told["errorsList"]
    assert (error["statusCode"], error["recipientFields"]) == ("MALFORMED_ID", "recipientsList[1]")
    assert demo.members() == before


def test_a_line_is_split_once(jsforce, demo):
    path, count = f"quote-line-item/{demo['quote_line_item']}", len(demo.members())
    told = patch(jsforce, path, additionalParameters={"dryRun": "true"})
    assert told["isSuccessful"] is True
    assert patch(jsforce, path)["statusMessage"].startswith(f"{count} lines created")
    assert patch(jsforce, path)["statusMessage"].startswith("0 lines created")


# --- Errors, and the use of the allocation ------------------------------------------------


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_each_error_is_thrown_as_what_it_is(jsforce, shared_demo, fault):
    jsforce.connect(instanceUrl=shared_demo.base_url, accessToken=fault.token_of(shared_demo))
    error = jsforce.call(
        "request",
        {
            "method": fault.method,
            "url": fault.path,
            "body": json.dumps(fault.body),
            "headers": {"content-type": fault.content_type},
        },
    )
    assert (error["name"], error["errorCode"]) == (fault.code, fault.code)
    assert error["message"]
    assert jsforce.knows["limitInfo"]["apiUsage"]["limit"] == 1_000_000


def test_the_use_of_the_allocation_is_known(jsforce, shared_demo):
    recipients(jsforce, shared_demo, "Add", [])
    usage = jsforce.knows["limitInfo"]["apiUsage"]
    assert usage["limit"] == 1_000_000
    assert usage["used"] > 0
    limits = jsforce.call("limits")["DailyApiRequests"]
    assert limits["Max"] == 1_000_000


# --- Tokens of a machine ------------------------------------------------------------------


@pytest.fixture
def machine(shared_demo, made):
    """How a machine's client is configured."""
    return {"oauth2": {"loginUrl": shared_demo.base_url, **made["machine"]}}


CLIENT_CREDENTIALS = {"grant_type": "client_credentials"}


def test_a_machine_is_authorized_and_told_who_it_is(jsforce, shared_demo, machine):
    jsforce.connect(**machine)
    who = jsforce.call("authorize", CLIENT_CREDENTIALS)
    assert who["organizationId"] == shared_demo["licensee"]
    assert who["url"] == f"{shared_demo.base_url}/id/{who['organizationId']}/{who['id']}"
    assert jsforce.knows["instanceUrl"] == shared_demo.base_url
    assert recipients(jsforce, shared_demo, "Add", [])["isSuccessful"] is True


def test_a_wrong_secret_is_an_invalid_client(jsforce, machine):
    jsforce.connect(oauth2={**machine["oauth2"], "clientSecret": "wrong"})
    error = jsforce.call("authorize", CLIENT_CREDENTIALS)
    assert error["name"] == "invalid_client"
    assert error["message"]


def test_an_expired_token_ends_the_call(jsforce, shared_demo, made, machine):
    jsforce.connect(instanceUrl=shared_demo.base_url, accessToken=made["expired"])
    error = recipients(jsforce, shared_demo, "Add", shared_demo["recipients"][:1])
    assert error["errorCode"] == "INVALID_SESSION_ID"
    assert error["message"] == "Session expired or invalid"
    # With a client it would like to refresh, and a machine has no refresh token.
    jsforce.connect(instanceUrl=shared_demo.base_url, accessToken=made["expired"], **machine)
    error = recipients(jsforce, shared_demo, "Add", shared_demo["recipients"][:1])
    assert error["message"].startswith("Unable to refresh session")


def test_an_expired_token_is_replaced_where_the_client_is_told_how(
    jsforce, shared_demo, made, machine
):
    expired = {"instanceUrl": shared_demo.base_url, "accessToken": made["expired"]}
    jsforce.connect(**expired, **machine, refreshBy=CLIENT_CREDENTIALS)
    assert recipients(jsforce, shared_demo, "Add", [])["isSuccessful"] is True
    assert jsforce.knows["refreshed"] == 1
    assert jsforce.knows["accessToken"] != made["expired"]


def test_want_of_a_right_is_no_reason_to_ask_for_another_token(jsforce, shared_demo, machine):
    """A 401 here, and it would ask for tokens without end."""
    reader = {
        "instanceUrl": shared_demo.base_url,
        "accessToken": shared_demo["reader"]["access_token"],
    }
    jsforce.connect(**reader, **machine, refreshBy=CLIENT_CREDENTIALS)
    error = recipients(jsforce, shared_demo, "Add", [])
    assert error["errorCode"] == "INSUFFICIENT_ACCESS"
    assert jsforce.knows["refreshed"] == 0


def test_logging_out_ends_the_token(jsforce, shared_demo, machine):
    jsforce.connect(**machine)
    jsforce.call("authorize", CLIENT_CREDENTIALS)
    token = jsforce.knows["accessToken"]
    assert jsforce.call("logout") is None
    jsforce.connect(instanceUrl=shared_demo.base_url, accessToken=token)
    assert recipients(jsforce, shared_demo, "Add", [])["errorCode"] == "INVALID_SESSION_ID"


# --- Tokens of a person -------------------------------------------------------------------


def test_a_person_allows_and_the_token_is_refreshed_whenever_it_ends(
    jsforce, shared_demo, made, allow
):
    oauth2 = {"loginUrl": shared_demo.base_url, "useVerifier": True, **made["suite"]}
    jsforce.connect(oauth2=oauth2)
    back = allow(jsforce.call("oauth2.getAuthorizationUrl", {"state": "xyz"}))
    assert back.startswith(f"{made['suite']['redirectUri']}?")
    given = parse_qs(urlsplit(back).query)
    assert given["state"] == ["xyz"]
    who = jsforce.call("authorize", given["code"][0])
    assert who["organizationId"] == shared_demo["licensee"]
    assert recipients(jsforce, shared_demo, "Add", [])["isSuccessful"] is True

    tokens, refresh_token = {jsforce.knows["accessToken"]}, jsforce.knows["refreshToken"]
    for count in (2, 3):  # it keeps the refresh token that it was given first
        expired = {"instanceUrl": shared_demo.base_url, "accessToken": made["expired"]}
        jsforce.connect(**expired, refreshToken=refresh_token, oauth2=oauth2)
        assert recipients(jsforce, shared_demo, "Add", [])["isSuccessful"] is True
        assert jsforce.knows["refreshed"] == 1
        tokens.add(jsforce.knows["accessToken"])
        assert len(tokens) == count

    ended = jsforce.knows["accessToken"]
    assert jsforce.call("logout", True) is None  # revokes the refresh token and what hangs on it
    for token in (ended, made["expired"]):
        jsforce.connect(instanceUrl=shared_demo.base_url, accessToken=token)
        assert recipients(jsforce, shared_demo, "Add", [])["errorCode"] == "INVALID_SESSION_ID"
    jsforce.connect(**expired, refreshToken=refresh_token, oauth2=oauth2)
    error = recipients(jsforce, shared_demo, "Add", [])
    assert error["message"].startswith("Unable to refresh session")
