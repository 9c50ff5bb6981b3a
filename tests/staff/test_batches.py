"""What was done as one batch: one line in the lists, unfolded by a link, undone as a whole."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from commsapp.core import audit, records
from commsapp.db.ids import uuid7
from commsapp.models import Operation
from commsapp.staff.audit import batches as goes
from commsapp.staff.audit import changelist
from contacts.models import Contact
from groups.from_contacts import make_group_from_contacts
from tests import factories
from tests.conftest import actor, grant
from tests.contacts.external_suite import Suite
from tests.staff.conftest import browse, content_of, last_message, page, statements

LIST = reverse("admin:commsapp_operation_changelist")
CONTACTS = reverse("admin:contacts_contact_changelist")


@pytest.fixture
def archive(licensee, by_alice):
    """Archives so many new contacts as one batch."""

    def make(count: int) -> list[Operation]:
        contacts = factories.ContactFactory.build_batch(count, licensee=licensee)
        Contact.objects.bulk_create(contacts)
        return [
            *records.archive(
                Contact, [contact.pk.hex for contact in contacts], by=by_alice
            ).operations
        ]

    return make


def rows(client, **query) -> list[str]:
    """What the list says, line by line."""
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    shown = content_of(answer).split("<tbody>")
    lines = shown[1].split("</tbody>")[0].split("</tr>")[:-1] if len(shown) > 1 else []
    return [" ".join(strip_tags(line.replace("<", " <")).split()) for line in lines]


def undo_of(entry: Operation) -> str:
    return reverse("admin:commsapp_operation_undo_batch", args=(entry.batch,))


# --- The list -----------------------------------------------------------------------------------


def test_a_go_is_one_line_with_its_count_its_entries_and_its_undo(web, archive):
    first, *_others = archive(30)
    [line] = rows(web)
    assert "30 contacts archived." in line
    assert "Show each contacts alice" in line
    assert line.endswith("Undo… : 30 contacts archived.")
    shown = content_of(web.get(LIST))
    assert f'href="{LIST}?batch={first.batch}"' in shown
    assert f'href="{undo_of(first)}?next=' in shown
    assert "1 operation<" in shown.replace("</span>", "<")


def test_what_was_done_to_one_is_told_by_its_name(web, archive):
    [entry] = archive(1)
    [line] = rows(web)
    assert f"Archived. {entry.target_name} contact" in line
    assert "batch=" not in content_of(web.get(LIST))


def test_a_go_of_different_things_is_told_by_what_it_was_about(web, licensee, by_alice):
    suite = Suite(licensee, by_alice)
    suite.save("K", 0, 1)
    make_group_from_contacts(suite.group().pk, "Shops", by=by_alice)
    made, _saved = rows(web)
    assert "The recipient group “Shops” was made, 2 new recipients." in made
    assert "Shops and 2 more recipient group" in made
    assert "Undo…" in made


def test_more_than_can_be_counted_is_said_so(web, archive, monkeypatch):
    monkeypatch.setattr(goes, "MAX_COUNTED", 4)
    archive(4)
    archive(5)
    assert ["More than 4 contacts archived." in line for line in rows(web)] == [True, False]
    assert "4 contacts archived." in rows(web)[1]


def test_filters_by_what_a_go_has_in_common_leave_it_folded(web, alice, archive, licensee):
    archive(6)
    for query in ({"channel__exact": "rest"}, {"user": str(alice.pk)}, {"from": "2020-01-01"}):
        assert len(rows(web, **query)) == 1, query
    both = browse(alice)
    alice.licensees.add(factories.LicenseeFactory())
    assert len(rows(both, licensee__id__exact=str(licensee.pk))) == 1


def test_who_looks_for_single_things_finds_them(web, archive):
    first, second, *_others = archive(6)
    for query in (
        {"kind": "archived"}, {"object": "contacts.contact"}, {"q": "Contact"},
        {"batch": str(first.batch)},
    ):  # fmt: skip
        assert len(rows(web, **query)) == 6, query
    [line] = rows(web, q=str(second.target_id))
    assert f"Archived. {second.target_name}" in line


def test_the_entries_of_a_go_are_shown_alone_with_a_way_out(web, archive):
    archive(3)
    first, *_others = archive(60)
    shown = content_of(web.get(LIST, {"batch": str(first.batch)}))
    assert len(rows(web, batch=str(first.batch))) == 50
    assert len(rows(web, batch=str(first.batch), p="2")) == 10
    banner = shown.split('class="go"')[1].split("</section>")[0]
    for text in (
        "60 contacts archived.", "alice", "REST", f'href="{LIST}"', f'href="{undo_of(first)}?next=',
    ):  # fmt: skip
        assert text in banner, text
    assert "These entries" in shown
    assert "These entries" not in content_of(web.get(LIST))


def test_another_licensees_go_and_what_is_none_show_nothing(web, bob, archive):
    first, *others = archive(3)
    for batch in (others[0].pk, uuid7(), "x", ""):
        answer = web.get(LIST, {"batch": str(batch)})
        assert answer.status_code == 200
        assert 'class="go"' not in content_of(answer)
    theirs = browse(bob)
    assert rows(theirs, batch=str(first.batch)) == []
    assert 'class="go"' not in content_of(theirs.get(LIST, {"batch": str(first.batch)}))
    assert "nothing left to undo" in last_message(theirs, theirs.post(undo_of(first)))
    assert Contact.objects.filter(archived_at=None).count() == 0


# --- Undo ---------------------------------------------------------------------------------------


def test_a_go_is_undone_from_the_list_after_a_preview(web, archive):
    first, *_others = archive(7)
    preview = content_of(web.get(undo_of(first), {"next": LIST}))
    assert "7 contacts archived." in preview
    assert "7 would be reversed." in preview
    assert Contact.objects.filter(archived_at=None).count() == 0
    answer = web.post(undo_of(first), {"next": LIST})
    assert answer.url == LIST
    assert last_message(web, answer) == "Undone: 7 reversed."
    undone, archived = rows(web)
    assert "Undone: 7 contacts." in undone
    assert undone.endswith("An undo")
    assert archived.endswith("Undone")


def test_undo_is_offered_while_any_of_a_go_stands(web, archive, by_alice):
    first, *others = archive(3)
    audit.undo(first.pk, by=by_alice)
    line = rows(web)[1]
    assert "Undo…" in line
    for other in others:
        audit.undo(other.pk, by=by_alice)
    assert rows(web)[3].endswith("Undone")


def test_no_undo_is_offered_without_the_right(charlie, archive):
    first, *_others = archive(3)
    grant(charlie, "commsapp.view_operation")
    reader = browse(charlie)
    [line] = rows(reader)
    assert "Undo" not in line
    assert undo_of(first) not in content_of(reader.get(LIST, {"batch": str(first.batch)}))
    assert reader.post(undo_of(first)).status_code == 403
    assert Contact.objects.filter(archived_at=None).count() == 0


def test_the_message_undoes_a_go_of_two_licensees(web, alice, licensee):
    second = factories.LicenseeFactory()
    alice.licensees.add(second)
    both = browse(alice)
    contacts = [
        one for whose in (licensee, second)
        for one in factories.ContactFactory.create_batch(2, licensee=whose)
    ]  # fmt: skip
    selected = {
        "action": "archive_selected", "_selected_action": [str(contact.pk) for contact in contacts],
        "confirm": "1",
    }  # fmt: skip
    answer = both.post(CONTACTS, selected)
    shown = content_of(both.get(answer["Location"]))
    batches = [*Operation.objects.order_by("id").values_list("batch", flat=True).distinct()]
    assert len({*batches}) == 2
    [undo] = {one.split('"')[0] for one in shown.split('action="')[1:] if "undo-batch" in one}
    both.post(undo.replace("&amp;", "&"), {"next": CONTACTS})
    assert Contact.objects.filter(archived_at=None).count() == 4


# --- Elsewhere ----------------------------------------------------------------------------------


def test_the_first_page_tells_a_go_in_one_line(web, archive):
    first, *_others = archive(40)
    shown = content_of(web.get("/admin/")).split('id="recent"')[1]
    assert shown.count("<tr>") == 2
    for text in (
        "40 contacts archived.", "Show each", f'href="{LIST}?batch={first.batch}"',
        f'href="{undo_of(first)}?next=',
    ):  # fmt: skip
        assert text in shown, text


def test_a_go_of_a_handful_is_undone_from_the_first_page_at_once(web, archive):
    first, *_others = archive(3)
    shown = content_of(web.get("/admin/")).split('id="recent"')[1]
    assert f'action="{undo_of(first)}"' in shown
    answer = web.post(undo_of(first), {"next": "/admin/"})
    assert last_message(web, answer) == "Undone: 3 reversed."
    assert Contact.objects.filter(archived_at=None).count() == 3


def test_a_records_history_tells_that_it_was_one_of_many(web, charlie, join, archive, group):
    _first, second, *_others = archive(40)
    contact = Contact.objects.get(pk=second.target_id)
    shown = content_of(web.get(page(contact, "history")))
    assert "In one go with 39 others" in shown
    assert f'href="{LIST}?batch={second.batch}"' in shown
    assert f'action="{page(second, "undo")}"' in shown
    grant(charlie, "contacts.view_contact")
    assert "In one go" not in content_of(browse(charlie).get(page(contact, "history")))
    join(2)
    assert "In one go" not in content_of(web.get(page(group, "history")))


def test_an_operations_page_tells_how_many_others_there_are(web, archive):
    first, *_others = archive(30)
    shown = content_of(web.get(page(first)))
    assert 'Done in one go with it <span class="count">29</span>' in shown
    assert f'href="{LIST}?batch={first.batch}"' in shown
    [alone] = archive(1)
    assert "Done in one go" not in content_of(web.get(page(alone)))


def test_lists_and_pages_take_as_many_statements_for_1000_as_for_10(web, archive):
    few, many = archive(10), archive(1_000)
    web.get("/admin/")

    def taken(entries: list[Operation]) -> list[int]:
        contact = Contact.objects.get(pk=entries[1].target_id)
        batch = {"batch": str(entries[0].batch)}
        addresses = (page(entries[0]), page(contact, "history"))
        return [statements(web, LIST, batch), *(statements(web, address) for address in addresses)]

    assert taken(few) == taken(many)
    lists = statements(web, LIST), statements(web, "/admin/")
    for _each in range(20):
        archive(50)
    assert (statements(web, LIST), statements(web, "/admin/")) == lists


# --- Who, and what is searched ------------------------------------------------------------------


def choices(client) -> list[object]:
    filters = client.get(LIST).context["cl"].filter_specs
    users = [one for one in filters if isinstance(one, changelist.UserFilter)]
    return [name for user in users for _id, name in user.lookup_choices]


@pytest.fixture
def root(db):
    return factories.UserFactory(username="root", is_superuser=True)


def test_everybody_who_did_something_can_be_chosen(web, bob, root, licensee, archive):
    dora = factories.UserFactory(username="dora")
    archive(2)
    for user, whose in ((root, licensee), (dora, licensee), (bob, factories.LicenseeFactory())):
        records.create(factories.ContactFactory.build(licensee=whose), by=actor(user))
    assert choices(web) == ["alice", "dora", "root"]  # Dora works for others by now
    [line] = rows(web, user=str(root.pk))
    assert "root" in line
    assert rows(web, user=str(bob.pk)) == []
    theirs = browse(bob)
    assert choices(theirs) == []  # Bob works for a third licensee


def test_a_search_that_finds_nothing_says_what_is_searched_and_where_else_to_look(
    web, charlie, group, join
):
    [lost, _other] = join(2)
    shown = content_of(web.get(LIST, {"q": lost.name}))
    assert f"No operation matches “{lost.name}”." in shown
    assert "Searched were the names of the objects as they were then" in shown
    assert f'href="{page(lost, "history")}"' in shown
    assert f"{reverse('staff-find')}?q=" in shown
    assert "Came into" in content_of(web.get(page(lost, "history")))
    grant(charlie, "commsapp.view_operation")
    answer = content_of(browse(charlie).get(LIST, {"q": lost.name}))
    assert "No operation matches" in answer
    assert page(lost, "history") not in answer
