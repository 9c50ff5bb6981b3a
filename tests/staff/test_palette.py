"""Finding pages and records from everywhere."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests import factories
from tests.conftest import grant
from tests.staff.conftest import browse, content_of, page

ASK = "/admin/find/options/"


def found(client, text: str) -> dict[str, str]:
    """Titles of records and pages that were found, each with its address."""
    results = client.get(ASK, {"q": text}).json()["results"]
    return {result["title"]: result["url"] for result in results if result["kind"] != "Search"}


@pytest.mark.parametrize("text", ["Sample B", "sample b", "SAMPLE BAKERIES", "bakeries"])
def test_a_name_is_found_however_it_is_written_and_in_its_middle(web, group, text):
    assert found(web, text)["Sample Bakeries"] == page(group.customer)


def test_a_number_a_code_an_msisdn_and_a_reference_lead_to_their_records(web, licensee):
    quote = factories.QuoteFactory(licensee=licensee, number="Q-00777", name="Fibre")
    product = factories.ProductFactory(licensee=licensee, code="FIB-1", name="Glass")
    line = factories.RecipientFactory(
        licensee=licensee, name="Ann Sample", msisdn="447700900123", external_reference="REF/9"
    )
    assert found(web, "q-00777") == {"Q-00777 Fibre": page(quote)}
    assert found(web, "fib")["Glass"] == page(product)
    assert found(web, "447700900123") == {"Ann Sample": page(line)}
    assert found(web, "REF/9") == {"Ann Sample": page(line)}


def test_an_id_in_any_form_leads_to_its_record(web, group):
    for text in (str(group.pk), group.pk.hex.upper(), f"{{{group.pk}}}"):
        assert found(web, text) == {"Shops": page(group)}


def test_a_record_far_behind_the_newest_is_found_by_how_it_begins(web, licensee, monkeypatch):
    monkeypatch.setattr("commsapp.dashboard.command_palette._NEWEST", 2)
    wanted = factories.RecipientFactory(licensee=licensee, name="Harbour Street 4")
    factories.RecipientFactory.create_batch(20, licensee=licensee)
    assert found(web, "harbour st") == {"Harbour Street 4": page(wanted)}
    assert found(web, "street 4") == {}


def test_an_archived_record_is_found_and_said_to_be_archived(web, licensee):
    factories.RecipientGroupFactory(licensee=licensee, name="Old shops", status="archived")
    results = web.get(ASK, {"q": "old"}).json()["results"]
    assert ("Old shops", "Recipient group, archived") in [(r["title"], r["kind"]) for r in results]


def test_another_licensees_records_are_not_there(bob, group):
    assert found(browse(bob), "shops") == {}
    assert found(browse(bob), str(group.pk)) == {}


def test_who_may_not_see_a_kind_finds_none_of_it_nor_its_list(charlie, group):
    grant(charlie, "contacts.view_contactgroup")
    results = browse(charlie).get(ASK, {"q": "sho"}).json()["results"]
    assert [result["title"] for result in results] == [
        "Keyboard shortcuts",
        "Search contact groups for “sho”",
    ]


def test_pages_are_found_by_words_of_their_names(web):
    assert found(web, "lines quote") == {}
    assert found(web, "line quote")["Quote line items"] == reverse(
        "admin:quotes_quotelineitem_changelist"
    )
    assert found(web, "")["Home"] == reverse("admin:index")
    assert "Add: recipient group" in found(web, "add recipient")


@pytest.mark.parametrize("text", ["%", "_", "'", "\x00", "\ud83d", "x" * 5000, "  ", "\\"])
def test_any_text_is_answered(web, group, text):
    asked = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    assert web.get(ASK, {"q": asked}).status_code == 200
    assert web.get("/admin/find/", {"q": asked}).status_code == 200


def test_as_many_statements_for_a_thousand_records_as_for_ten(
    web, licensee, django_assert_num_queries, django_assert_max_num_queries
):
    factories.RecipientFactory.create_batch(10, licensee=licensee, name="Shop")
    with django_assert_max_num_queries(20) as few:
        web.get(ASK, {"q": "shop"})
    factories.RecipientFactory.create_batch(990, licensee=licensee, name="Shop")
    with django_assert_num_queries(len(few)):
        web.get(ASK, {"q": "shop"})


def test_without_javascript_there_is_a_link_a_page_and_a_form(web, group):
    assert 'href="/admin/find/"' in content_of(web.get("/admin/"))
    answer = content_of(web.get("/admin/find/", {"q": "shops"}))
    assert f'href="{page(group)}"' in answer
    assert 'name="q"' in answer


def test_what_was_typed_is_escaped(web):
    assert "<b>x</b>" not in content_of(web.get("/admin/find/", {"q": "<b>x</b>"}))


def test_who_is_not_signed_in_is_asked_to_sign_in(client, db):
    for url in (ASK, "/admin/find/", "/admin/shortcuts/"):
        assert client.get(url).status_code == 302


def test_the_shortcuts_are_told_on_a_page(web):
    answer = content_of(web.get("/admin/shortcuts/"))
    assert "<kbd>Ctrl</kbd><kbd>K</kbd>" in answer
    assert "Search on this page" in answer
