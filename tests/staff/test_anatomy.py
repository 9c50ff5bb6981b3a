"""What stands where on every list and page: saved filters first, what destroys last."""

from __future__ import annotations

import pytest
from django.urls import reverse

from commsapp.models import SavedFilter
from tests import factories
from tests.staff.conftest import content_of, page


def test_saved_filters_stand_above_search_and_filters(web, alice, group):
    SavedFilter.objects.create(
        user=alice, list="groups.recipientgroup", name="Archived ones", query="state=archived"
    )
    shown = content_of(web.get(reverse("admin:groups_recipientgroup_changelist")))
    places = [shown.index(text) for text in ("Archived ones", 'id="searchbar"', 'class="filters"')]
    assert places == sorted(places)


@pytest.mark.parametrize("name", ["contacts_contactgroup", "groups_recipient", "quotes_product"])
def test_an_empty_list_offers_no_action_on_its_rows(web, name):
    shown = content_of(web.get(reverse(f"admin:{name}_changelist")))
    assert "0 of 0 selected" not in shown
    assert 'name="action"' not in shown
    assert "There is nothing here yet." in shown
    assert f'href="{reverse(f"admin:{name}_add")}"' in shown.split("nothing here yet")[1]


def test_a_search_without_a_match_leads_back_to_all(web, group):
    url = reverse("admin:groups_recipientgroup_changelist")
    shown = content_of(web.get(url, {"q": "nowhere"}))
    assert "Nothing matches." in shown
    assert f'<a href="{url}">Show all</a>' in shown.split("Nothing matches.")[1]


def test_a_list_with_rows_offers_its_actions(web, group):
    shown = content_of(web.get(reverse("admin:groups_recipientgroup_changelist")))
    assert 'name="action"' in shown


def test_delete_is_the_last_button_of_a_page(web, licensee, line):
    customer = factories.ContactGroupFactory(licensee=licensee)
    source = factories.DataSourceFactory(licensee=licensee)
    key = factories.AlternateKeyFactory(
        licensee=licensee, data_source=source, contact_group=customer
    )
    for record in (customer, key, line):
        tools = content_of(web.get(page(record))).split('<ul class="tools">')[1].split("</ul>")[0]
        labels = [each.split("<")[0] for each in tools.split('">')[1:]]
        assert [label for label in labels if label.strip()][-1] == "Delete"
