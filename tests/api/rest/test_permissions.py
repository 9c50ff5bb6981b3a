"""Every address × who asks: without a token, without the right, with it, as another licensee."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from commsapp.models import Operation
from tests.api.rest.conftest import Api
from tests.api.rest.test_resources import RESOURCES
from tests.conftest import grant

pytestmark = pytest.mark.django_db


class Address(NamedTuple):
    """One verb at one address, and the permissions that it takes. `{name}` is one of `things`."""

    method: str
    path: str
    permissions: str
    body: dict | None = None


_MODELS = {
    "licensees": "commsapp.licensee",
    "operations": "commsapp.operation",
    "data-sources": "contacts.datasource",
    "roles": "contacts.role",
    "contacts": "contacts.contact",
    "contact-groups": "contacts.contactgroup",
    "alternate-keys": "contacts.alternatekey",
    "recipients": "groups.recipient",
    "recipient-groups": "groups.recipientgroup",
    "products": "quotes.product",
    "quotes": "quotes.quote",
    "quote-line-items": "quotes.quotelineitem",
}


def permission_name(verb, resource):
    app, model = _MODELS[resource].split(".")
    return f"{app}.{verb}_{model}"


def _addresses():
    for resource in _MODELS:
        one = f"{resource}/{{{resource.removesuffix('s').replace('-', '_')}}}"
        yield Address("GET", resource, permission_name("view", resource))
        yield Address("GET", one, permission_name("view", resource))
        if resource in RESOURCES:
            yield Address("POST", resource, permission_name("add", resource), {})
            yield Address("PATCH", one, permission_name("change", resource), {})
    recipients: dict[str, list[str]] = {"recipients": []}
    group = "recipient-groups/{recipient_group}"
    for verb in ("add-recipients", "remove-recipients", "set-recipients"):
        yield Address("POST", f"{group}/{verb}", "groups.change_recipientgroup", recipients)
    for one in ("contacts/{contact}", "recipients/{recipient}", group,
                "contact-groups/{contact_group}"):  # fmt: skip
        for verb in ("archive", "restore"):
            yield Address("POST", f"{one}/{verb}", permission_name("change", one.split("/")[0]))
    contact_group = "contact-groups/{contact_group}"
    changed = "contacts.change_contactgroup"
    yield Address("POST", f"{contact_group}/delete", "contacts.delete_contactgroup")
    yield Address("POST", f"{contact_group}/add-connections", changed, {"connections": []})
    yield Address("POST", f"{contact_group}/remove-connections", changed, {"connections": []})
    yield Address("POST", f"{contact_group}/reorder", changed, {"contacts": []})
    for verb in ("split", "unsplit"):
        path = f"quote-line-items/{{quote_line_item}}/{verb}"
        yield Address("POST", path, "quotes.change_quotelineitem")
    for verb in ("submit", "approve", "accept", "reject", "cancel", "reopen"):
        right = "quotes.approve_quote" if verb == "approve" else "quotes.change_quote"
        yield Address("POST", f"quotes/{{quote}}/{verb}", right)
    yield Address("POST", "operations/{operation}/undo", "groups.change_recipientgroup")
    yield Address("GET", f"{group}/recipients", "groups.view_recipientgroup groups.view_recipient")
    yield Address(
        "GET", "quotes/{quote}/lines", "quotes.view_quote quotes.view_quotelineitem"
    )  # fmt: skip
    yield Address(
        "GET", f"{contact_group}/connections", "contacts.view_contactgroup contacts.view_contact"
    )
    yield Address("DELETE", "alternate-keys/{alternate_key}", "contacts.delete_alternatekey")
    yield Address("DELETE", "quote-line-items/{quote_line_item}", "quotes.delete_quotelineitem")


GOOD = {"GET": (200,), "POST": (200, 201, 400, 409), "PATCH": (200,), "DELETE": (200,)}
ADDRESSES = {f"{one.method} {one.path}": one for one in _addresses()}


def at(things, address):
    ids = {name: thing.pk for name, thing in vars(things).items()}
    return address._replace(path=address.path.format(**ids))


@pytest.fixture
def addresses(things):
    """All of them. Who is refused changes nothing, so one test may ask at every one."""
    return [at(things, address) for address in ADDRESSES.values()]


@pytest.fixture
def nothing_changes(addresses):
    before = Operation.objects.count()
    yield
    assert Operation.objects.count() == before


def ask(api, address):
    return api.ask(address.method, address.path, address.body)


@pytest.mark.usefixtures("nothing_changes")
def test_without_a_token_there_is_a_challenge(addresses):
    nobody = Api()
    for address in addresses:
        answer = ask(nobody, address)
        assert answer.status_code == 401, address
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert list(answer.json()) == ["detail", "errors"]


@pytest.mark.usefixtures("nothing_changes")
def test_without_the_right_it_is_forbidden(addresses, charlie):
    api = Api(charlie)
    for address in addresses:
        answer = ask(api, address)
        assert answer.status_code == 403, address
        assert list(answer.json()) == ["detail", "errors"]


@pytest.mark.usefixtures("nothing_changes")
def test_with_all_rights_but_that_it_is_forbidden(addresses, charlie):
    grant(charlie, "*")
    api = Api(charlie)
    for address in addresses:
        for name in address.permissions.split():
            charlie.user_permissions.remove(permission(name))
            assert ask(api, address).status_code == 403, address
            grant(charlie, name)


@pytest.mark.parametrize("name", ADDRESSES)
def test_with_no_more_than_the_right_it_is_done(things, charlie, name):
    address = at(things, ADDRESSES[name])
    grant(charlie, *address.permissions.split())
    answer = ask(Api(charlie), address)
    assert answer.status_code in GOOD[address.method], answer.content
    assert answer["Content-Type"] == "application/json"


@pytest.mark.usefixtures("nothing_changes")
def test_to_another_licensee_it_is_as_if_it_were_not_there(addresses, bob):
    api, own = Api(bob), {str(pk) for pk in bob.licensees.values_list("pk", flat=True)}
    for address in addresses:
        answer = ask(api, address)
        if address.path in _MODELS and address.method == "GET":
            assert {row["id"] for row in answer.json()["results"]} <= own, address
        elif address.path in _MODELS:
            assert answer.status_code == 400, address  # nothing was given
        else:
            assert answer.status_code == 404, address
            assert answer.json()["detail"] == "Not found."


def permission(name):
    app, codename = name.split(".")
    return Permission.objects.get(content_type__app_label=app, codename=codename)


def test_an_expired_token_is_no_token(api):
    get_access_token_model().objects.update(expires=timezone.now() - timedelta(seconds=1))
    answer = api.get("contacts")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_an_inactive_users_token_is_no_token(api, alice):
    alice.is_active = False
    alice.save()
    assert api.get("contacts").status_code == 401


def test_a_browser_session_reads_and_needs_csrf_to_write(client, alice):
    alice.refresh_from_db()  # a session is bound to the password's hash
    client.force_login(alice, backend="django.contrib.auth.backends.ModelBackend")
    client.handler.enforce_csrf_checks = True
    assert client.get("/api/v1/contacts").status_code == 200
    answer = client.post("/api/v1/contacts", {"name": "Ann"}, content_type="application/json")
    assert answer.status_code == 403
    assert list(answer.json()) == ["detail", "errors"]
