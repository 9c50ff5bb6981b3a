"""The Index rule of contract 3.4: sentences that hold for every list."""

from hypothesis import given
from hypothesis import strategies as st

from contacts.connection_order import ConnectionChange, arrange, merge, revert_merge

CONTACTS = "abcdefghij"


@st.composite
def listed(draw):
    """A group's connections, and wishes about some contacts, each index once."""
    old = draw(st.lists(st.sampled_from(CONTACTS), unique=True))
    asked = draw(st.lists(st.sampled_from(CONTACTS), unique=True))
    indexes = iter(draw(st.lists(st.integers(1, 15), unique=True, min_size=10)))
    wishes = [
        ConnectionChange(
            contact,
            draw(st.sampled_from([None, "r1", "r2"])),
            next(indexes) if draw(st.booleans()) else 0,
            draw(st.booleans()),
        )
        for contact in asked
    ]
    return {contact: draw(st.sampled_from([None, "r1"])) for contact in old}, wishes


def by_the_book(old, wishes):
    """The rule's own words, one insertion after the other."""
    gone = {wish.contact for wish in wishes if wish.remove}
    placed = {wish.contact: wish.index for wish in wishes if wish.index and not wish.remove}
    new = [wish.contact for wish in wishes if wish.contact not in old and not wish.remove]
    order = [contact for contact in [*old, *new] if contact not in gone and contact not in placed]
    for contact in sorted(placed, key=placed.__getitem__):
        order.insert(placed[contact] - 1, contact)  # at the end where the list is shorter
    return order


@given(listed())
def test_the_order_is_the_rules(case):
    old, wishes = case
    assert [*merge(old, wishes)] == by_the_book(old, wishes)


@given(listed())
def test_listed_are_there_removed_are_not_and_the_rest_is_untouched(case):
    old, wishes = case
    merged = merge(old, wishes)
    asked = {wish.contact: wish for wish in wishes}
    for contact, wish in asked.items():
        assert (contact in merged) == (not wish.remove)
        if not wish.remove:
            assert merged[contact] == (wish.role or old.get(contact))
    untouched = [contact for contact in old if contact not in asked]
    assert [contact for contact in merged if contact in untouched] == untouched
    assert all(merged[contact] == old[contact] for contact in untouched)
    assert set(merged) <= set(old) | set(asked)


@given(listed())
def test_asking_again_without_new_or_removed_contacts_changes_nothing(case):
    old, wishes = case
    shared_demo = merge(old, wishes)
    assert [*merge(shared_demo, wishes).items()] == [*shared_demo.items()]


@given(st.lists(st.integers(), unique=True))
def test_nothing_asked_nothing_moved(others):
    assert arrange(others, {}) == others


def test_examples():
    assert arrange(["a", "b", "c"], {"x": 1}) == ["x", "a", "b", "c"]
    assert arrange(["a", "b", "c"], {"x": 2, "y": 4}) == ["a", "x", "b", "y", "c"]
    assert arrange(["a"], {"x": 9, "y": 7}) == ["a", "y", "x"]
    assert arrange([], {"x": 2, "y": 1}) == ["y", "x"]


# --- Putting back ---------------------------------------------------------------------------


def items(connections):
    return [*connections.items()]


@given(listed())
def test_a_merge_is_put_back_as_a_whole_where_nothing_came_since(case):
    old, wishes = case
    merged = merge(old, wishes)
    back = revert_merge(merged, old, merged)
    assert items(back.connections) == items(old)
    assert back.kept == 0
    assert bool(back.reversed) == (items(merged) != items(old))


@given(listed())
def test_what_is_as_before_already_is_left_so(case):
    old, wishes = case
    back = revert_merge(old, old, merge(old, wishes))
    assert items(back.connections) == items(old)
    assert (back.reversed, back.kept) == (0, 0)


@given(listed(), st.data())
def test_who_changed_since_is_kept_and_all_others_are_as_before(case, data):
    old, wishes = case
    merged = merge(old, wishes)
    some = data.draw(st.lists(st.sampled_from(CONTACTS), unique=True))
    since = [ConnectionChange(contact, "r3", remove=data.draw(st.booleans())) for contact in some]
    now = merge(merged, since)
    back = revert_merge(now, old, merged).connections
    for contact in CONTACTS:
        was, became, stands = (each.get(contact, "-") for each in (old, merged, now))
        assert back.get(contact, "-") == (was if stands == became else stands)


def test_order_is_put_back_as_far_as_it_can():
    old = dict.fromkeys("abc")
    moved = merge(old, [ConnectionChange("c", index=1)])
    assert [*moved] == ["c", "a", "b"]
    joined = merge(moved, [ConnectionChange("x", index=2)])  # behind c, who goes back to the end
    assert [*revert_merge(joined, old, moved).connections] == ["a", "b", "c", "x"]
    by_hand = merge(moved, [ConnectionChange("b", index=1)])
    back = revert_merge(by_hand, old, moved)
    assert [*back.connections] == ["b", "c", "a"]
    assert (back.reversed, back.kept) == (0, 1)
    gone = merge(old, [ConnectionChange("a", remove=True)])
    by_hand = merge(gone, [ConnectionChange("c", index=1)])
    assert [*revert_merge(by_hand, old, gone).connections] == ["a", "c", "b"]
