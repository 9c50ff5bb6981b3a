"""Users, groups and what they may do; and tables that are wider than a phone."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from playwright.sync_api import Page, expect

from commsapp.models import User
from tests import factories
from tests.browser.checks import PHONE, faults_at, faults_of

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def sellers(alice, signed_in) -> Group:
    """Sellers, a group; and Alice may everything now."""
    User.objects.filter(pk=alice.pk).update(is_superuser=True)
    group = Group.objects.create(name="Sellers")
    alice.groups.add(group)
    group.permissions.set(Permission.objects.filter(codename__startswith="view_quote"))
    return group


def test_the_table_of_permissions_is_for_everybody(signed_in: Page, sellers, alice):
    urls = [
        reverse("admin:auth_group_change", args=(sellers.pk,)),
        reverse("admin:commsapp_user_change", args=(alice.pk,)),
    ]
    for scheme in ("light", "dark"):
        signed_in.emulate_media(color_scheme=scheme)
        assert faults_at(signed_in, urls) == {}


def test_permissions_are_ticked_on_a_phone_without_javascript(without_scripts: Page, sellers):
    page = without_scripts
    page.set_viewport_size({"width": PHONE, "height": 844})
    page.goto(reverse("admin:auth_group_change", args=(sellers.pk,)))
    boxes = page.locator("td.mark input")
    assert all(box["x"] + box["width"] <= PHONE for box in [boxes.nth(3).bounding_box()])
    page.get_by_label("Products: Change", exact=True).check()
    page.get_by_label("Quotes: View", exact=True).uncheck()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="User groups")).to_be_visible()
    told = {*sellers.permissions.values_list("codename", flat=True)}
    assert told == {"view_quotelineitem", "change_product"}


def test_the_first_column_stays_and_filters_are_folded_on_a_phone(signed_in: Page, licensee):
    page = signed_in
    factories.ContactFactory(licensee=licensee, name="Anna", email="anna@a-long-name.example")
    page.set_viewport_size({"width": PHONE, "height": 844})
    page.goto(reverse("admin:contacts_contact_changelist"))
    expect(page.get_by_role("link", name="Archived")).to_be_hidden()
    page.get_by_text("Filters", exact=True).click()
    expect(page.get_by_role("link", name="Archived")).to_be_visible()
    name = page.get_by_role("link", name="Anna")
    page.locator(".results").evaluate("box => { box.scrollLeft = 200 }")
    place = name.bounding_box()
    assert place is not None
    assert place["x"] >= 0
    assert faults_of(page) == []
    page.set_viewport_size({"width": 1280, "height": 844})
    page.reload()
    expect(page.get_by_role("link", name="Archived")).to_be_visible()
