"""The first page, and that of the integrations."""

from __future__ import annotations

import datetime
from uuid import UUID

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone
from oauth2_provider.models import get_access_token_model

from commsapp.core import records
from commsapp.core.actors import Actor
from commsapp.core.credentials import api_clients
from commsapp.dashboard import statistics
from commsapp.db.ids import uuid7
from commsapp.models import Client, Operation
from contacts.models import SaveCount, SaveFailure
from groups.models import RecipientGroup
from tests import factories
from tests.conftest import grant
from tests.staff.conftest import browse, content_of, page


@pytest.fixture(autouse=True)
def _nothing_kept():
    cache.clear()


def done(licensee, user, *, days_ago=0, channel="staff", count=1):
    """Operations of a day, as if they had been made then."""
    at = timezone.now() - datetime.timedelta(days=days_ago)
    Operation.objects.bulk_create(
        Operation(
            id=UUID(int=int(at.timestamp() * 1000) << 80 | uuid7().int & (1 << 80) - 1),
            at=at, licensee=licensee, user=user, channel=channel, kind="created",
            target_type="groups.recipientgroup", target_id=uuid7(), target_name="Shops", touched=1,
        )
        for _ in range(count)
    )  # fmt: skip


def test_operations_of_thirty_days_are_counted_by_day_and_face(alice, licensee, by_alice):
    done(licensee, alice, count=3)
    done(licensee, alice, days_ago=2, channel="rest", count=2)
    done(licensee, alice, days_ago=29, channel="connect")
    done(licensee, alice, days_ago=31, channel="message", count=9)
    days = statistics.last_days(by_alice)
    assert len(days) == 30
    assert {day.date: dict(day.by_face) for day in days if day.by_face} == {
        timezone.localdate(): {"staff": 3},
        timezone.localdate() - datetime.timedelta(days=2): {"rest": 2},
        timezone.localdate() - datetime.timedelta(days=29): {"connect": 1},
    }


def test_days_that_are_over_are_counted_once_and_today_always(
    alice, licensee, by_alice, django_assert_num_queries
):
    done(licensee, alice, days_ago=5)
    first = statistics.last_days(by_alice)
    done(licensee, alice, count=2)
    with django_assert_num_queries(1) as asked:
        second = statistics.last_days(by_alice)
    assert [day.total for day in second[:-2]] == [day.total for day in first[:-2]]
    assert second[-1].total == first[-1].total + 2
    assert asked.captured_queries[0]["sql"].count("WHEN") <= 2


def test_another_licensees_operations_are_not_in_the_chart(bob, alice, licensee, by_alice, by_bob):
    done(licensee, alice, count=4)
    assert sum(day.total for day in statistics.last_days(by_bob)) == 0
    assert sum(day.total for day in statistics.last_days(by_alice)) == 4
    assert sum(day.total for day in statistics.last_days(by_bob)) == 0


def test_a_superuser_sees_all_in_the_chart(alice, bob, licensee):
    done(licensee, alice)
    alice.is_superuser = True
    assert sum(day.total for day in statistics.last_days(Actor.of(alice, "staff"))) == 1


def test_the_chart_stands_on_its_ground_and_a_table_says_the_same(web, alice, licensee):
    done(licensee, alice, count=3)
    done(licensee, alice, channel="rest")
    answer = web.get("/admin/")
    chart = answer.context["chart"]
    assert sum(float(bar.height) for bar in chart.bars) == pytest.approx(100)
    assert {bar.channel for bar in chart.bars} == {"staff", "rest"}
    assert '<td class="num">3</td>' in content_of(answer)
    assert "style=" not in content_of(answer)


def test_failed_saves_of_the_last_day_stand_on_the_first_page(web, licensee, bob):
    suite = factories.DataSourceFactory(licensee=licensee, name="Sales suite")
    for place, hours in enumerate((1, 3, 30)):
        at = timezone.now() - datetime.timedelta(hours=hours)
        SaveFailure.objects.create(
            data_source=suite, number=place, slot=place, at=at, fault_count=1
        )
    [failing] = web.get("/admin/").context["failing"]
    assert (failing["name"], failing["count"], failing["has_more"]) == ("Sales suite", 2, False)
    assert list(browse(bob).get("/admin/").context["failing"]) == []


def test_a_new_user_is_told_the_first_steps_until_there_is_a_quote(web, licensee, charlie):
    assert "First steps" in content_of(web.get("/admin/"))
    group = factories.ContactGroupFactory(licensee=licensee)
    steps = web.get("/admin/").context["first_steps"]
    assert [step["is_done"] for step in steps] == [True, False, False, False, False]
    factories.QuoteFactory(licensee=licensee, customer=group)
    assert "First steps" not in content_of(web.get("/admin/"))
    assert "First steps" not in content_of(browse(charlie).get("/admin/"))


