"""Each page loads the scripts that it uses, and no other."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from commsapp.models import Operation
from tests.staff.conftest import page

pytestmark = pytest.mark.django_db

EVERYWHERE = ["admin/js/theme.js", "staff/js/staff.js"]
SIGNED_IN = [*EVERYWHERE, "staff/js/shortcuts.js"]
ACTIONS = ["jsi18n", "admin/js/actions.js"]
FORM = ["admin/js/change_form.js"]


def scripts(client, path: str) -> list[str]:
    """The names of a page's scripts, in order of the alphabet."""
    response = client.get(path)
    assert response.status_code == 200, path
    found = re.findall(r'<script\b[^>]*\ssrc="([^"]*)"', response.content.decode())
    assert response.content.count(b"<script") == len(found)  # each has an address
    return sorted(re.sub("^/(static|admin)/|/$", "", address) for address in found)


@pytest.fixture
def alice(alice):
    """As a superuser, who gets to every page."""
    alice.is_superuser = True
    alice.save()
    return alice


# By list; those without actions need no script for them.
LISTS = {
    "quotes_quote": [],
    "quotes_quotelineitem": [],
    "quotes_product": [],
    "groups_recipientgroup": ACTIONS,
    "groups_recipient": ACTIONS,
    "contacts_contactgroup": ACTIONS,
    "contacts_contact": ACTIONS,
    "contacts_alternatekey": [],
    "contacts_datasource": [],
    "contacts_role": [],
    "contacts_contactconnection": [],
    "commsapp_operation": [],
    "commsapp_user": [],
    "commsapp_client": [],
    "commsapp_licensee": [],
    "commsapp_apiuse": [],
    "auth_group": [],
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_loads_what_its_actions_need(web, line, join, customer, connect, name):
    connect("Anna")
    join(1)
    assert scripts(web, reverse(f"admin:{name}_changelist")) == sorted([*LISTS[name], *SIGNED_IN])
    empty = scripts(web, reverse(f"admin:{name}_changelist") + "?q=nothing-of-this-name")
    assert empty == sorted(SIGNED_IN)


FORMS = {
    "quotes_quote": ["staff/js/combobox.js"],
    "quotes_quotelineitem": ["staff/js/combobox.js", "staff/js/line-form.js"],
    "quotes_product": [],
    "groups_recipientgroup": ["staff/js/combobox.js"],
    "groups_recipient": ["staff/js/combobox.js"],
    "contacts_contactgroup": [],
    "contacts_contact": [],
    "contacts_alternatekey": ["staff/js/combobox.js"],
    "contacts_datasource": [],
    "contacts_role": [],
    "commsapp_user": ["admin/js/unusable_password_field.js"],
    "commsapp_client": ["staff/js/combobox.js"],
    "commsapp_licensee": [],
    "auth_group": [],
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_loads_what_its_fields_need(web, name):
    assert scripts(web, reverse(f"admin:{name}_add")) == sorted([*FORMS[name], *SIGNED_IN, *FORM])


def test_a_page_loads_what_is_on_it(web, line, join, customer, connect):
    connect("Anna")
    join(2)
    group, quote = line.recipient_group, line.quote
    copy = "staff/js/copy.js"
    table = {
        "/admin/": [],
        "/admin/find/?q=s": [],
        "/admin/shortcuts/": [],
        "/admin/integrations/": [copy],
        "/admin/integrations/curl/": [],
        page(quote): [copy, "staff/js/quotes.js"],
        page(line): [copy],
        page(line, "split"): [],
        page(line, "delete"): [],
        page(group): [copy, "staff/js/ways.js"],
        page(group, "add-recipients"): ["staff/js/combobox.js", "staff/js/ways.js"],
        page(group, "history"): [],
        page(customer): [copy, "staff/js/order.js"],
        page(customer, "add-connections"): ["staff/js/combobox.js", "staff/js/order.js"],
        page(Operation.objects.order_by("pk")[0]): [copy],
    }
    assert {path: scripts(web, path) for path in table} == {
        path: sorted([*own, *SIGNED_IN]) for path, own in table.items()
    }


def test_a_quote_on_paper_and_the_page_to_sign_in_load_only_their_own(web, client, line):
    assert scripts(web, page(line.quote, "print")) == ["staff/js/print.js"]
    assert scripts(client, reverse("admin:login")) == sorted(EVERYWHERE)
