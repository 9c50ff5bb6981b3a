"""Batches in Activity: one row, expanded and undone by mouse or keyboard; imports among them."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from commsapp.core import records
from commsapp.core.actors import Actor
from commsapp.models import Operation
from contacts.models import Contact
from tests import factories
from tests.browser.checks import faults_at

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]
LIST = reverse("admin:commsapp_operation_changelist")


@pytest.fixture
def archived(alice, licensee) -> list[Contact]:
    """Sixty contacts, archived as one batch."""
    made = factories.ContactFactory.create_batch(60, licensee=licensee)
    records.archive(Contact, [one.pk.hex for one in made], by=Actor.of(alice, "staff"))
    return made


def undo_the_go(page: Page) -> None:
    page.goto(reverse("admin:index"))
    page.get_by_role("link", name="All operations").press("Enter")
    row = page.get_by_role("row").filter(has_text="60 contacts archived.")
    row.get_by_role("link", name="Show each").press("Enter")
    expect(page.get_by_role("heading", name="60 contacts archived.")).to_be_visible()
    expect(page.locator("#result_list tbody tr")).to_have_count(50)
    page.get_by_role("region", name="60 contacts archived.").get_by_role(
        "link", name="Undo…"
    ).press("Enter")
    expect(page.get_by_text("60 would be reversed.")).to_be_visible()
    assert not Contact.objects.filter(archived_at=None).exists()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_text("Undone: 60 reversed.")).to_be_visible()
    expect(page.get_by_role("heading", name="60 contacts archived.")).to_be_visible()
    page.get_by_role("link", name="All operations").press("Enter")
    expect(page.locator("#result_list tbody tr")).to_have_count(2)
    assert Contact.objects.filter(archived_at=None).count() == 60


def test_a_go_is_unfolded_and_undone_by_the_keyboard(signed_in: Page, archived):
    undo_the_go(signed_in)


def test_the_same_without_javascript(without_scripts: Page, archived):
    undo_the_go(without_scripts)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_goes_have_no_fault_in_either_theme_on_a_desk_or_a_phone(signed_in: Page, archived, theme):
    signed_in.emulate_media(color_scheme=theme)
    batch = Operation.objects.values_list("batch", flat=True)[0]
    undo = reverse("admin:commsapp_operation_undo_batch", args=(batch,))
    history = reverse("admin:contacts_contact_history", args=(archived[0].pk,))
    searches = f"{LIST}?q=nothing", f"{LIST}?q={archived[0].name}+x"
    urls = (LIST, f"{LIST}?batch={batch}", undo, history, reverse("admin:index"), *searches)
    assert faults_at(signed_in, urls) == {}
