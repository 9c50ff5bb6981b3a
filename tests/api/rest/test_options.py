"""OPTIONS: Django REST framework's description of a resource, for those who may read it."""

from __future__ import annotations

import pytest

from tests.api.rest.conftest import Api
from tests.api.rest.test_permissions import permission_name
from tests.api.rest.test_resources import ALL, RESOURCES
from tests.conftest import grant

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("resource", RESOURCES)
def test_options_describe_the_resource_with_what_the_user_may_do(api, things, charlie, resource):
    response = api.ask("OPTIONS", resource)
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    assert {*response["Allow"].split(", ")} == {"GET", "POST", "HEAD", "OPTIONS"}
    fields = response.json()["actions"]["POST"]
    assert fields.keys() == ALL | set(RESOURCES[resource][2].split())

    grant(charlie, permission_name("view", resource))
    response = Api(charlie).ask("OPTIONS", resource)
    assert (response.status_code, "actions" in response.json()) == (200, False)


@pytest.mark.parametrize("resource", ["licensees", "operations", "recipients"])
def test_options_without_the_permission_to_view_are_403(charlie, resource):
    assert Api(charlie).ask("OPTIONS", resource).status_code == 403


def test_options_of_an_action_describe_its_body(api, things):
    path = f"recipient-groups/{things.recipient_group.pk}/add-recipients"
    response = api.ask("OPTIONS", path)
    assert response.status_code == 200
    fields = response.json()["actions"]["POST"]
    assert fields.keys() == {"recipients", "all_or_none", "dry_run"}
