"""The order in which the Connect API checks a request: contract 2.1."""

import io
import json

import pytest

from commsapp.core.metering import counters
from commsapp.models import Operation
from groups.models import RecipientGroup
from quotes.models import QuoteLineItem
from tests.api.connect.conftest import BASE, body
from tests.conftest import token
from tests.factories import QuoteLineItemFactory

pytestmark = pytest.mark.django_db

# A request with all faults, which are repaired one after the other.
FAULTS = [
    ("version", 404, "NOT_FOUND"),
    ("credentials", 401, "INVALID_SESSION_ID"),
    ("permission", 403, "INSUFFICIENT_ACCESS"),
    ("allocation", 403, "REQUEST_LIMIT_EXCEEDED"),
    ("burst", 429, "REQUEST_RATE_EXCEEDED"),
    ("method", 405, "METHOD_NOT_ALLOWED"),
    ("length", 413, "REQUEST_TOO_LARGE"),
    ("type", 415, "UNSUPPORTED_MEDIA_TYPE"),
    ("id", 400, "INVALID_ID_FIELD"),
    ("body", 400, "JSON_PARSER_ERROR"),
    ("record", 404, "NOT_FOUND"),
]


@pytest.mark.parametrize("place", range(len(FAULTS)), ids=[name for name, *_ in FAULTS])
def test_first_fault_in_the_documented_order_is_answered(
    client, alice, charlie, settings, group, place
):
    faults = {name for name, *_ in FAULTS[place:]}
    _name, status, code = FAULTS[place]
    user = charlie if "permission" in faults else alice
    signed = "wrong" if "credentials" in faults else token(user)
    headers = {"Authorization": f"Bearer {signed}"}
    warm = client.get("/services/data/v64.0", headers=headers)  # a request of this second
    if "allocation" in faults:
        settings.DAILY_API_REQUESTS = 0
    if "burst" in faults:
        counters.forget()
        settings.API_REQUESTS_A_SECOND = 0.5  # every request is one too many
    settings.MAX_BODY_BYTES = 1000
    sent = json.dumps(body("Add", []))
    sent = "{" if "body" in faults else sent
    answer = client.generic(
        "GET" if "method" in faults else "PATCH",
        (
            f"/services/data/{'v1.0' if 'version' in faults else 'v64.0'}/connect/comms-sales/"
            f"recipient-group/{'no-id' if 'id' in faults else RecipientGroup().pk}/recipients"
        ),
        sent + " " * (2000 if "length" in faults else 0),
        "text/plain" if "type" in faults else "application/json",
        headers=headers,
    )
    assert warm.status_code in (200, 401)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)
    assert not Operation.objects.exists()


@pytest.mark.parametrize("signed", ["", "Bearer wrong"])
def test_version_that_is_not_served_is_404_whatever_the_credentials(client, signed):
    answer = client.get("/services/data/v63.0/limits", headers={"Authorization": signed})
    assert answer.status_code == 404
    [error] = answer.json()
    assert error["errorCode"] == "NOT_FOUND"
    assert "v63.0" in error["message"]
    for version in ("v64.0", "v65.0", "v66.0", "v67.0", "v68.0", "latest"):
        assert version in error["message"]
    assert answer["Sforce-Limit-Info"] == "api-usage=0/1000000"


@pytest.fixture
def split(client, as_alice, licensee, group):
    """Ask for a split of a line whose group has no members: a documented refusal."""
    line = QuoteLineItemFactory(licensee=licensee, recipient_group=group)

    def split(raw=b"", content_type="", **environ):
        path = f"{BASE}/quote-line-item/{line.pk}"
        return client.generic("PATCH", path, raw, content_type, headers=as_alice, **environ)

    return split


@pytest.mark.parametrize("raw", [b"", b"{}"])
def test_split_needs_no_body(split, raw):
    answer = split(raw, "application/json")
    assert (answer.status_code, answer.json()["isSuccessful"]) == (200, False)
    assert answer.json()["errorsList"][0]["statusCode"] == "INVALID_STATUS"
    assert not QuoteLineItem.objects.exclude(split_from=None).exists()


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]
)
def test_no_body_needs_no_content_type(split, content_type):
    assert split(b"", content_type).status_code == 200


def test_empty_chunked_body_is_no_body(split):
    chunked = {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": io.BytesIO(),
        "wsgi.input_terminated": True,
    }
    assert split(b"", "application/json", CONTENT_LENGTH="", **chunked).status_code == 200


def test_faults_of_several_fields_are_answered_together(ask, group):
    answer = ask(group.pk, {"recipientsList": ["x", 1], "additionalParameters": {"dryRun": "si"}})
    assert answer.status_code == 400
    assert [(error["errorCode"], error["fields"]) for error in answer.json()] == [
        ("REQUIRED_FIELD_MISSING", ["recipientsAction"]),
        ("JSON_PARSER_ERROR", ["recipientsList[1]"]),
        ("JSON_PARSER_ERROR", ["additionalParameters.dryRun"]),
    ]
    assert not Operation.objects.exists()
