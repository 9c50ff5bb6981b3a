"""Ids and texts from outside, in one parameter however many."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from commsapp.db.ids import uuid7
from groups import operations
from groups.models import Membership, Recipient
from tests import factories

pytestmark = pytest.mark.django_db
ODD = ["", "a,b", "{a}", '"', "\\", '\\"', "NULL", "null", " a ", "ä☎", "a'b", "%s", "a\nb", "[]"]


@pytest.fixture
def named(licensee):
    return [factories.RecipientFactory(licensee=licensee, name=name or "-") for name in ODD]


def test_texts_are_found_whatever_is_in_them(named):
    for one in named:
        assert [*Recipient.objects.filter(name__in_ids=[one.name])] == [one]
    every = [one.name for one in named]
    assert Recipient.objects.filter(name__in_ids=every).count() == len(named)
    assert not Recipient.objects.filter(name__in_ids=["a", "b", "NUL", "\\\\", ""]).exists()


def test_ids_are_found_by_the_key_and_by_what_refers_to_it(licensee, by_alice):
    group = factories.RecipientGroupFactory(licensee=licensee)
    one, other, third = factories.RecipientFactory.create_batch(3, licensee=licensee)
    members = [each.pk.hex for each in (one, other, third)]
    operations.add_recipients(group.pk, members, by=by_alice)
    ids = [one.pk.hex, other.pk.hex, uuid7().hex, one.pk.hex]
    assert {*Recipient.objects.in_ids(ids)} == {one, other}
    assert Membership.objects.filter(recipient__in_ids=ids).count() == 2
    assert Membership.objects.exclude(recipient__in_ids=ids).count() == 1


def test_nothing_is_among_none(named):
    assert not Recipient.objects.in_ids([]).exists()
    assert not Recipient.objects.filter(name__in_ids=[]).exists()
    assert Recipient.objects.exclude(name__in_ids=[]).count() == len(named)


def test_postgresql_never_joins_them(licensee):
    """It joins in a nested loop where it does not know yet how many rows there are."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite looks each up by an index of its own")
    ids = [uuid7().hex for _turn in range(1_000)]
    plan = Recipient.objects.filter(licensee=licensee).in_ids(ids).explain()
    assert "ANY" in plan
    assert "Nested Loop" not in plan
    assert "Function Scan" not in plan


class AnyTexts(TestCase):
    @settings(max_examples=40, deadline=None)
    @given(st.sets(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=9)))
    def test_a_text_is_among_those_given_and_no_other(self, texts):
        recipient = factories.RecipientFactory(name="a")
        for text in texts:
            Recipient.objects.filter(pk=recipient.pk).update(name=text)
            rows = Recipient.objects.filter(pk=recipient.pk)
            assert rows.filter(name__in_ids=[*texts]).exists()
            assert not rows.filter(name__in_ids=[*texts - {text}]).exists()


@pytest.mark.parametrize("text", ['"', "x", "{}", "NULL", '","', "0" * 33, "'", "\0", "☎" * 32, ""])
def test_what_is_no_id_is_refused_before_it_is_written_into_a_statement(text, licensee):
    recipient = factories.RecipientFactory(licensee=licensee)
    with pytest.raises(ValueError, match=r"hexadecimal|invalid literal"):
        [*Recipient.objects.in_ids([recipient.pk.hex, text])]
    with pytest.raises(ValueError, match=r"hexadecimal|invalid literal"):
        [*Membership.objects.filter(recipient__in_ids=[text])]


def test_one_text_is_no_list_of_ids(licensee):
    recipient = factories.RecipientFactory(licensee=licensee)
    with pytest.raises(TypeError):
        [*Recipient.objects.filter(pk__in_ids=recipient.pk.hex)]


def test_ids_are_found_however_they_are_written(licensee):
    recipient = factories.RecipientFactory(licensee=licensee)
    for text in (str(recipient.pk), recipient.pk.hex.upper(), f"{{{recipient.pk}}}"):
        assert [*Recipient.objects.filter(pk__in_ids=[text])] == [recipient]
