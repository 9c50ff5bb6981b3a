"""Answers are compressed for who asks, but not those that tell a secret, and no stream."""

from __future__ import annotations

import gzip
import json
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import make_password

from commsapp.core.credentials import api_clients
from commsapp.models import Client
from tests import factories
from tests.conftest import token
from tests.staff.conftest import browse

pytestmark = pytest.mark.django_db

GZIP = {"Accept-Encoding": "gzip, br"}
SAVE = "/jsonl/reply/SaveContactGroup[]"
MACHINES = (
    "/services/data/v64.0",
    "/services/data/nothing",
    "/api/v1/contacts",
    "/api/schema",
    "/types/typescript",
    "/metadata",
)
PAGES = ("/admin/", "/admin/contacts/contact/", "/admin/contacts/contact/add/", "/admin/nothing/")


@pytest.fixture
def contacts(licensee):
    return factories.ContactFactory.create_batch(20, licensee=licensee)


@pytest.fixture
def machine(client, alice, contacts):
    """How an integration of Alice's asks for something."""
    headers = {"Authorization": f"Bearer {token(alice)}"}
    return lambda path, **more: client.get(path, headers={**headers, **more})


@pytest.mark.parametrize("path", MACHINES)
def test_an_answer_of_an_api_is_compressed_for_who_asks(machine, path):
    packed, plain = machine(path, **GZIP), machine(path)
    assert packed["Content-Encoding"] == "gzip"
    assert packed["Content-Length"] == str(len(packed.content))
    assert "Content-Encoding" not in plain
    assert packed.status_code == plain.status_code
    for answer in (packed, plain):
        assert "Accept-Encoding" in answer["Vary"]
    if not path.startswith("/metadata"):
        assert gzip.decompress(packed.content) == plain.content


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_compressed_for_who_asks(alice, contacts, path):
    web = browse(alice)
    packed, plain = web.get(path, headers=GZIP), web.get(path)
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in plain["Vary"]
    assert "Cookie" in plain["Vary"]
    assert "Content-Encoding" not in plain
    assert len(packed.content) < len(plain.content) / 2
    assert b"</html>" in gzip.decompress(packed.content)


@pytest.mark.parametrize(
    "accepted", ["", "identity", "br", "gzip;q=0", "gzip; q=0.000, *;q=1", "xgzip", "GZIP;Q=0"]
)
def test_who_does_not_take_gzip_gets_none(machine, accepted):
    answer = machine("/api/v1/contacts", **{"Accept-Encoding": accepted})
    assert "Content-Encoding" not in answer
    assert "Accept-Encoding" in answer["Vary"]
    assert len(answer.json()["results"]) == 20


@pytest.mark.parametrize("accepted", ["gzip", "GZIP;q=0.1", "br;q=1.0, x-gzip", "gzip;q=0.001"])
def test_who_takes_gzip_however_little_gets_it(machine, accepted):
    answer = machine("/api/v1/contacts", **{"Accept-Encoding": accepted})
    assert answer["Content-Encoding"] == "gzip"


def test_a_short_answer_is_not_worth_it_but_for_the_connect_api(machine, contacts):
    assert "Content-Encoding" not in machine("/api/v1/contacts/x", **GZIP)
    assert machine("/services/data/nothing", **GZIP)["Content-Encoding"] == "gzip"


def test_the_length_of_a_compressed_page_tells_nothing(alice):
    web = browse(alice)
    lengths = {len(web.get("/admin/", headers=GZIP).content) for _ in range(6)}
    assert len(lengths) > 1


def test_no_line_of_a_stream_waits_to_be_compressed(client, alice):
    headers = {"Authorization": f"Bearer {token(alice)}", **GZIP}
    line = json.dumps({"AlternateKey": "K", "SuiteDataSourceInstanceId": str(uuid4())})
    answer = client.post(SAVE, line, "text/jsonl", headers=headers)
    assert answer.streaming
    assert "Content-Encoding" not in answer
    assert json.loads(answer.getvalue())["ErrorCode"]


def test_an_export_is_not_compressed(alice, contacts):
    answer = browse(alice).get("/admin/contacts/contact/export.csv", headers=GZIP)
    assert answer.streaming
    assert "Content-Encoding" not in answer


# --- Secrets ----------------------------------------------------------------------------------


def test_a_token_answer_is_not_compressed(client, alice):
    made, secret = api_clients.create_client("suite", alice)
    form = {
        "grant_type": "client_credentials",
        "client_id": made.client_id,
        "client_secret": secret,
    }
    answer = client.post("/services/oauth2/token", form, headers=GZIP)
    assert len(answer.content) > 200
    assert "Content-Encoding" not in answer
    assert answer.json()["access_token"]


@pytest.mark.parametrize("path", ["/auth/credentials", "/json/reply/Authenticate"])
def test_a_session_is_not_compressed(client, alice, path):
    alice.password = make_password("correct horse")
    alice.save()
    body = {"provider": "credentials", "userName": "alice", "password": "correct horse"}
    answer = client.post(path, json.dumps(body), "application/json", headers=GZIP)
    assert len(answer.content) > 200
    assert "Content-Encoding" not in answer
    assert answer.json()["SessionId"]


def test_a_page_that_shows_a_clients_secret_is_not_compressed(alice):
    alice.is_superuser = True
    alice.save()
    web, sent = browse(alice), {"name": "Till", "user": str(alice.pk)}
    answer = web.post("/admin/commsapp/client/add/", sent, headers=GZIP)
    made = Client.objects.get(name="Till")
    assert made.client_id in answer.content.decode()
    assert "Content-Encoding" not in answer
