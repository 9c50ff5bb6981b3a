"""Verbs of recipient groups: what they do and answer, and that a refused one changes nothing."""

from __future__ import annotations

import pytest

from commsapp.models import Operation
from tests import factories
from tests.api.rest.conftest import ids
from tests.groups.many_recipients import members_of

pytestmark = pytest.mark.django_db


# --- Members --------------------------------------------------------------------------------


def test_recipients_are_added_removed_and_set(api, group, sites):
    path = f"recipient-groups/{group.pk}"
    added = api.post(f"{path}/add-recipients", {"recipients": ids(sites[:2])})
    assert added.status_code == 200
    assert added.json() == {
        "message": "2 recipients added.",
        "added": 2,
        "already": 0,
        "errors": [],
        "operation": str(Operation.objects.get(kind="groups.recipients_added").pk),
    }
    again = api.post(f"{path}/add-recipients/", {"recipients": [site.pk.hex for site in sites[:3]]})
    assert (again.json()["added"], again.json()["already"]) == (1, 2)
    removed = api.post(f"{path}/remove-recipients", {"recipients": ids(sites[1:])}).json()
    assert (removed["removed"], removed["already"]) == (2, 1)
    put = api.post(f"{path}/set-recipients", {"recipients": ids(sites[2:])}).json()
    assert (put["added"], put["removed"], put["already"]) == (2, 1, 0)
    assert members_of(group) == {site.pk for site in sites[2:]}
    assert api.get(path).json()["member_count"] == 2


def test_adding_those_who_are_in_already_names_no_operation(api, group, sites):
    path = f"recipient-groups/{group.pk}/add-recipients"
    api.post(path, {"recipients": ids(sites)})
    again = api.post(path, {"recipients": ids(sites)})
    assert again.json() == {
        "message": "0 recipients added, 4 were already in the group.",
        "added": 0,
        "already": 4,
        "errors": [],
        "operation": None,
    }
    assert Operation.objects.count() == 1


def test_a_refusal_names_each_place_and_changes_nothing(api, group, sites, bob):
    stranger = factories.RecipientFactory(licensee=bob.licensees.get())
    named = [*ids(sites[:2]), str(stranger.pk), "x"]
    answer = api.post(f"recipient-groups/{group.pk}/add-recipients", {"recipients": named})
    assert answer.status_code == 409
    told = answer.json()
    assert told.keys() == {"detail", "errors"}
    assert {(error["code"], error["field"]) for error in told["errors"]} == {
        ("INVALID_CROSS_REFERENCE_KEY", "recipients[2]"),
        ("MALFORMED_ID", "recipients[3]"),
    }
    assert members_of(group) == set()
    assert Operation.objects.count() == 0


def test_without_all_or_none_the_good_ones_are_taken(api, group, sites):
    body = {"recipients": [*ids(sites[:2]), "x"], "all_or_none": False}
    answer = api.post(f"recipient-groups/{group.pk}/add-recipients", body)
    assert answer.status_code == 200
    assert answer.json()["added"] == 2
    assert answer.json()["message"] == "2 recipients added, 1 refused."
    [error] = answer.json()["errors"]
    assert (error["code"], error["field"]) == ("MALFORMED_ID", "recipients[2]")
    assert members_of(group) == {site.pk for site in sites[:2]}


def test_a_dry_run_tells_and_changes_nothing(api, group, sites):
    body = {"recipients": ids(sites), "dry_run": True}
    answer = api.post(f"recipient-groups/{group.pk}/add-recipients", body).json()
    assert answer["message"] == "4 recipients would be added."
    assert answer["added"] == 4
    assert answer["operation"] is None
    assert members_of(group) == set()
    assert Operation.objects.count() == 0


BAD_LISTS = {
    "none": {},
    "null": {"recipients": None},
    "a text": {"recipients": "x"},
    "a number in it": {"recipients": ["x", 1]},
    "true in it": {"recipients": [True]},
    "null in it": {"recipients": [None]},
    "a mistyped flag": {"recipients": [], "dryRun": True},
    "a flag as text": {"recipients": [], "dry_run": "true"},
    "a flag as number": {"recipients": [], "all_or_none": 0},
    "a list": [],
}


@pytest.mark.parametrize("body", BAD_LISTS.values(), ids=BAD_LISTS)
def test_a_body_that_cannot_be_is_refused_and_changes_nothing(api, group, sites, body):
    if isinstance(body, dict) and body.get("recipients") == []:
        body = {**body, "recipients": ids(sites)}
    answer = api.post(f"recipient-groups/{group.pk}/set-recipients", body)
    assert answer.status_code == 400, answer.content
    assert members_of(group) == set()


def test_at_most_200_errors_are_listed_and_the_last_counts_the_others(api, group):
    body = {"recipients": [f"x{n}" for n in range(250)]}
    answer = api.post(f"recipient-groups/{group.pk}/add-recipients", body)
    errors = answer.json()["errors"]
    assert len(errors) == 201
    assert errors[-1] == {"code": "TOO_MANY_ERRORS", "message": "50 more errors."}


# --- Languages ------------------------------------------------------------------------------


def test_the_face_speaks_english_whatever_is_asked_for(api, group, sites):
    answer = api.post(
        f"recipient-groups/{group.pk}/add-recipients",
        {"recipients": ids(sites[:1])},
        headers={"Accept-Language": "de"},
    )
    assert answer.json()["message"] == "1 recipient added."
