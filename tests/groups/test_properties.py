"""Groups against Python's own sets, for any order of events."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commsapp.core import audit
from commsapp.models import Operation
from groups import operations
from groups.models import Membership, RecipientGroup
from tests.groups import many_recipients
from tests.groups.many_recipients import hexes, members_of

CROWD = 5
VERBS = {
    "add": operations.add_recipients,
    "remove": operations.remove_recipients,
    "set": operations.set_recipients,
}
SOME = st.lists(st.integers(0, CROWD - 1), max_size=CROWD + 2)  # with duplicates, in any order
STEPS = st.tuples(st.sampled_from([*VERBS]), SOME) | st.tuples(st.just("undo"), st.integers(0, 9))

with_database = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Model:
    """What a group is: who is in it, by which operation. And how an undo goes."""

    def __init__(self):
        self.origin = {}  # member → number of the operation that made it one
        self.done = []  # of each operation: whom it removed, with their origins

    def act(self, verb, chosen):
        wanted = {
            "add": set(self.origin) | chosen,
            "remove": set(self.origin) - chosen,
            "set": chosen,
        }[verb]
        gone = {one: self.origin.pop(one) for one in set(self.origin) - wanted}
        added = wanted - set(self.origin)
        if gone or added:
            self.origin |= dict.fromkeys(added, len(self.done))
            self.done.append(gone)
        return len(added), len(gone)

    def undo(self, number):
        taken_out = {one for one, origin in self.origin.items() if origin == number}
        for one in taken_out:
            del self.origin[one]
        back = {one: by for one, by in self.done[number].items() if one not in self.origin}
        self.origin |= back
        return len(taken_out) + len(back)


@with_database
@given(steps=st.lists(STEPS, max_size=12))
def test_a_group_is_a_set_whose_changes_can_be_undone(licensee, by_alice, steps):
    crowd = many_recipients.recipients(licensee, CROWD)
    group = many_recipients.group_of([], licensee)
    model, undone = Model(), set()
    entries: list[Operation] = []
    for verb, given_ in steps:
        if verb == "undo":
            number = given_
            if number >= len(entries) or number in undone:
                continue
            told = audit.undo(entries[number].pk, by=by_alice)
            assert told.reversed == model.undo(number)
            if told.reversed:
                undone.add(number)
        else:
            ids = hexes(crowd[one] for one in given_)
            change = VERBS[verb](group.pk, ids, by=by_alice)
            assert (change.added, change.removed) == model.act(verb, set(given_))
            if change.operation.touched:
                entries.append(change.operation)
        origins = {crowd[one].pk: entries[by].pk for one, by in model.origin.items()}
        kept = Membership.objects.filter(group=group).values_list("recipient", "operation")
        assert dict(kept) == origins
        assert RecipientGroup.objects.get(pk=group.pk).member_count == len(origins)


@with_database
@given(before=SOME, verb=st.sampled_from([*VERBS]), chosen=SOME)
def test_an_undo_at_once_restores_the_members(licensee, by_alice, before, verb, chosen):
    crowd = many_recipients.recipients(licensee, CROWD)
    group = many_recipients.group_of([crowd[one] for one in set(before)], licensee)
    there = members_of(group)
    change = VERBS[verb](group.pk, hexes(crowd[one] for one in chosen), by=by_alice)
    if change.operation.touched:
        audit.undo(change.operation.pk, by=by_alice)
    assert members_of(group) == there
    assert RecipientGroup.objects.get(pk=group.pk).member_count == len(there)
