"""Saves at once, on real connections: the database settles them, and one effect is left."""

import pytest
from django.db import connection, transaction

from commsapp.core.audit import Refused
from commsapp.models import Operation
from contacts import operations
from contacts.models import AlternateKey, ContactConnection, ContactGroup
from tests.contacts.external_suite import Suite
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_eight_identical_first_saves_at_once_leave_one_group(suite):
    save = suite.request("K", 0, 1)
    answers = at_once(lambda: operations.save_contact_group(save, by=suite.by), 8)
    assert sorted(answer.outcome for answer in answers) == ["Created", *["Unchanged"] * 7]
    assert len({answer.object_id for answer in answers}) == 1
    assert ContactGroup.objects.count() == AlternateKey.objects.count() == 1
    assert suite.order(answers[0].object_id) == [0, 1]
    assert Operation.objects.filter(kind="contacts.group_saved").count() == 1


def test_changes_of_one_group_at_once_are_all_applied(suite):
    saved = suite.save("K")
    places = iter([0, 1, 2, 3])
    answers = at_once(lambda: suite.save("K", next(places)), 4)
    assert {answer.outcome for answer in answers} == {"Updated"}
    assert sorted(suite.order(saved.object_id)) == [0, 1, 2, 3]


def test_chunks_in_opposite_order_at_once_all_end(suite):
    keys = [f"K{each}" for each in range(20)]
    orders = iter([keys, keys[::-1], keys, keys[::-1]])

    def save():
        saves = [suite.request(key, 0, 1) for key in next(orders)]
        return [
            getattr(result, "outcome", result)
            for result in operations.save_contact_groups(saves, by=suite.by)
        ]

    answers = at_once(save, 4)
    assert sorted(answer[0] for answer in answers) == ["Created", *["Unchanged"] * 3]
    assert ContactGroup.objects.count() == AlternateKey.objects.count() == 20
    assert ContactConnection.objects.count() == 40


def test_staff_and_suite_at_once_keep_the_order_whole(suite):
    saved = suite.save("K", 0)
    new = [operations.NewConnection(contact.pk.hex) for contact in suite.contacts]

    def change(place):
        if place % 2:
            return operations.add_connections(saved.object_id, [new[place]], by=suite.by)
        return suite.save("K", suite.connection(place, index=1), contact_group_name=f"N{place}")

    places = iter([1, 2, 3, 0])
    answers = at_once(lambda: change(next(places)), 4)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert sorted(suite.order(saved.object_id)) == [0, 1, 2, 3]


def test_a_save_never_counts_as_said_what_a_key_no_longer_means(suite):
    """A contact's key moves while saves that name it run: in the end the next save is applied."""
    key = suite.know_as("C", contact=suite.contacts[0])
    by_key = operations.SubscriptionContactGroupConnectionModel(contact_alternate_key="C")
    jobs = iter(
        [
            lambda: operations.edit_alternate_key(
                key.pk, {"contact": suite.contacts[1]}, by=suite.by
            ),
            *[lambda: suite.save("K", by_key)] * 3,
        ]
    )
    answers = at_once(lambda: next(jobs)(), 4)  # noqa: PLW0108
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    saved = suite.save("K", by_key)
    assert 1 in suite.order(saved.object_id)


def test_a_group_that_loses_its_key_meanwhile_is_made_anew(suite):
    """Between a save's look and its lock, or before: either way all is consistent."""
    first = suite.save("K", 0)
    jobs = iter(
        [
            lambda: operations.delete_alternate_key(suite.key().pk, by=suite.by),
            *[lambda: suite.save("K", 1)] * 3,
        ]
    )
    answers = at_once(lambda: next(jobs)(), 4)  # noqa: PLW0108
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    last = suite.save("K", 1)
    assert suite.key().contact_group_id.hex == last.object_id
    assert ContactGroup.objects.filter(pk=first.object_id).exists()


@pytest.mark.parametrize("named_by", ["key", "id"])
def test_nobody_waits_for_another_licensees_group(suite, by_bob, named_by):
    """Who did would know that there is one."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite locks no rows: all wait for all")
    group = suite.save("K").object_id
    theirs = Suite(by_bob.user.licensees.get(), by_bob)
    save = suite.request("K", 0) if named_by == "key" else theirs.request("Z", object_id=group)

    def ask():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
            try:
                return operations.save_contact_group(save, by=by_bob)
            finally:
                cursor.execute("RESET lock_timeout")  # it goes back to the pool

    with transaction.atomic():
        ContactGroup.objects.select_for_update(no_key=True).get(pk=group)
        [answer] = at_once(ask, 1)
    assert isinstance(answer, Refused)
    assert answer.refusals[0].code == "NotFound"
    assert suite.order(group) == []
