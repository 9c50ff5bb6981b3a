"""Picking a record of very many in a form: by its name, number or id."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commsapp.models import Operation
from groups.models import Recipient, RecipientGroup
from quotes.models import QuoteLineItem
from tests import factories
from tests.conftest import grant
from tests.staff.conftest import browse, content_of, page

ADD = "admin:groups_recipientgroup_add"


def add(web, **values):
    return web.post(reverse(ADD), {"name": "Cafes", "description": "", **values})


def offered(web, **query) -> list[str]:
    asked = {"app_label": "groups", "model_name": "recipientgroup", "field_name": "customer"}
    asked |= query
    return [one["text"] for one in web.get(reverse("admin:autocomplete"), asked).json()["results"]]


@pytest.fixture
def customers(licensee) -> list:
    names = ("Sample Bakeries", "Sample Cafes", "Harbour Cafes")
    return [factories.ContactGroupFactory(licensee=licensee, name=name) for name in names]


def test_a_name_that_is_one_records_is_that_one(web, customers):
    add(web, customer="sample CAFES")
    assert RecipientGroup.objects.get().customer == customers[1]


def test_an_id_is_that_one(web, customers):
    add(web, customer=str(customers[2].pk))
    assert RecipientGroup.objects.get().customer == customers[2]


def test_what_was_chosen_in_the_combobox_is_taken_as_long_as_its_text_stands(web, customers):
    chosen = f"{customers[0].pk} Sample Bakeries"
    add(web, customer="Sample Bakeries", **{"customer-chosen": chosen})
    assert RecipientGroup.objects.get().customer == customers[0]


def test_a_text_that_was_changed_is_looked_up_and_not_what_was_chosen_before(web, customers):
    chosen = f"{customers[0].pk} Sample Bakeries"
    add(web, customer="Harbour Cafes", **{"customer-chosen": chosen})
    assert RecipientGroup.objects.get().customer == customers[2]


def test_an_emptied_text_is_nobody(web, customers):
    add(web, customer="", **{"customer-chosen": f"{customers[0].pk} Sample Bakeries"})
    assert RecipientGroup.objects.get().customer is None


def test_an_unclear_text_comes_back_with_whom_it_may_mean(web, customers):
    answer = add(web, customer="sample")
    assert "Which one is “sample”? Choose it below." in content_of(answer)
    assert 'value="sample"' in content_of(answer)
    for candidate in customers[:2]:
        assert f'name="customer-pick" value="{candidate.pk}"' in content_of(answer)
    assert str(customers[2].pk) not in content_of(answer)
    assert not RecipientGroup.objects.exists()
    add(web, customer="sample", **{"customer-pick": str(customers[1].pk)})
    assert RecipientGroup.objects.get().customer == customers[1]


@pytest.mark.parametrize("text", ["nobody at all", "a\0b", "%", "x" * 5_000])
def test_a_text_that_is_nobodys_is_told_and_kept(web, customers, text):
    answer = add(web, customer=text)
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert not RecipientGroup.objects.exists()


def test_a_number_names_its_record(web, licensee, line):
    product = factories.ProductFactory(licensee=licensee, code="FIBRE-100", name="Fibre")
    values = {
        "quote": line.quote.number, "product": "fibre-100", "quantity": "1", "recipient_group": "",
        "one_time_price": "", "recurring_price": "", "discount_percent": "0",
        "configuration": "{}", "description": "", "requested_date": "",
    }  # fmt: skip
    web.post(reverse("admin:quotes_quotelineitem_add"), values)
    assert QuoteLineItem.objects.get(product=product).quote == line.quote


def test_an_archived_record_is_not_offered_but_kept_where_it_stands(web, group):
    customer = group.customer
    type(customer).objects.filter(pk=customer.pk).update(**customer.ARCHIVED)
    assert offered(web, term=customer.name) == []
    body = content_of(web.get(page(group, "change")))
    assert f'value="{customer.pk} {customer.name}"' in body
    values = {
        "name": "Renamed", "customer": customer.name, "description": "",
        "customer-chosen": f"{customer.pk} {customer.name}", "expected_member_count": "",
    }  # fmt: skip
    web.post(page(group, "change"), values)
    group.refresh_from_db()
    assert (group.name, group.customer) == ("Renamed", customer)


def test_nothing_of_another_licensee_is_offered_named_or_taken(web, bob, licensee):
    theirs = factories.ContactGroupFactory(licensee=bob.licensees.get(), name="Theirs")
    assert offered(web, term="Theirs") == []
    before = Operation.objects.count()
    for values in (
        {"customer": "Theirs"},
        {"customer": str(theirs.pk)},
        {"customer": "Theirs", "customer-chosen": f"{theirs.pk} Theirs"},
        {"customer": "Theirs", "customer-pick": str(theirs.pk)},
    ):
        assert "Theirs" not in content_of(add(web, **values)).replace('value="Theirs"', "").replace(
            "“Theirs”", ""
        )
    assert not RecipientGroup.objects.exists()
    assert Operation.objects.count() == before


def test_who_may_not_see_them_is_offered_none(charlie, customers):
    grant(charlie, "groups.add_recipientgroup", "groups.view_recipientgroup")
    asked = {"app_label": "groups", "model_name": "recipientgroup", "field_name": "customer"}
    assert browse(charlie).get(reverse("admin:autocomplete"), asked).status_code == 403


def test_options_tell_apart_who_has_the_same_name(web, licensee):
    for number in (1, 2):
        factories.RecipientFactory(
            licensee=licensee, name="Shop", msisdn=f"+44163296000{number}", city="Leeds"
        )
    from groups.pages.pickers import hint

    hints = {hint(one) for one in Recipient.objects.all()}
    assert hints == {"+441632960001 · Leeds", "+441632960002 · Leeds"}


def test_a_form_and_its_options_cost_the_same_however_many_there_are(web, licensee, group):
    def cost(url: str, **query) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert web.get(url, query).status_code == 200
        return len(captured)

    asked = {
        "app_label": "groups", "model_name": "recipientgroup", "field_name": "customer",
        "term": "customer",
    }  # fmt: skip
    urls = [(page(group, "change"), {}), (reverse("admin:autocomplete"), asked)]
    role = factories.RoleFactory(licensee=licensee)

    def grow(count: int) -> None:
        rows = [
            factories.ContactGroupFactory.build(licensee=licensee, role=role) for _ in range(count)
        ]
        type(rows[0]).objects.bulk_create(rows)

    grow(10)
    few = [cost(url, **query) for url, query in urls]
    grow(990)
    assert [cost(url, **query) for url, query in urls] == few
    assert max(few) <= 8


def test_no_form_waits_for_select2_any_more(web, group):
    body = content_of(web.get(page(group, "change")))
    assert "select2" not in body
    assert "staff/js/combobox.js" in body
