"""Finding by words: the same on both databases, and by the index where there is one."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.state import ProjectState

from commsapp.core.search import SearchIndex, having, matching, search_refusal, shorten_search
from contacts.models import Contact
from groups.models import Recipient, RecipientGroup
from tests import factories

pytestmark = pytest.mark.django_db

FIELDS = ("name", "email", "city")


@pytest.fixture
def names(licensee):
    for name, city in (
        ("Harbour Mill 12", "Bremen"), ("Windmill", "Ulm"), ("Öl & Söhne", "Österreich"),
        ("100% Quay", "Bad_Ems"), ("A\\B", "York"),
    ):  # fmt: skip
        factories.RecipientFactory(licensee=licensee, name=name, city=city)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("mill", {"Harbour Mill 12", "Windmill"}),
        ("MILL bremen", {"Harbour Mill 12"}),
        ('"harbour mill"', {"Harbour Mill 12"}),
        ('"mill harbour"', set()),
        ("mi", {"Harbour Mill 12"}),  # two letters: where a word begins
        ("wi", {"Windmill"}),
        ("1", {"Harbour Mill 12", "100% Quay"}),
        ("2", set()),
        ("österreich", {"Öl & Söhne"}),
        ("ÖSTERREICH", {"Öl & Söhne"}),
        ("ö", {"Öl & Söhne"}),
        ("öl & söhne", {"Öl & Söhne"}),
        ("&", set()),
        ("% _", set()),
        ("100%", {"100% Quay"}),
        ("00_", set()),
        ("bad_e", {"100% Quay"}),
        ("a\\b", {"A\\B"}),
        ("mill\0", {"Harbour Mill 12", "Windmill"}),
        ('"mill', set()),
        ("nobody", set()),
        ("  ", {"Harbour Mill 12", "Windmill", "Öl & Söhne", "100% Quay", "A\\B"}),
    ],
)
def test_words_are_found_alike_on_both_databases(names, by_alice, text, found):
    rows = Recipient.objects.all()
    assert {one.name for one in matching(rows, FIELDS, text, by_alice)} == found
    assert {row.name for row in rows.filter(having(text, FIELDS))} == found


LONG = "Search for at most 200 characters and 10 words."


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("", ""),
        ("a" * 200, ""),
        ("a" * 201, LONG),
        ("a b c d e f g h i j", ""),
        ("a b c d e f g h i j k", LONG),
        ('"a b c d e f g h i j k"', ""),
        ("ab " * 2_500, LONG),
    ],
)
def test_search_of_too_many_words_or_characters_is_refused(names, by_alice, text, refusal):
    assert search_refusal(text) == refusal
    if refusal:
        assert not matching(Recipient.objects.all(), FIELDS, text, by_alice)
        assert not Recipient.objects.filter(having(text, FIELDS))


def test_picker_looks_for_as_much_as_may_be_searched_for():
    assert shorten_search("a  b") == "a  b"
    assert shorten_search("a b c d e f g h i j k") == "a b c d e f g h i j"
    assert shorten_search("a" * 300) == "a" * 200
    for text in ("ab " * 2_500, '"' * 900, "' " * 900, '"a ' * 900, "a" * 300):
        assert search_refusal(shorten_search(text)) == ""


def test_a_customers_name_finds_its_groups_and_nobody_elses(licensee, by_alice, monkeypatch):
    ours = factories.ContactGroupFactory(licensee=licensee, name="Sample Bakeries")
    theirs = factories.RecipientGroupFactory(name="Elsewhere")
    factories.ContactGroupFactory(licensee=theirs.licensee, name="Sample Bakeries")
    factories.RecipientGroupFactory(licensee=licensee, name="Shops", customer=ours)
    factories.RecipientGroupFactory(licensee=licensee, name="Bakeries of nobody")
    rows = RecipientGroup.objects.visible_to(by_alice)
    wanted = {"Shops", "Bakeries of nobody"}
    for few in (1_000, 0):  # also where there are too many to be named
        monkeypatch.setattr("commsapp.core.search._FEW", few)
        found = matching(rows, ("name", "customer__name"), "bakeries", by_alice)
        assert {one.name for one in found} == wanted
        found = matching(rows, ("name", "customer__name"), "bakeries shops", by_alice)
        assert {one.name for one in found} == {"Shops"}


# --- The index ------------------------------------------------------------------------------


def has_trigrams() -> bool:
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm')")
        return bool(cursor.fetchone()[0])


def index_names() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE '%_by_words'")
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.once
@pytest.mark.parametrize("text", ["xyzzy", "mill 99", "zq"])
@pytest.mark.parametrize(
    ("model", "fields", "index"),
    [
        (Recipient, ("name", "email", "msisdn", "external_reference", "city"), "recipient_by_"),
        (Contact, ("name", "email", "phone"), "contact_by_"),
        (RecipientGroup, ("name", "description"), "recipientgroup_by_"),
    ],
)
def test_the_index_finds_the_words(licensee, model, fields, index, text):
    if not has_trigrams():
        pytest.skip("no trigrams here")
    rows = model.objects.order_by().filter(having(text, fields))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # so few rows are sooner read through
    plan = rows.explain()
    assert f"{index}words" in plan
    assert "Seq Scan" not in plan


@pytest.mark.once
def test_the_names_that_staff_search_for_are_indexed():
    if not has_trigrams():
        pytest.skip("no trigrams here")
    assert index_names() == {
        f"{name}_by_words"
        for name in ("contact", "contactgroup", "quote", "recipient", "recipientgroup")
    }


@pytest.mark.django_db(transaction=True)
def test_the_index_is_made_and_taken_away_and_left_out_where_it_cannot_be(monkeypatch, caplog):
    made = SearchIndex("recipient", "another_by_words", ("name",))
    state = ProjectState.from_apps(apps)

    def run(way: str) -> set[str]:
        with connection.schema_editor() as editor:
            getattr(made, way)("groups", editor, state, state)
        return index_names() if connection.vendor == "postgresql" else set()

    is_there = {"another_by_words"} if has_trigrams() else set()
    assert run("database_forwards") & {"another_by_words"} == is_there
    assert "another_by_words" not in run("database_backwards")
    monkeypatch.setattr("commsapp.core.search._has_trigrams", lambda editor: False)
    assert "another_by_words" not in run("database_forwards")
    if connection.vendor == "postgresql":
        assert "pg_trgm" in caplog.text
