"""What an import did: found in the activity list, and undone as far as that can be."""

from __future__ import annotations

import pytest
from django.urls import reverse

from commsapp.models import Draft, Operation
from contacts.models import AlternateKey, ContactGroup
from groups.models import Recipient
from tests import factories
from tests.conftest import grant
from tests.staff.conftest import browse, content_of, last_message
from tests.staff.test_imports import checked, go, many

LIST = reverse("admin:commsapp_operation_changelist")


@pytest.fixture
def keyed(web, licensee):
    """Imports three groups of a suite's and one that is nobody's; says what the page says then."""
    same = {"licensee": licensee}
    factories.DataSourceFactory(**same, name="Suite")
    factories.RoleFactory(**same, name="Customer")
    rows = [*(f"Suite,K-{n},Sample {n},Customer" for n in range(3)), ",,Plain,Customer"]
    url = checked(web, ContactGroup, "data source,alternate key,name,role\n" + "\n".join(rows))
    go(web, url, "confirm")
    return url


def test_the_result_leads_to_exactly_what_the_import_did(web, licensee, by_alice):
    for start in (0, 5_000):
        url = checked(web, Recipient, many(1_100, start=start))
        go(web, url, "confirm")
        for part in range(2):
            go(web, url, "step", part=part)
    draft = Draft.objects.order_by("id").last()
    shown = content_of(web.get(url))
    assert f'href="{LIST}?batch={draft.batch}"' in shown
    assert "What this import did" in shown
    answer = web.get(LIST, {"batch": str(draft.batch)})
    assert answer.context["cl"].result_count == 1_100
    assert "1,100 recipients created or changed." in content_of(answer)
    named = Operation.objects.filter(batch=draft.batch).order_by("id")
    assert [named.first().target_name, named.last().target_name] == ["Site 5000", "Site 6099"]


def test_what_cannot_be_undone_offers_no_undo(web):
    url = checked(web, Recipient, many(3))
    shown = go(web, url, "confirm")
    assert "What this import did" in shown
    assert "Undo this import" not in shown
    assert "An import is not undone as a whole" in shown
    undo = reverse("admin:commsapp_operation_undo_batch", args=(Draft.objects.get().batch,))
    answer = web.post(undo, {"next": url})
    assert last_message(web, answer) == "There is nothing left to undo."
    assert Recipient.objects.count() == 3


def test_an_import_of_saved_groups_is_undone_as_a_whole_after_a_preview(web, keyed):
    shown = content_of(web.get(keyed))
    batch = Draft.objects.get().batch
    undo = reverse("admin:commsapp_operation_undo_batch", args=(batch,))
    assert f'href="{undo}?next=' in shown
    assert "can be undone, all at once or one by one" in shown
    preview = content_of(web.get(undo, {"next": keyed}))
    assert "4 contact groups created or changed." in preview
    assert "6 would be reversed." in preview  # three groups, and their keys
    assert "What cannot be undone stays as it is: 1 created or edited." in preview
    assert AlternateKey.objects.count() == 3
    answer = web.post(undo, {"next": keyed})
    assert answer.url == keyed
    assert last_message(web, answer) == "Undone: 6 reversed."
    assert not AlternateKey.objects.exists()
    assert ContactGroup.objects.get(status="active").name == "Plain"
    assert "Undo this import" not in content_of(web.get(keyed))


def test_an_import_that_did_nothing_leads_nowhere(web):
    url = checked(web, Recipient, "name,recipient_type\nMill,Castle\n")
    assert "What this import did" not in go(web, url, "confirm")
    assert Draft.objects.get().batch is None


def test_what_a_stopped_import_did_so_far_is_found(web):
    url = checked(web, Recipient, many(1_500))
    assert "What this import did" not in content_of(web.get(url))
    go(web, url, "confirm")
    go(web, url, "step", part=0)
    assert "What this import did" in go(web, url, "stop")
    assert Operation.objects.filter(batch=Draft.objects.get().batch).count() == 1_000


def test_who_may_not_see_operations_is_led_to_none(charlie):
    grant(charlie, "groups.add_recipient")
    theirs = browse(charlie)
    url = checked(theirs, Recipient, many(2))
    assert "What this import did" not in go(theirs, url, "confirm")
    assert Recipient.objects.count() == 2


def test_one_import_of_one_row_is_told_by_its_name(web):
    url = checked(web, Recipient, many(1))
    go(web, url, "confirm")
    batch = Draft.objects.get().batch
    assert "Site 0: Created." in content_of(web.get(LIST, {"batch": str(batch)}))
