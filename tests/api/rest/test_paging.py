"""Keyset paging: every row once, in order, both ways, whatever the page size and the ties."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.test import RequestFactory
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.request import Request

from commsapp.api.rest.pagination import KeysetPagination
from groups.models import Recipient
from tests import factories

pytestmark = pytest.mark.django_db
ORDERINGS = ("name", "archived_at", "city", "recipient_type", "created_at", "updated_at")
VIEW = SimpleNamespace(ordering_fields=ORDERINGS, ordering="id")


def page(url):
    request = Request(RequestFactory().get(url))
    paging = KeysetPagination()
    rows = paging.paginate_queryset(Recipient.objects.all(), request, VIEW)
    return paging.get_paginated_response([row.pk for row in rows]).data


def walk(url, way):
    pages = []
    while url:
        answer = page(url)
        pages.append(answer["results"])
        url = answer[way]
    return pages


terms = st.builds(lambda sign, name: f"{sign}{name}", st.sampled_from(["", "-"]),
                  st.sampled_from([*ORDERINGS, "id"]))  # fmt: skip
orderings = st.lists(terms, min_size=1, max_size=3, unique_by=lambda term: term.strip("-"))


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(size=st.integers(1, 9), ordering=orderings.map(",".join))
def test_walking_tells_every_row_once_in_the_same_order_both_ways(some_alike, size, ordering):
    everything = page(f"/api/v1/recipients?ordering={ordering}")["results"]
    forwards = walk(f"/api/v1/recipients?page_size={size}&ordering={ordering}", "next")
    assert [id for rows in forwards for id in rows] == everything
    assert len(set(everything)) == len(everything) == 14
    assert all(len(rows) == size for rows in forwards[:-1])

    last = page(f"/api/v1/recipients?page_size={size}&ordering={ordering}")
    while last["next"]:
        last = page(last["next"])
    backwards = [last["results"], *walk(last["previous"], "previous")]
    assert [id for rows in reversed(backwards) for id in rows] == everything
    assert last["previous"] is None or page(last["previous"])["next"]


@pytest.fixture
def some_alike(licensee):
    """Recipients of which many are equal in what they are ordered by, or have nothing there."""
    now = timezone.now()
    for n in range(14):
        factories.RecipientFactory(
            licensee=licensee,
            name=("Same", "same", "Ämter", "")[n % 4],
            city="Graz" if n % 2 else "",
            recipient_type=Recipient.Type.LOCATION if n % 3 else Recipient.Type.SUBSCRIBER,
            archived_at=(None, now, now.replace(microsecond=n))[n % 3],
        )


def test_records_that_were_changed_at_once_are_each_told_once(api, licensee):
    """The database's own time, as one statement writes it for many."""
    factories.RecipientFactory.create_batch(5, licensee=licensee)
    Recipient.objects.all().change(city="Graz", **Recipient.ARCHIVED)
    for name in ("updated_at", "archived_at"):
        for sign in ("", "-"):
            url = f"/api/v1/recipients?page_size=2&ordering={sign}{name}"
            told = [id for rows in walk(url, "next") for id in rows]
            assert len(told) == len(set(told)) == 5
        at = api.rows("recipients")[0][name]
        assert len(api.rows("recipients", **{f"{name}__gte": at})) == 5
        assert api.rows("recipients", **{f"{name}__lt": at}) == []


def test_a_page_keeps_its_place_while_rows_come_and_go(api, licensee):
    made = [factories.RecipientFactory(licensee=licensee, name=f"{n}") for n in "bdfh"]
    first = api.get("recipients", ordering="name", page_size=2).json()
    assert [row["name"] for row in first["results"]] == ["b", "d"]
    made[1].delete()
    for name in "aceg":
        factories.RecipientFactory(licensee=licensee, name=name)
    second = api.get(first["next"]).json()
    assert [row["name"] for row in second["results"]] == ["e", "f"]
    back = api.get(second["previous"]).json()
    assert [row["name"] for row in back["results"]] == ["b", "c"]


def test_the_first_page_has_no_previous_and_the_last_no_next(api, licensee):
    factories.RecipientFactory.create_batch(3, licensee=licensee)
    first = api.get("recipients", page_size=2).json()
    assert first["previous"] is None
    assert first["next"].startswith("http://testserver/api/v1/recipients?")
    last = api.get(first["next"]).json()
    assert last["next"] is None
    assert len(last["results"]) == 1
    assert api.get("recipients", page_size=3).json()["next"] is None


def test_links_keep_the_filters_and_the_public_address(api, licensee, settings):
    settings.PUBLIC_URL = "https://comms.example"
    factories.RecipientFactory.create_batch(3, licensee=licensee, city="Graz")
    link = api.get("recipients", page_size=1, city="Graz").json()["next"]
    assert link.startswith("https://comms.example/api/v1/recipients?")
    assert "city=Graz" in link


@pytest.mark.parametrize(
    "size", ["0", "-1", "1001", "99999999999", "ten", "1.5", "", "１０", "1_0"]
)
def test_an_impossible_page_size_is_refused(api, size):
    response = api.get("recipients", page_size=size)
    assert response.status_code == 400
    assert list(response.json()) == ["page_size", "errors"]


@pytest.mark.parametrize(
    "ordering",
    ["email", "customer__name", "--name", "name,-name", "?", "\0", "", "id,email", "id,id"],
)
def test_an_unknown_ordering_is_refused(api, ordering):
    response = api.get("recipients", ordering=ordering)
    assert response.status_code == 400
    assert list(response.json()) == ["ordering", "errors"]


def test_a_cursor_is_good_for_its_own_list_and_ordering_only(api, licensee):
    factories.RecipientFactory.create_batch(2, licensee=licensee)
    link = api.get("recipients", page_size=1, ordering="name").json()["next"]
    for other in (
        link.replace("ordering=name", "ordering=-name"),
        link.replace("/recipients", "/recipient-groups"),
        link.replace("cursor=", "cursor=x"),
    ):
        response = api.get(other)
        assert response.status_code == 400, other
        assert list(response.json()) == ["cursor", "errors"]
