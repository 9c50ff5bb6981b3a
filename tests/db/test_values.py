"""Values from outside as rows of a SELECT: what goes in comes out, however it travels."""

import json
from uuid import UUID

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from commsapp.db.ids import uuid7
from commsapp.db.values import values_select
from contacts.models import AlternateKey, SaveFailure

pytestmark = pytest.mark.django_db

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
of_one_length = st.text("aé’😀\\\"'%", min_size=3, max_size=3)
numbers = st.integers(-(2**31), 2**31 - 1)
maybe_ids = st.none() | st.uuids().map(lambda id: id.hex)


def selected(model, names, rows, fixed=None):
    """The names of the columns, and the rows as the database gives them back."""
    with connection.cursor() as cursor:
        cursor.execute(*values_select(model, names, rows, fixed))
        columns = [column[0] for column in cursor.description]
        return columns, [tuple(map(digits, row)) for row in cursor.fetchall()]


def digits(value):
    return value.hex if isinstance(value, UUID) else value


@given(st.lists(st.tuples(texts, numbers, maybe_ids, st.lists(texts | numbers)), max_size=4))
def test_all_kinds_of_values_come_out_as_they_went_in(rows):
    names = ("key", "line", "data_source", "faults")
    columns, found = selected(SaveFailure, names, rows)
    assert columns == ["key", "line", "data_source_id", "faults"]
    assert [(*row[:3], json.loads(row[3])) for row in found] == rows


@given(st.lists(st.tuples(of_one_length, texts), max_size=4))
def test_texts_of_one_length_are_told_from_what_follows(rows):
    given = [(uuid7().hex, *row) for row in rows]
    assert selected(AlternateKey, ("id", "content_hash", "value"), given)[1] == given


@given(st.lists(st.tuples(of_one_length, numbers), max_size=4))
def test_a_number_may_follow_texts_of_one_length(rows):
    given = [(number, uuid7().hex, text) for text, number in rows]
    assert selected(SaveFailure, ("line", "id", "key"), given)[1] == given


@pytest.mark.parametrize("count", [0, 1, 3])
def test_what_is_the_same_in_all_rows_stands_in_each(count):
    same = uuid7()
    given = [("K", None, same)] * count
    columns, found = selected(
        AlternateKey, ("value", "contact", "role"), given, {"kind": "role", "id": same}
    )
    assert columns == ["value", "contact_id", "role_id", "kind", "id"]
    assert found == [("K", None, same.hex, "role", same.hex)] * count
