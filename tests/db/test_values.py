"""Values from outside as rows of a SELECT: the database gives back what it was given."""

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
numbers = st.integers(-(2**31), 2**31 - 1)
maybe_ids = st.none() | st.uuids().map(lambda id: id.hex)


def selected(model, names, rows, fixed=None):
    """Return the names of the columns, and the rows as the database gives them back."""
    with connection.cursor() as cursor:
        cursor.execute(*values_select(model, names, rows, fixed))
        columns = [column[0] for column in cursor.description]
        return columns, [tuple(map(digits, row)) for row in cursor.fetchall()]


def digits(value):
    return value.hex if isinstance(value, UUID) else value


@given(st.lists(st.tuples(texts, numbers, maybe_ids, st.lists(texts | numbers)), max_size=4))
def test_values_of_all_types_come_back_unchanged(rows):
    names = ("key", "line", "data_source", "faults")
    columns, found = selected(SaveFailure, names, rows)
    assert columns == ["key", "line", "data_source_id", "faults"]
    assert [(*row[:3], json.loads(row[3])) for row in found] == rows


@pytest.mark.parametrize("count", [0, 1, 3])
def test_value_common_to_all_rows_comes_back_in_each_row(count):
    same = uuid7()
    rows = [("K", None, same)] * count
    columns, found = selected(
        AlternateKey, ("value", "contact", "role"), rows, {"kind": "role", "id": same}
    )
    assert columns == ["value", "contact_id", "role_id", "kind", "id"]
    assert found == [("K", None, same.hex, "role", same.hex)] * count
