"""A line that is the same, to the byte, as the one its key was last saved by is known again.

It is not even read; but only as long as nothing else changed the group. See text_hash.
"""

from __future__ import annotations

import pytest

from commsapp.core.audit import Refused
from contacts import operations
from contacts.models import AlternateKey, ContactGroup, DataSource
from contacts.operations import RawSave
from tests.contacts.external_suite import everything
from tests.contacts.test_content_hash_apis import CHANGES, clients

pytestmark = pytest.mark.django_db
__all__ = ["clients"]  # the fixture


class Lines:
    """Saves as lines of a stream; each text asks for what its words say."""

    def __init__(self, suite):
        self.suite, self.read = suite, []

    def save(self, *texts, by=None):
        """What becomes of each. A text: a key, a name, places of contacts."""
        answers = operations.save_contact_groups(
            [self._sent(text) for text in texts], by=by or self.suite.by
        )
        return [
            answer.refusals[0].code if isinstance(answer, Refused) else str(answer.outcome)
            for answer in answers
        ]

    def _sent(self, text):
        key, name, *places = text.split()

        def read(_text, _line):
            self.read.append(text)
            return self.suite.request(key, *map(int, places), contact_group_name=name)

        return RawSave(self.suite.source.pk.hex, key, text.encode(), 1, read)


@pytest.fixture
def lines(suite):
    return Lines(suite)


def test_the_same_line_is_not_read_again_and_nothing_is_written(lines, statements):
    assert lines.save("K Name 0 1", "L Name") == ["Created", "Created"]
    before = everything()
    lines.read.clear()
    with statements() as told:
        assert lines.save("K Name 0 1", "L Name") == ["Unchanged", "Unchanged"]
    assert lines.read == []
    assert everything() == before
    [looked] = told
    assert looked.lstrip().startswith("SELECT")


def test_a_line_that_asks_for_the_same_in_other_bytes_is_read_and_unchanged(lines):
    lines.save("K Name 0")
    before = everything()
    assert lines.save("K  Name 0") == ["Unchanged"]
    assert lines.read == ["K Name 0", "K  Name 0"]
    assert everything() == before


def test_a_line_behind_another_change_of_its_group_is_read(lines, suite):
    lines.save("K Old", "L Old")
    assert lines.save("K Old", "K New", "K Old", "L Old") == [
        "Unchanged", "Updated", "Updated", "Unchanged",
    ]  # fmt: skip
    assert ContactGroup.objects.get(alternate_keys__value="K").name == "Old"


def test_a_line_behind_one_that_changes_its_group_by_another_key_is_read(lines, suite):
    lines.save("K Old")
    group = suite.key("K").contact_group
    suite.know_as("M", contact_group=group)
    lines.save("K Old")
    assert lines.save("M New", "K Old") == ["Updated", "Updated"]
    group.refresh_from_db()
    assert group.name == "Old"


def test_a_line_that_was_refused_is_refused_again(lines):
    assert lines.save("K Name 0 0") == lines.save("K Name 0 0") == ["Predicate"]
    assert lines.read == ["K Name 0 0"] * 2


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_through_any_door_makes_the_same_line_count(clients, change):
    lines = Lines(clients.suite)
    AlternateKey.objects.update(content_hash="")
    [outcome] = lines.save("K Customer 0 1")
    assert outcome == "Updated"
    change(clients)
    lines.read.clear()
    assert lines.save("K Customer 0 1") != ["Unchanged"]
    assert lines.read == ["K Customer 0 1"]


def test_a_source_that_is_not_active_takes_not_even_the_same_line(lines, suite):
    lines.save("K Name")
    DataSource.objects.update(is_active=False)
    before = everything()
    assert lines.save("K Name") == ["Predicate"]
    assert everything() == before


def test_another_licensees_user_does_not_save_the_same_line(lines, by_bob):
    lines.save("K Name")
    before = everything()
    assert lines.save("K Name", by=by_bob) == ["NotFound"]
    assert everything() == before


def test_without_the_permission_the_same_line_is_forbidden(lines, suite):
    lines.save("K Name")
    suite.by.user.user_permissions.clear()
    for cached in ("_perm_cache", "_user_perm_cache", "_group_perm_cache"):
        suite.by.user.__dict__.pop(cached, None)
    before = everything()
    assert lines.save("K Name") == ["Forbidden"]
    assert everything() == before
