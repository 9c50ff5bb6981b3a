"""Pages, panels and dependents that admins declare for their own records and for others'."""

from __future__ import annotations

from commsapp.staff.contributions import contributions_to
from commsapp.staff.dependents import DependentsFinder
from commsapp.staff.object_pages import Page, Panel
from contacts.models import Contact, ContactGroup
from groups.models import Membership, Recipient, RecipientGroup
from quotes.models import Product, Quote, QuoteLineItem


def test_a_models_own_panels_come_before_those_of_higher_apps():
    panels = contributions_to(ContactGroup, "panels", Panel)
    assert [panel.template for panel in panels] == [
        "contacts/keys.html", "contacts/connections.html", "quotes/quotes_of.html",
    ]  # fmt: skip


def test_the_permission_is_that_of_the_declaring_admins_model_unless_named():
    pages = {page.name: page for page in contributions_to(ContactGroup, "pages", Page)}
    assert pages["change-roles"].model is ContactGroup
    assert pages["make-group"].model is RecipientGroup
    [edit_lines] = [
        page for page in contributions_to(Quote, "pages", Page) if page.name == "edit-lines"
    ]
    assert edit_lines.model is QuoteLineItem


def test_a_page_on_other_records_is_no_page_of_the_declaring_admins_own_records():
    assert "make-group" not in [
        page.name for page in contributions_to(RecipientGroup, "pages", Page)
    ]


def test_dependents_of_a_model_without_an_admin_are_found():
    [finder] = contributions_to(Membership, "dependents", DependentsFinder)
    assert finder.model is QuoteLineItem


def test_dependents_come_in_the_order_of_the_apps():
    def models(model):
        return [finder.model for finder in contributions_to(model, "dependents", DependentsFinder)]

    assert models(Contact)[-1] is Recipient
    assert models(ContactGroup)[-1] is Quote
    assert models(Recipient) == [RecipientGroup, QuoteLineItem]
    assert models(Product) == []
