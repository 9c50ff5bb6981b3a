"""Many saves at once: as good as one by one, in a number of statements that does not grow."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from commsapp.core.audit import Refused
from commsapp.models import Operation
from contacts.models import AlternateKey
from contacts.operations import SubscriptionContactGroupConnectionModel
from tests import factories
from tests.conftest import actor
from tests.contacts.external_suite import Suite

pytestmark = pytest.mark.django_db


def test_each_save_of_a_chunk_succeeds_or_fails_by_itself(suite):
    suite.save("B")
    good, bad, same = (
        suite.request("A", 0),
        suite.request("C", SubscriptionContactGroupConnectionModel()),
        suite.request("B"),
    )
    first, second, third = suite.save_all(good, bad, same)
    assert (first.outcome, third.outcome) == ("Created", "Unchanged")
    assert [refusal.code for refusal in second.refusals] == ["NotEmpty"]
    assert not AlternateKey.objects.filter(value="C").exists()


def test_the_same_key_twice_is_applied_in_order(suite):
    answers = suite.save_all(
        suite.request("K", 0, 1),
        suite.request("K", 0, 1),
        suite.request("K", suite.connection(0, mark_as_deleted=True), contact_group_name="Last"),
        suite.request("K", 0, contact_group_name="Last"),
    )
    assert [answer.outcome for answer in answers] == ["Created", "Unchanged", "Updated", "Updated"]
    assert len({answer.object_id for answer in answers}) == 1
    assert suite.order(answers[0].object_id) == [1, 0]
    entries = Operation.objects.filter(target_id=answers[0].object_id)
    assert len(entries) == 3
    assert len({entry.batch for entry in entries}) == 1


def test_what_is_unchanged_now_may_not_be_after_the_save_before(suite):
    suite.save("K")
    suite.save("L", object_id=suite.group().pk.hex)
    answers = suite.save_all(
        suite.request("K", contact_group_name="Else"), suite.request("L"), suite.request("L")
    )
    assert [answer.outcome for answer in answers] == ["Updated", "Updated", "Unchanged"]
    assert suite.group().name == "Customer"


def test_a_group_made_and_deleted_in_one_chunk_is_deleted(suite):
    deleted, gone = suite.request("K", mark_as_deleted=True), suite.request("K")
    answers = suite.save_all(suite.request("K", 0), deleted, deleted, gone)
    assert [answer.outcome for answer in answers[:3]] == ["Created", "Deleted", "Unchanged"]
    assert answers[3].refusals[0].code == "Deleted"
    assert suite.group().status == "deleted"


class TestAnyChunk(TestCase):
    """A chunk leaves just what the same saves leave one after the other."""

    @settings(max_examples=25, deadline=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from("AB"),  # key
                st.lists(st.sampled_from([0, 1, 2]), unique=True),  # contacts
                st.sampled_from(["", "mark_as_deleted", "mark_as_archived", "mark_as_restored"]),
                st.booleans(),  # remove the first contact
                st.integers(0, 3),  # index of the last contact
                st.sampled_from(["One", "Two"]),
            ),
            max_size=6,
        )
    )
    def test_is_as_good_as_its_saves_one_by_one(self, script):
        licensee = factories.LicenseeFactory()
        user = factories.UserFactory(is_superuser=True)
        suite = Suite(licensee, actor(user))
        other = factories.DataSourceFactory(licensee=licensee)
        outcomes = []
        for source in (suite.source, other):
            saves = [self._save(suite, source, *line) for line in script]
            if source is other:
                answers = suite.save_all(*saves)
            else:
                answers = [suite.save_all(save)[0] for save in saves]
            outcomes.append(
                [
                    answer.refusals if isinstance(answer, Refused) else answer.outcome
                    for answer in answers
                ]
            )
        assert outcomes[0] == outcomes[1]
        assert self._left(suite, suite.source) == self._left(suite, other)

    def _save(self, suite, source, key, contacts, flag, removes, index, name):
        connections = [suite.connection(place) for place in contacts]
        if contacts and removes:
            connections[0] = suite.connection(contacts[0], mark_as_deleted=True)
        if len(contacts) > 1:
            connections[-1] = suite.connection(contacts[-1], index=index)
        return suite.request(
            key, *connections, suite_data_source_instance_id=source.pk.hex,
            contact_group_name=name, **({flag: True} if flag else {}),
        )  # fmt: skip

    def _left(self, suite, source):
        keys = AlternateKey.objects.filter(data_source=source).order_by("value")
        return [
            (
                key.value, key.content_hash, key.last_outcome, key.contact_group.name,
                key.contact_group.status, suite.order(key.contact_group_id),
            )
            for key in keys
        ]  # fmt: skip
