"""One's own filters of a list."""

from __future__ import annotations

import pytest

from commsapp.models import SavedFilter
from tests.conftest import grant
from tests.staff.conftest import browse, content_of

LIST = "/admin/groups/recipientgroup/"
SAVE = "/admin/filters/save/"


def save(client, name="Old ones", query="state=archived", label="groups.recipientgroup"):
    return client.post(SAVE, {"list": label, "name": name, "query": query})


def test_a_filter_is_saved_listed_for_its_user_alone_and_removed(web, alice, charlie):
    assert "Save this filter…" not in content_of(web.get(LIST))
    assert "Save this filter…" in content_of(web.get(LIST, {"state": "archived"}))
    assert save(web).url == f"{LIST}?state=archived"
    answer = content_of(web.get(LIST))
    assert f'<a href="{LIST}?state=archived">Old ones</a>' in answer
    grant(charlie, "groups.view_recipientgroup")
    assert "Old ones" not in content_of(browse(charlie).get(LIST))
    [one] = SavedFilter.objects.filter(user=alice)
    assert f"/admin/filters/{one.pk}/remove/" in content_of(web.get(f"{LIST}?state=archived"))
    web.post(f"/admin/filters/{one.pk}/remove/")
    assert not SavedFilter.objects.exists()


def test_anothers_filter_is_not_there_to_be_removed(web, charlie):
    save(web)
    assert (
        browse(charlie).post(f"/admin/filters/{SavedFilter.objects.get().pk}/remove/").status_code
        == 404
    )
    assert SavedFilter.objects.count() == 1


def test_the_same_name_is_replaced_and_the_page_of_the_list_is_not_saved(web):
    save(web)
    save(web, query="q=shop&p=3&state=all")
    assert [(one.name, one.query) for one in SavedFilter.objects.all()] == [
        ("Old ones", "q=shop&state=all")
    ]


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("", "q=1"), ("  ", "q=1"), ("x" * 61, "q=1"), ("a\0b", "q=1"), ("a", ""), ("a", "p=2"),
        ("a", "q=" + "x" * 2000),
    ],
)  # fmt: skip
def test_what_is_no_filter_is_refused_with_a_reason(web, name, query):
    followed = web.post(
        SAVE, {"list": "groups.recipientgroup", "name": name, "query": query}, follow=True
    )
    assert {message.level_tag for message in followed.context["messages"]} == {"error"}
    assert not SavedFilter.objects.exists()


def test_a_list_has_at_most_so_many(web, alice):
    SavedFilter.objects.bulk_create(
        SavedFilter(user=alice, list="groups.recipientgroup", name=f"{n}", query="q=1")
        for n in range(SavedFilter.MAX_PER_LIST)
    )
    save(web)
    assert SavedFilter.objects.count() == SavedFilter.MAX_PER_LIST
    save(web, name="3", query="q=2")  # replacing one is no more
    assert SavedFilter.objects.get(name="3").query == "q=2"


def test_a_list_that_one_may_not_see_or_that_is_none_takes_no_filter(web, charlie):
    assert save(browse(charlie)).status_code == 403
    for label in ("", "x", "a.b", "commsapp.session", "a.b.c"):
        assert save(web, label=label).status_code == 404
    assert not SavedFilter.objects.exists()


def test_looking_saves_nothing(web):
    assert web.get(SAVE).status_code == 405
    assert not SavedFilter.objects.exists()


def test_a_filter_and_its_name_are_escaped(web):
    save(web, name="<b>", query='q="><script>')
    answer = content_of(web.get(LIST))
    assert "<script>&" not in answer
    assert "<b></a>" not in answer
