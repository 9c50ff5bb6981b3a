"""The permission table: every machine address × who asks (contract 1).

Each case of Django REST framework's resources is in tests/api/rest/test_permissions.py, except
for tokens that have ended: those are here, for all APIs and pages.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from commsapp.core.credentials import api_clients, message_sessions
from commsapp.models import Operation
from contacts.models import ContactGroup
from groups import operations as groups_operations
from groups.models import Membership
from quotes import operations as quotes_operations
from quotes.models import QuoteLineItem
from tests import factories
from tests.api.rest.test_permissions import ADDRESSES as REST_ADDRESSES
from tests.conftest import grant, token
from tests.contacts.external_suite import Suite

pytestmark = pytest.mark.django_db

UNKNOWN: defaultdict[str, str] = defaultdict(lambda: "1" * 32)  # in place of any id

# Who asks, in the order of the table's columns.
WHO = ("nobody", "expired", "inactive", "no right", "right", "other licensee")
PUBLIC = (200,) * 6
SIGNED_IN = (401, 401, 401, 200, 200, 200)
CONNECT = (401, 401, 401, 403, 200, 404)
MESSAGE = (401, 401, 401, 403, 200, 400)  # another's data source is one that is not there
STAFF = (302,) * 6  # a token is accepted nowhere else: to the sign-in page


class Address(NamedTuple):
    """A request, the right that it takes, and its answers by who asks. `{name}` is a thing's id."""

    method: str
    path: str
    expected: tuple[int, ...]
    right: str = ""
    body: Any = None
    form: Any = None


_ADD = {"recipientsAction": "Add", "recipientsList": ["{recipient}"]}
_BASE = "/services/data/v64.0"
_GROUP = f"{_BASE}/connect/comms-sales/recipient-group/{{group}}/recipients"
_LINE = f"{_BASE}/connect/comms-sales/quote-line-item/{{line}}"
_CREDENTIALS = {"client_id": "{client_id}", "client_secret": "{client_secret}"}
_SAVE = {
    "SuiteDataSourceInstanceId": "{source}",
    "AlternateKey": "NEW",
    "ContactGroup": {"ContactGroupName": "Customer", "GroupRoleId": "{role}"},
}


def _addresses():
    yield Address("GET", "/services/data", PUBLIC)
    for version in ("v64.0", "64.0", "latest"):
        yield Address("GET", f"/services/data/{version}", SIGNED_IN)
    yield Address("GET", f"{_BASE}/limits", SIGNED_IN)
    members, lines = "groups.change_recipientgroup", "quotes.change_quotelineitem"
    for method, more in (("PATCH", ""), ("POST", "?_HttpMethod=PATCH")):
        yield Address(method, f"{_GROUP}{more}", CONNECT, members, _ADD)
        yield Address(method, f"{_LINE}{more}", CONNECT, lines)
        yield Address(method, f"{_LINE}/{more}", CONNECT, lines, {})

    form = {"grant_type": "client_credentials", **_CREDENTIALS}
    # Its credentials are the client's, whose user is the inactive one.
    expected = (200, 200, 400, 200, 200, 200)
    yield Address("POST", "/services/oauth2/token", expected, form=form)
    yield Address("POST", "/services/oauth2/revoke", PUBLIC, form={"token": "unknown"})
    yield Address("GET", "/services/oauth2/authorize", STAFF)

    for path in (
        *(f"/{name}/reply/SaveContactGroup" for name in ("json", "jsonl", "xml", "csv", "other")),
        *(f"/api/{name}/reply/SaveContactGroup" for name in ("json", "jsonl", "xml", "csv")),
        "/api/SaveContactGroup",
        "/api/savecontactgroup.json",
    ):
        yield Address("POST", path, MESSAGE, "contacts.add_contactgroup", _SAVE)
    path = "/json/reply/SaveContactGroup"
    saved = {**_SAVE, "AlternateKey": "{key}"}
    yield Address("POST", path, MESSAGE, "contacts.change_contactgroup", saved)
    ended = {**saved, "MarkAsDeleted": True}
    rights = "contacts.delete_contactgroup contacts.change_contactgroup"
    yield Address("POST", path, MESSAGE, rights, ended)

    yield Address("POST", "/api/Authenticate", (400,) * 6, body={})  # it is how to sign in
    yield Address("POST", "/auth/credentials", (400,) * 6, body={})
    yield Address("POST", "/auth/logout", SIGNED_IN)

    for path in ("/api/schema", "/api/docs"):
        yield Address("GET", path, PUBLIC)
    for path in ("/admin/", "/admin/groups/recipientgroup/"):
        yield Address("GET", path, STAFF)


