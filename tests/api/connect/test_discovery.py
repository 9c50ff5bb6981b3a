"""What there is to discover on the Connect API, and its limits: contract 2."""

import pytest

from commsapp.core.metering import counters
from commsapp.models import ApiUse, Client
from tests.api.connect.conftest import body
from tests.conftest import token
from tests.groups.many_recipients import members_of

pytestmark = pytest.mark.django_db


def test_versions_are_told_without_a_token(client):
    answer = client.get("/services/data")
    assert answer.json()[0] == {
        "label": "Summer '25", "url": "/services/data/v64.0", "version": "64.0",
    }  # fmt: skip
    assert [entry["version"] for entry in answer.json()] == [f"{n}.0" for n in range(64, 69)]
    assert answer["Sforce-Limit-Info"] == "api-usage=0/1000000"


def test_a_versions_resources_need_a_token(client, alice):
    assert client.get("/services/data/v64.0").status_code == 401
    answer = client.get("/services/data/v64.0/", headers={"Authorization": f"OAuth {token(alice)}"})
    assert answer.json()["connect"] == "/services/data/v64.0/connect"
    for path in answer.json().values():
        assert path.startswith("/services/data/v64.0/")


def test_every_answer_tells_the_use_and_the_limits_agree(ask, client, group, alice):
    headers = {"Authorization": f"Bearer {token(alice)}"}
    for used in (1, 2):
        answer = ask(group.pk, raw=b"{", headers=headers)
        assert answer["Sforce-Limit-Info"] == f"api-usage={used}/1000000"
    limits = client.get("/services/data/v64.0/limits", headers=headers).json()
    assert limits == {"DailyApiRequests": {"Max": 1_000_000, "Remaining": 999_997}}


def test_a_spent_allocation_is_403_and_changes_nothing(ask, group, recipients, settings):
    settings.DAILY_API_REQUESTS = 2
    for _ in range(2):
        assert ask(group.pk, body("Add", [])).status_code == 200
    answer = ask(group.pk, body("Add", recipients))
    assert answer.status_code == 403
    assert answer.json()[0]["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
    assert answer["Sforce-Limit-Info"] == "api-usage=2/2"
    assert members_of(group) == set()


def test_a_burst_is_429_and_says_when_to_try_again(ask, group, recipients, settings):
    settings.API_REQUESTS_A_SECOND = 1
    answers = [ask(group.pk, body("Add", [])) for _ in range(10)]
    [refused, *_more] = [answer for answer in answers if answer.status_code == 429]
    assert refused.json()[0]["errorCode"] == "REQUEST_RATE_EXCEEDED"
    assert refused["Retry-After"] == "1"


def test_what_is_counted_is_written_once_in_a_while(ask, group, alice, licensee):
    for _ in range(3):
        ask(group.pk, body("Add", []))
    assert not ApiUse.objects.exists()
    counters.flush()
    assert ApiUse.objects.get(licensee=licensee).calls == 3
    assert Client.objects.get(user=alice).last_used_at
