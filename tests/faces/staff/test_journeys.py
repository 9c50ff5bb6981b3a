"""What people do on the staff side, from the first page to the last message."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from commsapp.models import Client, Operation, User
from contacts.models import AlternateKey, Contact, ContactConnection, ContactGroup
from groups.models import Membership, Recipient, RecipientGroup
from quotes.models import Product, Quote, QuoteLineItem
from tests import factories
from tests.conftest import grant
from tests.faces.staff.conftest import browse, page, said, told

CONFIRM = {"confirm": "1"}


def members(group) -> set:
    return {*Membership.objects.filter(group=group).values_list("recipient_id", flat=True)}


def lines_of(quote) -> int:
    return QuoteLineItem.objects.filter(quote=quote).count()


def again(response) -> dict[str, list[str]]:
    """What the confirmation sends, as the preview's form has it."""
    [form] = re.findall(
        r'<form method="post">.*?name="confirm".*?</form>', told(response), re.DOTALL
    )
    sent: dict[str, list[str]] = {}
    for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form):
        sent.setdefault(name, []).append(value)
    return {**sent, "confirm": ["1"]}


def undo_address(web, response) -> str:
    """Where the button beside the message leads."""
    followed = told(web.get(response.url))
    return re.search(
        r'class="messagelist".*?<form method="post" action="([^"]+)"', followed, re.DOTALL
    )[1]


# --- Recipients ---------------------------------------------------------------------------------


def test_pasted_recipients_are_named_in_four_ways_and_each_wrong_one_is_told(web, group):
    same = {"licensee": group.licensee, "customer": group.customer}
    by_id = factories.RecipientFactory(**same)
    by_reference = factories.RecipientFactory(**same, external_reference="SITE-7")
    by_mail = factories.RecipientFactory(**same, email="Shop.Nine@example.com")
    by_number = factories.RecipientFactory(**same, msisdn="+4930123456")
    archived = factories.RecipientFactory(**same, external_reference="OLD")
    Recipient.objects.filter(pk=archived.pk).update(**Recipient.ARCHIVED)
    factories.RecipientFactory.create_batch(2, **same, external_reference="TWICE")
    stranger = factories.RecipientFactory()

    pasted = (
        f"{by_id.pk}\nSITE-7; shop.nine@EXAMPLE.com\n0049 30 / 123456\t\n"
        f"nobody\nOLD\nTWICE,{stranger.pk}\n"
    )
    url = page(group, "add-recipients")
    preview = web.post(url, {"pasted": pasted})
    assert preview.status_code == 200
    assert "4 recipients would be added, 2 refused." in told(preview)
    assert [(one.line, one.value) for one in preview.context["problems"]] == [
        (4, "nobody"), (5, "OLD"), (6, "TWICE"), (6, str(stranger.pk)),
    ]  # fmt: skip
    assert members(group) == set()

    done = web.post(url, {"pasted": pasted, **CONFIRM})
    assert "4 recipients added, 2 refused." in told(done)
    assert len(done.context["problems"]) == 4
    assert members(group) == {by_id.pk, by_reference.pk, by_mail.pk, by_number.pk}


def test_ticked_recipients_are_added_and_the_message_undoes_it(web, group):
    recipients = factories.RecipientFactory.create_batch(
        3, licensee=group.licensee, customer=group.customer
    )
    url = page(group, "add-recipients")
    assert all(str(one.pk) in told(web.get(url)) for one in recipients)
    preview = web.post(url, {"recipients": [str(one.pk) for one in recipients[:2]]})
    assert "2 recipients would be added." in told(preview)
    done = web.post(url, again(preview))
    assert done.url.startswith(f"{page(group)}?changed=")
    address = undo_address(web, done)
    assert members(group) == {one.pk for one in recipients[:2]}

    undone = web.post(address, {"next": page(group)})
    assert said(web, undone) == "Undone: 2 reversed."
    assert members(group) == set()
    twice = web.post(address)
    assert said(web, twice) == "This was undone already."


def test_the_picker_offers_only_who_fits_and_is_not_in_the_group(web, group, join):
    join(1, name="Member")
    same = {"licensee": group.licensee}
    other = factories.ContactGroupFactory(**same)
    factories.RecipientFactory(**same, name="Anybody's shop")
    factories.RecipientFactory(**same, name="Other shop", customer=other)
    factories.RecipientFactory(**same, name="Our cafe", customer=group.customer)
    everybody = web.get(page(group, "add-recipients")).context["candidates"]
    assert {one.name for one in everybody} == {"Anybody's shop", "Our cafe"}
    found = web.get(page(group, "add-recipients"), {"q": "shop"}).context["candidates"]
    assert [one.name for one in found] == ["Anybody's shop"]


