"""When the demo came about: over the last weeks, as a reseller works."""

from __future__ import annotations

import datetime
from collections import Counter
from io import StringIO
from statistics import median

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from commsapp.core import audit
from commsapp.core.actors import Actor
from commsapp.db.ids import uuid7, uuid7_of
from commsapp.demo.working_days import DAYS, Clock
from commsapp.models import Channel, Operation, User
from contacts.models import ContactGroup
from groups.models import Membership
from quotes.models import Quote, QuoteLineItem


@pytest.fixture
def operations(db, settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher", "commsapp.api.oauth.hashers.SecretHasher",
    ]  # fmt: skip
    call_command("demo", "--json", stdout=StringIO())
    return list(Operation.objects.order_by("id"))


def test_what_was_done_is_spread_over_the_last_weeks_and_working_days_are_the_busier(operations):
    today = timezone.localdate()
    days = Counter(timezone.localtime(operation.at).date() for operation in operations)
    assert today - datetime.timedelta(days=DAYS) <= min(days) <= max(days) <= today
    workdays = [day for day in days if day.weekday() < 5 and day != today]
    weekends = [day for day in days if day.weekday() >= 5 and day != today]
    assert len(workdays) >= 15
    assert weekends
    assert median(days[day] for day in workdays) > max(days[day] for day in weekends)
    assert max(days.values()) < len(operations) / 4
    assert {operation.channel for operation in operations} == {*Channel.values}


def test_an_operations_id_begins_with_its_time_and_nothing_is_of_the_future(operations):
    for operation in operations:
        assert operation.pk.int >> 80 == int(
            operation.at.timestamp() * 1_000
        ) or operation.at > timezone.now() - (datetime.timedelta(minutes=10))
        assert operation.at <= timezone.now()


def test_records_are_as_old_as_their_history_and_a_split_can_be_undone(operations):
    quote = Quote.objects.filter(lines__split_at__isnull=False).first()
    first = Operation.objects.filter(target_id=quote.pk).order_by("id").first()
    assert quote.created_at == first.at
    line = quote.lines.exclude(split_at=None).first()
    split = Operation.objects.filter(kind="quotes.line_split", target_id=line.pk).get()
    assert {*line.parts.values_list("created_at", flat=True)} == {split.at}
    Quote.objects.filter(pk=quote.pk).update(status="draft")
    by = Actor.of(User.objects.get(username="admin"), Channel.COMMAND)
    planned = audit.undo(split.pk, by=by, dry_run=True)
    assert (planned.reversed, planned.kept) == (line.parts.count(), 0)
    assert QuoteLineItem.objects.filter(split_from=line).exists()
    assert ContactGroup.objects.filter(created_at__lt=timezone.now()).exists()


def test_nobody_joins_a_group_before_there_is_such_a_recipient_or_works_before_the_licensee(
    operations,
):
    early = Membership.objects.filter(operation__at__lt=F("recipient__created_at"))
    assert Membership.objects.exists()
    assert not early.exists()
    assert not Operation.objects.filter(at__lt=F("licensee__created_at")).exists()


def test_the_same_days_come_of_the_same_seed():
    one, other = Clock("a name"), Clock("a name")
    assert [one.tick() for _each in range(50)] == [other.tick() for _each in range(50)]
    assert one.spread(1) == one.workdays[:1]
    days = one.spread(8, since=0.1, until=0.6)
    assert len(days) == len({*days}) == 8
    assert days == sorted(days)


def test_an_id_of_a_moment_sorts_among_those_of_its_time():
    moment = timezone.now() - datetime.timedelta(days=3)
    id = uuid7_of(moment)
    assert (id.version, id.variant) == (7, uuid7().variant)
    assert id < uuid7()
    assert uuid7_of(moment - datetime.timedelta(seconds=1)) < id
