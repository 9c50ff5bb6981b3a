"""Searches of too many words: refused with a sentence where all that is found is meant, cut where
somebody chooses among what is found."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils.http import urlencode

from commsapp.models import Operation
from contacts.models import Contact
from groups.models import Recipient
from quotes.models import Quote
from tests import factories
from tests.staff.conftest import content_of, page

WORDS = "ab " * 2_500
REFUSED = "Search for at most 200 characters and 10 words."


@pytest.fixture
def boxes(group, line, join):
    """The address of every search box, and its parameter."""
    join(1)
    customer = group.customer
    quote = page(line.quote)
    return [
        (reverse("admin:quotes_quote_changelist"), "q"),
        (reverse("admin:contacts_contact_changelist"), "q"),
        (reverse("admin:groups_recipient_changelist"), "q"),
        (reverse("admin:commsapp_operation_changelist"), "q"),
        (reverse("admin:commsapp_client_changelist"), "q"),
        (page(group), "q"),
        (page(group, "add-recipients"), "q"),
        (page(group, "remove-recipients"), "q"),
        (page(customer), "contact"),
        (page(customer, "add-connections"), "q"),
        (quote, "q"),
        (f"{quote}?parts_of={line.pk}", "parts_q"),
        (reverse("staff-find"), "q"),
    ]


def test_search_of_too_many_words_is_refused_with_a_sentence_in_every_box(web, boxes):
    for url, name in boxes:
        joint = "&" if "?" in url else "?"
        answer = web.get(f"{url}{joint}{urlencode({name: WORDS})}")
        assert answer.status_code == 200, url
        assert content_of(answer).count(REFUSED) == 1, url


def test_picker_cuts_a_search_of_too_many_words(web, group, line):
    pickers = [
        (page(group, "find-recipients"), "term"),
        (page(group, "find-groups"), "term"),
        (page(group.customer, "contact-options"), "term"),
        (reverse("staff-find-options"), "q"),
    ]
    for url, name in pickers:
        assert "results" in web.get(url, {name: WORDS}).json(), url
    asked = {"app_label": "groups", "model_name": "recipient", "field_name": "customer"}
    name = "One two three four five six seven eight nine ten eleven twelve"
    factories.ContactGroupFactory(licensee=group.licensee, name=name)
    found = web.get(reverse("admin:autocomplete"), {**asked, "term": name}).json()
    assert [one["text"] for one in found["results"]] == [name]


def test_export_of_a_refused_search_is_no_export_of_everything(web, licensee):
    factories.ContactFactory(licensee=licensee)
    answer = web.get(reverse("admin:contacts_contact_export_csv"), {"q": WORDS})
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("admin:contacts_contact_changelist"))
    assert REFUSED in content_of(web.get(answer.url))


@pytest.mark.parametrize("words", [WORDS, "a" * 201])
def test_action_on_all_that_match_a_refused_search_changes_nothing(web, licensee, words):
    contact = factories.ContactFactory(licensee=licensee, name="a" * 250)
    url = f"{reverse('admin:contacts_contact_changelist')}?{urlencode({'q': words})}"
    sent = {"action": "archive_selected", "select_across": "1", "index": "0", "confirm": "1"}
    for selected in ("0", "1"):
        web.post(url, {**sent, "selected": selected})
    contact.refresh_from_db()
    assert contact.archived_at is None
    assert not Operation.objects.exists()


@pytest.mark.parametrize("model", [Contact, Quote, Recipient])
def test_search_for_a_null_character_is_no_error(web, model):
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    assert web.get(url, {"q": "a\0b"}).status_code == 200
