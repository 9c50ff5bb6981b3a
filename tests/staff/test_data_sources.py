"""A data source's page: its last saves, what became of them day by day, and why some failed."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from commsapp.core.metering import counters
from contacts import operations
from contacts.models import ContactGroup, SaveCount
from contacts.operations import SaveContactGroup
from tests import factories
from tests.conftest import actor, grant
from tests.contacts.external_suite import Suite
from tests.staff.conftest import browse, content_of, page


@pytest.fixture
def suite(licensee, by_alice) -> Suite:
    return Suite(licensee, by_alice)


def fail(suite, count, start=1):
    saves = [
        SaveContactGroup(
            suite_data_source_instance_id=suite.source.pk.hex, alternate_key=f"BAD-{line}"
        ).received(line)
        for line in range(start, start + count)
    ]
    operations.save_contact_groups(saves, by=suite.by)


def test_a_new_data_source_says_that_nothing_happened_yet(web, suite):
    shown = content_of(web.get(page(suite.source)))
    for sentence in ("Nothing was saved", "No saves in the last 30 days", "No save was refused"):
        assert sentence in shown


def test_the_last_saves_link_to_their_group_and_tell_the_outcome(web, suite):
    for number in range(12):
        suite.save(f"K{number}", contact_group_name=f"Customer {number}")
    saved = suite.save("K0", contact_group_name="Renamed")
    response = web.get(page(suite.source))
    group = ContactGroup.objects.get(pk=saved.object_id)
    assert f'href="{page(group)}"' in content_of(response)
    assert "Renamed" in content_of(response)
    assert ">Updated<" in content_of(response)
    assert "Customer 11" in content_of(response)
    assert "Customer 1<" not in content_of(response)  # the ten last


def test_who_may_not_see_groups_gets_no_link(suite, charlie):
    saved = suite.save("K")
    grant(charlie, "contacts.view_datasource", "contacts.view_alternatekey")
    shown = content_of(browse(charlie).get(page(suite.source)))
    assert "Customer" in shown
    assert str(ContactGroup.objects.get(pk=saved.object_id).pk) not in shown


def test_the_failures_are_told_with_all_their_reasons_the_newest_first(web, suite):
    fail(suite, 25)
    first = content_of(web.get(page(suite.source)))
    assert "BAD-25" in first
    assert "BAD-5<" not in first
    assert first.index("BAD-25") < first.index("BAD-24")
    assert "There is no contact group." in first
    assert "NotNull" in first
    second = content_of(web.get(page(suite.source), {"p": 2}))
    assert "BAD-5<" in second
    assert "BAD-25" not in second


def test_more_reasons_than_are_kept_are_counted(web, suite):
    suite.refused("K", *[operations.SubscriptionContactGroupConnectionModel(index=-1)] * 20)
    assert "and 20 more" in content_of(web.get(page(suite.source)))


@pytest.mark.django_db(transaction=True)
def test_outcomes_are_counted_by_day_once_they_are_written(web, suite):
    suite.save("K")
    suite.save("K")
    suite.save("K", contact_group_name="B")
    fail(suite, 3)
    assert not SaveCount.objects.exists()
    counters.flush()
    fail(suite, 1)
    counters.flush()
    stored = SaveCount.objects.values_list("data_source", "day", "outcome", "count")
    today = timezone.now().date()
    assert {*stored} == {
        (suite.source.pk, today, outcome, count)
        for outcome, count in (("Created", 1), ("Unchanged", 1), ("Updated", 1), ("Failed", 4))
    }
    response = web.get(page(suite.source))
    assert '<td class="num">7</td>' in content_of(response)
    assert '<rect class="bar is-bad"' in content_of(response)
    assert " style=" not in content_of(response).partition("<main")[2]


@pytest.mark.django_db(transaction=True)
def test_what_was_only_planned_or_refused_to_strangers_is_not_counted(suite, by_bob):
    operations.save_contact_group(suite.request("K"), by=suite.by, dry_run=True)
    suite.refused(by=by_bob)
    suite.refused(suite_data_source_instance_id=None)
    counters.flush()
    assert not SaveCount.objects.exists()


def test_days_before_the_last_thirty_are_left_out(web, suite):
    today = timezone.now().date()
    for days, count in ((0, 11), (29, 22), (30, 33)):
        day = today - datetime.timedelta(days=days)
        SaveCount.objects.create(
            data_source=suite.source, day=day, outcome="Unchanged", count=count
        )
    shown = content_of(web.get(page(suite.source)))
    assert '<td class="num">11</td>' in shown
    assert '<td class="num">22</td>' in shown
    assert '<td class="num">33</td>' not in shown


def test_nothing_of_another_licensee_is_shown(web, suite, bob, by_bob):
    fail(suite, 2)
    theirs = Suite(bob.licensees.get(), by_bob)
    fail(theirs, 1, start=900)
    theirs.save("THEIRS")
    assert web.get(page(theirs.source)).status_code == 404
    shown = content_of(web.get(page(suite.source)))
    assert "BAD-900" not in shown
    assert "THEIRS" not in shown
    assert "BAD-1" not in content_of(browse(bob).get(page(theirs.source)))


def test_the_page_takes_as_many_statements_for_many_saves_as_for_few(web, suite, licensee):
    web.get(page(suite.source))
    taken = set()
    for count in (3, 300):
        source = Suite(licensee, actor(suite.by.user))
        keys = [source.request(f"K{each}") for each in range(count)]
        operations.save_contact_groups(keys, by=source.by)
        fail(source, count)
        for day in range(min(count, 30)):
            SaveCount.objects.create(
                data_source=source.source, outcome="Created", count=1,
                day=timezone.now().date() - datetime.timedelta(days=day),
            )  # fmt: skip
        with CaptureQueriesContext(connection) as captured:
            assert web.get(page(source.source)).status_code == 200
        taken.add(len(captured))
    assert len(taken) == 1


def test_the_contact_groups_page_tells_its_keys_and_their_last_outcome(web, suite):
    saved = suite.save("KEY-OF-GROUP", mark_as_archived=True)
    other = factories.DataSourceFactory(licensee=suite.licensee, name="Other suite")
    suite.save("SECOND", object_id=saved.object_id, suite_data_source_instance_id=other.pk.hex)
    group = ContactGroup.objects.get(pk=saved.object_id)
    shown = content_of(web.get(page(group)))
    for text in ("KEY-OF-GROUP", "Created", "SECOND", "Updated", "Other suite"):
        assert text in shown
