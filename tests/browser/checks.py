"""A look at a page as it stands: what axe finds, and whether it has to be moved sideways."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

DESK, PHONE = 1440, 390  # pixels wide


def faults_of(page: Page, **options: Any) -> list[str]:
    """All that is wrong; `options` are axe's."""
    quick = {"preload": False}  # reading the style sheets anew would be refused by our policy
    found = [
        f"{fault['id']}: {[node['html'][:140] for node in fault['nodes'][:3]]}"
        for fault in Axe().run(page, options={**quick, **options}).response["violations"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert page.viewport_size
    return found + ([f"{wide} px wide"] if wide > page.viewport_size["width"] else [])


def faults_at(page: Page, urls: Iterable[str]) -> dict[str, list[str]]:
    """What is wrong with each of some pages, on a desk and on a phone."""
    faults = {}
    for url in urls:
        for width in (DESK, PHONE):
            page.set_viewport_size({"width": width, "height": 844})
            page.goto(url)
            if found := faults_of(page):
                faults[f"{url} {width}"] = found
    return faults
