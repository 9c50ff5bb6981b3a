"""The members of a recipient group: in which order, on which page of how many, in which columns."""

from __future__ import annotations

import re

import pytest

from commsapp.staff import changelists
from groups.models import Membership
from groups.pages import members
from tests.staff.conftest import content_of, page, statements


def names(web, group, **query) -> list[str]:
    body = content_of(web.get(page(group), query)).split("<tbody>")[1].split("</tbody>")[0]
    return re.findall(r'aria-label="([^"]+)"', body)


@pytest.fixture
def three(join):
    join(1, name="Bristol", external_reference="C-3")
    join(1, name="Aberdeen", external_reference="C-2")
    join(1, name="Cardiff", external_reference="C-1")


def test_members_are_sorted_by_name_reference_and_when_they_came(web, group, three):
    assert names(web, group) == ["Bristol", "Aberdeen", "Cardiff"]
    assert names(web, group, o="name") == ["Aberdeen", "Bristol", "Cardiff"]
    assert names(web, group, o="-name") == ["Cardiff", "Bristol", "Aberdeen"]
    assert names(web, group, o="reference") == ["Cardiff", "Aberdeen", "Bristol"]
    assert names(web, group, o="-added") == ["Cardiff", "Aberdeen", "Bristol"]
    assert names(web, group, o="nonsense") == ["Bristol", "Aberdeen", "Cardiff"]
    assert 'aria-sort="descending"' in content_of(web.get(page(group), {"o": "-name"}))


def test_the_order_stays_while_one_filters_searches_and_turns_pages(web, group, three, monkeypatch):
    monkeypatch.setattr(members, "_SHOWN", 2)
    body = content_of(web.get(page(group), {"o": "name", "type": "Location"}))
    assert "type=Subscriber&amp;o=name" in body
    assert '<input type="hidden" name="o" value="name">' in body
    [following] = re.findall(r'rel="next" href="([^"]+)"', body)
    assert "Page 1 of 2" in body
    second = content_of(web.get(page(group) + following.replace("&amp;", "&")))
    assert "Page 2 of 2" in second
    assert "Cardiff" in second
    assert "Aberdeen" not in second


def test_pages_by_key_say_which_of_how_many_they_are(web, group, join, monkeypatch):
    monkeypatch.setattr(members, "_SHOWN", 2)
    join(2)
    assert "Page 1" not in content_of(web.get(page(group)))
    join(3)
    url, seen = page(group), []
    for _turn in range(3):
        body = content_of(web.get(url))
        seen += re.findall(r"Page \d of \d", body)
        links = re.findall(r'rel="next" href="([^"]+)"', body)
        url = page(group) + links[0].replace("&amp;", "&") if links else url
    assert seen == ["Page 1 of 3", "Page 2 of 3", "Page 3 of 3"]
    [back] = re.findall(r'rel="prev" href="([^"]+)"', body)
    assert "Page 2 of 3" in content_of(web.get(page(group) + back.replace("&amp;", "&")))


def test_no_more_is_sorted_by_name_than_can_be_counted(web, group, three, monkeypatch):
    monkeypatch.setattr(members, "MAX_COUNTED", 2)
    body = content_of(web.get(page(group), {"o": "name"}))
    assert "o=name" not in body.split("<thead>")[1].split("</thead>")[0]
    assert "o=added" in body
    assert names(web, group, o="name") == ["Bristol", "Aberdeen", "Cardiff"]
    assert names(web, group, o="-added") == ["Cardiff", "Aberdeen", "Bristol"]


def test_what_is_counted_no_further_has_more_pages(rf):
    request = rf.get("/")
    shown = changelists.Slice([1], next="?p=2").with_count(10_000, True, 50)
    assert str(shown.told) == "Page 1 of more than 200"
    assert (
        changelists.page_by_number(Membership.objects.none(), request, 5)
        .with_count(0, False, 5)
        .told
        == ""
    )


def test_a_column_in_which_all_are_blank_takes_no_room(web, group, join):
    join(2, city="", msisdn="", external_reference="R-1")
    head = content_of(web.get(page(group))).split("<thead>")[1].split("</thead>")[0]
    assert "Reference" in head
    assert "City" not in head
    assert "MSISDN" not in head
    join(1, city="Leeds")
    assert "City" in content_of(web.get(page(group))).split("<thead>")[1].split("</thead>")[0]


def test_a_sorted_page_takes_as_many_statements_for_ten_as_for_a_hundred(web, group, join):
    join(10)
    few = statements(web, page(group), {"o": "name"})
    join(90)
    assert statements(web, page(group), {"o": "name"}) == few
