"""What apps raise, as the API says it, and errors from outside of a view."""

from __future__ import annotations

import json
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.test import RequestFactory

from commsapp.api.rest import exceptions
from commsapp.core.audit import Busy, Refusal, RefusalCode, Refused, TimedOut
from commsapp.models import Operation

pytestmark = pytest.mark.django_db


def test_a_refusal_tells_its_place_and_its_record():
    refusals = [
        Refusal(RefusalCode.DUPLICATE_VALUE, "First.", "recipients", 3),
        Refusal(RefusalCode.LIMIT_EXCEEDED, "Second.", record_id="7"),
        Refusal(RefusalCode.INVALID_STATUS, "Third.", "group"),
    ]
    response = exceptions.handle(Refused(*refusals), {})
    assert response.status_code == 409
    assert response.data == {
        "detail": "First.",
        "errors": [
            {"code": "DUPLICATE_VALUE", "message": "First.", "field": "recipients[3]"},
            {"code": "LIMIT_EXCEEDED", "message": "Second.", "record": "7"},
            {"code": "INVALID_STATUS", "message": "Third.", "field": "group"},
        ],
    }


def test_field_errors_of_a_model_get_drfs_shape_and_codes():
    error = ValidationError(
        {"name": [ValidationError("Too long.", code="max_length")], "__all__": ["No."]}
    )
    response = exceptions.handle(error, {})
    assert response.status_code == 400
    assert response.data == {
        "name": ["Too long."],
        "non_field_errors": ["No."],
        "errors": [
            {"code": "MAX_LENGTH", "message": "Too long.", "field": "name"},
            {"code": "INVALID", "message": "No."},
        ],
    }
    assert exceptions.handle(ValidationError("No."), {}).data == {
        "non_field_errors": ["No."],
        "errors": [{"code": "INVALID", "message": "No."}],
    }


def test_more_errors_than_are_listed_are_counted():
    messages = [f"{n}" for n in range(exceptions.MAX_ERRORS + 2)]
    errors = exceptions.handle(ValidationError({"name": messages}), {}).data["errors"]
    assert len(errors) == exceptions.MAX_ERRORS + 1
    assert errors[-1] == {"code": "TOO_MANY_ERRORS", "message": "2 more errors."}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "errors"),
    [
        ("POST", "contacts", {}, 400, [("REQUIRED", "name")]),
        ("POST", "contacts", {"name": "", "x": 1}, 400, [("UNKNOWN_FIELD", "x")]),
        ("POST", "contacts", {"name": "", "kind": "x"}, 400,
         [("INVALID_CHOICE", "kind"), ("BLANK", "name")]),
        ("POST", "contacts", {"errors": 1}, 400, [("UNKNOWN_FIELD", "errors")]),
        ("POST", "contacts", {"detail": 1}, 400, [("UNKNOWN_FIELD", "detail")]),
        ("POST", "contacts", [], 400, [("INVALID", None)]),
        ("POST", "contact-groups/{contact_group}/add-connections",
         {"connections": [{"contact": "{contact}"}, {"contact": 1, "position": 0}]}, 400,
         [("INVALID", "connections[1].contact"), ("MIN_VALUE", "connections[1].position")]),
        ("GET", "contacts?page_size=0", None, 400, [("INVALID", "page_size")]),
        ("GET", "contacts?licensee=x", None, 400, [("INVALID", "licensee")]),
        ("GET", "contacts/1", None, 404, [("NOT_FOUND", None)]),
        ("GET", "nothing", None, 404, [("NOT_FOUND", None)]),
        ("PUT", "contacts", None, 405, [("METHOD_NOT_ALLOWED", None)]),
    ],
)  # fmt: skip
def test_error_has_a_code_and_the_path_of_its_field(
    api, things, method, path, body, status, errors
):
    before = Operation.objects.count()
    ids = {name: str(record.pk) for name, record in vars(things).items()}
    if body:
        body = json.loads(re.sub(r"{(\w+)}", lambda name: ids[name[1]], json.dumps(body)))
    response = api.ask(method, path.format(**ids), body)
    assert response.status_code == status
    data = response.json()
    entries = data["errors"]
    assert [(entry["code"], entry.get("field")) for entry in entries] == errors
    assert all(entry["message"] for entry in entries)
    if isinstance(data.get("detail"), str):
        assert data == {"detail": entries[0]["message"], "errors": entries}
    assert Operation.objects.count() == before


@pytest.mark.parametrize("error", [RuntimeError(), Busy(), TimedOut(), OperationalError()])
def test_what_nobody_foresaw_or_the_database_cannot_do_is_left_to_the_middleware(error):
    assert exceptions.handle(error, {}) is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 415, 500, 503])
def test_error_outside_of_a_view_has_a_message_and_a_code(status):
    response = exceptions.error_response(RequestFactory().get("/api/v1/"), status)
    assert response.status_code == status
    data = json.loads(response.content)
    assert data["detail"]
    [entry] = data["errors"]
    assert (entry["message"], entry["code"].isupper()) == (data["detail"], True)
    assert response.get("Retry-After") == ("5" if status == 503 else None)
