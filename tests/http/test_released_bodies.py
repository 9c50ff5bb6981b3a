"""A large body goes with its answer: it does not wait for the garbage collector."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from commsapp.core.audit import Refused
from contacts import operations
from contacts.models import Contact, ContactGroup
from contacts.save_group.request import SaveContactGroup
from tests.api.rest.conftest import Api
from tests.conftest import token
from tests.staff.conftest import web as web

pytestmark = pytest.mark.django_db
LARGE = "x" * 1024 * 1024


def test_large_form_is_emptied_after_its_answer(web, settings):
    settings.MAX_FORM_CHARACTERS = 2 * len(LARGE)
    url = reverse("admin:contacts_contact_add")
    answer = web.post(url, f"name={LARGE}", "application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert "name" not in answer.wsgi_request.POST
    assert answer.wsgi_request.body == answer.wsgi_request.read() == b""
    assert not Contact.objects.exists()


def test_large_body_of_the_rest_api_is_emptied_after_its_answer(alice):
    answer = Api(alice).post("contacts", {"name": LARGE, "kind": "person"})
    assert answer.status_code == 400
    request = answer.renderer_context["request"]
    assert request._request.body == b""
    assert request.data == {}
    assert not Contact.objects.exists()


@pytest.mark.parametrize("path", ["SaveContactGroup", "SaveContactGroup[]"])
def test_large_body_of_the_message_api_is_released(alice, path):
    body = json.dumps({"AlternateKey": LARGE})
    answer = Client().post(
        f"/json/reply/{path}", f"[{body}]" if "[]" in path else body, "application/json",
        headers={"Authorization": f"Bearer {token(alice)}"},
    )  # fmt: skip
    assert answer.status_code == 400
    assert answer.wsgi_request.body == b""
    assert not ContactGroup.objects.exists()


def test_refused_save_holds_no_traceback(by_alice):
    [answer] = operations.save_contact_groups([SaveContactGroup()], by=by_alice)
    assert isinstance(answer, Refused)
    assert answer.__traceback__ is None
    assert not ContactGroup.objects.exists()
