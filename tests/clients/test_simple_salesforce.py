"""simple-salesforce, unmodified. It insists on TLS: so is the installation served."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from tests.clients.conftest import end
from tests.clients.faults import FAULTS

MY_DOMAIN = "commsapp.my"  # to which the client adds .salesforce.com


class Resolved(HTTPAdapter):
    """Stands for the name server that knows the domain which the client was told."""

    def __init__(self, base_url):
        super().__init__()
        self.base_url = base_url

    def send(self, request, *args, **kwargs):
        request.url = request.url.replace(f"https://{MY_DOMAIN}.salesforce.com", self.base_url)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def session(secure):
    with requests.Session() as session:
        session.trust_env = False
        session.verify = secure.certificate
        session.mount(f"https://{MY_DOMAIN}.salesforce.com", Resolved(secure.base_url))
        yield session


@pytest.fixture
def signed_in(secure, session, shared_demo):
    """A client with a token: the integration user's, unless told otherwise."""

    def connect(token=shared_demo["access_token"]):
        return Salesforce(
            instance_url=secure.base_url, session_id=token, version="64.0", session=session
        )

    return connect


@pytest.fixture
def logged_in(session, shared_demo):
    """A client that asks for its tokens by itself."""
    return Salesforce(
        consumer_key=shared_demo["client"]["client_id"],
        consumer_secret=shared_demo["client"]["client_secret"],
        domain=MY_DOMAIN,
        version="64.0",
        session=session,
    )


def patch(sf, path, **body):
    return sf.restful(f"connect/comms-sales/{path}", method="PATCH", json=body)


def recipients(sf, demo, action, ids):
    path = f"recipient-group/{demo['recipient_group']}/recipients"
    return patch(sf, path, recipientsAction=action, recipientsList=ids)


# --- The business -------------------------------------------------------------------------


def test_recipients_are_added_and_removed(signed_in, demo):
    sf, two, before = signed_in(), demo["recipients"][:2], demo.members()
    assert recipients(sf, demo, "Add", two) == {
        "isSuccessful": True, "statusMessage": "2 recipients added.", "errorsList": [],
    }  # fmt: skip
    assert demo.members() == {*before, *two}
    told = recipients(sf, demo, "Remove", two)
    assert (told["isSuccessful"], told["statusMessage"]) == (True, "2 recipients removed.")
    assert demo.members() == before


def test_a_refusal_of_the_business_is_an_output_and_no_exception(signed_in, demo):
    before = demo.members()
    told = recipients(signed_in(), demo, "Add", [*demo["recipients"][:1], "no-id"])
    assert told["isSuccessful"] is False
    [error] = told["errorsList"]
    assert (error["statusCode"], error["recipientFields"]) == ("MALFORMED_ID", "recipientsList[1]")
    assert demo.members() == before


def test_a_line_is_split_once(signed_in, demo):
    sf, path = signed_in(), f"quote-line-item/{demo['quote_line_item']}"
    told = patch(sf, path, additionalParameters={"dryRun": "true"})
    assert told["isSuccessful"] is True
    count = len(demo.members())
    assert patch(sf, path)["statusMessage"].startswith(f"{count} lines created")
    assert patch(sf, path)["statusMessage"].startswith("0 lines created")


# --- Tokens -------------------------------------------------------------------------------


def test_it_asks_for_its_token_and_is_told_where_to_go(logged_in, secure, demo):
    assert f"https://{logged_in.sf_instance}" == secure.base_url
    assert recipients(logged_in, demo, "Add", [])["isSuccessful"] is True


def test_a_token_that_has_ended_is_replaced_by_itself(logged_in, secure, demo):
    before = logged_in.session_id
    end(demo.base_url, before)
    assert recipients(logged_in, demo, "Add", [])["isSuccessful"] is True
    assert logged_in.session_id != before


def test_an_expired_token_is_an_expired_session(signed_in, made, demo):
    before = demo.members()
    with pytest.raises(SalesforceExpiredSession) as caught:
        recipients(signed_in(made["expired"]), demo, "Add", demo["recipients"][:1])
    assert caught.value.status == 401
    content: Any = caught.value.content  # which is said to be bytes
    assert content == [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]
    assert demo.members() == before


def test_a_wrong_secret_is_a_failed_authentication(session, shared_demo):
    with pytest.raises(SalesforceAuthenticationFailed) as caught:
        Salesforce(
            consumer_key=shared_demo["client"]["client_id"],
            consumer_secret="wrong",
            domain=MY_DOMAIN,
            session=session,
        )
    assert caught.value.code == "invalid_client"
    assert caught.value.auth_message


# --- Errors, and the use of the allocation ------------------------------------------------

EXCEPTIONS = {
    400: SalesforceMalformedRequest,
    401: SalesforceExpiredSession,
    403: SalesforceRefusedRequest,
    404: SalesforceResourceNotFound,
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_each_error_is_raised_as_what_it_is(signed_in, shared_demo, fault):
    sf = signed_in(fault.token_of(shared_demo))
    with pytest.raises(EXCEPTIONS.get(fault.status, SalesforceGeneralError)) as caught:
        sf.restful(
            fault.path.removeprefix("/"),
            method=fault.method,
            data=json.dumps(fault.body),
            headers={"Content-Type": fault.content_type},
        )
    assert caught.value.status == fault.status
    content: Any = caught.value.content
    [error] = content
    assert error["errorCode"] == fault.code
    assert error["message"]
    assert recipients(signed_in(), shared_demo, "Add", [])["isSuccessful"]  # the connection goes on


def test_the_use_of_the_allocation_is_known(signed_in, shared_demo):
    sf = signed_in()
    used = []
    for _ in range(2):
        recipients(sf, shared_demo, "Add", [])
        usage = sf.api_usage["api-usage"]
        assert usage.total == 1_000_000
        used.append(usage.used)
    assert used[1] > used[0] > 0
    limits = sf.limits()["DailyApiRequests"]
    assert limits["Max"] == 1_000_000
    assert limits["Remaining"] < 1_000_000 - used[1]


def test_the_resources_of_a_version_are_found(signed_in):
    assert signed_in().restful("")["connect"] == "/services/data/v64.0/connect"