TABLE = [
    pytest.param(address, who, expected, id=f"{number}-{address.method} {address.path}-{who}")
    for number, address in enumerate(_addresses())
    for who, expected in zip(WHO, address.expected, strict=True)
]


# --- The things and the people ------------------------------------------------------------


@pytest.fixture
def things(licensee, alice, by_alice):
    """What the addresses speak of, all of Alice's licensee, by name."""
    suite = Suite(licensee, by_alice)
    key = factories.AlternateKeyFactory(
        licensee=licensee,
        data_source=suite.source,
        contact_group=factories.ContactGroupFactory(licensee=licensee, role=suite.role),
    )
    group = factories.RecipientGroupFactory(licensee=licensee)
    member = factories.RecipientFactory(licensee=licensee)
    groups_operations.add_recipients(group.pk, [member.pk.hex], by=by_alice)
    quote = factories.QuoteFactory(licensee=licensee)
    product = factories.ProductFactory(licensee=licensee)
    line = QuoteLineItem(quote=quote, product=product, recipient_group=group)
    machine, secret = api_clients.create_client("machine", alice)
    return {
        "source": suite.source.pk,
        "role": suite.role.pk,
        "key": key.value,
        "group": group.pk,
        "recipient": factories.RecipientFactory(licensee=licensee).pk,
        "line": quotes_operations.create_line(line, by=by_alice).pk,
        "client_id": machine.client_id,
        "client_secret": secret,
    }


@pytest.fixture
def header(licensee, alice, bob, charlie):
    """The credentials of who asks, who has the right or all but that."""

    def of(who, rights="", way="token"):
        if who == "nobody":
            return {}
        user = {"other licensee": bob, "no right": charlie, "right": charlie}.get(who, alice)
        if who == "right":
            grant(user, *rights.split())
        if who == "no right":
            grant(user, "*")
            names = [name.split(".")[1] for name in rights.split()]
            user.user_permissions.remove(*Permission.objects.filter(codename__in=names))
        headers = WAYS[way](user)
        if who == "expired":
            past = timezone.now() - timedelta(seconds=1)
            get_access_token_model().objects.update(expires=past)
        if who == "inactive":
            user.is_active = False
            user.save()
        return headers

    return of


# How the Message API may be told who asks; all others know a token alone.
WAYS = {
    "token": lambda user: {"Authorization": f"Bearer {token(user)}"},
    "session": lambda user: {"X-ss-id": str(message_sessions.open_session(user).id)},
    "cookie": lambda user: {"Cookie": f"ss-id={message_sessions.open_session(user).id}"},
    "session's token": lambda user: {
        "Authorization": f"Bearer {message_sessions.open_session(user).token}"
    },
}


def filled(value, things):
    """The value with the things' ids in their places."""
    if isinstance(value, dict):
        return {name: filled(inner, things) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, things) for inner in value]
    return value.format_map(things) if isinstance(value, str) else value


def ask(address, things, headers):
    client = Client(headers=headers, raise_request_exception=False)
    path = address.path.format_map(things)
    if address.form:
        form = urlencode(filled(address.form, things))
        return client.post(path, form, content_type="application/x-www-form-urlencoded")
    if address.body is None:
        return client.generic(address.method, path)
    body = json.dumps(filled(address.body, things))
    return client.generic(address.method, path, body, content_type="application/json")


