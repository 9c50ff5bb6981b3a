"""Drafts of imports belong to their user, and are forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from commsapp.core.imports import drafts
from commsapp.models import Draft
from contacts.models import Contact
from groups.models import Recipient
from tests import factories
from tests.conftest import grant
from tests.staff.conftest import browse, content_of
from tests.staff.test_imports import address, checked, go, guessed, many, upload

pytestmark = pytest.mark.django_db


def test_a_draft_is_its_users_alone(web, charlie, bob):
    url = checked(web, Recipient, many(1))
    grant(charlie, "*")
    for other in (charlie, bob):
        theirs = browse(other)
        assert theirs.get(url).status_code == 404
        assert theirs.post(url, {"action": "confirm"}).status_code == 404
        failed_rows = url + "failed.csv"
        assert theirs.get(failed_rows).status_code == 404
    wrong_kind = address(Contact, "draft", Draft.objects.get().pk)
    assert web.get(wrong_kind).status_code == 404
    assert not Recipient.objects.exists()


def test_who_may_neither_add_nor_change_cannot_import(charlie):
    theirs = browse(charlie)
    grant(charlie, "groups.view_recipient")
    assert theirs.get(address(Recipient)).status_code == 403
    assert upload(theirs, Recipient, many(1)).status_code == 403
    assert not Draft.objects.exists()


def test_drafts_are_discarded_and_forgotten(web, alice):
    url = checked(web, Recipient, many(1))
    assert "sites.csv" in content_of(web.get(address(Recipient)))
    assert web.post(url, {"action": "forget"}).url == address(Recipient)
    assert web.get(url).status_code == 404
    old = checked(web, Recipient, many(1))
    Draft.objects.update(updated_at=timezone.now() - drafts.KEPT - timedelta(hours=1))
    assert web.get(old).status_code == 404
    for _ in range(drafts.MAX_DRAFTS + 2):
        upload(web, Recipient, many(1))
    assert Draft.objects.filter(user=alice).count() == drafts.MAX_DRAFTS


def test_who_works_for_several_says_for_whom(web, alice, licensee):
    other = factories.LicenseeFactory(name="Eastwind")
    alice.licensees.add(other)
    content = SimpleUploadedFile("s.csv", many(1).encode())
    assert "Choose for which licensee." in content_of(
        web.post(address(Recipient), {"file": content})
    )
    content = SimpleUploadedFile("s.csv", many(1).encode())
    url = web.post(address(Recipient), {"file": content, "licensee": str(other.pk)}).url
    go(web, url, "check", **guessed(web, url))
    go(web, url, "confirm")
    assert Recipient.objects.get().licensee == other
