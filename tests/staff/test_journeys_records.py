"""What people do with any record: forms, undo, users and clients."""

from __future__ import annotations

import re

from django.urls import reverse

from commsapp.models import Client, Operation, User
from groups.models import RecipientGroup
from quotes.models import Product
from tests import factories
from tests.conftest import grant
from tests.groups.many_recipients import members_of
from tests.staff.conftest import browse, content_of, last_message, page

CONFIRM = {"confirm": "1"}


# --- Forms ----------------------------------------------------------------------------------


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
    history = content_of(web.get(page(product, "history")))
    assert "Created." in history
    assert "Changed: name." in history
    edited = Operation.objects.get(kind="edited")
    assert edited.channel == "staff"
    shown = content_of(web.get(page(edited)))
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
    assert "The customer cannot be changed while memberships" in content_of(answer)
    group.refresh_from_db()
    assert group.customer != other
    assert Operation.objects.count() == before


def test_a_name_that_is_taken_is_shown_on_the_form(web, licensee):
    factories.DataSourceFactory(licensee=licensee, name="CRM")
    answer = web.post(reverse("admin:contacts_datasource_add"), {"name": "CRM"})
    assert answer.status_code == 200
    assert "already exists" in content_of(answer)
    assert Operation.objects.count() == 0


def test_another_licensees_record_cannot_be_chosen(web, licensee, bob):
    theirs = factories.ContactGroupFactory(licensee=bob.licensees.get())
    values = {"name": "X", "customer": str(theirs.pk), "description": ""}
    answer = web.post(reverse("admin:groups_recipientgroup_add"), values)
    assert "Select a valid choice" in content_of(answer)
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
    assert "This field is required." in content_of(refused)
    stranger = factories.LicenseeFactory()
    assert "Select a valid choice" in content_of(
        web.post(url, {"name": "CRM", "licensee": stranger.pk})
    )
    web.post(url, {"name": "CRM", "licensee": str(second.pk)})
    [source] = web.get(reverse("admin:contacts_datasource_changelist")).context["cl"].result_list
    assert source.licensee == second


# --- Operations -----------------------------------------------------------------------------


def test_an_undo_needs_the_permission_of_what_it_undoes(web, charlie, group, join):
    join(2)
    grant(charlie, "commsapp.view_operation", "groups.view_recipientgroup")
    added = Operation.objects.get(kind="groups.recipients_added")
    reader = browse(charlie)
    main = content_of(reader.get(page(added))).split("<main")[1].split("</main")[0]
    assert "<button" not in main
    assert reader.post(page(added, "undo")).status_code == 403
    assert len(members_of(group)) == 2
    assert last_message(web, web.post(page(added, "undo"))) == "Undone: 2 reversed."


def test_an_undo_tells_what_it_kept(web, group, join):
    gone, _staying = join(2)
    added = Operation.objects.get(kind="groups.recipients_added")
    web.post(page(group, "remove-recipients"), {"pasted": str(gone.pk), **CONFIRM})
    undone = web.post(page(added, "undo"))
    assert last_message(web, undone) == "Undone: 1 reversed, 1 kept because changed since."


def test_an_undo_leads_back_to_no_other_site(web, group, join):
    join(1)
    added = Operation.objects.get(kind="groups.recipients_added")
    answer = web.post(page(added, "undo"), {"next": "https://elsewhere.example/"})
    assert answer.url == page(added)


# --- Users and clients ----------------------------------------------------------------------


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
    secret = re.findall(r'<code class="id">([^<]+)</code>', content_of(answer))[-1]
    assert "no-store" in answer["Cache-Control"]
    assert secret not in client.client_secret
    assert len(secret) > 40
    shown = content_of(web.get(reverse("admin:commsapp_client_change", args=(client.pk,))))
    assert secret not in shown
    assert client.client_secret not in shown
