"""A look at a page as it stands: what axe finds, and whether it has to be moved sideways."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

DESK, PHONE = 1440, 390  # pixels wide


def faults_of(page: Page, **options: Any) -> list[str]:
    """All that is wrong; `options` are axe's."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    quick = {
        "preload": False,  # reading the style sheets anew would be refused by our policy
        "resultTypes": ["violations"],
    }
    violations = page.evaluate(
        "async (options) => (await axe.run(options)).violations", {**quick, **options}
    )
    found = [
        f"{violation['id']}: {[node['html'][:140] for node in violation['nodes'][:3]]}"
        for violation in violations
    ]
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert page.viewport_size
    return found + ([f"{wide} px wide"] if wide > page.viewport_size["width"] else [])


def rules_for_theme(page: Page) -> dict[str, list[str]]:
    """Return axe's options: the dark theme differs in its colours alone from the light one, and
    every test that looks at one looks at the other."""
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    return {"runOnly": ["color-contrast"]} if is_dark else {}


def faults_at(page: Page, urls: Iterable[str]) -> dict[str, list[str]]:
    """What is wrong with each of some pages, on a desk and on a phone."""
    options = rules_for_theme(page)
    faults = {}
    for url in urls:
        page.set_viewport_size({"width": DESK, "height": 844})
        page.goto(url)
        for width in (DESK, PHONE):
            page.set_viewport_size({"width": width, "height": 844})
            if found := faults_of(page, **options):
                faults[f"{url} {width}"] = found
    return faults
