"""No page of the staff side says anything that the German catalogue lacks, or that is not marked.

German stands in marks here (see marks.py): whatever a page says outside of them must be data.
"""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from commsapp.core.credentials import api_clients
from commsapp.models import Client as ApiClient
from commsapp.models import Operation, User
from contacts import operations as contacts_operations
from contacts.models import Contact, SaveCount
from contacts.operations import SaveContactGroup
from groups.models import Recipient, RecipientGroup
from quotes.models import Product, QuoteLineItem
from tests import factories
from tests.staff.conftest import again, content_of, page
from tests.staff.html import marking, stored_texts, unmarked
from tests.staff.test_pages_answer import LISTED, RECORDS, address, pages_of, world

pytestmark = pytest.mark.once

__all__ = ["world"]

# Names, and what machines call things, are the same in every language.
NAMES = ["commsapp", "Connect", "Message", "REST", "CSV", "XLSX", "JSONL", "UTC", "null"]
# What libraries call their models, in lists of permissions: stored by Django, in English.
NAMES += ["Axes", "Django OAuth Toolkit", "access token", "refresh token", "id token", "device"]
CURRENCY = re.compile(r"[A-Z]{3}|[+−]?[\d.,]+ [A-Z]{3}")
FILE = "Name;Type;Shade\nSample Mill;Location;green\n;Castle;red\n"


class Reader:
    """Reads page after page, and keeps what stands outside the marks."""

    def __init__(self, web: Client) -> None:
        self.web = web
        self.found: dict[str, str] = {}
        self.typed: list[str] = []
        web.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"

    def get(self, url: str, status: int = 200):
        return self.read(self.web.get(url), url, status)

    def post(self, url: str, status: int | None = 200, **sent):
        for value in sent.values():
            self.typed += [value] if isinstance(value, str) else value
        return self.read(self.web.post(url, sent), url, status)

    def read(self, answer, url: str, status: int | None):
        assert answer.status_code == status or status is None, url
        if answer.status_code == 302:
            return self.get(answer.url)
        assert 'lang="de"' in content_of(answer)
        data = [*stored_texts(), *NAMES, *re.findall(r"\w+", " ".join([FILE, *self.typed]))]
        for text in unmarked(content_of(answer), data):
            if not CURRENCY.fullmatch(text):
                self.found.setdefault(text, url)
        return answer


@pytest.fixture
def marked(monkeypatch):
    yield marking(monkeypatch)
    translation.activate("en")


@pytest.fixture
def reader(web, marked) -> Reader:
    return Reader(web)


def finish(reader: Reader, marked) -> None:
    assert reader.found == {}
    marked.lacking -= {"Deutsch"}  # the language's own name, of Django's
    assert marked.lacking == set()


# --- The checks themselves ----------------------------------------------------------------------


def test_what_is_not_marked_is_found():
    html = '<p>⟦Ihre⟧ Data <a title="Go">⟦x <b>y</b>⟧</a></p><p>⟦cut off</p><p lang="en">Word</p>'
    assert unmarked(html + "<td>Late</td><code>x y</code>", ["Data"]) == ["Go", "Late"]


def test_what_the_catalogue_lacks_is_found(marked):
    with translation.override("de"):
        assert translation.gettext("Home") == "⟦Start⟧"
        assert translation.gettext("No such text") == "⟦No such text⟧"
        assert translation.pgettext("of a file", "Line") == "⟦Zeile⟧"
        assert translation.ngettext("%s role changed.", "%s roles changed.", 2) == (
            "⟦%s Rollen geändert.⟧"
        )
    assert marked.lacking == {"No such text"}


# --- The pages ----------------------------------------------------------------------------------


def test_lists_and_forms(reader, marked, world):
    for model in LISTED:
        reader.get(address(model, "changelist"))
        reader.get(address(model, "changelist") + "?q=ample")
    for model in RECORDS:
        reader.get(address(model, "add"))
        reader.post(address(model, "add"))
    for model in (User, ApiClient):
        reader.get(address(model, "add"))
        reader.post(address(model, "add"))
    finish(reader, marked)


