"""Who removed a recipient from a group, on the recipient's page, and how it comes back."""

from __future__ import annotations

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from commsapp.core import records
from commsapp.core.audit import undo
from commsapp.db.ids import uuid7
from commsapp.models import Operation
from groups import membership_history, operations
from groups.models import RecipientGroup
from tests.conftest import grant
from tests.groups.many_recipients import members_of
from tests.staff.conftest import browse, content_of, last_message, page


def test_a_recipients_page_tells_who_removed_it_when_and_through_what(web, group, join, sync):
    lost, *others = join(301)
    operations.remove_recipients(group.pk, [one.pk.hex for one in (lost, *others[:299])], by=sync)
    shown = content_of(web.get(page(lost)))
    entry = shown.split("Removed from")[1].split("</tr>")[0]
    assert ">Shops</a>" in entry
    assert "300 recipients removed." in entry
    assert "alice" in entry
    assert "REST · Nightly sync" in entry
    assert "Add it back to the group" in entry
    assert "Undo for all 300" in entry
    assert "Came into" in shown
    stayed = content_of(web.get(page(others[299])))
    assert "Removed from" not in stayed


def test_one_of_many_comes_back_alone(web, group, join, sync):
    lost, *others = join(5)
    operations.remove_recipients(group.pk, [one.pk.hex for one in (lost, *others)], by=sync)
    values = {"group": str(group.pk), "next": page(lost)}
    answer = web.post(page(lost, "add-back"), values)
    assert answer.url == page(lost)
    assert last_message(web, answer) == f"“{lost}” is in “Shops” again."
    assert members_of(group) == {lost.pk}
    shown = content_of(web.get(page(lost)))
    assert "Add it back" not in shown
    assert shown.count("Came into") == 2
    group.refresh_from_db()
    assert group.member_count == 1


def test_the_whole_operation_is_undone_from_one_of_its_recipients(web, group, join, sync):
    lost, *others = join(5)
    operations.remove_recipients(group.pk, [one.pk.hex for one in (lost, *others)], by=sync)
    operations.add_recipients(group.pk, [others[0].pk.hex], by=sync)
    removed = Operation.objects.get(kind="groups.recipients_removed")
    answer = web.post(page(removed, "undo"), {"next": page(lost)})
    assert answer.url == page(lost)
    followed = web.get(answer.url)
    spoken = [str(one) for one in followed.context["messages"]]
    assert f'href="{page(others[0])}"' in spoken[0]
    assert [*map(strip_tags, spoken)] == [
        f"Kept: in the group again since: “{others[0]}”.",
        "Undone: 4 reversed, 1 kept because changed since.",
    ]
    assert len(members_of(group)) == 5
    shown = content_of(web.get(page(removed)))
    assert "Kept: in the group again since" in shown
    assert ">Site" in shown.split("Kept: in the group again")[1]


def test_it_is_told_when_an_undo_or_a_set_removed_the_recipient(web, group, join, sync, by_alice):
    [one, two] = join(2)
    added = Operation.objects.get(kind="groups.recipients_added")
    undo(added.pk, by=sync)
    shown = content_of(web.get(page(one)))
    assert "Removed from" in shown
    assert "Undone: 2 reversed." in shown
    operations.set_recipients(group.pk, [one.pk.hex, two.pk.hex], by=by_alice)
    operations.set_recipients(group.pk, [two.pk.hex], by=by_alice)
    assert content_of(web.get(page(one))).count("Removed from") == 2
    assert content_of(web.get(page(two))).count("Removed from") == 1
    history = content_of(web.get(page(one, "history")))
    assert history.count("Removed from") == 2
    assert "Add it back to the group" in history


def test_what_was_undone_is_told_as_a_return(web, group, join, sync):
    [lost] = join(1)
    change = operations.remove_recipients(group.pk, [lost.pk.hex], by=sync)
    undo(change.operation.pk, by=sync)
    shown = content_of(web.get(page(lost)))
    assert "What was undone, as far as it still stood, for" in shown
    assert "Add it back" not in shown
    assert "alice" in shown


def test_no_way_back_is_offered_into_an_archived_group_or_without_the_right(
    web, charlie, group, join, sync
):
    [lost] = join(1)
    operations.remove_recipients(group.pk, [lost.pk.hex], by=sync)
    grant(charlie, "groups.view_recipient", "groups.view_recipientgroup")
    reader = browse(charlie)
    assert "Removed from" in content_of(reader.get(page(lost)))
    assert "Add it back" not in content_of(reader.get(page(lost)))
    values = {"group": str(group.pk)}
    assert reader.post(page(lost, "add-back"), values).status_code == 403
    records.archive(RecipientGroup, [group.pk.hex], by=sync)
    assert "Add it back" not in content_of(web.get(page(lost)))
    assert (
        last_message(web, web.post(page(lost, "add-back"), values))
        == "The recipient group is archived."
    )
    assert members_of(group) == set()


def test_who_may_not_see_groups_reads_nothing_of_them(charlie, group, join, sync):
    [lost] = join(1)
    operations.remove_recipients(group.pk, [lost.pk.hex], by=sync)
    grant(charlie, "groups.view_recipient")
    shown = content_of(browse(charlie).get(page(lost)))
    assert "Shops" not in shown
    assert "Removed from" not in shown


def test_another_licensees_recipient_is_not_put_back(bob, group, join, sync):
    [lost] = join(1)
    operations.remove_recipients(group.pk, [lost.pk.hex], by=sync)
    answer = browse(bob).post(page(lost, "add-back"), {"group": str(group.pk)})
    assert answer.status_code == 404
    assert members_of(group) == set()


def test_the_search_is_bounded_and_says_so(web, group, join, sync, monkeypatch):
    lost, *others = join(4)
    operations.remove_recipients(group.pk, [lost.pk.hex], by=sync)
    for other in others:
        operations.remove_recipients(group.pk, [other.pk.hex], by=sync)
    monkeypatch.setattr(membership_history, "MAX_SEARCHED", 2)
    found = membership_history.departures_of(lost)
    assert (found.found, found.is_complete) == ([], False)
    assert "only the newest of it was searched" in content_of(web.get(page(lost)))
    monkeypatch.undo()
    monkeypatch.setattr(membership_history, "MAX_READ", 3)
    assert not membership_history.departures_of(lost).is_complete
    assert membership_history.departures_of(others[-1]).found
    monkeypatch.undo()
    assert membership_history.departures_of(lost).is_complete


def test_a_recipients_page_takes_as_many_statements_after_1000_operations_as_after_10(
    web, group, join, by_alice
):
    lost, *others = join(30)
    ids = [other.pk.hex for other in others]
    web.get(page(lost))

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert web.get(page(lost)).status_code == 200
        return len(captured)

    def remove(number: int) -> None:
        origin = uuid7().hex
        Operation.objects.bulk_create(
            Operation(
                licensee=group.licensee, user=by_alice.user, channel="rest", target_id=group.pk,
                kind="groups.recipients_removed", target_type="groups.recipientgroup",
                target_name="Shops", touched=29,
                numbers={"removed": 29, "already": 0, "refused": 0},
                effects={"removed": {origin: ",".join(ids)}},
            )
            for _ in range(number)
        )  # fmt: skip

    operations.remove_recipients(group.pk, [lost.pk.hex], by=by_alice)
    remove(10)
    few = count()
    remove(980)
    assert count() == few
    assert "Removed from" in content_of(web.get(page(lost)))
