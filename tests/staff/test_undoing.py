"""Undo is shown before it is done, where much would change; and tells whom by name."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from commsapp.core import audit, records
from commsapp.models import Operation
from contacts import operations as contacts_operations
from contacts.models import Contact, ContactConnection
from groups import operations
from groups.models import Membership, Recipient, RecipientGroup
from quotes import operations as quotes_operations
from quotes.bulk_edit import edit_lines
from quotes.models import QuoteLineItem
from tests import factories
from tests.conftest import grant
from tests.staff.conftest import browse, content_of, page


def members(group) -> set:
    return {*Membership.objects.filter(group=group).values_list("recipient_id", flat=True)}


@pytest.fixture
def removal(by_alice, group, join) -> Operation:
    """Eight that left a group; one of them is in it again, one is another customer's by now."""
    gone = join(8)
    change = operations.remove_recipients(group.pk, [one.pk.hex for one in gone], by=by_alice)
    operations.add_recipients(group.pk, [gone[0].pk.hex], by=by_alice)
    other = factories.ContactGroupFactory(licensee=group.licensee)
    Recipient.objects.filter(pk=gone[1].pk).update(customer=other, name="Corner Shop")
    return change.operation


# --- One operation ------------------------------------------------------------------------------


def test_a_dry_run_tells_what_undoing_would_do_and_does_nothing(by_alice, group, removal):
    before = members(group), Operation.objects.count()
    planned = audit.undo(removal.pk, by=by_alice, dry_run=True)
    assert (planned.reversed, planned.kept, len(planned.failed)) == (6, 1, 1)
    assert planned.message == "6 would be reversed, 1 kept because changed since."
    assert (members(group), Operation.objects.count()) == before
    done = audit.undo(removal.pk, by=by_alice)
    assert (done.reversed, done.kept, done.failed) == (6, 1, planned.failed)


def test_the_preview_names_whom_undoing_would_keep_and_whom_it_would_fail(web, group, removal):
    before = members(group), Operation.objects.count()
    answer = web.get(page(removal, "undo"))
    shown = content_of(answer)
    assert "6 would be reversed, 1 kept because changed since, 1 would fail." in shown
    [kept] = Recipient.objects.filter(pk__in=before[0])
    listing = shown.split("Kept: in the group again since")[1].split("</div>")[0]
    assert f'<a href="{page(kept)}">{kept}</a>' in listing
    failed = Recipient.objects.get(name="Corner Shop")
    problems = shown.split("1 problem")[1].split("</section>")[0]
    assert f'<a href="{page(failed)}">Corner Shop</a>' in problems
    assert str(failed.pk) not in strip_tags(problems)
    assert (members(group), Operation.objects.count()) == before


def test_what_the_preview_shows_is_done_when_it_is_confirmed(web, group, removal):
    shown = content_of(web.get(page(removal, "undo"), {"next": page(group)}))
    assert f'name="next" value="{page(group)}"' in shown
    result = content_of(web.post(page(removal, "undo"), {"next": page(group)}))
    assert "Undone: 6 reversed, 1 kept because changed since, 1 failed." in result
    assert ">Corner Shop</a>" in result
    assert f'href="{page(group)}"' in result
    assert len(members(group)) == 7


def test_a_handful_is_undone_at_once_and_more_is_shown_first(web, group, join, by_alice):
    few, many = join(5), join(6)
    for some in (few, many):
        operations.remove_recipients(group.pk, [one.pk.hex for one in some], by=by_alice)
    small, large = Operation.objects.filter(kind="groups.recipients_removed").order_by("id")
    history = content_of(web.get(page(group, "history")))
    assert f'<form method="post" action="{page(small, "undo")}">' in history
    assert f'href="{page(large, "undo")}?next=' in history
    assert f'action="{page(large, "undo")}"' not in history
    assert "Undo…" in content_of(web.get(page(large)))
    assert "Undo…" not in content_of(web.get(page(small)))


def test_the_message_of_a_large_change_still_undoes_it_at_once(web, group, join):
    gone = join(6)
    values = {"recipients": [one.pk.hex for one in gone], "confirm": "1"}
    answer = web.post(page(group, "remove-recipients"), values, follow=True)
    removed = Operation.objects.get(kind="groups.recipients_removed")
    message = content_of(answer).split("messagelist")[1].split("</ul>")[0]
    assert f'<form method="post" action="{page(removed, "undo")}">' in message


def test_what_cannot_be_undone_any_more_has_no_preview(web, removal, by_alice, group):
    audit.undo(removal.pk, by=by_alice)
    answer = web.get(page(removal, "undo"))
    assert answer.url == page(removal)
    assert [*map(str, get_messages(answer.wsgi_request))][-1] == "This was undone already."


def test_nobody_sees_a_preview_of_what_they_may_not_undo(charlie, removal, group):
    grant(charlie, "commsapp.view_operation", "groups.view_recipientgroup")
    before = members(group)
    assert browse(charlie).get(page(removal, "undo")).status_code == 403
    assert members(group) == before