def test_records(reader, marked, world):
    for record in world:
        for url in pages_of(record):
            reader.get(url)
    for operation in Operation.objects.all():
        reader.get(page(operation))
    finish(reader, marked)


def test_pages_about_all_rooms(reader, marked, world, alice):
    client, _secret = api_clients.create_client("Sample Programme", alice)
    api_clients.issue_token(client, days=1)
    for url in ("/admin/", "/admin/find/", "/admin/find/?q=ample", "/admin/shortcuts/"):
        reader.get(url)
    for url in ("/admin/integrations/", "/admin/integrations/curl/", "/admin/password_change/"):
        reader.get(url)
    reader.post("/admin/password_change/")
    reader.get(reverse("staff-end-tokens", args=(client.pk,)))
    reader.post(reverse("staff-end-tokens", args=(client.pk,)), 302)
    reader.typed += ["True", "False"]  # of Django's icons where a form is only to be read
    reader.get(reverse("admin:commsapp_user_change", args=(alice.pk,)))
    reader.get(reverse("admin:commsapp_client_change", args=(client.pk,)))
    reader.get(page(factories.ContactFactory()), 404)
    for app in {model._meta.app_label for model in LISTED}:
        reader.get(f"/admin/{app}/")
    finish(reader, marked)


def test_signing_in_and_out(reader, marked, db):
    reader.post("/admin/logout/")
    reader.get("/admin/login/")
    reader.post("/admin/login/", username="alice", password="wrong")
    finish(reader, marked)


def test_empty_installation(marked, licensee, charlie):
    from tests.conftest import grant
    from tests.staff.conftest import browse

    newcomer = Reader(browse(charlie))
    newcomer.get("/admin/")
    newcomer.get(address(Contact, "changelist"), 403)
    grant(charlie, "*")
    newcomer = Reader(browse(charlie))
    newcomer.get("/admin/")
    newcomer.get("/admin/integrations/")
    finish(newcomer, marked)


def test_members_coming_and_going(reader, marked, group, join):
    [archived, *others] = join(4)
    Recipient.objects.filter(pk=archived.pk).update(**Recipient.ARCHIVED)
    stranger = factories.RecipientFactory(licensee=group.licensee, name="Stranger")
    pasted = f"nobody\n{archived.pk}\n{stranger.pk}\n{stranger.pk}"
    for name in ("add-recipients", "set-recipients", "remove-recipients"):
        for sent in ({}, {"pasted": pasted}, {"pasted": str(stranger.pk), "confirm": "1"}):
            reader.post(page(group, name), None, **sent)
    gone = {"recipients": [str(others[0].pk)]}
    reader.post(page(group, "remove-recipients"), **gone)
    reader.post(page(group, "remove-recipients"), 302, **gone, confirm="1")
    for operation in Operation.objects.all():
        reader.get(page(operation))
        reader.get(page(operation, "undo"))
    reader.post(page(Operation.objects.first(), "undo"), 302)
    for record in (group, others[0], group.customer):
        reader.get(page(record))
        reader.get(page(record, "history"))
    reader.get(page(group, "archive"))
    reader.post(page(group, "archive"), 302, confirm="1")
    finish(reader, marked)


