"""Before a record is archived or deleted, people are told what stands on it."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Group as AuthGroup
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from commsapp.models import Operation
from commsapp.staff import changelists
from contacts.models import Contact, ContactGroup
from groups.models import Recipient, RecipientGroup
from quotes import operations as quotes_operations
from quotes.models import Quote, QuoteLineItem
from tests import factories
from tests.conftest import grant
from tests.staff.conftest import again, browse, content_of, page


def standing(response) -> dict[str, tuple[str, str]]:
    """What a confirmation says that stands on the records: by label, how many, and what of each."""
    section = re.search(
        r'<section class="card panel standing.*?</section>', content_of(response), re.DOTALL
    )
    if section is None:
        return {}
    listings = re.findall(
        r'<h3>(.*?)(?: <span class="count">(.*?)</span>)?</h3>(.*?)</div>', section[0], re.DOTALL
    )
    return {label: (count, " ".join(strip_tags(rest).split())) for label, count, rest in listings}


def selected(model, ids, action: str = "archive_selected") -> tuple[str, dict]:
    """The address of a list and what its action sends."""
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return url, {"action": action, "_selected_action": [str(id) for id in ids]}


@pytest.fixture
def suite_key(group):
    source = factories.DataSourceFactory(licensee=group.licensee, name="Suite One")
    return factories.AlternateKeyFactory(
        licensee=group.licensee, data_source=source, contact_group=group.customer, value="KEY-A"
    )


# --- Customers --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["archive", "delete-group"])
def test_a_customer_is_not_put_away_before_all_that_is_its_own_was_named(
    web, group, join, line, suite_key, name
):
    [recipient] = join(1)
    contact = factories.ContactFactory(licensee=group.licensee, name="Ann Sample")
    group.customer.connections.create(contact=contact, position=1)
    before = Operation.objects.count()
    answer = web.get(page(group.customer, name))
    found = standing(answer)
    assert found["Connected contacts"] == ("1", "Ann Sample")
    assert found["Recipient groups"] == ("1", "Shops 1 member")
    assert found["Recipients"] == ("1", str(recipient))
    count, told_of_quote = found["Open quotes"]
    assert count == "1"
    assert told_of_quote.endswith(f"{line.quote} Draft")
    assert found["Alternate keys"][1].endswith("KEY-A Suite One")
    for record in (contact, group, recipient, line.quote, suite_key):
        assert page(record) in content_of(answer)
    assert ContactGroup.objects.get(pk=group.customer_id).status == "active"
    assert Operation.objects.count() == before


def test_closed_quotes_are_told_apart_from_open_ones(web, line, by_alice):
    quotes_operations.change_quote_status(line.quote_id, "cancel", by=by_alice)
    found = standing(web.get(page(line.quote.customer, "archive")))
    assert "Open quotes" not in found
    assert found["Closed quotes"] == ("1", f"{line.quote} Cancelled")


def test_where_nothing_stands_the_page_says_so(web, customer):
    answer = web.get(page(customer, "archive"))
    assert standing(answer) == {}
    assert "Nothing depends on it." in content_of(answer)


def test_restoring_touches_nothing_and_says_nothing(web, group, line):
    customer = group.customer
    web.post(page(customer, "archive"), again(web.get(page(customer, "archive"))))
    answer = web.get(page(customer, "restore"))
    assert "What depends on it" not in content_of(answer)


def test_who_may_not_see_quotes_is_told_that_there_may_be_more(charlie, group, line):
    grant(charlie, "contacts.view_contactgroup", "contacts.change_contactgroup")
    answer = browse(charlie).get(page(group.customer, "archive"))
    assert standing(answer) == {}
    assert "There may be more, which you may not see." in content_of(answer)
    assert line.quote.number not in content_of(answer)
    assert "Nothing depends on it." not in content_of(answer)


def test_another_licensees_quotes_are_nowhere_in_it(web, group):
    stranger = factories.QuoteFactory()
    Quote.objects.filter(pk=stranger.pk).update(name="Strange offer")
    assert "Strange offer" not in content_of(web.get(page(group.customer, "archive")))


def test_many_customers_are_told_as_one(web, licensee):
    customers = factories.ContactGroupFactory.create_batch(3, licensee=licensee)
    for customer in customers:
        factories.QuoteFactory.create_batch(5, licensee=licensee, customer=customer)
    url, sent = selected(ContactGroup, [one.pk for one in customers])
    count, names = standing(web.post(url, sent))["Open quotes"]
    assert count == "15"
    assert names.endswith("and 5 more")


@pytest.mark.parametrize("action", ["archive_selected", "delete_groups"])
def test_a_thousand_customers_take_no_more_statements_than_twenty(web, licensee, action):
    taken = []
    role = factories.RoleFactory(licensee=licensee)
    for count in (20, 1_000):
        customers = ContactGroup.objects.bulk_create(
            factories.ContactGroupFactory.build_batch(count, licensee=licensee, role=role)
        )
        kinds: tuple[tuple[Any, Any], ...] = (
            (Quote, factories.QuoteFactory),
            (RecipientGroup, factories.RecipientGroupFactory),
            (Recipient, factories.RecipientFactory),
        )
        for model, factory in kinds:
            model.objects.bulk_create(
                factory.build(licensee=licensee, customer=customer) for customer in customers
            )
        url, sent = selected(ContactGroup, [one.pk for one in customers], action)
        with CaptureQueriesContext(connection) as captured:
            form = urlencode(sent, doseq=True)
            found = standing(web.post(url, form, content_type="application/x-www-form-urlencoded"))
        assert found["Open quotes"][0] == f"{count:,}"
        taken.append(len(captured))
    assert taken[0] == taken[1]


def test_more_than_can_be_counted_in_time_are_told_as_more(web, monkeypatch, customer):
    factories.QuoteFactory.create_batch(25, licensee=customer.licensee, customer=customer)
    monkeypatch.setattr(changelists.count_up_to, "__defaults__", (20,))
    count, names = standing(web.get(page(customer, "archive")))["Open quotes"]
    assert count == "20+"
    assert names.endswith("and more than 10 more")


# --- Contacts, recipients, groups -------------------------------------------------------------


def test_a_contact_is_told_with_its_groups_and_recipients(web, customer, connect):
    first, _second = connect("Ann Sample", "Bo Sample")
    recipient = factories.RecipientFactory(licensee=customer.licensee, contact=first, name="Desk 1")
    found = standing(web.get(page(first, "archive")))
    assert found["Connected to contact groups"][1].endswith("Sample Bakeries primary contact")
    assert found["Recipients that stand for them"][1].endswith(str(recipient))


def test_a_recipient_is_told_with_its_groups_and_lines(web, group, join, line, by_alice):
    first, _second = join(2)
    quotes_operations.split_line(line.pk, by=by_alice)
    part = QuoteLineItem.objects.get(recipient=first)
    url, sent = selected(Recipient, [first.pk])
    for answer in (web.get(page(first, "archive")), web.post(url, sent)):
        found = standing(answer)
        assert found["In recipient groups"][1].endswith("Shops 2 members")
        told_of_line = found["Lines of open quotes"][1]
        assert told_of_line.endswith(f"{line.quote.number} · {part} Draft")
    assert not Recipient.objects.get(pk=first.pk).archived_at


def test_a_recipient_group_is_told_with_its_members_and_lines(web, group, join, line):
    members = join(12)
    found = standing(web.get(page(group, "archive")))
    assert found["Members"][0] == "12"
    assert found["Members"][1].endswith("and 2 more")
    assert str(members[0]) in found["Members"][1]
    assert found["Lines of open quotes"][1].endswith(f"{line.name_on_quote} Draft · 12 members")


# --- What is deleted for good -----------------------------------------------------------------


def test_a_line_is_not_deleted_before_its_quotes_totals_were_told(web, group, join, line):
    join(3)
    answer = web.get(page(line, "delete"))
    assert f"“{line.quote.number} · {line}” would be deleted." in content_of(answer)
    _count, change = standing(answer)["Total of the quote"]
    assert "A line that is deleted cannot be brought back by Undo." in change
    # 2 × 49.90 − 12.5 % is 87.32 for each, 2 × 9.99 − 12.5 % is 17.48 a month.
    assert change.endswith("one-time 261.96 → 0.00 EUR, per month 52.44 → 0.00 EUR")
    web.post(page(line, "delete"), {"post": "yes"})
    quote = Quote.objects.with_totals().get(pk=line.quote_id)
    assert quote.totals == (0, 0)


def test_a_key_is_not_deleted_before_one_was_told_what_it_names(web, group, suite_key):
    found = standing(web.get(page(suite_key, "delete")))
    _count, names = found["Contact group"]
    assert "The next save under the key makes a new group." in names
    assert names.endswith("Sample Bakeries Suite One")


def test_what_is_no_record_is_deleted_as_django_asks(admin_client):
    nobodys = AuthGroup.objects.create(name="Nobody's")
    answer = admin_client.get(reverse("admin:auth_group_delete", args=(nobodys.pk,)))
    assert "Are you sure you want to delete" in content_of(answer)
    assert "What this touches" not in content_of(answer)


def test_those_who_are_archived_from_a_list_are_named(web, licensee):
    made = factories.ContactFactory.create_batch(7, licensee=licensee)
    answer = content_of(web.post(*selected(Contact, [one.pk for one in made])))
    assert "and 2 more" in answer
    assert sum(f"“{one}”" in answer for one in made) == 5
