"""servicestack of PyPI, unmodified, with the types that the installation serves."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import requests
from servicestack import JsonServiceClient, ResponseStatus, WebServiceException

from commsapp.db.ids import uuid7

pytestmark = pytest.mark.filterwarnings("ignore")  # what the client does is its own business


@pytest.fixture(scope="module")
def dtos(installation: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The types as a user gets them: fetched, saved as a module, imported."""
    path: Path = tmp_path_factory.mktemp("types") / "commsapp_dtos.py"
    path.write_text(requests.get(f"{installation.base_url}/types/python", timeout=30).text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules[path.stem]


@pytest.fixture
def client(shared_demo):
    client = JsonServiceClient(shared_demo.base_url)
    client.set_bearer_token(shared_demo["access_token"])
    return client


@pytest.fixture
def save(shared_demo, dtos):
    """A request that is in order, with a key of its own."""

    def save(*contacts, **more):
        group = dtos.SubscriptionContactGroupModel(
            contact_group_name=more.pop("name", "Example Customer"),
            group_role_id=shared_demo["group_role"],
            contact_connections=[
                dtos.SubscriptionContactGroupConnectionModel(index=place, contact_id=contact)
                for place, contact in enumerate(contacts, start=1)
            ],
        )
        return dtos.SaveContactGroup(
            suite_data_source_instance_id=shared_demo["data_source"],
            alternate_key=f"python-{uuid7()}",
            contact_group=group,
            **more,
        )

    return save


def outcomes(answers):
    return [answer.meta["Outcome"] for answer in answers]


def test_a_group_is_saved_with_its_contacts_and_again_without_a_change(client, shared_demo, save):
    first, second = shared_demo["contacts"][:2]
    request = save(second, first)
    answer = client.post(request)
    assert isinstance(answer, ResponseStatus)
    assert outcomes([answer]) == ["Created"]
    group = answer.meta["ObjectId"]
    rows = shared_demo.all_of(f"contact-groups/{group}/connections")
    assert [(row["contact"], row["position"]) for row in rows] == [(second, 1), (first, 2)]
    assert outcomes([client.send(request), client.post(request)]) == ["Unchanged", "Unchanged"]
    request.ignore_hash = True
    assert client.post(request).meta == {"ObjectId": group, "Outcome": "Updated"}


def test_every_field_arrives(client, shared_demo, dtos, save):
    request = save(licensee_id=shared_demo["licensee"])
    request.validation_errors = [dtos.RuleValidationResult(message="told", key="k", error_code="e")]
    group = client.post(request).meta["ObjectId"]
    request.alternate_key, request.object_id = None, group
    request.contact_group.mark_as_archived = True
    assert outcomes([client.post(request)]) == ["Archived"]
    request.contact_group.mark_as_archived, request.contact_group.mark_as_restored = False, True
    assert outcomes([client.post(request)]) == ["Restored"]
    request.contact_group.mark_as_restored, request.contact_group.mark_as_deleted = False, True
    assert outcomes([client.post(request)]) == ["Deleted"]


def test_the_old_base_path_is_read_in_camel_case(client, save):
    client.set_base_path("")
    request = save()
    assert outcomes([client.post(request, args={"jsconfig": "eccn"})]) == ["Created"]
    assert outcomes([client.post(request, args={"jsconfig": "eccn"})]) == ["Unchanged"]


@pytest.mark.parametrize("base_path", ["api", ""])
def test_error_lists_each_field(client, shared_demo, save, base_path):
    client.set_base_path(base_path)
    request = save(shared_demo["contacts"][0])
    request.contact_group.contact_group_name = "x" * 256
    request.contact_group.contact_connections[0].index = -1
    with pytest.raises(WebServiceException) as raised:
        client.post(request, args={"jsconfig": "eccn"})
    told = raised.value.response_status
    assert (raised.value.status_code, told.error_code) == (400, told.errors[0].error_code)
    assert {(error.field_name, error.error_code) for error in told.errors} == {
        ("ContactGroup.ContactConnections[0].Index", "GreaterThanOrEqualTo"),
        ("ContactGroup.ContactGroupName", "MaximumLength"),
    }
    assert all(error.message for error in told.errors)


@pytest.mark.parametrize(
    ("whose", "status", "code"), [("nobody", 401, "Unauthorized"), ("reader", 403, "Forbidden")]
)
def test_who_may_not_is_told_so(client, shared_demo, save, whose, status, code):
    client.set_bearer_token(shared_demo["reader"]["access_token"] if whose == "reader" else "wrong")
    with pytest.raises(WebServiceException) as raised:
        client.post(save())
    assert (raised.value.status_code, raised.value.response_status.error_code) == (status, code)


# --- Many at once ---------------------------------------------------------------------------


def test_many_are_saved_in_order(client, save):
    requests = [save(name=f"Customer {number}") for number in range(3)]
    answers = client.send_all([*requests, requests[0]])
    assert all(isinstance(answer, ResponseStatus) for answer in answers)
    assert outcomes(answers) == ["Created", "Created", "Created", "Unchanged"]
    assert len({answer.meta["ObjectId"] for answer in answers}) == 3


def test_many_with_one_that_has_no_shape_do_nothing(client, save):
    good, bad = save(), save("no guid")
    with pytest.raises(WebServiceException) as raised:
        client.send_all([good, bad])
    told = raised.value.response_status
    assert (raised.value.status_code, told.error_code) == (400, "InvalidGuid")
    assert told.meta["AutoBatchIndex"] == "1"
    assert outcomes([client.post(good)]) == ["Created"]


# --- Signing in by name and password --------------------------------------------------------


def test_a_session_signs_in_by_its_cookie_and_its_token(shared_demo, dtos, save):
    login = shared_demo["users"]["integration"]
    client = JsonServiceClient(shared_demo.base_url)
    told = client.post(
        dtos.Authenticate(
            provider="credentials", user_name=login["username"], password=login["password"]
        )
    )
    assert told.user_name == login["username"]
    assert told.session_id
    assert outcomes([client.post(save())]) == ["Created"]  # the client keeps cookies
    other = JsonServiceClient(shared_demo.base_url)
    other.set_bearer_token(told.bearer_token)
    assert outcomes([other.post(save())]) == ["Created"]


def test_a_wrong_password_is_told(shared_demo, dtos):
    client = JsonServiceClient(shared_demo.base_url)
    with pytest.raises(WebServiceException) as raised:
        client.post(dtos.Authenticate(provider="credentials", user_name="nobody", password="wrong"))
    assert raised.value.status_code == 401
    assert raised.value.response_status.error_code == "Unauthorized"
