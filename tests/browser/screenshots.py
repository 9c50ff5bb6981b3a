"""Pictures of every staff page, light and dark, on a desk and on a phone: `make screenshots`.

    python -m tests.browser.screenshots FOLDER

Serves a demo installation of its own (own data folder, a free port) as `make run` does.
"""

from __future__ import annotations

import os
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.plugin import find_program
from tests.served import serving

SIZES: dict[str, ViewportSize] = {
    "desk": {"width": 1280, "height": 860},
    "phone": {"width": 390, "height": 844},
}


def pages_of(told: dict[str, Any]) -> dict[str, str]:
    """By name, the addresses of what the demo says is there."""
    group = f"groups/recipientgroup/{told['recipient_group']}/"
    quote = f"quotes/quote/{told['quote']}/"
    customer = f"contacts/contactgroup/{told['contact_group']}/"
    return {
        "home": "",
        "find": "find/?q=ba",
        "shortcuts": "shortcuts/",
        "integrations": "integrations/",
        "curl": "integrations/curl/",
        "recipient-groups": "groups/recipientgroup/",
        "recipient-group": group,
        "add-recipients": f"{group}add-recipients/",
        "recipient-group-history": f"{group}history/",
        "recipients": "groups/recipient/",
        "quotes": "quotes/quote/",
        "quote": quote,
        "split": f"quotes/quotelineitem/{told['quote_line_item']}/split/",
        "products": "quotes/product/",
        "contact-groups": "contacts/contactgroup/",
        "contact-group": customer,
        "contacts": "contacts/contact/",
        "data-source": f"contacts/datasource/{told['data_source']}/",
        "activity": "commsapp/operation/",
        "users": "commsapp/user/",
        "new-quote": "quotes/quote/add/",
        "password": "password_change/",
    }


@contextmanager
def demo_installation() -> Iterator[tuple[str, dict[str, Any]]]:
    """Its address, and what `manage.py demo --json` tells of it."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "AUDIT_LOG": "off",
            "MIGRATED_DATABASE_URL": f"sqlite:///{folder}/migrated.sqlite3",
            "STATIC_ROOT": f"{folder}/collected",
            "TEST_RUN_FOLDER": folder,
            "SECRET_KEY": "of one that lives for a minute",
        }
        with serving(Path(folder)) as installation:
            yield f"{installation.base_url}/admin/", installation.demo().output


def take(browser: Browser, address: str, told: dict[str, Any], folder: Path) -> int:
    """Write a picture of each page in each way; how many there are."""
    taken = 0
    user = told["users"]["admin"]
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
        page = context.new_page()
        page.goto(f"{address}login/")
        page.screenshot(path=folder / f"login-{scheme}.png")
        page.get_by_label("Username").fill(user["username"])
        page.get_by_label("Password").fill(user["password"])
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(address)
        for name, path in pages_of(told).items():
            page.goto(address + path)
            for size, viewport in SIZES.items():
                page.set_viewport_size(viewport)
                page.screenshot(path=folder / f"{name}-{scheme}-{size}.png")
                taken += 1
        context.close()
    return taken


def main() -> None:
    parser = ArgumentParser(description=(__doc__ or "").partition(":")[0])
    parser.add_argument("folder", type=Path, help="where the pictures go")
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    with demo_installation() as (address, told), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_program("chromium"),
            args=["--no-sandbox", "--disable-background-networking"],
        )
        count = take(browser, address, told, folder)
        sys.stdout.write(f"{count} pictures in {folder}\n")
        browser.close()


if __name__ == "__main__":
    main()
