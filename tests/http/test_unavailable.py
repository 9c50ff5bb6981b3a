"""A database whose disk is full, or that can only be read: every API and page says so with 503.

Nothing is half done, and once there is room again all is well. The errors are the databases' own.
"""

from __future__ import annotations

import json
from contextlib import contextmanager, suppress

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.test import Client

from commsapp.db.errors import Reason, reason_of
from commsapp.models import Channel, Licensee, Operation, User
from contacts.models import AlternateKey, ContactGroup
from groups.models import Membership, Recipient
from tests.conftest import token
from tests.contacts.external_suite import Suite
from tests.factories import RecipientFactory, RecipientGroupFactory
from tests.staff.conftest import browse

# SQLite takes a whole transaction back when its disk is full: a test's must not be around it.
pytestmark = pytest.mark.django_db(transaction=True)

FULL = "The disk of the database is full."
READ_ONLY = "The database can only be read at the moment."

_REFUSE_ON_POSTGRESQL = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{code}'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON commsapp_operation
FOR EACH STATEMENT EXECUTE FUNCTION refuse();
CREATE TRIGGER refuse BEFORE INSERT ON django_session
FOR EACH STATEMENT EXECUTE FUNCTION refuse();
"""


def run(*statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


@contextmanager
def refusing(code):
    run(_REFUSE_ON_POSTGRESQL.format(code=code))
    try:
        yield
    finally:
        run("DROP FUNCTION refuse CASCADE")


@contextmanager
def disk_full():
    if connection.vendor == "postgresql":
        with refusing("disk_full"):
            yield FULL
        return
    with connection.cursor() as cursor:
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    with suppress(OperationalError):  # once what is left within those pages is full, too
        _add_operations(Licensee.objects.first(), User.objects.first())
    yield FULL
    run(
        "PRAGMA max_page_count = 4294967294", "DELETE FROM commsapp_operation WHERE kind = 'filler'"
    )


def _add_operations(licensee, user):
    """Add one after the other until the database refuses."""
    while True:
        Operation.objects.create(
            licensee=licensee, user=user, channel=Channel.COMMAND, kind="filler",
            target_id=user.pk, touched=1,
        )  # fmt: skip


@contextmanager
def read_only():
    if connection.vendor == "postgresql":
        with refusing("read_only_sql_transaction"):
            yield READ_ONLY
        return
    run("PRAGMA query_only = on")
    yield READ_ONLY
    run("PRAGMA query_only = off")


@pytest.fixture(params=[disk_full, read_only])
def broken(request):
    return request.param


@pytest.fixture
def requests(client, alice, licensee, by_alice):
    """What changes something, by API: send it, as Alice."""
    group, recipient = RecipientGroupFactory(licensee=licensee), RecipientFactory(licensee=licensee)
    suite = Suite(licensee, by_alice)
    client.raise_request_exception = False
    headers = {"Authorization": f"Bearer {token(alice)}"}
    added = {"recipientsAction": "Add", "recipientsList": [str(recipient.pk)]}
    saved = {
        "SuiteDataSourceInstanceId": suite.source.pk.hex,
        "AlternateKey": "K",
        "ContactGroup": {"ContactGroupName": "Customer", "GroupRoleId": suite.role.pk.hex},
    }
    connect = f"/services/data/v64.0/connect/comms-sales/recipient-group/{group.pk}/recipients"
    bodies = {
        "connect": ("PATCH", connect, added),
        "rest": ("POST", "/api/v1/recipients", {"name": "New", "recipient_type": "Location"}),
        "message": ("POST", "/json/reply/SaveContactGroup", saved),
        "batch": ("POST", "/json/reply/SaveContactGroup[]", [saved]),
        "stream": ("POST", "/jsonl/reply/SaveContactGroup[]", saved),
    }

    def send(api):
        method, path, body = bodies[api]
        answer = client.generic(
            method, path, json.dumps(body), content_type="application/json", headers=headers
        )
        content = b"".join(answer) if answer.streaming else answer.content
        return answer, content.decode()

    return send


def rows():
    """All that the requests would change."""
    models = (Membership, Recipient, ContactGroup, AlternateKey, Operation)
    return [[*model.objects.order_by("pk").values()] for model in models]


@pytest.mark.parametrize("api", ["connect", "rest", "message", "batch", "stream"])
def test_every_api_says_why_and_nothing_is_changed(requests, broken, api):
    before = rows()
    with broken() as sentence:
        answer, content = requests(api)
        assert answer.status_code == (200 if api == "stream" else 503), content
        assert sentence in content
        if api != "stream":
            assert int(answer["Retry-After"]) >= 1
        if api == "stream":
            assert json.loads(content)["ErrorCode"] == "ServiceUnavailable"
    assert rows() == before
    answer, content = requests(api)
    assert answer.status_code < 300, content
    assert rows() != before


@pytest.mark.parametrize("language", ["en", "de"])
def test_staff_get_a_page_that_says_why(alice, broken, language):
    web = browse(alice)
    web.raise_request_exception = False
    before = rows()
    with broken() as sentence:
        answer = web.post(
            "/admin/groups/recipient/add/",
            {"name": "New", "recipient_type": "Location", "licensee": alice.licensees.get().pk},
            headers={"Accept-Language": language},
        )
        assert answer.status_code == 503
        assert answer["Retry-After"] == "5"
        page = answer.content.decode()
        assert f'<html lang="{language}"' in page
        assert sentence in page or language == "de"
        assert "style=" not in page  # which the security policy would refuse
    assert rows() == before


def test_a_session_that_cannot_be_written_is_503(alice):
    """The session is saved after the view, on the answer's way out."""
    alice.set_password("secret")
    alice.save()
    web = Client(raise_request_exception=False)
    with read_only() as sentence:
        form = {"username": "alice", "password": "secret"}
        answer = web.post("/admin/login/", form)
        assert answer.status_code == 503
        assert sentence in answer.content.decode()
    assert web.post("/admin/login/", form).status_code == 302


def test_a_mistake_in_a_statement_is_no_reason_to_try_again():
    with pytest.raises(DatabaseError) as caught:
        run("SELECT nothing FROM nowhere")
    assert reason_of(caught.value) is None
    assert reason_of(ValueError()) is None


def test_a_lock_that_is_not_had_is_a_busy_server():
    if connection.vendor == "postgresql":
        with pytest.raises(DatabaseError) as caught:
            run("DO $$ BEGIN RAISE EXCEPTION 'locked' USING ERRCODE = '55P03'; END $$")
        assert reason_of(caught.value) == Reason.BUSY
