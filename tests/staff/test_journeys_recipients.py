"""What people do with recipients and their groups, from the first page to the last message."""

from __future__ import annotations

import re

from django.urls import reverse

from commsapp.models import Operation
from contacts.models import Contact
from groups.models import Recipient, RecipientGroup
from tests import factories
from tests.groups.many_recipients import members_of
from tests.staff.conftest import again, content_of, last_message, page

CONFIRM = {"confirm": "1"}


def undo_address(web, response) -> str:
    """Where the button beside the message leads."""
    followed = content_of(web.get(response.url))
    return re.search(
        r'class="messagelist".*?<form method="post" action="([^"]+)"', followed, re.DOTALL
    )[1]


# --- Recipients -----------------------------------------------------------------------------


def test_pasted_recipients_are_named_in_four_ways_and_each_wrong_one_is_told(web, group):
    same = {"licensee": group.licensee, "customer": group.customer}
    by_id = factories.RecipientFactory(**same)
    by_reference = factories.RecipientFactory(**same, external_reference="SITE-7")
    by_mail = factories.RecipientFactory(**same, email="Shop.Nine@example.com")
    by_number = factories.RecipientFactory(**same, msisdn="+4930123456")
    archived = factories.RecipientFactory(**same, external_reference="OLD")
    Recipient.objects.filter(pk=archived.pk).update(**Recipient.ARCHIVED)
    factories.RecipientFactory.create_batch(2, **same, external_reference="TWICE")
    stranger = factories.RecipientFactory()

    pasted = (
        f"{by_id.pk}\nSITE-7; shop.nine@EXAMPLE.com\n0049 30 / 123456\t\n"
        f"nobody\nOLD\nTWICE,{stranger.pk}\n"
    )
    url = page(group, "add-recipients")
    preview = web.post(url, {"pasted": pasted})
    assert preview.status_code == 200
    assert "4 recipients would be added, 2 refused." in content_of(preview)
    assert [(one.line, one.value) for one in preview.context["problems"]] == [
        (4, "nobody"), (5, "OLD"), (6, "TWICE"), (6, str(stranger.pk)),
    ]  # fmt: skip
    assert members_of(group) == set()

    done = web.post(url, {"pasted": pasted, **CONFIRM})
    assert "4 recipients added, 2 refused." in content_of(done)
    assert len(done.context["problems"]) == 4
    assert members_of(group) == {by_id.pk, by_reference.pk, by_mail.pk, by_number.pk}


def test_ticked_recipients_are_added_and_the_message_undoes_it(web, group):
    recipients = factories.RecipientFactory.create_batch(
        3, licensee=group.licensee, customer=group.customer
    )
    url = page(group, "add-recipients")
    assert all(str(recipient.pk) in content_of(web.get(url)) for recipient in recipients)
    preview = web.post(url, {"recipients": [str(recipient.pk) for recipient in recipients[:2]]})
    assert "2 recipients would be added." in content_of(preview)
    done = web.post(url, again(preview))
    assert done.url.startswith(f"{page(group)}?changed=")
    address = undo_address(web, done)
    assert members_of(group) == {recipient.pk for recipient in recipients[:2]}

    undone = web.post(address, {"next": page(group)})
    assert last_message(web, undone) == "Undone: 2 reversed."
    assert members_of(group) == set()
    twice = web.post(address)
    assert last_message(web, twice) == "This was undone already."


def test_the_picker_offers_only_who_fits_and_is_not_in_the_group(web, group, join):
    join(1, name="Member")
    same = {"licensee": group.licensee}
    other = factories.ContactGroupFactory(**same)
    factories.RecipientFactory(**same, name="Anybody's shop")
    factories.RecipientFactory(**same, name="Other shop", customer=other)
    factories.RecipientFactory(**same, name="Our cafe", customer=group.customer)
    everybody = web.get(page(group, "add-recipients")).context["candidates"]
    assert {one.name for one in everybody} == {"Anybody's shop", "Our cafe"}
    found = web.get(page(group, "add-recipients"), {"q": "shop"}).context["candidates"]
    assert [one.name for one in found] == ["Anybody's shop"]


def test_ticked_members_are_removed(web, group, join):
    leaving, staying = join(2)
    url = page(group, "remove-recipients")
    preview = web.post(url, {"recipients": [str(leaving.pk)]})
    assert "1 recipient would be removed." in content_of(preview)
    done = web.post(url, again(preview))
    assert last_message(web, done) == "1 recipient removed."
    assert members_of(group) == {staying.pk}


