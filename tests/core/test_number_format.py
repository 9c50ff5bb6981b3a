"""Counts in sentences, as people read them and as machines always had them."""

from __future__ import annotations

import pytest
from django.utils import translation

from commsapp.core import audit, number_format, records
from commsapp.core.number_format import format_count, format_counts
from contacts.connection_sentences import connections_sentence
from groups import operations as groups_operations
from quotes import splitting, unsplitting


@pytest.fixture(autouse=True)
def _as_before():
    yield
    number_format.set_number_style(people=False)
    translation.activate("en")


def test_machines_get_digits_alone():
    number_format.set_number_style(people=False)
    assert format_count(12_431) == "12431"
    with translation.override("de"):
        assert format_count(12_431) == "12431"


@pytest.mark.parametrize(("language", "told"), [("en", "12,431"), ("de", "12.431")])
def test_people_get_thousands_apart_as_their_language_has_them(language, told):
    number_format.set_number_style(people=True)
    with translation.override(language):
        assert format_count(12_431) == told
        assert format_count(999) == "999"
        assert format_counts({"count": 12_431, "name": "Shops 2000"}) == {
            "count": told,
            "name": "Shops 2000",
        }


_MANY = {
    "added": 12_431, "removed": 12_431, "changed": 12_431, "already": 12_431, "refused": 12_431,
    "created": 12_431, "departed": 12_431, "members": 12_431, "expected": 12_432, "count": 12_431,
    "reversed": 12_431, "kept": 12_431,
}  # fmt: skip


@pytest.mark.parametrize(
    "sentence",
    [
        groups_operations.RECIPIENTS_ADDED.sentence,
        groups_operations.RECIPIENTS_REMOVED.sentence,
        groups_operations.RECIPIENTS_SET.sentence,
        splitting.LINE_SPLIT.sentence,
        unsplitting.LINE_UNSPLIT.sentence,
        records.ARCHIVED.sentence,
        records.RESTORED.sentence,
        audit.UNDONE.sentence,
        lambda numbers, planned: connections_sentence(numbers),
    ],
)
@pytest.mark.parametrize("planned", [False, True])
def test_every_sentence_tells_its_counts_to_its_reader(sentence, planned):
    for people, language, number in (
        (True, "en", "12,431"),
        (True, "de", "12.431"),
        (False, "en", "12431"),
    ):
        number_format.set_number_style(people=people)
        with translation.override(language):
            told = sentence(_MANY, planned)
        assert number in told
        others = {"12,431", "12.431", "12431"} - {number}
        assert not any(other in told for other in others)


def test_a_machine_is_told_in_digits_and_the_browser_beside_it_is_not(client, db):
    number_format.set_number_style(people=True)
    client.get("/services/data")
    assert format_count(12_431) == "12431"
    client.get("/admin/login/")
    assert format_count(12_431) == "12,431"
