"""A line that is the same as last time is known without being read: how it is written is no matter.

Which key a line names is guessed; that a wrong guess tells nothing wrong is shown here.
"""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commsapp.api.message.binding import bind_line
from commsapp.core.metering import counters
from commsapp.db.ids import uuid7
from commsapp.models import Operation
from contacts.message import SAVE_CONTACT_GROUP
from contacts.models import AlternateKey, ContactGroup, SaveCount
from tests import factories
from tests.api.message.requests_and_answers import PATH, lines, outcomes


@pytest.fixture
def stream(ask):
    """Send texts as lines: their outcomes, and the statements about contacts that they took."""

    def send(*texts, path=PATH):
        body = b"\n".join(text.encode() for text in texts)
        with CaptureQueriesContext(connection) as told:
            answer = ask(body, path)
            answers = [json.loads(line) for line in b"".join(answer).splitlines()]
        about = [one["sql"] for one in told if "contacts_alternatekey" in one["sql"]]
        return outcomes(answers), len(about)

    return send


@pytest.fixture
def reads(suite):
    """How often a line is read when it comes again: not at all, where it is known."""

    def count(text):
        taken = []

        def read(line, number):
            taken.append(line)
            return bind_line(SAVE_CONTACT_GROUP.request, line, {}, number)

        asked = SAVE_CONTACT_GROUP.recognize(text.encode(), 1, read)
        SAVE_CONTACT_GROUP.run([asked], suite.by)
        return len(taken)

    return count


def written(ask, **changes):
    return lines(ask.body(**changes)).decode().strip()


@pytest.mark.parametrize(
    "key", ["A-1", "Bäckerei", 'with "quotes"', "back\\slash", " blanks ", "☎", "A\tB"]
)
@pytest.mark.parametrize("as_ascii", [True, False], ids=["escaped", "plain"])
def test_a_key_of_any_letters_is_known_again(ask, stream, reads, key, as_ascii):
    line = json.dumps(ask.body(AlternateKey=key), ensure_ascii=as_ascii)
    assert stream(line)[0] == ["Created"]
    assert stream(line) == (["Unchanged"], 1)
    assert reads(line) == 0


def test_properties_may_be_named_and_ordered_as_the_client_likes(ask, stream, reads):
    body = ask.body(AlternateKey="A")
    camel = json.dumps({name[0].lower() + name[1:]: body[name] for name in [*body][::-1]})
    tight = json.dumps(body, separators=(",", ":"))
    for key, line in (("camel", camel), ("tight", tight)):
        line = line.replace('"A"', f'"{key}"')
        assert stream(line)[0] == ["Created"]
        assert stream(line) == (["Unchanged"], 1)
        assert reads(line) == 0
    odd = json.dumps(body | {"AlternateKey": "odd"}).replace("AlternateKey", "ALTERNATE_KEY")
    assert [stream(odd)[0] for _turn in range(2)] == [["Created"], ["Unchanged"]]
    assert reads(odd) == 1  # and told the same


def test_a_line_whose_key_is_not_the_first_that_it_seems_to_name_is_read(ask, stream):
    stream(written(ask, AlternateKey="A"))
    body = {"Unknown": {"AlternateKey": "A"}, **ask.body(AlternateKey="B")}
    assert stream(json.dumps(body))[0] == ["Created"]
    assert stream(json.dumps(body))[0] == ["Unchanged"]
    body["ContactGroup"]["ContactGroupName"] = "New"
    assert stream(json.dumps(body), json.dumps(body))[0] == ["Updated", "Unchanged"]
    assert [*ContactGroup.objects.order_by("name").values_list("name", flat=True)] == [
        "Customer", "New",
    ]  # fmt: skip
    assert AlternateKey.objects.filter(kind="contact_group").count() == 2


def test_a_key_that_no_database_takes_is_refused_and_no_other_line(ask, stream):
    good, bad = (json.dumps(ask.body(AlternateKey=key)) for key in ("A", "A\0"))
    assert stream(good, bad, good)[0] == ["Created", "SerializationException", "Unchanged"]


def test_a_line_that_deletes_is_read_each_time(ask, stream, reads):
    """What it takes to delete, and whether there is anything left, no hash tells."""
    body = ask.body(AlternateKey="A")
    stream(json.dumps(body))
    body["ContactGroup"]["MarkAsDeleted"] = True
    line = json.dumps(body)
    assert [stream(line)[0] for _turn in range(2)] == [["Deleted"], ["Unchanged"]]
    assert reads(line) == 1


@pytest.mark.django_db(transaction=True)
def test_what_is_told_of_a_data_source_is_told_of_the_one_that_was_meant(ask, stream, suite):
    other = factories.DataSourceFactory(licensee=suite.licensee)
    named_first = {"Unknown": {"SuiteDataSourceInstanceId": str(other.pk)}}
    for outcome in ("Created", "Unchanged"):
        line = json.dumps({**named_first, **ask.body(AlternateKey="A")})
        assert stream(line)[0] == [outcome]
    nobody = json.dumps({"Unknown": {"SuiteDataSourceInstanceId": str(uuid7())}, **ask.body()})
    assert stream(nobody)[0] == ["Created"]
    counters.flush()
    told = SaveCount.objects.values_list("data_source", "outcome", "count")
    assert {*told} == {(suite.source.pk, "Created", 2), (suite.source.pk, "Unchanged", 1)}


def test_a_line_that_ignores_the_hash_is_never_known(ask, stream, reads):
    line = written(ask, AlternateKey="A", IgnoreHash=True)
    assert stream(line)[0] == ["Created"]
    assert stream(line)[0] == ["Updated"]  # as it always is; and nothing is told to have changed
    assert not AlternateKey.objects.exclude(text_hash="").exists()
    assert reads(line) == 1
    assert Operation.objects.count() == 1


def test_a_line_that_names_its_group_by_id_too_is_never_known(ask, stream):
    stream(written(ask, AlternateKey="A"))
    group = ContactGroup.objects.get()
    line = written(ask, AlternateKey="A", ObjectId=str(group.pk))
    stream(line)
    stream(line.replace("Customer", "New"))
    assert not AlternateKey.objects.exclude(text_hash="").exists()
    assert stream(line)[0] == ["Updated"]


def test_known_and_new_lines_of_several_data_sources_are_told_apart(ask, stream, suite):
    other = factories.DataSourceFactory(licensee=suite.licensee)
    mine = [written(ask, AlternateKey=key) for key in "AB"]
    theirs = [
        written(ask, AlternateKey=key, SuiteDataSourceInstanceId=str(other.pk)) for key in "AC"
    ]
    assert stream(*mine, theirs[0])[0] == ["Created"] * 3
    assert stream(*mine, *theirs)[0] == ["Unchanged", "Unchanged", "Unchanged", "Created"]
    assert stream(*mine, *theirs)[0] == ["Unchanged"] * 4