def test_members_are_set_exactly(web, group, join):
    _leaving, staying = join(2)
    coming = factories.RecipientFactory(licensee=group.licensee)
    url = page(group, "set-recipients")
    preview = web.post(url, {"pasted": f"{staying.pk}\n{coming.pk}"})
    assert "1 would be added, 1 removed, 1 stay." in content_of(preview)
    assert last_message(web, web.post(url, again(preview))) == "1 added, 1 removed, 1 stayed."
    assert members_of(group) == {staying.pk, coming.pk}


def test_nobody_leaves_because_of_a_typing_error(web, group, join):
    staying, _other = join(2)
    before, operations = members_of(group), Operation.objects.count()
    answer = web.post(page(group, "set-recipients"), {"pasted": f"{staying.pk}\nSITE-8", **CONFIRM})
    assert [(one.line, one.value) for one in answer.context["problems"]] == [(2, "SITE-8")]
    assert 'name="confirm"' not in content_of(answer)
    assert members_of(group) == before
    assert Operation.objects.count() == operations


def test_naming_nobody_is_told_on_the_form(web, group):
    answer = web.post(page(group, "add-recipients"), {"pasted": " \n,;"})
    assert answer.status_code == 400
    assert "Name at least one recipient." in content_of(answer)


def test_adding_who_is_in_already_is_nothing_to_do(web, group, join):
    [member] = join(1)
    preview = web.post(page(group, "add-recipients"), {"pasted": str(member.pk)})
    assert "There is nothing to do." in content_of(preview)
    assert 'name="confirm"' not in content_of(preview)


def test_an_archived_group_refuses_members_and_says_so(web, group, join):
    join(1)
    RecipientGroup.objects.filter(pk=group.pk).update(status="archived")
    recipient = factories.RecipientFactory(licensee=group.licensee)
    before = Operation.objects.count()
    answer = web.post(page(group, "add-recipients"), {"pasted": str(recipient.pk), **CONFIRM})
    assert answer.status_code == 409
    assert "The recipient group is archived." in content_of(answer)
    assert recipient.pk not in members_of(group)
    assert Operation.objects.count() == before


# --- Archive and restore --------------------------------------------------------------------


def test_a_group_is_archived_restored_and_the_archiving_undone(web, group):
    preview = web.get(page(group, "archive"))
    assert f"“{group}” would be archived." in content_of(preview)
    done = web.post(page(group, "archive"), CONFIRM)
    group.refresh_from_db()
    assert group.is_archived
    assert last_message(web, web.post(undo_address(web, done))) == "Undone: 1 reversed."
    group.refresh_from_db()
    assert not group.is_archived
    web.post(page(group, "archive"), CONFIRM)
    assert last_message(web, web.post(page(group, "restore"), CONFIRM)) == "Restored."
    group.refresh_from_db()
    assert not group.is_archived


def test_many_are_archived_from_the_list_and_come_back_with_one_undo(web, licensee):
    contacts = factories.ContactFactory.create_batch(3, licensee=licensee)
    url = reverse("admin:contacts_contact_changelist") + "?q=Contact"
    ticked = {"action": "archive_selected", "_selected_action": [str(c.pk) for c in contacts[:2]]}
    preview = web.post(url, ticked)
    assert "2 would be archived." in content_of(preview)
    assert Contact.objects.filter(archived_at=None).count() == 3
    done = web.post(url, again(preview))
    assert done.url == url
    assert Contact.objects.filter(archived_at=None).count() == 1
    assert last_message(web, web.post(undo_address(web, done))) == "Undone: 2 reversed."
    assert Contact.objects.filter(archived_at=None).count() == 3


def test_all_that_match_may_be_selected_over_pages(web, licensee):
    factories.RecipientFactory.create_batch(60, licensee=licensee)
    first = Recipient.objects.first()
    url = reverse("admin:groups_recipient_changelist") + "?q=Site"
    ticked = {
        "action": "archive_selected", "select_across": "1", "_selected_action": [str(first.pk)],
    }  # fmt: skip
    preview = web.post(url, ticked)
    assert "60 would be archived." in content_of(preview)
    web.post(url, again(preview))
    assert not Recipient.objects.filter(archived_at=None).exists()


def test_the_archived_are_one_filter_away(web, licensee):
    factories.ContactFactory(licensee=licensee, name="Here")
    gone = factories.ContactFactory(licensee=licensee, name="Gone")
    Contact.objects.filter(pk=gone.pk).update(**Contact.ARCHIVED)
    url = reverse("admin:contacts_contact_changelist")

    def listed(query: str) -> set[str]:
        return {one.name for one in web.get(url + query).context["cl"].result_list}

    assert listed("") == {"Here"}
    assert listed("?state=archived") == {"Gone"}
    assert listed("?state=all") == {"Here", "Gone"}
