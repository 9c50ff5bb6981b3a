"""Every page, for those who may and those who may not, quick however much there is."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse

from commsapp.models import (
    ApiUse,
    Client,
    Draft,
    DraftPart,
    IdempotencyKey,
    Licensee,
    Operation,
    Record,
    SavedFilter,
    Session,
    User,
)
from commsapp.staff.changelists import BoundedPaginator
from contacts.models import (
    AlternateKey,
    Contact,
    ContactConnection,
    ContactGroup,
    DataSource,
    Role,
    SaveCount,
    SaveFailure,
)
from groups.models import Membership, Recipient, RecipientGroup
from quotes import operations as quotes_operations
from quotes.models import NumberSeries, Product, Quote, QuoteLineItem
from tests import factories
from tests.conftest import grant
from tests.staff.conftest import browse, content_of, page, statements

RECORDS = (
    AlternateKey, Contact, ContactGroup, DataSource, Product, Quote, QuoteLineItem, Recipient,
    RecipientGroup, Role,
)  # fmt: skip
LISTED = (*RECORDS, ApiUse, Client, ContactConnection, Group, Licensee, Operation, User)


def address(model, name: str) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}")


@pytest.fixture
def world(licensee, group, join, line, by_alice):
    """One of each, by name: what the pages below show."""
    same = {"licensee": licensee}
    [recipient, *_others] = join(3)
    contact = factories.ContactFactory(**same)
    ContactConnection.objects.create(group=group.customer, contact=contact, position=1)
    key = factories.AlternateKeyFactory(**same, contact_group=group.customer)
    quotes_operations.split_line(line.pk, by=by_alice)
    part = line.parts.first()
    other = factories.QuoteLineItemFactory(
        **same, quote=line.quote, product=line.product, line_number=900
    )
    records = [
        recipient, group, contact, group.customer, key, key.data_source, group.customer.role,
        line.product, line.quote, line, part, other,
    ]  # fmt: skip
    return [*records, Operation.objects.first()]


def pages_of(record) -> list[str]:
    """The pages that show a record, without those that only take a POST."""
    names = ["page"]
    if isinstance(record, Record):
        names += ["change", "history"]
    if isinstance(record, RecipientGroup):
        names += ["add-recipients", "remove-recipients", "set-recipients", "archive"]
    if isinstance(record, ContactGroup):
        names += ["add-connections", "archive", "delete-group"]
    if isinstance(record, QuoteLineItem) and record.recipient_group_id and not record.is_part:
        names += ["split", "unsplit"]
    if isinstance(record, AlternateKey):
        names += ["delete"]
    return [page(record, name) for name in names]


def test_all_records_are_listed():
    registered = {model for model in admin.site._registry if issubclass(model, Record)}
    assert registered == set(RECORDS)


def test_every_model_is_listed_but_what_a_page_shows_or_nobody_needs():
    ours = {
        model
        for app in ("commsapp", "contacts", "groups", "quotes")
        for model in apps.get_app_config(app).get_models()
    }
    # The admin cannot list a composite key (a group lists its members); a data source's page shows
    # what became of its saves; the others are a counter and what is one user's alone.
    unlisted = {Membership, SaveCount, SaveFailure, NumberSeries, Session}
    unlisted |= {Draft, DraftPart, IdempotencyKey, SavedFilter}
    assert ours - admin.site._registry.keys() == unlisted


def test_connections_and_use_of_another_licensee_are_not_listed(web, bob):
    theirs = bob.licensees.get()
    group = factories.ContactGroupFactory(licensee=theirs, name="Foreign group")
    contact = factories.ContactFactory(licensee=theirs, name="Foreign contact")
    ContactConnection.objects.create(group=group, contact=contact, position=1)
    ApiUse.objects.create(licensee=theirs, day="2026-01-31", calls=7)
    for model in (ContactConnection, ApiUse):
        page = web.get(address(model, "changelist")).content.decode()
        assert "Foreign" not in page
        assert theirs.name not in page


@pytest.mark.parametrize("model", LISTED)
def test_every_list_and_its_search_answers(web, world, model):
    assert web.get(address(model, "changelist")).status_code == 200
    assert web.get(address(model, "changelist"), {"q": "ample"}).status_code == 200


@pytest.mark.parametrize("model", RECORDS)
def test_every_form_for_a_new_one_answers(web, model):
    assert web.get(address(model, "add")).status_code == 200


def test_every_page_of_every_record_answers(web, world):
    for record in world:
        for url in pages_of(record):
            assert web.get(url).status_code == 200, url


def test_who_has_no_rights_gets_a_403_everywhere(charlie, world):
    client = browse(charlie)
    for model in LISTED:
        assert client.get(address(model, "changelist")).status_code == 403, model
    for model in RECORDS:
        assert client.get(address(model, "add")).status_code == 403, model
    for record in world:
        for url in pages_of(record):
            assert client.get(url).status_code == 403, url


def test_another_licensee_sees_nothing(bob, world):
    client = browse(bob)
    for record in world:
        for url in pages_of(record):
            assert client.get(url).status_code == 404, url
    for model in RECORDS:
        [changelist] = [client.get(address(model, "changelist")).context["cl"]]
        assert [*changelist.result_list] == [], model


def test_who_may_only_look_sees_no_button_and_may_not_open_the_form(charlie, group, join, line):
    join(1)
    views = [f"{m._meta.app_label}.view_{m._meta.model_name}" for m in RECORDS]
    grant(charlie, *views)
    client = browse(charlie)
    for record in (group, line.quote, line, group.customer):
        body = content_of(client.get(page(record)))
        assert "/change/" not in body
        assert 'class="tool primary"' not in body
        assert ">Archive</a>" not in body
        assert "Remove selected" not in body
    assert client.get(page(group, "add-recipients")).status_code == 403
    assert client.get(page(line, "split")).status_code == 403
    assert client.post(page(line.quote, "move"), {"move": "submit"}).status_code == 403
    assert client.get(address(Recipient, "add")).status_code == 403


def test_home_answers_for_everybody(alice, charlie, world):
    assert "Recent operations" in content_of(browse(alice).get("/admin/"))
    assert "may not see anything" in content_of(browse(charlie).get("/admin/"))


def test_the_root_leads_to_the_staff_side(client, db):
    assert client.get("/").url == "/admin/"
    assert client.get("/admin").url == "/admin/"
    assert client.get("/favicon.ico").status_code == 302


# --- Quick, however much there is -------------------------------------------------------------


def test_the_number_of_statements_does_not_grow(web, licensee, group, join, line, by_alice):
    def grow(count: int) -> None:
        same = {"licensee": licensee}
        join(count)
        quotes_operations.split_line(line.pk, by=by_alice)
        contacts = [factories.ContactFactory.build(**same) for _ in range(count)]
        Contact.objects.bulk_create(contacts)
        offset = group.customer.connections.count()
        ContactConnection.objects.bulk_create(
            ContactConnection(group=group.customer, contact=contact, position=offset + n)
            for n, contact in enumerate(contacts, 1)
        )
        kinds: tuple[tuple[Any, dict[str, Any]], ...] = (
            (factories.RoleFactory, {}),
            (factories.DataSourceFactory, {}),
            (factories.ProductFactory, {}),
            (factories.RecipientGroupFactory, {"customer": group.customer}),
            (factories.QuoteFactory, {"customer": group.customer}),
        )
        for make, more in kinds:
            rows = [make.build(**same, **more) for _ in range(count)]
            type(rows[0]).objects.bulk_create(rows)
        source = DataSource.objects.first()
        keys = (
            factories.AlternateKeyFactory.build(
                **same, data_source=source, contact_group=group.customer
            )
            for _ in range(count)
        )
        AlternateKey.objects.bulk_create(keys)

    factories.DataSourceFactory(licensee=licensee)
    urls = [address(model, "changelist") for model in LISTED]
    urls += [address(model, "add") for model in RECORDS]
    urls += ["/admin/", page(group), page(group, "add-recipients"), page(group, "history")]
    urls += [page(line.quote), f"{page(line.quote)}?parts_of={line.pk}", page(line)]
    urls += [page(group.customer), page(group.customer, "add-connections")]
    ContentType.objects.get_for_models(*LISTED)  # which each process reads but once
    grow(10)
    few = {url: statements(web, url) for url in urls}
    grow(990)
    many = {url: statements(web, url) for url in urls}
    assert many == few
    assert many.pop("/admin/") <= 20  # which tells of every app
    assert max(many.values()) <= 14


def test_a_list_counts_no_further_than_somebody_would_page(web, licensee, monkeypatch):
    monkeypatch.setattr(BoundedPaginator, "most_counted", 10)
    factories.ContactFactory.create_batch(12, licensee=licensee)
    answer = web.get(address(Contact, "changelist"))
    assert answer.context["cl"].result_count == 10
    assert "more than 10" in content_of(answer)


def test_members_are_paged_by_key_in_both_directions(web, group, join):
    join(120)
    seen, url = [], page(group)
    while url:
        answer = web.get(url)
        ids = re.findall(r'name="recipients" value="([^"]+)"', content_of(answer))
        seen.append(ids)
        found = re.search(r'rel="next" href="([^"]+)"', content_of(answer))
        url = page(group) + unescape(found[1]) if found else None
    members = Membership.objects.filter(group=group).order_by("recipient_id")
    assert [len(ids) for ids in seen] == [50, 50, 20]
    assert [id for ids in seen for id in ids] == [
        str(pk) for pk in members.values_list("recipient_id", flat=True)
    ]
    previous = re.search(r'rel="prev" href="([^"]+)"', content_of(answer))[1]
    back = web.get(page(group) + unescape(previous))
    assert re.findall(r'name="recipients" value="([^"]+)"', content_of(back)) == seen[1]


# --- Strict CSP ---------------------------------------------------------------------------------


class InlineFinder(HTMLParser):
    """Collects what a strict policy would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag, attributes):
        names = dict(attributes)
        handlers = [name for name in names if name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in names) or "style" in names:
            self.found.append(f"{tag} {names}")
        self.found += handlers
        outside = [names.get(name, "") or "" for name in ("src", "href", "action")]
        self.found += [url for url in outside if url.startswith(("http", "//", "javascript:"))]


def test_no_page_has_anything_inline_or_from_elsewhere(web, world):
    urls = ["/admin/", "/admin/login/", "/admin/password_change/", "/admin/quotes/"]
    urls += [address(model, "changelist") for model in LISTED]
    urls += [address(model, "add") for model in (*RECORDS, User, Client)]
    urls += [url for record in world for url in pages_of(record)]
    for url in urls:
        answer = web.get(url)
        if answer.status_code != 200:
            continue
        policy = answer["Content-Security-Policy"]
        assert {"script-src 'self'", "style-src 'self'"} <= {*policy.split("; ")}  # in any order
        assert "unsafe" not in policy
        finder = InlineFinder()
        finder.feed(content_of(answer))
        assert finder.found == [], url


def test_errors_have_pages_of_their_own(web, charlie, licensee):
    missing = web.get(page(factories.ContactFactory()))  # another licensee's
    assert missing.status_code == 404
    assert "There is no such page" in content_of(missing)
    refused = browse(charlie).get(address(Contact, "changelist"))
    assert refused.status_code == 403
    assert "You may not do this" in content_of(refused)
