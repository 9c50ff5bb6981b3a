"""What the address of a list may ask for: the filters that the list shows, and nothing else."""

from __future__ import annotations

import datetime

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from commsapp.core.credentials import api_clients
from commsapp.models import ApiUse, Client, Operation, SavedFilter, User
from commsapp.staff.changelists import DeclaredChangeList
from contacts.models import Contact, ContactConnection, ContactGroup
from groups.models import Recipient
from quotes.models import Product, Quote, QuoteLineItem
from tests import factories
from tests.staff.conftest import browse, content_of

REFUSED = "The list cannot be filtered in this way."
UNDECLARED = (
    (Contact, "name__regex", r"^((([^\t])+)+)+\t$"),
    (Contact, "name__regex", "("),
    (Contact, "name", "\0"),
    (Contact, "pk__in_ids", '"'),
    (Contact, "id__in_ids", "x"),
    (Contact, "updated_at__gte", "0001-01-01T00:00:00+23:59"),
    (Contact, "created_at__year", "2026"),
    (Contact, "licensee__users__password__startswith", "pbkdf2"),
    (Contact, "no_such_field", "1"),
    (Contact, "kind__gte", "A"),
    (Contact, "kind__exact__in", "Person"),
    (Client, "client_secret__startswith", "commsapp_sha256"),
    (Client, "user__password__startswith", "pbkdf2"),
    (User, "password__startswith", "pbkdf2"),
    (Operation, "effects__contains", "x"),
    (Operation, "licensee__users__password\n2026-11-30 WARNING axes", "1"),
)
ODD_CHOICES = (
    (Contact, "state", "\0"),
    (Contact, "state", "no such state"),
    (Contact, "kind__exact", "\0"),
    (Quote, "status__exact", "\0"),
    (QuoteLineItem, "parts", "all"),
    (Operation, "kind", "\0"),
    (Operation, "object", "\0"),
    (Operation, "channel__exact", "\0"),
    (ApiUse, "day__gte", "0000-13-01"),
    (ContactConnection, "role__id__exact", "\0"),
    (User, "groups__id__exact", "9" * 5_000),
    (User, "is_active__exact", "\0"),
)


def list_of(model) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@pytest.mark.parametrize(("model", "name", "value"), [*UNDECLARED, *ODD_CHOICES])
def test_lookup_that_the_list_does_not_declare_is_refused_with_a_sentence(
    web, licensee, model, name, value
):
    for role in "ab":  # a filter with one choice is not shown
        factories.RoleFactory(licensee=licensee, name=role)
    answer = web.get(list_of(model), {name: value})
    assert (answer.status_code, answer.headers.get("Location")) == (302, f"{list_of(model)}?e=1")
    shown = web.get(answer.url)
    assert shown.status_code == 200
    assert REFUSED in content_of(shown)


def test_error_page_of_a_list_says_nothing_of_the_database(web):
    answer = web.get(list_of(Contact), {"e": "1", "name__regex": "("}, follow=True)
    assert REFUSED in content_of(answer)
    assert "database" not in content_of(answer).lower()


def test_secret_of_a_client_cannot_be_read_letter_by_letter(web, alice):
    client, _secret = api_clients.create_client("Nightly", alice)
    for start in (client.client_secret[:20], "no such start"):
        answer = web.get(list_of(Client), {"client_secret__startswith": start})
        assert answer.url == f"{list_of(Client)}?e=1"


def test_filters_of_every_list_lead_to_what_they_offer(web, alice, licensee, by_alice):
    """Each link of each filter, which saved filters and links from other pages are made of."""
    same = {"licensee": licensee}
    for name in "ab":
        factories.RoleFactory(**same, name=name)
        factories.DataSourceFactory(**same, name=name)
    Group.objects.get_or_create(name="Another")
    for model, site in admin.site._registry.items():
        page = web.get(list_of(model))
        for spec in page.context["cl"].filter_specs:
            for choice in spec.choices(page.context["cl"]):
                if "query_string" in choice:
                    answer = web.get(f"{list_of(model)}{choice['query_string']}")
                    assert answer.status_code == 200, (site, choice)


@pytest.mark.parametrize(
    ("model", "query"),
    [
        (Quote, "status__exact=in_review"),  # as on the first page
        (Operation, "batch=01890000-0000-7000-8000-000000000001"),
        (Operation, "from=2026-01-01&to=2026-01-31"),
        (Operation, "user=1"),
        (ContactGroup, "state=all&q=a&o=-1.2&p=1"),
        (ApiUse, f"day__gte={datetime.date(2026, 1, 1)}&day__lt={datetime.date(2026, 2, 1)}"),
    ],
)
def test_query_that_our_pages_link_to_is_taken(web, model, query):
    answer = web.get(f"{list_of(model)}?{query}")
    assert answer.status_code == 200
    assert REFUSED not in content_of(answer)


@pytest.mark.parametrize("model", [Contact, ContactGroup, Product, Quote, QuoteLineItem, Recipient])
@pytest.mark.parametrize("ending", ["csv", "xlsx", "jsonl"])
def test_export_takes_the_lookups_of_its_list_and_no_others(web, model, ending):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_export_{ending}"
    answer = web.get(reverse(name), {"id__regex": "("})
    assert answer.url == f"{list_of(model)}?e=1"


def test_saved_filter_with_an_undeclared_lookup_is_refused_like_the_address(web, alice):
    SavedFilter.objects.create(
        user=alice, list="contacts.contact", name="old", query="name__regex=%28"
    )
    url = f"{list_of(Contact)}?name__regex=%28"
    assert f'href="{url}"' in content_of(web.get(list_of(Contact)))
    assert web.get(url).url == f"{list_of(Contact)}?e=1"


def test_action_on_all_that_match_an_undeclared_lookup_changes_nothing(web, licensee):
    contact = factories.ContactFactory(licensee=licensee)
    sent = {
        "action": "archive_selected", "select_across": "1", "index": "0", "confirm": "1",
        "selected": "1",
    }  # fmt: skip
    answer = web.post(f"{list_of(Contact)}?name__regex=.", sent)
    assert answer.url == f"{list_of(Contact)}?e=1"
    contact.refresh_from_db()
    assert contact.archived_at is None
    assert not Operation.objects.exists()


@pytest.mark.parametrize("page", ["change", "delete", "history"])
def test_record_is_found_by_its_id_alone(alice, page):
    root = browse(factories.UserFactory(is_staff=True, is_superuser=True))
    group = Group.objects.first()
    url = reverse(f"admin:auth_group_{page}", args=(group.pk,))
    for field in ("", "id"):
        assert root.get(url, {"_to_field": field}).status_code == 200
    assert root.get(url, {"_to_field": "permissions"}).status_code in (200, 400)


def test_every_list_has_the_narrow_lookups(rf, alice):
    request = rf.get("/")
    request.user = alice
    for site in admin.site._registry.values():
        assert issubclass(site.get_changelist(request), DeclaredChangeList)
