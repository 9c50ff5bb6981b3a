"""Saves that ask for the same as the last save of their key, with and without a
change of the group in between."""

from __future__ import annotations

import pytest

from commsapp.core.audit import Refused
from contacts import operations
from contacts.models import AlternateKey, ContactGroup, DataSource
from tests.contacts.external_suite import everything
from tests.contacts.test_content_hash_apis import CHANGES, clients

pytestmark = pytest.mark.django_db
__all__ = ["clients"]  # the fixture


class Lines:
    """Saves by their texts: a key, a name, places of contacts."""

    def __init__(self, suite):
        self.suite = suite

    def save(self, *texts, by=None):
        """Return the outcome or the code of each."""
        answers = operations.save_contact_groups(
            [self._request(text) for text in texts], by=by or self.suite.by
        )
        return [
            answer.refusals[0].code if isinstance(answer, Refused) else str(answer.outcome)
            for answer in answers
        ]

    def _request(self, text):
        key, name, *places = text.split()
        return self.suite.request(key, *map(int, places), contact_group_name=name)


@pytest.fixture
def lines(suite):
    return Lines(suite)


def test_same_saves_take_one_query_and_write_nothing(lines, statements):
    assert lines.save("K Name 0 1", "L Name") == ["Created", "Created"]
    before = everything()
    with statements() as executed:
        assert lines.save("K Name 0 1", "L Name") == ["Unchanged", "Unchanged"]
    assert everything() == before
    [query] = executed
    assert query.lstrip().startswith("SELECT")


def test_save_behind_another_change_of_its_group_is_applied(lines, suite):
    lines.save("K Old", "L Old")
    assert lines.save("K Old", "K New", "K Old", "L Old") == [
        "Unchanged", "Updated", "Updated", "Unchanged",
    ]  # fmt: skip
    assert ContactGroup.objects.get(alternate_keys__value="K").name == "Old"


def test_save_behind_a_change_by_another_key_is_applied(lines, suite):
    lines.save("K Old")
    group = suite.key("K").contact_group
    suite.know_as("M", contact_group=group)
    lines.save("K Old")
    assert lines.save("M New", "K Old") == ["Updated", "Updated"]
    group.refresh_from_db()
    assert group.name == "Old"


def test_refused_save_sent_again_is_refused_again(lines):
    assert lines.save("K Name 0 0") == lines.save("K Name 0 0") == ["Predicate"]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_same_save_after_a_change_through_any_channel_is_applied(clients, change):
    lines = Lines(clients.suite)
    AlternateKey.objects.update(content_hash="")
    [outcome] = lines.save("K Customer 0 1")
    assert outcome == "Updated"
    change(clients)
    assert lines.save("K Customer 0 1") != ["Unchanged"]


def test_same_save_of_an_inactive_source_is_refused(lines, suite):
    lines.save("K Name")
    DataSource.objects.update(is_active=False)
    before = everything()
    assert lines.save("K Name") == ["Predicate"]
    assert everything() == before


def test_same_save_by_another_licensees_user_is_refused(lines, by_bob):
    lines.save("K Name")
    before = everything()
    assert lines.save("K Name", by=by_bob) == ["NotFound"]
    assert everything() == before


def test_same_save_without_the_permission_is_forbidden(lines, suite):
    lines.save("K Name")
    suite.by.user.user_permissions.clear()
    for cached in ("_perm_cache", "_user_perm_cache", "_group_perm_cache"):
        suite.by.user.__dict__.pop(cached, None)
    before = everything()
    assert lines.save("K Name") == ["Forbidden"]
    assert everything() == before