def test_ticked_members_are_removed(web, group, join):
    leaving, staying = join(2)
    url = page(group, "remove-recipients")
    preview = web.post(url, {"recipients": [str(leaving.pk)]})
    assert "1 recipient would be removed." in told(preview)
    done = web.post(url, again(preview))
    assert said(web, done) == "1 recipient removed."
    assert members(group) == {staying.pk}


def test_members_are_set_exactly(web, group, join):
    _leaving, staying = join(2)
    coming = factories.RecipientFactory(licensee=group.licensee)
    url = page(group, "set-recipients")
    preview = web.post(url, {"pasted": f"{staying.pk}\n{coming.pk}"})
    assert "1 would be added, 1 removed, 1 stay." in told(preview)
    assert said(web, web.post(url, again(preview))) == "1 added, 1 removed, 1 stayed."
    assert members(group) == {staying.pk, coming.pk}


def test_nobody_leaves_because_of_a_typing_error(web, group, join):
    staying, _other = join(2)
    before, operations = members(group), Operation.objects.count()
    answer = web.post(page(group, "set-recipients"), {"pasted": f"{staying.pk}\nSITE-8", **CONFIRM})
    assert [(one.line, one.value) for one in answer.context["problems"]] == [(2, "SITE-8")]
    assert 'name="confirm"' not in told(answer)
    assert members(group) == before
    assert Operation.objects.count() == operations


def test_naming_nobody_is_told_on_the_form(web, group):
    answer = web.post(page(group, "add-recipients"), {"pasted": " \n,;"})
    assert answer.status_code == 400
    assert "Name at least one recipient." in told(answer)


def test_adding_who_is_in_already_is_nothing_to_do(web, group, join):
    [member] = join(1)
    preview = web.post(page(group, "add-recipients"), {"pasted": str(member.pk)})
    assert "There is nothing to do." in told(preview)
    assert 'name="confirm"' not in told(preview)


def test_an_archived_group_refuses_members_and_says_so(web, group, join):
    join(1)
    RecipientGroup.objects.filter(pk=group.pk).update(status="archived")
    recipient = factories.RecipientFactory(licensee=group.licensee)
    before = Operation.objects.count()
    answer = web.post(page(group, "add-recipients"), {"pasted": str(recipient.pk), **CONFIRM})
    assert answer.status_code == 409
    assert "The recipient group is archived." in told(answer)
    assert recipient.pk not in members(group)
    assert Operation.objects.count() == before


# --- Archive and restore ----------------------------------------------------------------------


def test_a_group_is_archived_restored_and_the_archiving_undone(web, group):
    preview = web.get(page(group, "archive"))
    assert f"“{group}” would be archived." in told(preview)
    done = web.post(page(group, "archive"), CONFIRM)
    group.refresh_from_db()
    assert group.is_archived
    assert said(web, web.post(undo_address(web, done))) == "Undone: 1 reversed."
    group.refresh_from_db()
    assert not group.is_archived
    web.post(page(group, "archive"), CONFIRM)
    assert said(web, web.post(page(group, "restore"), CONFIRM)) == "Restored."
    group.refresh_from_db()
    assert not group.is_archived


def test_many_are_archived_from_the_list_and_come_back_with_one_undo(web, licensee):
    contacts = factories.ContactFactory.create_batch(3, licensee=licensee)
    url = reverse("admin:contacts_contact_changelist") + "?q=Contact"
    ticked = {"action": "archive_selected", "_selected_action": [str(c.pk) for c in contacts[:2]]}
    preview = web.post(url, ticked)
    assert "2 would be archived." in told(preview)
    assert Contact.objects.filter(archived_at=None).count() == 3
    done = web.post(url, again(preview))
    assert done.url == url
    assert Contact.objects.filter(archived_at=None).count() == 1
    assert said(web, web.post(undo_address(web, done))) == "Undone: 2 reversed."
    assert Contact.objects.filter(archived_at=None).count() == 3


def test_all_that_match_may_be_selected_over_pages(web, licensee):
    factories.RecipientFactory.create_batch(60, licensee=licensee)
    first = Recipient.objects.first()
    url = reverse("admin:groups_recipient_changelist") + "?q=Site"
    ticked = {
        "action": "archive_selected", "select_across": "1", "_selected_action": [str(first.pk)],
    }  # fmt: skip
    preview = web.post(url, ticked)
    assert "60 would be archived." in told(preview)
    web.post(url, again(preview))
    assert not Recipient.objects.filter(archived_at=None).exists()


