"""Naming recipients by picking: one by one, another group, the customer's contacts."""

from __future__ import annotations

import pytest

from contacts.models import ContactConnection
from groups import operations
from tests import factories
from tests.conftest import grant
from tests.groups.many_recipients import members_of
from tests.staff.conftest import again, browse, content_of, page

# --- Picking --------------------------------------------------------------------------------


def options(web, group, name: str, **query) -> list[str]:
    answer = web.get(page(group, name), query)
    assert answer.status_code == 200
    return [one["text"] for one in answer.json()["results"]]


def test_the_picker_offers_who_may_be_named(web, group, join, ours):
    join(1, name="Member")
    ours(1, name="Corner shop", city="Leeds", msisdn="+441632960009")
    factories.RecipientFactory(name="Foreign shop")
    assert options(web, group, "find-recipients", term="shop") == ["Corner shop"]
    assert options(web, group, "find-recipients", term="960009") == ["Corner shop"]
    assert options(web, group, "find-recipients", term="member") == []
    assert options(web, group, "find-recipients", **{"for": "remove"}) == ["Member"]
    assert options(web, group, "find-recipients", **{"for": "set"}) == ["Corner shop", "Member"]
    assert options(web, group, "find-recipients", term="a\0") == []


def test_the_picker_says_that_there_are_more(web, group, ours):
    ours(21)
    answer = web.get(page(group, "find-recipients")).json()
    assert len(answer["results"]) == 20
    assert answer["pagination"] == {"more": True}


def test_who_may_not_see_recipients_picks_none(group, charlie, ours):
    ours(1, name="Secret shop")
    grant(charlie, "groups.view_recipientgroup", "groups.change_recipientgroup")
    clerk = browse(charlie)
    assert clerk.get(page(group, "find-recipients")).status_code == 403
    assert "Secret shop" not in content_of(clerk.get(page(group, "add-recipients")))
    preview = clerk.post(page(group, "add-recipients"), {"pasted": "nobody"})
    assert preview.status_code == 200


def test_nothing_of_it_is_for_another_licensee(group, bob, ours):
    ours(1)
    stranger = browse(bob)
    names = (
        "find-recipients", "find-groups", "recipients-template.csv", "failed-rows",
        "add-recipients",
    )  # fmt: skip
    for name in names:
        assert stranger.get(page(group, name)).status_code == 404, name


# --- From another group, from the customer's contacts ---------------------------------------


@pytest.fixture
def other(group, by_alice, ours):
    """Another group of the customer, of two."""
    other = factories.RecipientGroupFactory(
        licensee=group.licensee, customer=group.customer, name="Other shops"
    )
    ids = [our.pk.hex for our in ours(2)]
    operations.add_recipients(other.pk, ids, by=by_alice)
    return other


@pytest.mark.parametrize("said_as", ["its name", "its id"])
def test_members_of_another_group_are_added(web, group, other, said_as):
    url = page(group, "add-recipients")
    named = other.name if said_as == "its name" else str(other.pk)
    preview = web.post(url, {"from_group": named})
    assert "2 recipients would be added." in content_of(preview)
    sent = again(preview)
    assert sent["from_group"] == [str(other.pk)]
    web.post(url, sent)
    assert members_of(group) == members_of(other)


def test_an_unclear_group_is_asked_about(web, group, other):
    factories.RecipientGroupFactory(licensee=group.licensee, name="Further shops")
    answer = web.post(page(group, "add-recipients"), {"from_group": "shops"})
    assert answer.status_code == 400
    assert "Further shops" in content_of(answer)
    assert f'name="from_group-pick" value="{other.pk}"' in content_of(answer)
    picked = {"from_group": "shops", "from_group-pick": str(other.pk)}
    preview = web.post(page(group, "add-recipients"), picked)
    assert "2 recipients would be added." in content_of(preview)


def test_another_licensees_group_is_none(web, group, bob):
    theirs = factories.RecipientGroupFactory(licensee=bob.licensees.get(), name="Theirs")
    for named in ("Theirs", str(theirs.pk)):
        answer = web.post(page(group, "add-recipients"), {"from_group": named})
        assert answer.status_code == 400
    assert options(web, group, "find-groups", term="Theirs") == []


def test_members_come_to_the_other_group_meanwhile_and_are_asked_about(
    web, group, other, by_alice, ours
):
    url = page(group, "add-recipients")
    sent = again(web.post(url, {"from_group": str(other.pk)}))
    operations.add_recipients(other.pk, [ours()[0].pk.hex], by=by_alice)
    answer = web.post(url, sent)
    assert "2 matched when you looked, and 3 do now." in content_of(answer)
    assert members_of(group) == set()


def test_recipients_of_the_customers_contacts_are_added(web, group, ours):
    contacts = factories.ContactFactory.create_batch(3, licensee=group.licensee)
    for position, contact in enumerate(contacts, 1):
        ContactConnection.objects.create(group=group.customer, contact=contact, position=position)
    standing = [ours(1, contact=contact)[0] for contact in contacts[:2]]
    ours(1, contact=factories.ContactFactory(licensee=group.licensee))
    url = page(group, "add-recipients")
    body = content_of(web.get(url))
    assert "contacts of Sample Bakeries: <b>2</b>" in body
    assert "Contacts without a recipient: 1." in body
    preview = web.post(url, {"from_contacts": "on"})
    assert "2 recipients would be added." in content_of(preview)
    web.post(url, again(preview))
    assert members_of(group) == {one.pk for one in standing}