def state():
    """All that a request of the table could change."""
    return (
        Operation.objects.count(),
        Membership.objects.count(),
        QuoteLineItem.objects.count(),
        sorted(ContactGroup.objects.values_list("pk", "status", "name")),
    )


# --- The table ----------------------------------------------------------------------------


@pytest.mark.parametrize(("address", "who", "expected"), TABLE)
def test_each_address_answers_who_asks_as_the_table_says(things, header, address, who, expected):
    headers, before = header(who, address.right), state()
    answer = ask(address, things, headers)
    assert answer.status_code == expected, answer.content
    if expected == 401:
        assert answer["WWW-Authenticate"].startswith("Bearer")
    if expected >= 300:
        assert state() == before
    elif address.right:
        assert state() != before  # what was allowed was done


SAVES = [
    pytest.param(address, who, expected, way, id=f"{way}-{address.right}-{who}")
    for address in _addresses()
    if address.path == "/json/reply/SaveContactGroup" and " " not in address.right
    for who, expected in zip(WHO, address.expected, strict=True)
    for way in [*WAYS][1:]
]


@pytest.mark.parametrize(("address", "who", "expected", "way"), SAVES)
def test_a_session_is_answered_as_a_token_is(things, header, address, who, expected, way):
    headers, before = header(who, address.right, way), state()
    answer = ask(address, things, headers)
    assert answer.status_code == expected, answer.content
    assert (state() == before) == (expected >= 300)


@pytest.mark.parametrize("way", ["session", "cookie"])
def test_a_session_is_nobody_on_every_other_face(header, way):
    headers = header("right", way=way)
    for address in _addresses():
        if address.expected in (CONNECT, SIGNED_IN) and address.path.startswith("/services"):
            assert ask(address, UNKNOWN, headers).status_code == 401, address
    for address in REST_ADDRESSES.values():
        path = f"/api/v1/{address.path.format_map(UNKNOWN)}"
        answer = Client(headers=headers).generic(address.method, path)
        assert answer.status_code == 401, address


def test_what_is_another_licensees_is_as_if_it_were_not_there(things, header):
    headers = header("other licensee")
    unknown = dict.fromkeys(things, "1" * 32)
    for address in _addresses():
        if address.right and "key" not in str(address.body):
            theirs, nobodys = ask(address, things, headers), ask(address, unknown, headers)
            assert theirs.status_code == nobodys.status_code
            assert theirs.content == nobodys.content


@pytest.mark.parametrize("who", ["expired", "inactive"])
def test_a_token_that_has_ended_is_a_401_at_every_rest_address(header, who):
    headers, before = header(who), state()
    client = Client(headers=headers, raise_request_exception=False)
    for address in REST_ADDRESSES.values():
        path = f"/api/v1/{address.path.format_map(UNKNOWN)}"
        answer = client.generic(address.method, path, b"{}", content_type="application/json")
        assert answer.status_code == 401, address
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert list(answer.json()) == ["detail", "errors"]
    assert state() == before


def test_no_valid_token_is_ever_told_401(charlie):
    """jsforce would ask for a token again and again."""
    client = Client(headers={"Authorization": f"Bearer {token(charlie)}"})
    for address in _addresses():
        path = address.path.format_map(UNKNOWN)
        for method in ("GET", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"):
            if "/oauth2/" not in path:
                assert client.generic(method, path).status_code != 401, (method, path)
    for address in REST_ADDRESSES.values():
        path = f"/api/v1/{address.path.format_map(UNKNOWN)}"
        assert client.generic(address.method, path).status_code in (403, 404), address


def test_a_token_is_taken_from_the_header_alone(things, header):
    secret = header("right")["Authorization"].removeprefix("Bearer ")
    for path in ("/services/data/v64.0", "/api/v1/contacts"):
        client = Client()
        client.cookies["sid"] = client.cookies["access_token"] = secret
        for name in ("access_token", "oauth_token", "sid", "token"):
            assert client.get(path, {name: secret}).status_code == 401
        for scheme in ("Basic", "Token", "Session", ""):
            headers = {"Authorization": f"{scheme} {secret}"}
            assert Client(headers=headers).get(path).status_code == 401