def test_a_recent_operation_is_undone_from_the_first_page(web, group, by_alice):
    records.archive(RecipientGroup, [group.pk.hex], by=by_alice)
    [entry] = [one for one in web.get("/admin/").context["recent"] if one["can_undo"]]
    undo = reverse("admin:commsapp_operation_undo", args=(entry["operation"].pk,))
    assert undo in content_of(web.get("/admin/"))
    web.post(undo, {"next": "/admin/"})
    group.refresh_from_db()
    assert group.status == "active"


def test_as_many_statements_for_many_operations_as_for_few(
    web, alice, licensee, django_assert_num_queries, django_assert_max_num_queries
):
    done(licensee, alice, count=12)
    web.get("/admin/")
    with django_assert_max_num_queries(25) as few:
        web.get("/admin/")
    done(licensee, alice, count=1000)
    factories.RecipientGroupFactory.create_batch(40, licensee=licensee, expected_member_count=9)
    with django_assert_num_queries(len(few)):
        web.get("/admin/")


# --- Integrations -----------------------------------------------------------------------------

PAGE = "/admin/integrations/"


def test_data_sources_tell_todays_saves_and_failures(web, licensee, bob):
    suite = factories.DataSourceFactory(licensee=licensee, name="Sales suite")
    today = timezone.now().date()
    for outcome, count in (("Created", 4), ("Failed", 2)):
        SaveCount.objects.create(data_source=suite, day=today, outcome=outcome, count=count)
    SaveCount.objects.create(
        data_source=suite, day=today - datetime.timedelta(days=1), outcome="Created", count=99
    )
    [source] = web.get(PAGE).context["sources"]
    assert (source["outcomes"], source["failed"]) == ([("Created", 4)], 2)
    assert "Sales suite" not in content_of(browse(bob).get(PAGE))


def test_a_clients_tokens_end_when_that_is_confirmed(web, alice):
    client, _secret = api_clients.create_client("Till", alice)
    api_clients.issue_token(client, days=2)
    api_clients.issue_token(client, days=-1)
    [shown] = web.get(PAGE).context["clients"]
    assert shown.token_count == 1
    url = reverse("staff-end-tokens", args=(client.pk,))
    assert "End all tokens" in content_of(web.get(url))
    assert get_access_token_model().objects.count() == 2
    assert web.post(url).url == PAGE
    assert get_access_token_model().objects.count() == 0
    assert Client.objects.filter(pk=client.pk).exists()
    assert "1 token ended." in content_of(web.get(PAGE))


def test_an_ended_token_opens_nothing_any_more(web, alice, client):
    own, _secret = api_clients.create_client("Till", alice)
    header = {"authorization": f"Bearer {api_clients.issue_token(own, days=1)}"}
    assert client.get("/api/v1/recipients", headers=header).status_code == 200
    web.post(reverse("staff-end-tokens", args=(own.pk,)))
    assert client.get("/api/v1/recipients", headers=header).status_code == 401


def test_only_who_may_change_a_client_ends_its_tokens(alice, bob, charlie):
    client, _secret = api_clients.create_client("Till", alice)
    api_clients.issue_token(client, days=1)
    grant(charlie, "commsapp.view_client")
    url = reverse("staff-end-tokens", args=(client.pk,))
    assert browse(charlie).post(url).status_code == 403
    assert browse(bob).post(url).status_code == 404
    assert get_access_token_model().objects.count() == 1


def test_the_integrations_are_for_who_may_see_some(web, charlie):
    assert browse(charlie).get(PAGE).status_code == 403
    assert browse(charlie).get(f"{PAGE}curl/").status_code == 403
    assert f'href="{PAGE}"' not in content_of(browse(charlie).get("/admin/"))
    assert f'href="{PAGE}"' in content_of(web.get("/admin/"))


def test_curl_lines_name_the_users_own_records_and_no_others(web, bob, group):
    answer = content_of(web.get(f"{PAGE}curl/"))
    assert str(group.pk) in answer
    assert str(group.customer_id) in answer
    assert (
        f"/services/data/v64.0/connect/comms-sales/recipient-group/{group.pk}/recipients" in answer
    )
    assert str(group.pk) not in content_of(browse(bob).get(f"{PAGE}curl/"))


def test_as_many_statements_for_many_data_sources_as_for_few(
    web, licensee, alice, django_assert_num_queries, django_assert_max_num_queries
):
    factories.DataSourceFactory(licensee=licensee)
    api_clients.create_client("Till", alice)
    with django_assert_max_num_queries(15) as few:
        web.get(PAGE)
    factories.DataSourceFactory.create_batch(30, licensee=licensee)
    for number in range(10):
        api_clients.create_client(f"Till {number}", alice)
    with django_assert_num_queries(len(few)):
        web.get(PAGE)


def test_the_page_of_a_record_has_its_id_to_copy(web, group):
    assert f'<code class="id">{group.pk}</code>' in content_of(web.get(page(group)))