def test_the_archived_are_one_filter_away(web, licensee):
    factories.ContactFactory(licensee=licensee, name="Here")
    gone = factories.ContactFactory(licensee=licensee, name="Gone")
    Contact.objects.filter(pk=gone.pk).update(**Contact.ARCHIVED)
    url = reverse("admin:contacts_contact_changelist")

    def listed(query: str) -> set[str]:
        return {one.name for one in web.get(url + query).context["cl"].result_list}

    assert listed("") == {"Here"}
    assert listed("?state=archived") == {"Gone"}
    assert listed("?state=all") == {"Here", "Gone"}


# --- Quotes -------------------------------------------------------------------------------------


def test_a_line_is_split_as_the_preview_says_and_unsplit_again(web, group, join, line):
    join(3)
    quote = Quote.objects.with_totals().get(pk=line.quote_id)
    preview = web.get(page(line, "split"))
    change = preview.context["change"]
    assert "3 lines would be created." in told(preview)
    assert change.totals_before == change.totals_after == quote.totals
    assert lines_of(quote) == 1

    assert said(web, web.post(page(line, "split"), again(preview))) == "3 lines created."
    parts = QuoteLineItem.objects.filter(split_from=line).order_by("line_number")
    foreseen = [(part.line_number, part.recipient_id) for part in change.preview]
    assert [*parts.values_list("line_number", "recipient_id")] == foreseen
    assert Quote.objects.with_totals().get(pk=quote.pk).totals == quote.totals
    shown = told(web.get(page(quote)))
    assert "3 parts" in shown
    assert told(web.get(f"{page(quote)}?parts_of={line.pk}")).count("/quick/") == 3

    preview = web.get(page(line, "unsplit"))
    assert "3 lines would be removed." in told(preview)
    assert said(web, web.post(page(line, "unsplit"), again(preview))) == "3 lines removed."
    assert lines_of(quote) == 1


def test_what_blocks_a_split_is_told_and_nothing_is_split(web, line):
    answer = web.get(page(line, "split"))
    assert answer.status_code == 409
    assert "The recipient group has no members." in told(answer)
    answer = web.post(page(line, "split"), CONFIRM)
    assert answer.status_code == 409
    assert lines_of(line.quote) == 1


def test_a_quote_goes_its_way_by_buttons_with_the_right_permission(web, charlie, line):
    quote = line.quote
    grant(charlie, "quotes.view_quote", "quotes.view_quotelineitem", "quotes.change_quote")
    seller = browse(charlie)
    moved = seller.post(page(quote, "move"), {"move": "submit"})
    assert said(seller, moved) == "From “Draft” to “In review”."
    assert "Approve" not in told(seller.get(page(quote)))
    assert seller.post(page(quote, "move"), {"move": "approve"}).status_code == 403
    web.post(page(quote, "move"), {"move": "approve"})
    quote.refresh_from_db()
    assert quote.status == Quote.Status.APPROVED
    refused = web.post(page(quote, "move"), {"move": "submit"})
    assert said(web, refused) == "A quote cannot go from “Approved” to “In review”."


def test_a_line_is_added_with_the_products_prices_edited_and_deleted(web, licensee, line):
    quote = line.quote
    product = factories.ProductFactory(licensee=licensee, one_time_price=Decimal("5.0035"))
    values = {
        "quote": str(quote.pk), "product": str(product.pk), "quantity": "2", "recipient_group": "",
        "one_time_price": "", "recurring_price": "", "discount_percent": "0",
        "configuration": "{}", "description": "", "requested_date": "",
    }  # fmt: skip
    done = web.post(reverse("admin:quotes_quotelineitem_add"), values)
    assert done.url.startswith(page(quote))
    new = QuoteLineItem.objects.get(product=product)
    assert (new.line_number, new.one_time_price) == (line.line_number + 1, Decimal("5.0035"))
    assert 'value="5.0035"' in told(web.get(page(new, "change")))
    assert 'value="19.99"' in told(web.get(page(new, "change")))

    del values["quote"]
    web.post(page(new, "change"), {**values, "one_time_price": "7", "recurring_price": "1.5"})
    new.refresh_from_db()
    assert (new.one_time_price, new.recurring_price) == (Decimal(7), Decimal("1.5"))

    assert str(new) in told(web.get(page(new, "delete")))
    assert web.post(page(new, "delete"), {"post": "yes"}).url == page(quote)
    assert lines_of(quote) == 1


