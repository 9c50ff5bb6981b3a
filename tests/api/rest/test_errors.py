"""What apps raise, as the API says it, and errors from outside of a view."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import OperationalError
from django.test import RequestFactory

from commsapp.api.rest import exceptions
from commsapp.core.audit import Busy, Refusal, Refused, TimedOut


def test_a_refusal_tells_its_place_and_its_record():
    refusals = [
        Refusal("A", "First.", "recipients", 3),
        Refusal("B", "Second.", record_id="7"),
        Refusal("C", "Third.", "group"),
    ]
    response = exceptions.handle(Refused(*refusals), {})
    assert response.status_code == 409
    assert response.data == {
        "detail": "First.",
        "errors": [
            {"code": "A", "message": "First.", "field": "recipients[3]"},
            {"code": "B", "message": "Second.", "record": "7"},
            {"code": "C", "message": "Third.", "field": "group"},
        ],
    }


def test_a_field_rule_is_told_in_drfs_shape():
    response = exceptions.handle(ValidationError({"name": ["Too long."], "__all__": ["No."]}), {})
    assert response.status_code == 400
    assert response.data == {"name": ["Too long."], "non_field_errors": ["No."]}
    assert exceptions.handle(ValidationError("No."), {}).data == {"non_field_errors": ["No."]}


@pytest.mark.parametrize("error", [RuntimeError(), Busy(), TimedOut(), OperationalError()])
def test_what_nobody_foresaw_or_the_database_cannot_do_is_left_to_the_middleware(error):
    assert exceptions.handle(error, {}) is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 413, 415, 500, 503])
def test_an_error_outside_of_a_view_has_a_sentence(status):
    response = exceptions.error_response(RequestFactory().get("/api/v1/"), status)
    assert response.status_code == status
    assert b'{"detail": "' in response.content
    assert response.get("Retry-After") == ("5" if status == 503 else None)
