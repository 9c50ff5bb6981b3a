"""Imports in a real browser: going on by itself, by keyboard alone, and without JavaScript."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import FilePayload, Page, expect

from groups.models import Recipient
from tests import factories
from tests.browser.checks import faults_of, rules_for_theme

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.django_db(transaction=True)]

LIST, IMPORT = "admin:groups_recipient_changelist", "admin:groups_recipient_import"


def file_of(count: int, *more: str) -> FilePayload:
    rows = [f"Site {n};Location;S-{n}" for n in range(count)]
    text = "\n".join(("Name;Type;Reference", *rows, *more))
    return {"name": "sites.csv", "mimeType": "text/csv", "buffer": text.encode()}


def test_a_long_import_goes_on_by_itself(signed_in: Page):
    page = signed_in
    page.goto(reverse(LIST))
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("File", exact=True).set_input_files(file_of(2_050, "Wrong;Castle;"))
    page.get_by_role("button", name="Read the file").click()
    expect(page.get_by_label("Reference", exact=True)).to_have_value("external_reference")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_text("2,050 would be created")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Import 2,050 rows").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    told = page.get_by_text("2,050 created, 0 updated, 0 unchanged, 1 refused.")
    expect(told).to_be_visible(timeout=30_000)
    expect(page.get_by_role("row", name="Castle")).to_contain_text("2052")
    assert Recipient.objects.count() == 2_050


def begin_import(page: Page, count: int) -> None:
    page.goto(reverse(IMPORT))
    page.get_by_label("File", exact=True).set_input_files(file_of(count))
    page.get_by_role("button", name="Read the file").click()
    page.get_by_role("button", name="Preview").click()
    page.get_by_role("button", name=f"Import {count:,} rows").click(timeout=30_000)


def test_an_import_is_stopped_and_goes_on(signed_in: Page):
    page = signed_in
    begin_import(page, 4_000)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped after")).to_be_visible(timeout=30_000)
    assert Recipient.objects.count() % 1_000 == 0
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("4,000 created")).to_be_visible(timeout=30_000)
    assert Recipient.objects.count() == 4_000


def test_an_import_is_done_by_keyboard_alone(signed_in: Page):
    page = signed_in
    page.goto(reverse(LIST))
    menu = page.get_by_text("Export", exact=True)
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="XLSX")).to_be_visible()
    page.get_by_role("link", name="Import", exact=True).focus()
    page.keyboard.press("Enter")
    page.get_by_label("File", exact=True).set_input_files(file_of(3))
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Read the file").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Preview").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Import 3 rows").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 created")).to_be_visible()


def test_without_javascript_each_part_is_a_button(without_scripts: Page):
    page = without_scripts
    begin_import(page, 1_001)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("1,000 created")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("1,001 created")).to_be_visible(timeout=30_000)
    assert Recipient.objects.count() == 1_001


def test_an_export_is_downloaded(signed_in: Page, licensee):
    factories.RecipientFactory(licensee=licensee, name="Harbour shop")
    page = signed_in
    page.goto(reverse(LIST))
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert download.value.suggested_filename.startswith("recipients-")
    assert "Harbour shop" in download.value.path().read_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_an_import_are_accessible_and_fit_a_small_screen(signed_in: Page, scheme):
    page = signed_in
    page.emulate_media(color_scheme=scheme)
    faults = {}

    def look(name: str) -> None:
        for width in (1440, 390):
            page.set_viewport_size({"width": width, "height": 844})
            if found := faults_of(page, **rules_for_theme(page)):
                faults[f"{name} {width}"] = found

    page.goto(reverse(LIST))
    page.get_by_text("Export", exact=True).click()
    look("list")
    page.goto(reverse(IMPORT))
    look("file")
    page.get_by_label("File", exact=True).set_input_files(file_of(3, "Wrong;Castle;"))
    page.get_by_role("button", name="Read the file").click()
    look("columns")
    page.get_by_role("button", name="Preview").click()
    look("preview")
    page.get_by_role("button", name="Import 3 rows").click()
    look("result")
    page.goto(reverse(IMPORT))
    look("earlier")
    assert faults == {}