def test_an_undo_that_would_reverse_nothing_offers_no_button(web, group, join, by_alice):
    gone = join(6)
    ids = [one.pk.hex for one in gone]
    change = operations.remove_recipients(group.pk, ids, by=by_alice)
    operations.add_recipients(group.pk, ids, by=by_alice)
    shown = content_of(web.get(page(change.operation, "undo")))
    assert "0 would be reversed, 6 kept because changed since. There is nothing to do." in shown
    assert 'class="primary"' not in shown


# --- What was kept, in every app ---------------------------------------------------------------


def test_contacts_whose_connection_changed_since_are_named(web, by_alice, licensee):
    owner = factories.ContactGroupFactory(licensee=licensee)
    ann, ben = (factories.ContactFactory(licensee=licensee, name=name) for name in ("Ann", "Ben"))
    new = [contacts_operations.NewConnection(one.pk.hex) for one in (ann, ben)]
    change = contacts_operations.add_connections(owner.pk, new, by=by_alice)
    role = factories.RoleFactory(licensee=licensee, kind="connection")
    contacts_operations.change_roles(owner.pk, {ann.pk.hex: role.pk.hex}, by=by_alice)
    planned = content_of(web.get(page(change.operation, "undo")))
    assert "1 would be reversed, 1 kept because changed since." in planned
    assert f'<a href="{page(ann)}">Ann</a>' in planned.split("Kept because changed since")[1]
    answer = web.post(page(change.operation, "undo"))
    first, *_others = get_messages(answer.wsgi_request)
    assert f'<a href="{page(ann)}">Ann</a>' in str(first)
    assert [*ContactConnection.objects.values_list("contact", flat=True)] == [ann.pk]
    later = content_of(web.get(page(change.operation)))
    assert f'<a href="{page(ann)}">Ann</a>' in later.split("Kept because changed since")[1]


def test_parts_that_were_edited_since_are_named(web, by_alice, line, join):
    join(6)
    split = quotes_operations.split_line(line.pk, by=by_alice)
    part = line.parts.order_by("line_number").first()
    QuoteLineItem.objects.filter(pk=part.pk).update(quantity=Decimal(9))
    shown = content_of(web.get(page(split.operation, "undo")))
    assert "5 would be reversed, 1 kept because changed since." in shown
    kept = shown.split("Kept because changed since")[1]
    assert f'<a href="{page(part)}">{part}</a>' in kept
    assert line.parts.count() == 6


def test_a_quotes_history_tells_and_undoes_what_was_done_to_its_lines(web, by_alice, line, join):
    join(6)
    split = quotes_operations.split_line(line.pk, by=by_alice).operation
    part = line.parts.order_by("line_number").first()
    values = {"requested_date": "2027-01-15"}
    edited = edit_lines(line.quote_id, [part.pk.hex], values, by=by_alice)
    shown = content_of(web.get(page(line.quote, "history")))
    assert f'href="{page(split, "undo")}?next=' in shown
    assert f'action="{page(edited.operation, "undo")}"' in shown
    assert f'<a href="{page(part)}">' in shown
    web.post(page(edited.operation, "undo"))
    web.post(page(split, "undo"))
    assert not line.parts.exists()


# --- All that was done as one batch ---------------------------------------------------------------


@pytest.fixture
def archiving(by_alice, licensee) -> list[Contact]:
    """Seven contacts that were archived as one batch, one of them restored since."""
    made = factories.ContactFactory.create_batch(7, licensee=licensee)
    records.archive(Contact, [one.pk.hex for one in made], by=by_alice)
    records.restore(Contact, [made[0].pk.hex], by=by_alice)
    return made


def test_undoing_a_batch_is_shown_first(web, archiving):
    one = Operation.objects.filter(kind="archived").first()
    url = reverse("admin:commsapp_operation_undo_batch", args=(one.batch,))
    assert f'href="{url}?next=' in content_of(web.get(page(one)))
    before = Operation.objects.count()
    shown = content_of(web.get(url))
    assert "6 would be reversed, 1 kept because changed since." in shown
    kept = shown.split("Kept because changed since")[1]
    assert f'<a href="{page(archiving[0])}">{archiving[0]}</a>' in kept
    assert f'<a href="{page(archiving[6])}">{archiving[6]}</a>' in shown
    assert Operation.objects.count() == before
    answer = web.post(url, {"next": page(archiving[0])})
    assert answer.url == page(archiving[0])
    assert not Contact.objects.exclude(archived_at=None).exists()


def test_the_preview_of_a_batch_costs_the_same_for_more(web, by_alice, licensee):
    def statements(count: int) -> int:
        made = factories.ContactFactory.create_batch(count, licensee=licensee)
        moved = records.archive(Contact, [one.pk.hex for one in made], by=by_alice)
        records.restore(Contact, [one.pk.hex for one in made[: count // 2]], by=by_alice)
        url = reverse("admin:commsapp_operation_undo_batch", args=(moved.operations[0].batch,))
        with CaptureQueriesContext(connection) as asked:
            assert web.get(url).status_code == 200
        return len(asked)

    web.get(reverse("admin:index"))
    assert statements(10) == statements(200)


def test_an_archived_group_refuses_its_preview_in_a_sentence(web, removal, group, by_alice):
    records.archive(RecipientGroup, [group.pk.hex], by=by_alice)
    answer = web.get(page(removal, "undo"))
    assert answer.url == page(removal)
    assert [*map(str, get_messages(answer.wsgi_request))] == ["The recipient group is archived."]