def test_a_quote_on_its_way(reader, marked, group, join, line):
    RecipientGroup.objects.filter(pk=group.pk).update(expected_member_count=9)
    join(3)
    plain = factories.QuoteLineItemFactory(
        licensee=group.licensee, quote=line.quote, product=line.product, line_number=900,
        quantity=Decimal(2),
    )  # fmt: skip
    reader.get(page(line.quote))
    reader.get(page(line, "split"))
    reader.post(page(line, "split"), 302, confirm="1")
    join(1)
    opened = f"{page(line.quote)}?parts_of={line.pk}"
    for url in (opened, page(line, "split"), page(line, "unsplit"), page(line.quote, "print")):
        reader.get(url)
    reader.get(page(plain, "quick"))
    reader.post(page(plain, "quick"), 400, quantity="1.500", one_time_price="x")
    edited = {"lines": [str(plain.pk)], "quantity": "3,5", "requested_date": "31.01.2027"}
    preview = reader.post(page(line.quote, "edit-lines"), **edited, values="1")
    reader.post(page(line.quote, "edit-lines"), **edited)  # what they are to have
    reader.post(page(line.quote, "edit-lines"), 302, **again(preview))
    reader.post(page(line.quote, "edit-lines"), 302)
    for move in ("submit", "approve"):
        reader.post(page(line.quote, "move"), 200, move=move)  # one has no part yet
        reader.post(page(line.quote, "move"), 302, move=move, confirm="1")
    reader.post(page(line.quote, "move"), move="accept")
    for operation in Operation.objects.all():
        reader.get(page(operation))
    for record in (line, plain, line.quote, line.product, line.parts.first().recipient):
        reader.get(page(record))
    reader.get("/admin/")
    finish(reader, marked)


def test_contacts_and_those_who_send_them(reader, marked, group, by_alice):
    customer = group.customer
    contacts = factories.ContactFactory.create_batch(3, licensee=group.licensee)
    reader.get(page(customer, "add-connections"))
    preview = reader.post(
        page(customer, "add-connections"), contacts=[str(contact.pk) for contact in contacts]
    )
    reader.post(page(customer, "add-connections"), 302, **again(preview))
    moved = {"contact": contacts[0].pk.hex, "to": "down"}
    reader.post(page(customer, "move-connection"), 302, **moved)
    reader.post(page(customer, "remove-connections"), contacts=[contacts[1].pk.hex])
    source = factories.DataSourceFactory(licensee=group.licensee)
    with translation.override("en"):  # as machines do
        save = SaveContactGroup(
            suite_data_source_instance_id=source.pk.hex, alternate_key="KEY-1"
        ).received(7)
        contacts_operations.save_contact_groups([save], by=by_alice)
    for outcome in ("Created", "Updated", "Failed"):
        SaveCount.objects.get_or_create(
            data_source=source, day=timezone.now().date(), outcome=outcome, defaults={"count": 3}
        )
    for url in (page(source), "/admin/integrations/", "/admin/", page(customer)):
        reader.get(url)
    for operation in Operation.objects.all():
        reader.get(page(operation))
        reader.get(page(operation, "undo"))
    for name in ("archive", "delete-group"):
        reader.get(page(customer, name))
    finish(reader, marked)


@pytest.mark.parametrize("model", [Recipient, Product])
def test_an_import_from_file_to_result(reader, marked, licensee, model):
    url = address(model, "import")
    reader.get(url)
    reader.post(url, 400)
    file = SimpleUploadedFile("Sample.csv", FILE.encode())
    answer = reader.web.post(url, {"file": file})
    draft = answer.url
    columns = content_of(reader.get(draft))
    sent = {
        name: (re.search(r'<option value="([^"]*)" selected', options) or ["", ""])[1]
        for name, options in re.findall(
            r'<select name="(column-\d+)".*?>(.*?)</select>', columns, re.DOTALL
        )
    }
    reader.post(draft, 400, action="check")
    reader.post(draft, None, **sent, action="check")
    reader.post(draft, 302, action="confirm")
    reader.get(url)
    finish(reader, marked)


def test_every_list_that_can_be_imported_says_what_its_columns_may_be(reader, marked, licensee):
    for model, site in admin.site._registry.items():
        if getattr(site, "imported", None):
            reader.get(address(model, "import"))
    assert QuoteLineItem in admin.site._registry
    finish(reader, marked)
