"""A recipient group made of the contacts of a contact group."""

from __future__ import annotations

from commsapp.models import Operation
from contacts.models import Contact
from groups import from_contacts
from groups.models import Membership, Recipient, RecipientGroup
from tests import factories
from tests.staff.conftest import again, browse, content_of, last_message, page


def test_a_recipient_group_is_made_of_all_connected_contacts(web, customer, connect):
    [anna, _ben] = connect("Anna", "Ben", phone="+43 660 5550101", email="a@example.com")
    [_depot] = connect("Depot Berlin", kind="organisation", phone="030 555")
    mine = factories.RecipientFactory(
        licensee=customer.licensee, customer=customer, contact=anna, name="Anna's line"
    )
    shown = content_of(web.get(page(customer, "make-group")))
    assert "Of all 3 connected contacts." in shown
    preview = web.post(page(customer, "make-group"), {"name": "Everybody"})
    sentence = "The recipient group “Everybody” would be made, 1 recipient taken that is there"
    assert f"{sentence}, 2 new recipients." in content_of(preview)
    assert not RecipientGroup.objects.exists()
    assert Recipient.objects.count() == 1

    done = web.post(page(customer, "make-group"), again(preview))
    group = RecipientGroup.objects.get()
    assert done.url == page(group)
    assert (group.name, group.customer, group.member_count) == ("Everybody", customer, 3)
    members = Recipient.objects.filter(memberships__group=group)
    assert {*members.values_list("name", "recipient_type", "msisdn")} == {
        ("Anna's line", "Location", ""),
        ("Ben", "Subscriber", "+436605550101"),
        ("Depot Berlin", "Location", ""),
    }
    assert mine in members
    made = Operation.objects.get(kind="groups.made_from_contacts")
    assert Operation.objects.filter(batch=made.batch).count() == 3


def test_a_recipient_group_is_made_of_the_ticked_contacts_alone(web, customer, connect):
    anna, _ben, clara = connect("Anna", "Ben", "Clara")
    ticked = {"contacts": [anna.pk.hex, clara.pk.hex]}
    asked = web.post(page(customer, "make-group"), ticked)
    assert "Of the 2 ticked contacts." in content_of(asked)
    preview = web.post(page(customer, "make-group"), {**ticked, "name": "Two"})
    web.post(page(customer, "make-group"), again(preview))
    group = RecipientGroup.objects.get()
    assert {*group.memberships.values_list("recipient__name", flat=True)} == {"Anna", "Clara"}


def test_archived_contacts_and_recipients_are_told_and_left_out(web, customer, connect):
    anna, ben, _clara = connect("Anna", "Ben", "Clara")
    Contact.objects.filter(pk=anna.pk).update(archived_at="2026-01-01T00:00Z")
    factories.RecipientFactory(
        licensee=customer.licensee, customer=customer, contact=ben,
        archived_at="2026-01-01T00:00Z",
    )  # fmt: skip
    shown = content_of(web.post(page(customer, "make-group"), {"name": "Everybody"}))
    assert "The contact “Anna” is archived." in shown
    assert "The recipient of “Ben” is archived." in shown
    assert ", 1 new recipient." in shown


def test_nobody_is_no_group(web, customer, connect):
    [anna] = connect("Anna")
    Contact.objects.filter(pk=anna.pk).update(archived_at="2026-01-01T00:00Z")
    answer = web.post(page(customer, "make-group"), {"name": "Nobody", "confirm": "1"})
    assert answer.status_code == 409
    assert "There is nobody to take into the group." in content_of(answer)
    assert not RecipientGroup.objects.exists()
    assert not Operation.objects.exists()


def test_another_customers_recipient_is_not_taken(by_alice, customer, connect):
    [anna] = connect("Anna")
    other = factories.ContactGroupFactory(licensee=customer.licensee)
    theirs = factories.RecipientFactory(
        licensee=customer.licensee, customer=other, contact=anna, name="Theirs"
    )
    change = from_contacts.make_group_from_contacts(customer.pk, "Mine", by=by_alice)
    assert (change.taken, change.made) == (0, 1)
    assert not Membership.objects.filter(recipient=theirs).exists()


def test_the_undo_empties_the_group_and_archives_what_was_made_for_it(web, customer, connect):
    connect("Anna", "Ben")
    web.post(page(customer, "make-group"), {"name": "Everybody", "confirm": "1"})
    made = Operation.objects.get(kind="groups.made_from_contacts")
    assert last_message(web, web.post(page(made, "undo"))) == "Undone: 2 reversed."
    group = RecipientGroup.objects.get()
    assert (group.status, group.member_count) == ("archived", 0)
    assert Recipient.objects.filter(archived_at=None).count() == 0


def test_the_undo_keeps_a_recipient_that_is_in_another_group(web, customer, connect, by_alice):
    connect("Anna", "Ben")
    web.post(page(customer, "make-group"), {"name": "Everybody", "confirm": "1"})
    made = Operation.objects.get(kind="groups.made_from_contacts")
    anna = Recipient.objects.get(name="Anna")
    other = factories.RecipientGroupFactory(licensee=customer.licensee, customer=customer)
    Membership.objects.create(group=other, recipient=anna, operation=made)
    web.post(page(made, "undo"))
    assert [*Recipient.objects.filter(archived_at=None)] == [anna]


def test_another_licensee_makes_no_group_here(bob, customer, connect):
    connect("Anna")
    answer = browse(bob).post(page(customer, "make-group"), {"name": "Mine", "confirm": "1"})
    assert answer.status_code == 404
    assert not RecipientGroup.objects.exists()