def test_a_line_of_a_closed_quote_is_not_deleted(web, line):
    Quote.objects.filter(pk=line.quote_id).update(status="accepted")
    assert web.post(page(line, "delete"), {"post": "yes"}).status_code == 403
    assert lines_of(line.quote) == 1


# --- Contact groups -----------------------------------------------------------------------------


@pytest.fixture
def connected(group) -> list[Contact]:
    contacts = factories.ContactFactory.create_batch(3, licensee=group.licensee)
    for position, contact in enumerate(contacts, 1):
        ContactConnection.objects.create(group=group.customer, contact=contact, position=position)
    return contacts


def in_order(customer) -> list:
    return [*customer.connections.order_by("position").values_list("contact_id", flat=True)]


def test_connections_are_moved_added_and_removed(web, group, connected):
    customer, (one, two, three) = group.customer, connected

    def move(contact, to):
        return web.post(page(customer, "move-connection"), {"contact": contact.pk, "to": to})

    move(three, "first")
    assert in_order(customer) == [three.pk, one.pk, two.pk]
    move(three, "down")
    assert in_order(customer) == [one.pk, three.pk, two.pk]
    move(two, "up")
    assert in_order(customer) == [one.pk, two.pk, three.pk]
    move(one, "3")
    assert in_order(customer) == [two.pk, three.pk, one.pk]

    four = factories.ContactFactory(licensee=group.licensee)
    role = factories.RoleFactory(licensee=group.licensee, kind="connection")
    web.post(page(customer, "add-connections"), {"contacts": [four.pk], "role": str(role.pk)})
    assert customer.connections.get(contact=four).role == role
    preview = web.post(page(customer, "remove-connections"), {"contacts": [two.pk]})
    assert "1 contact would be removed" in told(preview)
    web.post(page(customer, "remove-connections"), again(preview))
    assert in_order(customer) == [three.pk, one.pk, four.pk]


def test_a_contact_group_is_deleted_leaves_the_list_and_comes_back(web, group):
    customer = group.customer
    web.post(page(customer, "delete-group"), CONFIRM)
    customer.refresh_from_db()
    assert customer.status == ContactGroup.Status.DELETED
    url = reverse("admin:contacts_contactgroup_changelist")
    assert [*web.get(url).context["cl"].result_list] == []
    assert [*web.get(url, {"state": "deleted"}).context["cl"].result_list] == [customer]
    web.post(page(customer, "restore"), CONFIRM)
    customer.refresh_from_db()
    assert customer.status == ContactGroup.Status.ACTIVE


def test_an_alternate_key_is_added_and_deleted(web, group):
    source = factories.DataSourceFactory(licensee=group.licensee)
    values = {
        "data_source": str(source.pk), "value": "ACC-1", "contact_group": str(group.customer.pk),
        "contact": "", "role": "",
    }  # fmt: skip
    web.post(reverse("admin:contacts_alternatekey_add"), values)
    key = AlternateKey.objects.get(value="ACC-1")
    assert key.target == group.customer
    web.post(page(key, "delete"), {"post": "yes"})
    assert not AlternateKey.objects.exists()


# --- Forms --------------------------------------------------------------------------------------


def test_a_record_is_made_and_edited_as_operations(web, licensee):
    url = reverse("admin:quotes_product_add")
    values = {
        "code": "A-1", "name": "Access", "description": "", "one_time_price": "0.0035",
        "recurring_price": "10", "currency": "EUR", "is_active": "on",
    }  # fmt: skip
    product_url = web.post(url, values).url
    product = Product.objects.get(code="A-1")
    assert product_url == page(product)
    assert product.licensee == licensee
    web.post(page(product, "change"), {**values, "name": "Fibre access"})
    product.refresh_from_db()
    assert product.name == "Fibre access"
    history = told(web.get(page(product, "history")))
    assert "Created." in history
    assert "Changed: name." in history
    edited = Operation.objects.get(kind="edited")
    assert edited.face == "staff"
    shown = told(web.get(page(edited)))
    assert "Access" in shown
    assert "Fibre access" in shown


def test_what_an_operation_refuses_is_shown_on_the_form(web, group, join):
    join(1)
    other = factories.ContactGroupFactory(licensee=group.licensee)
    before = Operation.objects.count()
    answer = web.post(
        page(group, "change"),
        {
            "name": "Shops",
            "customer": str(other.pk),
            "description": "",
            "expected_member_count": "",
        },
    )
    assert answer.status_code == 200
    assert "The customer cannot be changed while memberships" in told(answer)
    group.refresh_from_db()
    assert group.customer != other
    assert Operation.objects.count() == before


