"""Requests that are refused: what the audit log tells of them, and no other log."""

from __future__ import annotations

import io
import json
import logging

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from commsapp.db.ids import uuid7
from commsapp.logs.formatting import LineFormatter
from commsapp.models import AdminChange
from tests import factories
from tests.conftest import grant, token
from tests.logs.conftest import ADDRESS
from tests.staff.conftest import browse

pytestmark = pytest.mark.django_db


def test_a_page_that_is_refused_is_told_once_with_route_and_permission(chris, audit, caplog):
    answer = browse(chris).get(reverse("admin:contacts_contact_changelist"))
    assert answer.status_code == 403
    [line] = audit.of("permission_refused")
    assert (line["user"], line["channel"], line["method"]) == ("charlie", "staff", "GET")
    assert line["route"] == "admin/contacts/contact/"
    assert line["permission"] == "contacts.view_contact"
    assert line["request_id"] == answer["X-Request-Id"]


@pytest.mark.parametrize("model", admin.site._registry, ids=str)
def test_refused_page_of_a_model_names_the_permission_that_it_takes(chris, audit, model):
    web, opts = browse(chris), model._meta
    name = f"admin:{opts.app_label}_{opts.model_name}"
    pages = {
        reverse(f"{name}_changelist"): "view",
        reverse(f"{name}_change", args=[uuid7()]): "view",
        reverse(f"{name}_history", args=[uuid7()]): "view",
        reverse(f"{name}_add"): "add",
    }
    if hasattr(admin.site._registry[model], "exported"):
        pages[reverse(f"{name}_export_csv")] = "view"
    for url, verb in pages.items():
        audit.clear()
        status = web.get(url).status_code
        for line in audit.of("permission_refused"):
            expected = {f"{opts.app_label}.{verb}_{opts.model_name}"}
            if model is AdminChange:  # to view any of those that it is about
                expected = {"commsapp.view_client"}
            assert (status, line["permission"]) in {(403, name) for name in (*expected, None)}
            assert line["permission"] or verb == "add"  # None: nobody may
        assert audit.of("permission_refused") or status in (302, 404)


GROUP = "/services/data/v64.0/connect/comms-sales/recipient-group/01a22b82736371e99b07170db68c7664"


@pytest.mark.parametrize(
    ("channel", "method", "path", "permission"),
    [
        ("rest", "get", "/api/v1/contacts", "contacts.view_contact"),
        ("connect", "patch", f"{GROUP}/recipients", "groups.change_recipientgroup"),
        ("message", "post", "/json/reply/SaveContactGroup", "contacts.add_contactgroup"),
    ],
)
def test_a_refusal_of_each_api_is_told(chris, licensee, audit, channel, method, path, permission):
    access = token(chris)
    source = factories.DataSourceFactory(licensee=licensee)
    role = factories.RoleFactory(licensee=licensee)
    audit.clear()
    body = {
        "SuiteDataSourceInstanceId": str(source.pk),
        "AlternateKey": "C-1",
        "ContactGroup": {"ContactGroupName": "Example", "GroupRoleId": str(role.pk)},
    }
    answer = Client().generic(
        method.upper(), path, json.dumps(body), "application/json",
        headers={"Authorization": f"Bearer {access}"},
    )  # fmt: skip
    assert answer.status_code == 403, answer.content
    [line] = audit.of("permission_refused")
    assert (line["user"], line["client"], line["channel"]) == ("charlie", "test client", channel)
    assert line["licensee"] == str(licensee.pk)
    assert line["permission"] == permission
    assert access not in audit.text


def test_a_refusal_has_no_warning_beside_it_and_an_unknown_page_none_at_all(chris, caplog):
    web = browse(chris)
    assert web.get(reverse("admin:contacts_contact_changelist")).status_code == 403
    assert web.get("/nope").status_code == 404
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("path", ["/api/v1/contacts", "/services/data/v64.0"])
def test_a_token_that_is_none_is_told_and_no_token_is_not(web, audit, db, path):
    assert web.get(path).status_code == 401
    assert audit.text == ""
    assert web.get(path, headers={"Authorization": "Bearer canary"}).status_code == 401
    [line] = audit.of("credentials_refused")
    assert (line["outcome"], line["address"], line["method"]) == ("failure", ADDRESS, "GET")
    assert "canary" not in audit.text


@pytest.mark.parametrize("is_json", [True, False])
def test_an_address_with_a_line_end_forges_no_line_of_the_ordinary_log(chris, is_json):
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(LineFormatter(is_json=is_json))
    logging.getLogger().addHandler(handler)
    grant(chris, "commsapp.view_operation")
    forged = "2026-11-30%2000:00:00,000%20WARNING%20axes%20FORGED=1"
    answer = browse(chris).get(f"{reverse('admin:commsapp_operation_changelist')}?a__b%0A{forged}")
    logging.getLogger().removeHandler(handler)
    assert answer.status_code in (302, 400)
    for line in out.getvalue().splitlines():
        assert not line.startswith("2026-11-30 00:00:00"), line
