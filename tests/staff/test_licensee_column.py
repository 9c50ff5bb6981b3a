"""Whose a record is, is told to those who see records of several licensees, and to nobody else."""

from __future__ import annotations

import pytest
from django.urls import reverse

from commsapp.models import User
from tests import factories
from tests.staff.conftest import browse, content_of

LISTS = [
    "admin:contacts_datasource_changelist", "admin:contacts_role_changelist",
    "admin:contacts_contact_changelist", "admin:contacts_contactgroup_changelist",
    "admin:contacts_alternatekey_changelist", "admin:quotes_product_changelist",
    "staff-integrations",
]  # fmt: skip
HEADS = ("column-licensee", '<th scope="col">Licensee</th>')


@pytest.fixture
def sources(alice, bob):
    """One of each licensee, of the same name."""
    for user in (alice, bob):
        licensee = user.licensees.get()
        source = factories.DataSourceFactory(licensee=licensee, name="CRM suite")
        group = factories.ContactGroupFactory(licensee=licensee)
        factories.AlternateKeyFactory(licensee=licensee, data_source=source, contact_group=group)
        factories.ContactFactory(licensee=licensee)
        factories.ProductFactory(licensee=licensee)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_says_whose_each_is_only_where_one_sees_several_licensees(alice, bob, sources, name):
    url = reverse(name)
    body = content_of(browse(alice).get(url))
    assert not any(head in body for head in HEADS)
    alice.licensees.add(bob.licensees.get())
    body = content_of(browse(alice).get(url))
    assert any(head in body for head in HEADS)
    assert "Southwind Systems" in body


def test_data_sources_of_the_same_name_are_told_apart_in_a_filter(alice, sources):
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    body = content_of(browse(alice).get(reverse("admin:contacts_alternatekey_changelist")))
    assert "CRM suite · Southwind Systems" in body


def test_a_page_that_belongs_to_a_quote_is_marked_under_quotes(web, line):
    for name in ("split", "unsplit", "quick"):
        url = reverse(f"admin:quotes_quotelineitem_{name}", args=(line.pk,))
        menu = content_of(web.get(url)).split('<aside id="sidebar">')[1].split("</aside>")[0]
        assert f'href="{reverse("admin:quotes_quote_changelist")}" aria-current="true"' in menu
        assert menu.count("aria-current") == 1