def test_a_name_that_is_taken_is_shown_on_the_form(web, licensee):
    factories.DataSourceFactory(licensee=licensee, name="CRM")
    answer = web.post(reverse("admin:contacts_datasource_add"), {"name": "CRM"})
    assert answer.status_code == 200
    assert "already exists" in told(answer)
    assert Operation.objects.count() == 0


def test_another_licensees_record_cannot_be_chosen(web, licensee, bob):
    theirs = factories.ContactGroupFactory(licensee=bob.licensees.get())
    values = {"name": "X", "customer": str(theirs.pk), "description": ""}
    answer = web.post(reverse("admin:groups_recipientgroup_add"), values)
    assert "Select a valid choice" in told(answer)
    assert not RecipientGroup.objects.exists()
    found = web.get(
        reverse("admin:autocomplete"),
        {
            "app_label": "groups", "model_name": "recipientgroup", "field_name": "customer",
            "term": theirs.name,
        },
    )  # fmt: skip
    assert found.json()["results"] == []


def test_who_works_for_several_licensees_says_for_which_a_new_record_is(alice, licensee):
    second = factories.LicenseeFactory()
    alice.licensees.add(second)
    web = browse(alice)
    url = reverse("admin:contacts_datasource_add")
    refused = web.post(url, {"name": "CRM"})
    assert "This field is required." in told(refused)
    stranger = factories.LicenseeFactory()
    assert "Select a valid choice" in told(web.post(url, {"name": "CRM", "licensee": stranger.pk}))
    web.post(url, {"name": "CRM", "licensee": str(second.pk)})
    [source] = web.get(reverse("admin:contacts_datasource_changelist")).context["cl"].result_list
    assert source.licensee == second


# --- Operations ---------------------------------------------------------------------------------


def test_an_undo_needs_the_permission_of_what_it_undoes(web, charlie, group, join):
    join(2)
    grant(charlie, "commsapp.view_operation", "groups.view_recipientgroup")
    added = Operation.objects.get(kind="groups.recipients_added")
    reader = browse(charlie)
    main = told(reader.get(page(added))).split("<main")[1].split("</main")[0]
    assert "<button" not in main
    assert reader.post(page(added, "undo")).status_code == 403
    assert len(members(group)) == 2
    assert said(web, web.post(page(added, "undo"))) == "Undone: 2 reversed."


def test_an_undo_tells_what_it_kept(web, group, join):
    gone, _staying = join(2)
    added = Operation.objects.get(kind="groups.recipients_added")
    web.post(page(group, "remove-recipients"), {"pasted": str(gone.pk), **CONFIRM})
    undone = web.post(page(added, "undo"))
    assert said(web, undone) == "Undone: 1 reversed, 1 kept because changed since."


def test_an_undo_leads_back_to_no_other_site(web, group, join):
    join(1)
    added = Operation.objects.get(kind="groups.recipients_added")
    answer = web.post(page(added, "undo"), {"next": "https://elsewhere.example/"})
    assert answer.url == page(added)


# --- Users and clients --------------------------------------------------------------------------


def test_nobody_reaches_by_another_account_what_is_not_theirs(charlie, licensee, alice, web):
    root = factories.UserFactory(username="root", is_superuser=True, is_staff=True)
    root.licensees.add(licensee)
    grant(charlie, "commsapp.view_user", "commsapp.change_user", "commsapp.add_client")
    clerk = browse(charlie)
    for stronger in (root, alice):
        url = reverse("admin:commsapp_user_change", args=(stronger.pk,))
        assert clerk.post(url, {"username": "mine"}).status_code == 403
        url = reverse("admin:auth_user_password_change", args=(stronger.pk,))
        assert clerk.get(url).status_code == 403
        values = {"name": "Mine", "user": str(stronger.pk)}
        assert clerk.post(reverse("admin:commsapp_client_add"), values).status_code == 403
    assert not User.objects.filter(username="mine").exists()
    own = reverse("admin:commsapp_user_change", args=(charlie.pk,))
    assert clerk.post(own, {"username": "charlie", "is_superuser": "on"}).status_code == 403


def test_a_clients_secret_is_shown_once_and_kept_nowhere(web, alice):
    values = {"name": "Sync", "user": str(alice.pk)}
    answer = web.post(reverse("admin:commsapp_client_add"), values)
    client = Client.objects.get()
    secret = re.findall(r'<code class="id">([^<]+)</code>', told(answer))[-1]
    assert "no-store" in answer["Cache-Control"]
    assert secret not in client.client_secret
    assert len(secret) > 40
    shown = told(web.get(reverse("admin:commsapp_client_change", args=(client.pk,))))
    assert secret not in shown
    assert client.client_secret not in shown
